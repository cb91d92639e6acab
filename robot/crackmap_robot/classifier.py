"""A TFLite model and its manifest → a score byte for every tile of a frame."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

from crackmap import scores
from crackmap.errors import InputError, SettingError
from crackmap.manifest import Manifest, read_manifest
from crackmap.tile_grid import TileGrid
from crackmap_robot.runtimes import Runtime, interpreter_maker
from crackmap_robot.tiles import tiles

Frame = npt.NDArray[np.uint8]
SHIPPED = "crack-227.tflite"
Fill = Callable[[Frame, npt.NDArray[Any]], object]


def shipped_model(name: str = SHIPPED) -> Path:
    """A model that comes with crackmap: inside the installed package, else in the checkout that it runs from."""
    package = Path(__file__).parent
    packed = package / "shipped" / name
    return packed if packed.exists() else package.parents[1] / "models" / "shipped" / name


def chosen_model(given: Path) -> Path:
    """A model file as it was given; a name alone, as `crack-256`, means one that comes with crackmap."""
    shipped = shipped_model(f"{given}.tflite")
    return shipped if given == Path(given.name) and not given.exists() and shipped.exists() else given


@dataclass(frozen=True)
class Tensor:
    """One end of the model. `scale` and `zero_point` give real = scale × (stored − zero_point); (0, 0) for floats."""

    index: int
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int

    @classmethod
    def of(cls, details: dict[str, Any]) -> Self:
        """From what the interpreter says of it."""
        scale, zero_point = details["quantization"]
        shape = tuple(int(side) for side in details["shape"])
        return cls(int(details["index"]), shape, np.dtype(details["dtype"]).name, float(scale), int(zero_point))

    @property
    def quantised(self) -> bool:
        """Whether it holds integers."""
        return self.dtype != "float32"


class TileScorer(Protocol):
    """What a scan needs of a model. A context manager."""

    manifest: Manifest

    def score(self, frame: Frame, grid: TileGrid) -> npt.NDArray[np.uint8]:
        """A byte for each tile, row by row (`crackmap.scores`)."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Classifier:
    """Scores tiles on one or several threads, each with its own interpreter; the scores do not depend on how many.

    A context manager: leaving it ends the threads.
    """

    def __init__(self, model: Path, threads: int = 1, runtime: Runtime = Runtime.LITERT) -> None:
        """Load `model` and the manifest beside it, and check that they fit.

        Raises InputError for a model that is damaged or not what its manifest promises, SettingError for the runtime.
        """
        if threads < 1:
            raise SettingError(f"--threads {threads}: at least one thread must classify")
        self.path = model
        self.manifest, content = read_manifest(model)
        make = interpreter_maker(runtime)
        self._workers = [_Worker(loaded(make, content, model), self.manifest, model) for _ in range(threads)]
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="classifier")

    def score(self, frame: Frame, grid: TileGrid) -> npt.NDArray[np.uint8]:
        """A byte for each tile, row by row (`crackmap.scores`); 0 where the model answered NaN.

        `frame` is (height_px, width_px, 3) RGB of the grid's size.
        """
        if frame.shape != (grid.height_px, grid.width_px, 3) or grid.tile_px != self.manifest.tile_px:
            raise ValueError(f"a frame {frame.shape} and tiles of {grid.tile_px} px do not fit the grid {grid}")
        views = list(tiles(frame, grid))
        share = -(-len(views) // len(self._workers))
        parts = [views[start : start + share] for start in range(0, len(views), share)]
        if len(parts) == 1:
            return bytes_from_model(self._workers[0].logits(parts[0]))
        # zip may be shorter than the workers: a small frame has fewer tiles than there are threads
        logits = self._pool.map(_Worker.logits, self._workers[: len(parts)], parts)
        return bytes_from_model(np.concatenate(list(logits)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)


def bytes_from_model(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Score bytes; a logit that is NaN becomes 0, not scored."""
    failed = np.isnan(logits)
    return np.where(failed, scores.NOT_SCORED, scores.bytes_from_logits(np.where(failed, 0.0, logits))).astype(np.uint8)


class _Worker:
    """One interpreter, used by one thread at a time."""

    def __init__(self, interpreter: Any, manifest: Manifest, model: Path) -> None:
        self._interpreter = interpreter
        self._input = the_one(interpreter.get_input_details(), "input", model)
        self._output = the_one(interpreter.get_output_details(), "output", model)
        check_tensors(self._input, self._output, manifest, model)
        self._fill = filling(self._input)

    def logits(self, views: Sequence[Frame]) -> npt.NDArray[np.float64]:
        """The model's answers, one for each (tile_px, tile_px, 3) tile."""
        interpreter, fill, entry = self._interpreter, self._fill, self._input.index
        answers = np.empty(len(views), np.float64)
        for number, view in enumerate(views):
            # Written straight into the model's input, in one expression: the array must be let go before invoke().
            fill(view, interpreter.tensor(entry)()[0])
            interpreter.invoke()
            answers[number] = interpreter.get_tensor(self._output.index).flat[0]
        if self._output.quantised:
            return (answers - self._output.zero_point) * self._output.scale
        return answers


def filling(entry: Tensor) -> Fill:
    """How to write a tile of RGB 0..255 into the model's input: the function fill(tile, input)."""
    if not entry.quantised:
        return lambda view, target: np.copyto(target, view, casting="safe")
    steps = np.rint(np.arange(256) / entry.scale) + entry.zero_point
    limits = np.iinfo(entry.dtype)
    table = np.clip(steps, limits.min, limits.max).astype(entry.dtype)
    if np.array_equal(table.view(np.uint8), np.arange(256, dtype=np.uint8)):
        return lambda view, target: np.copyto(target.view(np.uint8), view)
    if np.array_equal(table.view(np.uint8), np.arange(256, dtype=np.uint8) ^ 0x80):
        # int8 with scale 1 and zero point −128, what crackmap's own models take: flipping the top bit subtracts 128.
        return lambda view, target: np.bitwise_xor(view, 0x80, out=target.view(np.uint8))
    return lambda view, target: np.take(table, view, out=target)


def check_tensors(entry: Tensor, answer: Tensor, manifest: Manifest, model: Path) -> None:
    """Raise InputError unless the model takes and gives what its manifest promises."""
    side = manifest.tile_px
    for what, found, promised in (
        ("input shape", entry.shape, (1, side, side, 3)),
        ("input type", entry.dtype, manifest.input_dtype),
        ("output type", answer.dtype, manifest.output_dtype),
        ("number of answers", int(np.prod(answer.shape)), 1),
    ):
        if found != promised:
            raise InputError(
                f"{model}: its {what} is {found}, its manifest promises {promised}. "
                "Convert the model again, or take the manifest that was written with it."
            )
    for what, tensor in (("input", entry), ("output", answer)):
        if tensor.quantised and tensor.scale <= 0:
            raise InputError(
                f"{model}: its {what} is {tensor.dtype} without a scale, so its numbers mean nothing. Convert it again."
            )


def the_one(details: Sequence[dict[str, Any]], what: str, model: Path) -> Tensor:
    """Raises InputError for none or several."""
    if len(details) != 1:
        raise InputError(f"{model}: has {len(details)} {what}s; crackmap runs models with one input and one output.")
    return Tensor.of(details[0])


def loaded(
    make: Callable[..., Any], content: bytes, model: Path, threads: int = 1, size_px: tuple[int, int] | None = None
) -> Any:
    """An interpreter that is ready; `size_px`, height and width, resizes its input.

    Raises InputError when the runtime refuses the model.
    """
    try:
        interpreter = make(model_content=content, num_threads=threads)
        if size_px is not None:
            interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], (1, *size_px, 3))
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise InputError(
            f"{model}: the runtime cannot load it ({error}). Copy the model again, or convert it again."
        ) from error
    return interpreter
