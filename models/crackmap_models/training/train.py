"""Training: seeded, with a moving average of the weights, a checkpoint after every epoch, and early stopping.

A run folder holds `settings.json` (what was asked for), `state.json` (epochs done, best validation), `last.keras`
(network and optimiser), `average.keras` (its moving average) and `best.keras` (the average of the best epoch: what
is shipped). Training the same folder again goes on where it stopped; `state.json` is written last, so that a kill
costs one epoch.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from crackmap_models.data.fit import fit
from crackmap_models.data.tiles import (
    LabelledTile,
    by_data,
    check_evaluable,
    check_trainable,
    decode,
    of_split,
    read_bytes,
)
from crackmap_models.errors import RunError
from crackmap_models.evaluation.metrics import auroc
from crackmap_models.networks.crack_net import SHIPPED, Architecture, crack_net
from crackmap_models.training.batches import Mix, TrainingBatches

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that decides how a run goes, besides the tiles."""

    architecture: Architecture = SHIPPED
    mix: Mix = field(default_factory=Mix)
    canvas_px: int = 240
    batch_size: int = 64
    epochs: int = 26
    patience: int = 12
    rate: float = 3e-3
    weight_decay: float = 5e-4
    warm_up_epochs: int = 1
    average_decay: float = 0.995
    validation_tiles: int = 600
    seed: int = 1
    threads: int = 2
    begin_from: str = ""  # folder of an earlier run, whose best weights this one begins with


@dataclass(slots=True)
class State:
    """How far a run has come."""

    epochs: int = 0
    best_epoch: int = 0
    best_auroc: float = 0.0
    history: list[dict[str, float]] = field(default_factory=list)


def train(
    tiles: Sequence[LabelledTile], run: Path, settings: Settings, *, until: int | None = None, say: Say = print
) -> State:
    """Train on the train rows of `tiles` and validate on the val rows, in the folder `run`, until done or Ctrl-C.

    `until` ends the run after that epoch, in the middle of its schedule.

    Raises EmptyClass, OneClassSet, UnreadableImage, and RunError when `run` was begun with other settings.
    """
    import keras  # noqa: PLC0415
    import tensorflow as tf  # noqa: PLC0415

    rows = of_split(tiles, "train")
    check_trainable(rows)
    watched = validation_rows(tiles, settings.validation_tiles, settings.seed)
    if not tf.config.list_physical_devices("GPU"):
        _limit_threads(tf, settings.threads)
    keras.utils.set_random_seed(settings.seed)
    batches = TrainingBatches(rows, settings.mix, settings.canvas_px, settings.batch_size, settings.seed)
    state = _begin(run, settings)
    if state.epochs:
        model = keras.models.load_model(run / "last.keras")
        average = keras.models.load_model(run / "average.keras", compile=False)
    else:
        model, average = (crack_net(settings.architecture, settings.canvas_px) for _ in range(2))
        if settings.begin_from:
            model.set_weights(best_weights(Path(settings.begin_from), settings.architecture))
        average.set_weights(model.get_weights())
        _compile(model, settings, batches.steps)
    say(f"{model.count_params()} parameters, {len(rows)} training tiles, {batches.steps} steps per epoch")
    while state.epochs < (until or settings.epochs) and state.epochs - state.best_epoch < settings.patience:
        began_s = time.monotonic()
        loss = _epoch(model, average, batches, number=state.epochs, settings=settings, say=say)
        figures = validate(average, watched, settings.canvas_px)
        took_s = time.monotonic() - began_s
        _end_epoch(run, state, model, average, figures={"loss": loss, **figures}, took_s=took_s, say=say)
    return state


def best_weights(run: Path, architecture: Architecture) -> list[npt.NDArray[np.float32]]:
    """The weights that an earlier run ships. Raises RunError when there are none, or of another architecture."""
    import keras  # noqa: PLC0415

    try:
        weights: list[npt.NDArray[np.float32]] = keras.models.load_model(
            run / "best.keras", compile=False
        ).get_weights()
    except (OSError, ValueError) as error:
        raise RunError(f"{run}: is not a training run with a finished epoch ({error}). Train first.") from error
    wanted = [weight.shape for weight in crack_net(architecture).get_weights()]
    if [weight.shape for weight in weights] != wanted:
        raise RunError(f"{run / 'best.keras'}: is not of the architecture {architecture}. Choose another run.")
    return weights


def _limit_threads(tf: Any, threads: int) -> None:
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    except RuntimeError:
        # TensorFlow already runs in this process (a second training in one test session): keep its threads.
        return


