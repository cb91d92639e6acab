"""From a trained network to a .tflite file: float32, float16 weights, or int8 throughout.

For int8 the converter measures the range of every tensor on real training tiles. Two plain tiles, black and white,
are among them: with these the input's range is exactly 0..255, its scale exactly 1 and, for uint8, its zero point 0.
The input of an int8 file therefore is the picture as decoded, byte for byte.
"""

import tempfile
from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np

from crackmap_models.conversion.equalise import equalised
from crackmap_models.conversion.lite import LiteModel, check_contract
from crackmap_models.conversion.uint8_input import over_float32
from crackmap_models.data.fit import fit
from crackmap_models.data.tiles import LabelledTile, Pixels, by_data, decode, read_bytes
from crackmap_models.errors import RunError

Numbers = Literal["int8", "float16", "float32"]
FEWEST_REPRESENTATIVE_TILES = 500


def representative_tiles(tiles: Sequence[LabelledTile], tile_px: int, count: int, seed: int) -> list[Pixels]:
    """`count` train tiles, as many of each data set, surface kind and class as there are, fitted to `tile_px`.

    Raises RunError when there are fewer than FEWEST_REPRESENTATIVE_TILES.
    """
    kinds = [[t for t in members if t.crack == crack] for members in by_data(tiles).values() for crack in (True, False)]
    rng = np.random.default_rng(seed)
    each = -(-count // max(1, len(kinds)))
    chosen = [kind[k] for kind in kinds for k in rng.permutation(len(kind))[:each]]
    if len(chosen) < FEWEST_REPRESENTATIVE_TILES:
        raise RunError(
            f"{len(chosen)} representative tiles; int8 ranges need {FEWEST_REPRESENTATIVE_TILES} or more. "
            "Point to the complete training sets."
        )
    return [fit(decode(tile.path, read_bytes(tile.path)), tile_px) for tile in chosen]


def to_tflite(model: Any, numbers: Numbers, representative: Sequence[Pixels] = ()) -> bytes:
    """A trained keras.Model of a fixed tile size → the bytes of a .tflite file; int8 needs `representative` tiles.

    Float files take float32 RGB 0..255 and give a float32 logit; of float16 there are only the weights.

    Raises RunError when the converter did not keep the contract of input and output.
    """
    import tensorflow as tf  # noqa: PLC0415

    tile_px = model.input.shape[1]
    if numbers == "int8":
        model = equalised(model, representative)

    def tiles() -> Iterator[list[Any]]:
        for value in (0, 255):
            yield [np.full((1, tile_px, tile_px, 3), value, np.float32)]
        for pixels in representative:
            yield [pixels[None].astype(np.float32)]

    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if numbers != "float32":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        if numbers == "float16":
            converter.target_spec.supported_types = [tf.float16]
        if numbers == "int8":
            converter.representative_dataset = tiles
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            converter.inference_input_type, converter.inference_output_type = tf.uint8, tf.int8
        content = over_float32(bytes(converter.convert()))
    lite = LiteModel(content)
    if numbers == "int8":
        check_contract(lite)
    return content
