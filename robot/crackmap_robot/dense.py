"""All overlapping tiles of a frame in one pass: the dense file of a model, block by block.

A score differs from what the same tile gets by itself: at a tile's edge the network sees nothing beyond, in a block it
sees the surface that is there. By how much: decision 18.
"""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from crackmap.errors import InputError, SettingError
from crackmap.manifest import dense_path, read_dense, read_manifest
from crackmap.tile_grid import TileGrid
from crackmap_robot.blocks import Block, blocks
from crackmap_robot.classifier import (
    Classifier,
    Frame,
    TileScorer,
    bytes_from_model,
    check_tensors,
    filling,
    loaded,
    the_one,
)
from crackmap_robot.runtimes import Runtime, interpreter_maker

Size = tuple[int, int]


class DenseClassifier:
    """Scores overlapping tiles; the scores do not depend on the number of threads. A context manager, as Classifier."""

    def __init__(self, model: Path, threads: int = 1, runtime: Runtime = Runtime.LITERT) -> None:
        """Load the dense file beside `model`, and check that it is what the manifest promises.

        Raises InputError for a file that is damaged, missing or another one, SettingError for a model that has none,
        and for the runtime.
        """
        if threads < 1:
            raise SettingError(f"--threads {threads}: at least one thread must classify")
        manifest, _ = read_manifest(model)
        if manifest.dense is None:
            raise SettingError(
                f"{model}: has no file that scores overlapping tiles in one pass. Instead of --overlap give "
                f"--stride {manifest.tile_px // 2}, which asks the model for each tile, or take another, as crack-227."
            )
        self.path = dense_path(model)
        self.stride_px = manifest.dense.stride_px
        # Other scores than the model's by itself, so another name, hash and analysis.
        itself = {"name": f"{manifest.name}.dense", "sha256": manifest.dense.sha256, "input_dtype": "int8"}
        self.manifest = manifest.model_copy(update=itself)
        self._content = read_dense(model, manifest.dense)
        self._make, self._threads = interpreter_maker(runtime), threads
        self._sized: dict[Size, _Sized] = {}
        self._frame_px: Size = 0, 0
        self._of_size((manifest.tile_px, manifest.tile_px)).check(self.manifest, self.path)

    def score(self, frame: Frame, grid: TileGrid) -> npt.NDArray[np.uint8]:
        """A byte for each tile, row by row (`crackmap.scores`).

        `frame` is (height_px, width_px, 3) RGB of the grid's size; the grid's stride is the dense file's.
        """
        sides = (self.manifest.tile_px, self.stride_px)
        if frame.shape != (grid.height_px, grid.width_px, 3) or (grid.tile_px, grid.stride_px) != sides:
            raise ValueError(f"a frame {frame.shape} and tiles of {sides} px do not fit the grid {grid}")
        if frame.shape[:2] != self._frame_px:
            self._sized.clear()  # sizes of blocks follow from the frame's: a camera has one, a folder may have several
            self._frame_px = grid.height_px, grid.width_px
        logits = np.empty((grid.rows, grid.columns))
        for block in blocks(grid):
            rows, columns = block.rows, block.columns
            there = logits[rows.first : rows.first + rows.count, columns.first : columns.first + columns.count]
            there[:] = self._of_size(block.size_px(grid)).logits(_pixels(frame, block, grid))
        return bytes_from_model(logits.ravel())

    def _of_size(self, size_px: Size) -> "_Sized":
        if size_px not in self._sized:
            interpreter = loaded(self._make, self._content, self.path, self._threads, size_px)
            self._sized[size_px] = _Sized(interpreter, self.path)
        return self._sized[size_px]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sized.clear()


def open_classifier(
    model: Path, threads: int = 1, runtime: Runtime = Runtime.LITERT, *, overlap: bool = False
) -> TileScorer:
    """What scores tiles that touch, or those that overlap. Raises what their constructors raise."""
    if overlap:
        return DenseClassifier(model, threads, runtime)
    return Classifier(model, threads, runtime)


class _Sized:
    """The model for blocks of one size: making one takes as long as a pass, so each is kept."""

    def __init__(self, interpreter: Any, path: Path) -> None:
        self._interpreter = interpreter
        self._input = the_one(interpreter.get_input_details(), "input", path)
        self._output = the_one(interpreter.get_output_details(), "output", path)
        self._fill = filling(self._input)

    def check(self, manifest: Any, path: Path) -> None:
        """Raise InputError unless a single tile goes in as the manifest says, and one answer comes out."""
        check_tensors(self._input, self._output, manifest, path)
        if not self._output.quantised:
            raise InputError(f"{path}: its output is {self._output.dtype}; take the file that came with the manifest.")

    def logits(self, pixels: Frame) -> npt.NDArray[np.float64]:
        """(rows, columns) of the block's tiles."""
        # In one expression: the array must be let go before invoke().
        self._fill(pixels, self._interpreter.tensor(self._input.index)()[0])
        self._interpreter.invoke()
        answers = self._interpreter.get_tensor(self._output.index)[0, :, :, 0].astype(np.float64)
        return (answers - self._output.zero_point) * self._output.scale  # type: ignore[no-any-return]


def _pixels(frame: Frame, block: Block, grid: TileGrid) -> Frame:
    top, left = block.rows.origin_px, block.columns.origin_px
    height_px, width_px = block.size_px(grid)
    return frame[top : top + height_px, left : left + width_px]
