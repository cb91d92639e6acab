"""Running a .tflite file over labelled tiles: figures are of the file that ships, not of the network it came from."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from crackmap_models.data.fit import fit
from crackmap_models.data.tiles import LabelledTile, Pixels, decode, read_bytes
from crackmap_models.errors import RunError
from crackmap_robot.classifier import Tensor, filling


class LiteModel:
    """A classifier on LiteRT: RGB tiles in, real-valued logits out. Number types are those that the file says."""

    def __init__(self, content: bytes, threads: int = 1) -> None:
        """Raises RunError when `content` is not a model of our kind: [1, S, S, 3] pixels in, one logit out."""
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415

        try:
            self._interpreter = Interpreter(model_content=content, num_threads=threads)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise RunError(f"not a TensorFlow Lite model ({error}); give a .tflite file.") from error
        self.input = Tensor.of(self._interpreter.get_input_details()[0])
        self.output = Tensor.of(self._interpreter.get_output_details()[0])
        for what, end in (("input", self.input), ("output", self.output)):
            if end.quantised and end.scale <= 0:
                raise RunError(f"the {what} is {end.dtype} without a scale, so its numbers mean nothing.")
        shape = self.input.shape
        if len(shape) != 4 or shape != (1, shape[1], shape[1], 3):
            raise RunError(f"the input is {list(shape)}; it must be a square of RGB pixels [1, S, S, 3].")
        if self.output.shape != (1, 1):
            raise RunError(f"the output is {list(self.output.shape)}; it must be one logit [1, 1].")
        self._fill = filling(self.input)

    @property
    def tile_px(self) -> int:
        """Width and height of the input."""
        return self.input.shape[1]

    def logit(self, pixels: Pixels) -> float:
        """RGB [tile_px, tile_px, 3] → logit of "crack"."""
        # In one expression: LiteRT refuses to run while an array still looks into its memory.
        self._fill(pixels, self._interpreter.tensor(self.input.index)()[0])
        self._interpreter.invoke()
        answer = float(self._interpreter.get_tensor(self.output.index)[0, 0])
        return (answer - self.output.zero_point) * self.output.scale if self.output.quantised else answer

    def logits(self, tiles: Sequence[LabelledTile]) -> npt.NDArray[np.float64]:
        """Logits [n] of tiles on disk, each fitted to the input (larger ones shrink, smaller are mirrored out)."""
        return np.array([self.logit(fit(decode(t.path, read_bytes(t.path)), self.tile_px)) for t in tiles], np.float64)


def check_contract(model: LiteModel) -> None:
    """Raises RunError unless int8 `model` takes decoded bytes as they are and gives one int8 logit."""
    entry, answer = model.input, model.output
    if (entry.dtype, entry.scale, entry.zero_point) != ("uint8", 1.0, 0):
        raise RunError(
            f"the input is {entry.dtype} with scale {entry.scale:g} and zero point {entry.zero_point}; it must be "
            "uint8 with scale 1 and zero point 0: pixels exactly as decoded."
        )
    if answer.dtype != "int8":
        raise RunError(f"the output is {answer.dtype}; it must be one int8 logit.")
