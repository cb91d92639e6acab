"""From Keras weights to a full-int8 .tflite file, and how far the two answers are apart.

The converter measures the range of every tensor on real training tiles. Two plain tiles, black and white, are among
them: with these the input's range is exactly 0..255, its scale exactly 1 and its zero point −128, so a runner's
whole preprocessing is "pixel less 128".
"""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from crackmap_models.conversion.lite import LiteModel
from crackmap_models.data.fit import fit
from crackmap_models.data.tiles import LabelledTile, Pixels, by_data, decode, read_bytes
from crackmap_models.errors import RunError
from crackmap_models.networks.crack_net import Architecture, crack_net
from crackmap_models.training.train import logits

FEWEST_REPRESENTATIVE_TILES = 500


@dataclass(frozen=True, slots=True)
class Parity:
    """What int8 costs: differences of logits between the Keras network and the .tflite file on the same tiles."""

    tiles: int
    mean_absolute: float
    largest: float
    same_side_of_threshold: float


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


def to_int8(
    weights: Sequence[Any], architecture: Architecture, tile_px: int, representative: Sequence[Pixels]
) -> bytes:
    """Weights of a trained crack_net → the bytes of a .tflite file for tiles of `tile_px`.

    Raises RunError when the converter did not keep the input and output contract.
    """
    import tensorflow as tf  # noqa: PLC0415

    model = crack_net(architecture, tile_px)
    model.set_weights(weights)

    def tiles() -> Iterator[list[Any]]:
        for value in (0, 255):
            yield [np.full((1, tile_px, tile_px, 3), value, np.float32)]
        for pixels in representative:
            yield [pixels[None].astype(np.float32)]

    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = tiles
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        content = bytes(converter.convert())
    LiteModel(content)
    return content


def parity(model: Any, lite: LiteModel, tiles: Sequence[LabelledTile], threshold_logit: float = 0.0) -> Parity:
    """Compare `model` (Keras) and `lite` on `tiles`."""
    exact, rounded = logits(model, tiles, lite.tile_px), lite.logits(tiles)
    apart = np.abs(exact - rounded)
    same = ((exact >= threshold_logit) == (rounded >= threshold_logit)).mean()
    return Parity(len(tiles), float(apart.mean()), float(apart.max()), float(same))
