"""The network: a compact depthwise-separable one, fully convolutional up to its global pooling.

The weights do not depend on the input's size, so one training serves every tile size. The input is RGB 0..255; the
rescaling is the first layer and, because the stem pads nothing, the converter folds it into the first convolution,
so it costs nothing and its quantisation is that of the pixels. The output is one logit of "crack".

Normalisation is most of a step's time on a CPU, so there is one per block, after the pointwise convolution (as in
Xception, Chollet 2017, there is nothing between depthwise and pointwise). Average and maximum pooling are both
kept: a hairline crack fills a hundredth of a tile, and an average alone drowns it.
"""

from dataclasses import dataclass
from typing import Any

from crackmap.errors import SettingError

# Three stride-2 steps of valid stem and blocks: under this nothing is left to pool.
SMALLEST_INPUT_PX = 32


@dataclass(frozen=True, slots=True)
class Architecture:
    """Widths and depths. Stage k halves the resolution, except the first, which follows the stem (a quarter)."""

    stem: int = 12
    widths: tuple[int, ...] = (32, 56, 96, 144)
    depths: tuple[int, ...] = (1, 3, 4, 2)
    dropout: float = 0.2

    def __post_init__(self) -> None:
        if len(self.widths) != len(self.depths) or not self.widths:
            raise SettingError(f"widths {self.widths} and depths {self.depths} must name the same stages.")
        if min(self.stem, *self.widths, *self.depths) < 1:
            raise SettingError(f"widths {self.widths}, depths {self.depths}, stem {self.stem}: all must be at least 1.")


SHIPPED = Architecture()


def crack_net(architecture: Architecture, tile_px: int | None = None) -> Any:
    """A keras.Model [n, tile_px, tile_px, 3] float32 RGB 0..255 → [n, 1] logits; `tile_px` None accepts any size."""
    import keras  # noqa: PLC0415 - a second's import, for those who build a network
    from keras import layers  # noqa: PLC0415

    if tile_px is not None and tile_px < SMALLEST_INPUT_PX:
        raise SettingError(f"an input of {tile_px} px is too small for this network; use {SMALLEST_INPUT_PX} or more.")
    pixels = keras.Input((tile_px, tile_px, 3), name="pixels")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(pixels)
    x = layers.Conv2D(architecture.stem, 3, strides=2, activation="relu")(x)
    x = layers.Conv2D(architecture.widths[0], 3, strides=2, use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization()(x))
    for stage, (width, depth) in enumerate(zip(architecture.widths, architecture.depths, strict=True)):
        for block in range(depth):
            x = _block(x, width, strides=2 if stage and block == 0 else 1)
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    x = layers.Dropout(architecture.dropout)(x)
    return keras.Model(pixels, layers.Dense(1, name="logit")(x), name="crack_net")


def _block(x: Any, width: int, strides: int) -> Any:
    """Depthwise 3×3, pointwise to `width`, normalisation; with a shortcut where the shape stays."""
    from keras import layers  # noqa: PLC0415

    y = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
    y = layers.Conv2D(width, 1, use_bias=False)(y)
    y = layers.BatchNormalization()(y)
    if strides == 1 and x.shape[-1] == width:
        y = layers.Add()([x, y])
    return layers.ReLU()(y)
