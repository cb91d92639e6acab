"""The drawn tiles are promised byte for byte: known scores in manifests hang on them."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap.drawn_tiles import COUNT, CRACK_WIDTHS_PX, drawn_tiles


@pytest.mark.parametrize(
    ("tile_px", "sha256"),
    [
        (32, "fa891caca0d24661473ff7eb978f4ef1202cc864facdb6c72433541366effa74"),
        (227, "6b2c0c8f50c103163ede48ebfbf4d652c19545b83dedd137544b8b4d65c27045"),
        (256, "295454d2eb4235b75fb7090b368578d633f554665b3ea99df149cef31820e3d3"),
    ],
)
def test_they_never_change(tile_px: int, sha256: str) -> None:
    assert hashlib.sha256(drawn_tiles(tile_px).tobytes()).hexdigest() == sha256


@given(st.integers(1, 300))
def test_they_come_in_every_size(tile_px: int) -> None:
    tiles = drawn_tiles(tile_px)
    assert (tiles.shape, tiles.dtype) == ((COUNT, tile_px, tile_px, 3), np.uint8)


def test_they_hold_what_they_say() -> None:
    tiles = drawn_tiles(227).astype(float)
    smooth, rough, hairline, wide, black, burned = tiles
    assert rough.std() > 3 * smooth.std()
    assert black.max() < 20
    assert burned.min() > 230
    for tile, width in ((hairline, CRACK_WIDTHS_PX[2]), (wide, CRACK_WIDTHS_PX[3])):
        dark = (tile[:, :, 0] < 90).sum(axis=1)
        assert abs(np.median(dark) - (width + 1)) <= 1