def _compile(model: Any, settings: Settings, steps: int) -> None:
    import keras  # noqa: PLC0415

    warm_up = settings.warm_up_epochs * steps
    rate = keras.optimizers.schedules.CosineDecay(
        settings.rate / 20,
        decay_steps=max(1, settings.epochs * steps - warm_up),
        alpha=0.01,
        warmup_target=settings.rate,
        warmup_steps=warm_up,
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=settings.weight_decay, clipnorm=5.0)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    # XLA's depthwise convolutions are seven times slower on a CPU than TensorFlow's own.
    model.compile(optimizer, keras.losses.BinaryCrossentropy(from_logits=True), jit_compile=False)


def _epoch(model: Any, average: Any, batches: TrainingBatches, *, number: int, settings: Settings, say: Say) -> float:
    """One pass; the average follows every step, faster at the start. Returns the mean loss."""
    total, began_s, said_s = 0.0, time.monotonic(), time.monotonic()
    for step, (pixels, targets) in enumerate(batches.epoch(number), start=1):
        total += float(model.train_on_batch(pixels, targets))
        done = number * batches.steps + step
        decay = min(settings.average_decay, (1 + done) / (10 + done))
        for kept, new in zip(average.weights, model.weights, strict=True):
            kept.assign(kept * decay + new * (1 - decay))
        if time.monotonic() - said_s > 20:
            said_s = time.monotonic()
            left_s = (said_s - began_s) / step * (batches.steps - step)
            say(f"  epoch {number + 1}: {step}/{batches.steps}, loss {total / step:.4f}, {left_s:.0f} s left")
    return total / batches.steps


def _end_epoch(
    run: Path, state: State, model: Any, average: Any, *, figures: dict[str, float], took_s: float, say: Say
) -> None:
    state.epochs += 1
    mean = figures["mean AUROC"]
    if mean > state.best_auroc:
        state.best_auroc, state.best_epoch = mean, state.epochs
        average.save(run / "best.keras")
    state.history.append({"epoch": state.epochs, "took_s": round(took_s, 1)} | figures)
    model.save(run / "last.keras")
    average.save(run / "average.keras")
    (run / "state.json").write_text(json.dumps(asdict(state), indent=1) + "\n")
    shown = ", ".join(f"{name} {value:.4f}" for name, value in figures.items())
    best = "  (best)" if state.best_epoch == state.epochs else ""
    say(f"epoch {state.epochs}: {shown}, {took_s:.0f} s{best}")


def _begin(run: Path, settings: Settings) -> State:
    """A new run folder with its settings, or the state of one that was begun with the same settings."""
    wanted = json.dumps(asdict(settings), indent=1) + "\n"
    path = run / "settings.json"
    run.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(wanted)
    elif path.read_text() != wanted:
        raise RunError(f"{path}: this run was begun with other settings. Choose another folder, or the same settings.")
    try:
        return State(**json.loads((run / "state.json").read_text()))
    except FileNotFoundError:
        return State()
    except (ValueError, TypeError) as error:
        raise RunError(f"{run / 'state.json'}: cannot be read ({error}). Begin again in another folder.") from error


def validation_rows(tiles: Sequence[LabelledTile], most: int, seed: int) -> dict[str, list[LabelledTile]]:
    """At most `most` val tiles of each class for each data set and surface kind, always the same ones.

    Raises OneClassSet.
    """
    rows = by_data(of_split(tiles, "val"))
    chosen: dict[str, list[LabelledTile]] = {}
    for data, members in rows.items():
        check_evaluable(np.array([tile.crack for tile in members]), f"{data} val")
        order = np.random.default_rng(seed).permutation(len(members))
        chosen[data] = [
            members[k] for crack in (True, False) for k in [k for k in order if members[k].crack == crack][:most]
        ]
    if not chosen:
        check_evaluable(np.zeros(0, np.bool_), "val")
    return chosen


def validate(model: Any, rows: dict[str, list[LabelledTile]], canvas_px: int) -> dict[str, float]:
    """AUROC of the Keras model for each data set and surface kind, and their mean."""
    figures = {
        f"{data} AUROC": auroc(np.array([tile.crack for tile in members]), logits(model, members, canvas_px))
        for data, members in rows.items()
    }
    return {"mean AUROC": float(np.mean(list(figures.values())))} | figures


def logits(model: Any, tiles: Sequence[LabelledTile], tile_px: int, batch_size: int = 64) -> npt.NDArray[np.float64]:
    """The Keras model's logits [n] for `tiles`, fitted to `tile_px`."""
    parts = []
    for start in range(0, len(tiles), batch_size):
        batch = [fit(decode(t.path, read_bytes(t.path)), tile_px) for t in tiles[start : start + batch_size]]
        parts.append(model.predict_on_batch(np.stack(batch).astype(np.float32))[:, 0])
    return np.concatenate(parts).astype(np.float64)
