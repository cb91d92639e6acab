"""The networks that crackmap grew from, kept to be measured against.

All three flatten their last feature map, so a network is bound to one tile size, and most of its weights sit in the
first dense layer. Their last activation was a sigmoid; here they answer with its logit, as every network does, and
the sigmoid is part of the loss.
"""

from typing import Any

PLAIN_TILE_PX = 227


def blog3(tile_px: int | None = None) -> Any:
    """The course project's first network: three convolutions, one dense layer, dropout one half.

    A keras.Model [n, tile_px, tile_px, 3] float32 RGB 0..255 → [n, 1] logits; None is 227 px.
    """
    return _network("blog3", tile_px, convolutions=(32, 32, 64), dense=(64,), dropout=0.5)


def deeper(tile_px: int | None = None) -> Any:
    """Its second network: more filters and two more hidden layers. Input and output as `blog3`."""
    return _network("deeper", tile_px, convolutions=(32, 64, 128), dense=(128, 64, 32), dropout=0.5)


def cainvas(tile_px: int | None = None) -> Any:
    """The tutorial's network: two times convolution, convolution, pooling, then three dense layers.

    8 and 16 filters, as it was compiled for small devices. Input and output as `blog3`.
    """
    import keras  # noqa: PLC0415
    from keras import layers  # noqa: PLC0415

    side_px = tile_px or PLAIN_TILE_PX
    pixels = keras.Input((side_px, side_px, 3), name="pixels")
    x = layers.Rescaling(1 / 255)(pixels)
    for filters in (8, 16):
        for _ in range(2):
            x = layers.Conv2D(filters, 3, activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    for units in (64, 32):
        x = layers.Dense(units, activation="relu")(x)
    return keras.Model(pixels, layers.Dense(1, name="logit")(x), name="cainvas")


def _network(
    name: str, tile_px: int | None, *, convolutions: tuple[int, ...], dense: tuple[int, ...], dropout: float
) -> Any:
    """Convolution and pooling by turns, then dense layers with dropout after the first."""
    import keras  # noqa: PLC0415
    from keras import layers  # noqa: PLC0415

    side_px = tile_px or PLAIN_TILE_PX
    pixels = keras.Input((side_px, side_px, 3), name="pixels")
    x = layers.Rescaling(1 / 255)(pixels)
    for filters in convolutions:
        x = layers.Conv2D(filters, 3, activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    for number, units in enumerate(dense):
        x = layers.Dense(units, activation="relu")(x)
        if number == 0:
            x = layers.Dropout(dropout)(x)
    return keras.Model(pixels, layers.Dense(1, name="logit")(x), name=name)
