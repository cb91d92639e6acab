"""Running a .tflite file over labelled tiles: figures are of the file that ships, not of the network it came from."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from crackmap_models.data.fit import fit
from crackmap_models.data.tiles import LabelledTile, Pixels, decode, read_bytes
from crackmap_models.errors import RunError


class LiteModel:
    """An int8 classifier on LiteRT: RGB tiles in, real-valued logits out."""

    def __init__(self, content: bytes, threads: int = 1) -> None:
        """Raises RunError when `content` is not a model of our kind (int8 pixels as they are, one int8 logit)."""
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415

        try:
            self._interpreter = Interpreter(model_content=content, num_threads=threads)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise RunError(f"not a TensorFlow Lite model ({error}); give a .tflite file.") from error
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]
        self._check()

    def _check(self) -> None:
        shape, dtype, quantisation = self._input["shape"].tolist(), self._input["dtype"], self._input["quantization"]
        if dtype != np.int8 or tuple(quantisation) != (1.0, -128) or len(shape) != 4 or shape[1] != shape[2]:
            raise RunError(
                f"the input is {np.dtype(dtype).name} {shape} with scale and zero point {quantisation}; it must be "
                "int8 [1, S, S, 3] with scale 1 and zero point -128, so that int8 is the pixel less 128."
            )
        if self._output["dtype"] != np.int8 or self._output["shape"].tolist() != [1, 1]:
            raise RunError(f"the output is {self._output['shape'].tolist()}; it must be one int8 logit [1, 1].")

    @property
    def tile_px(self) -> int:
        """Width and height of the input."""
        return int(self._input["shape"][1])

    def logit(self, pixels: Pixels) -> float:
        """RGB [tile_px, tile_px, 3] → logit of "crack"."""
        self._interpreter.set_tensor(self._input["index"], (pixels[None] ^ np.uint8(0x80)).view(np.int8))
        self._interpreter.invoke()
        scale, zero_point = self._output["quantization"]
        return float((int(self._interpreter.get_tensor(self._output["index"])[0, 0]) - zero_point) * scale)

    def logits(self, tiles: Sequence[LabelledTile]) -> npt.NDArray[np.float64]:
        """Logits [n] of tiles on disk, each fitted to the input (larger ones shrink, smaller are mirrored out)."""
        return np.array([self.logit(fit(decode(t.path, read_bytes(t.path)), self.tile_px)) for t in tiles], np.float64)
