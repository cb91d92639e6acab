"""Maps over tiles, and pictures as data URIs."""

import base64

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pictures = pytest.importorskip(
    "crackmap_models.report.pictures", reason="the models part is not installed: make test-models"
)

SIDE_PX = 80
GREY = np.full((SIDE_PX, SIDE_PX, 3), 128, np.uint8)


@given(st.integers(1, 90), st.integers(1, 90))
def test_a_jpeg_decodes_to_its_size(height: int, width: int) -> None:
    picture = pictures.jpeg(np.full((height, width, 3), 90, np.uint8), "grey")
    head, _, content = picture.uri.partition(",")
    assert head == "data:image/jpeg;base64"
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(content), np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape == (picture.height_px, picture.width_px, 3) == (height, width, 3)


def test_no_heat_leaves_the_tile_in_grey() -> None:
    assert (pictures.with_heat(GREY, np.zeros((4, 4))) == GREY).all()


def test_heat_lights_up_its_place() -> None:
    heat = np.zeros((4, 4))
    heat[0, 3] = 2.0
    changed = np.abs(pictures.with_heat(GREY, heat).astype(int) - GREY).sum(-1)
    assert changed[:20, 60:].mean() > 10 * max(changed[40:, :40].mean(), 0.1)


def test_evidence_is_red_with_plus_and_blue_with_minus() -> None:
    added = np.zeros((4, 4))
    added[0, 0], added[3, 3] = 1.0, -1.0
    drawn = pictures.with_evidence(GREY, added, 1.0).astype(int)
    cell_px = SIDE_PX // 4
    red, blue = drawn[1, 1], drawn[-2, -2]
    assert red[0] > red[2]
    assert blue[2] > blue[0]
    assert (drawn[2 * cell_px : 3 * cell_px, : 2 * cell_px] == 128).all()
    plus, minus = drawn[:cell_px, :cell_px], drawn[-cell_px:, -cell_px:]
    assert (plus == 255).all(-1).sum() > 1.4 * (minus == 255).all(-1).sum() > 0
