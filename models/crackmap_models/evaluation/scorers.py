"""What can be evaluated: a .tflite file with its manifest, or a run folder that has not been converted yet."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from crackmap.manifest import read_manifest
from crackmap_models.conversion.lite import LiteModel
from crackmap_models.data.fit import fit
from crackmap_models.data.tiles import LabelledTile, Pixels, decode, read_bytes
from crackmap_models.errors import RunError
from crackmap_models.evaluation.threshold import logit

Say = Callable[[str], None]
BATCH = 64
SAY_EVERY_S = 20.0


class Scorer(Protocol):
    """Answers tiles with logits. `threshold_logit` is None where none has been chosen yet."""

    @property
    def name(self) -> str: ...
    @property
    def tile_px(self) -> int: ...
    @property
    def threshold_logit(self) -> float | None: ...

    def logits(self, pixels: Sequence[Pixels]) -> npt.NDArray[np.float64]:
        """RGB [tile_px, tile_px, 3] each → logits [n]."""
        ...


class TfliteScorer:
    """A .tflite file on LiteRT."""

    def __init__(self, path: Path) -> None:
        """Raises InputError when file and manifest do not belong together, RunError when it is no model of ours."""
        manifest, content = read_manifest(path)
        self._model = LiteModel(content)
        self.name = path.stem
        self.tile_px = self._model.tile_px
        self.threshold_logit = logit(manifest.threshold)

    def logits(self, pixels: Sequence[Pixels]) -> npt.NDArray[np.float64]:
        """RGB [tile_px, tile_px, 3] each → logits [n]."""
        return np.array([self._model.logit(tile) for tile in pixels], np.float64)


class RunScorer:
    """The best weights of a training run, as they are: float32, at the size that they were trained at."""

    threshold_logit: float | None = None

    def __init__(self, run: Path) -> None:
        """Raises RunError when `run` holds no finished epoch."""
        import keras  # noqa: PLC0415

        try:
            settings = json.loads((run / "settings.json").read_text())
            self._model: Any = keras.models.load_model(run / "best.keras", compile=False)
        except (OSError, ValueError) as error:
            raise RunError(f"{run}: is not a training run with a finished epoch ({error}). Train first.") from error
        self.name = run.name
        self.tile_px = int(self._model.input_shape[1] or settings["canvas_px"])

    def logits(self, pixels: Sequence[Pixels]) -> npt.NDArray[np.float64]:
        """RGB [tile_px, tile_px, 3] each → logits [n]."""
        answers = self._model.predict_on_batch(np.stack(pixels).astype(np.float32))
        return np.asarray(answers[:, 0], np.float64)


def open_scorer(path: Path) -> Scorer:
    """A run folder or a .tflite file. Raises RunError and InputError when it cannot be used."""
    return RunScorer(path) if path.is_dir() else TfliteScorer(path)


def logits_of(
    scorer: Scorer,
    tiles: Sequence[LabelledTile],
    change: Callable[[Pixels], Pixels] | None = None,
    *,
    say: Say = print,
) -> npt.NDArray[np.float64]:
    """Logits [n] of tiles on disk, each changed by `change` and fitted to the input; says how long it will take.

    Raises UnreadableImage.
    """
    answers = np.empty(len(tiles), np.float64)
    began_s = said_s = time.monotonic()
    for start in range(0, len(tiles), BATCH):
        pixels = [decode(tile.path, read_bytes(tile.path)) for tile in tiles[start : start + BATCH]]
        changed = [change(tile) for tile in pixels] if change else pixels
        answers[start : start + BATCH] = scorer.logits([fit(tile, scorer.tile_px) for tile in changed])
        now_s = time.monotonic()
        if now_s - said_s > SAY_EVERY_S:
            said_s, done = now_s, start + len(pixels)
            left_s = (now_s - began_s) / done * (len(tiles) - done)
            say(f"  {scorer.name}: {done} of {len(tiles)} tiles, {left_s:.0f} s left")
    return answers
