"""What every contestant of `bench/scan.py` does: a process that scores one photograph for each line on its input.

in   the path of a JPEG
out  one line of JSON: {"seconds": …, "scores": [[x_px, y_px, score byte], …], "peak_mib": …}
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from crackmap.scores import bytes_from_logits

Tile = npt.NDArray[np.uint8]
Scores = list[tuple[int, int, int]]


class TileModel:
    """The model file on one thread, without anything around it."""

    def __init__(self, model: Path) -> None:
        self._interpreter = Interpreter(model_path=str(model), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]
        if self._input["dtype"] is not np.uint8 or self._input["quantization"] != (1.0, 0):
            sys.exit(f"{model}: this bench runs models that take RGB as uint8, as `crackmap models convert` makes them")

    @property
    def tile_px(self) -> int:
        return int(self._input["shape"][1])

    def fill(self, tile: Tile) -> None:
        """Write one RGB tile into the input."""
        self._interpreter.set_tensor(self._input["index"], tile[None])

    def invoke(self) -> None:
        self._interpreter.invoke()

    def score(self, tile: Tile) -> int:
        """One RGB tile → its score byte."""
        self.fill(tile)
        self.invoke()
        scale, zero_point = self._output["quantization"]
        answer = int(self._interpreter.get_tensor(self._output["index"]).flat[0])
        return int(bytes_from_logits((answer - zero_point) * scale))


def serve(work: Callable[[Path], tuple[float, Scores]]) -> None:
    """Answer each line of standard input until it ends. `work` times itself: (seconds, scores)."""
    for line in sys.stdin:
        seconds, scores = work(Path(line.rstrip("\n")))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "scores": scores, "peak_mib": peak}), flush=True)


def timed(work: Callable[[], Scores]) -> tuple[float, Scores]:
    """Wall-clock seconds of one call, and what it returned."""
    start = time.perf_counter()
    scores = work()
    return time.perf_counter() - start, scores
