"""Our network: compact, depthwise-separable, fully convolutional up to its global pooling.

The weights do not depend on the input's size, so one training serves every tile size. The rescaling is the first
layer and, because the stem pads nothing, the converter folds it into the first convolution, so it costs nothing and
its quantisation is that of the pixels.

Normalisation is most of a step's time on a CPU, so there is one per block, after the pointwise convolution (as in
Xception, Chollet 2017, there is nothing between depthwise and pointwise). Average and maximum pooling are both
kept: a hairline crack fills a hundredth of a tile, and an average alone drowns it.
"""

from typing import Any

from crackmap.errors import SettingError

# Three stride-2 steps of valid stem and blocks: under this nothing is left to pool.
SMALLEST_INPUT_PX = 32
STEM = 12
# Width and number of blocks of each stage. Each halves the resolution, but for the first: it follows the stem (¼).
STAGES = ((32, 1), (56, 3), (128, 4), (192, 2))
# Features that are pooled: where the map is smallest, many of them cost little.
HEAD = 320
DROPOUT = 0.2
# The stage whose positions say, in training, where a crack is: the last one that is fine enough.
CELLS_STAGE = 2
CELL_PX = 16
# A batch holds thousands of positions: ten batches are enough to know their mean, and a short training needs it early.
MOMENTUM = 0.9


def crack_net(tile_px: int | None = None, *, cells: bool = False) -> Any:
    """A keras.Model [n, tile_px, tile_px, 3] float32 RGB 0..255 → [n, 1] logits; `tile_px` None accepts any size.

    With `cells` there is a second output [n, k, k, 1]: the logit of "a crack passes here" for each of the k × k cells
    of about CELL_PX. It is only for training, where drawn cracks say where they are, and shares all but one layer.

    Raises SettingError when `tile_px` is too small.
    """
    import keras  # noqa: PLC0415 - a second's import, for those who build a network
    from keras import layers  # noqa: PLC0415

    if tile_px is not None and tile_px < SMALLEST_INPUT_PX:
        raise SettingError(f"an input of {tile_px} px is too small for this network; use {SMALLEST_INPUT_PX} or more.")
    pixels = keras.Input((tile_px, tile_px, 3), name="pixels")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(pixels)
    x = layers.Conv2D(STEM, 3, strides=2, activation="relu")(x)
    x = layers.Conv2D(STAGES[0][0], 3, strides=2, use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=MOMENTUM)(x))
    for stage, (width, blocks) in enumerate(STAGES):
        for block in range(blocks):
            x = _block(x, width, strides=2 if stage and block == 0 else 1)
        if stage == CELLS_STAGE:
            places = layers.Conv2D(1, 1, name="cells")(x) if cells else None
    x = layers.Conv2D(HEAD, 1, use_bias=False)(x)
    x = layers.ReLU()(layers.BatchNormalization(momentum=MOMENTUM)(x))
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    x = layers.Dropout(DROPOUT)(x)
    logit = layers.Dense(1, name="logit")(x)
    return keras.Model(pixels, [logit, places] if cells else logit, name="crack_net")


def _block(x: Any, width: int, strides: int) -> Any:
    """Depthwise 3×3, pointwise to `width`, normalisation; with a shortcut where the shape stays."""
    from keras import layers  # noqa: PLC0415

    y = layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False)(x)
    y = layers.Conv2D(width, 1, use_bias=False)(y)
    y = layers.BatchNormalization(momentum=MOMENTUM)(y)
    if strides == 1 and x.shape[-1] == width:
        y = layers.Add()([x, y])
    return layers.ReLU()(y)
