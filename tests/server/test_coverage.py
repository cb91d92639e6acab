"""What of a surface was photographed, and where a crack of the target width would have been seen."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import crackmap_server
from crackmap.messages import Flag, Reason
from crackmap.visible_widths import UNKNOWN, bytes_from_px, px_from_bytes
from crackmap_server.coverage import Footprint, parts
from crackmap_server.sights import ORDER, Sight, sights

from .databases import BOTH

SQUARE = np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])
SHOWN, BLURRED, DARK = (ORDER.index(sight) for sight in (Sight.SHOWN, Sight.BLURRED, Sight.DARK))


def square(u: float, v: float, sight: int = SHOWN, side: float = 1.0) -> Footprint:
    """A frame of one tile."""
    outline = SQUARE * side + (u, v)
    return Footprint(outline.tolist(), outline[None], np.array([sight]))


@BOTH
def test_coverage_is_the_union_of_placed_frames_only(server: Any, wall: Any) -> None:
    half = wall.placed(1)
    shifted = half.model_copy(update={"footprint_m": tuple((u + 0.05, v) for u, v in half.footprint_m)})
    server.deliver(
        wall.batch(wall.report(1), wall.report(2, shifted), wall.report(3), wall.report(4, wall.no_pose())),
        wall.batch(wall.unplaced(5)),
    )
    covered = server.get(f"/v1/surfaces/{wall.scan.surface_id}/coverage")
    assert covered["area_m2"] == pytest.approx(2.5 * 0.1 * 0.07)
    assert (covered["frames_placed"], covered["frames_no_pose"], covered["frames_unplaced"]) == (3, 2, 0)
    assert len(covered["outline"]) == 2


def test_photographs_with_a_scale_only_cover_nothing(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(*(wall.unplaced(n) for n in range(8))))
    covered = server.get(f"/v1/surfaces/{wall.scan.surface_id}/coverage")
    nothing = {"area_m2": 0, "boundary_m2": None, "frames_placed": 0, "frames_no_pose": 0, "outline": [], "parts": []}
    assert covered == {**nothing, "frames_unplaced": 8}


def test_coverage_of_one_inspection_and_of_no_surface(server: Any, wall: Any) -> None:
    later = wall.but(inspection="2027 spring")
    server.deliver(wall.batch(wall.report(1)), later.batch(later.report(1), later.report(2)))
    path = f"/v1/surfaces/{wall.scan.surface_id}/coverage"
    assert server.get(path)["area_m2"] == pytest.approx(2 * 0.007)
    assert server.get(path, inspection_id=str(wall.scan.inspection_id))["area_m2"] == pytest.approx(0.007)
    assert server.client.get(f"/v1/surfaces/{wall.scan.scan_id}/coverage").status_code == 404


@BOTH
def test_a_frame_says_where_a_crack_would_have_been_seen(server: Any, wall: Any) -> None:
    """A pixel is a millimetre, the target 3 mm: 2 px show it, 4 px do not; the first tile has no score."""
    far = wall.but(target_width_mm=3.0)
    report = far.report(1, scores=bytes([0]) + far.scores(1)[1:])
    widths = bytes_from_px(np.where(np.arange(far.grid.columns * far.grid.rows) < 4, 2.0, 4.0))
    kept = report.score_map.model_copy(update={"visible_widths": widths.tobytes()})
    server.deliver(far.batch(report.model_copy(update={"score_map": kept})))
    covered = server.get(f"/v1/surfaces/{far.scan.surface_id}/coverage")
    found = {part["sight"]: part["area_m2"] for part in covered["parts"]}
    # Three columns of 32 px and one pulled back over 28 px of the third: where tiles overlap, the better holds.
    assert found == {"shown": pytest.approx((100 - 32) * 32e-6), "blurred": pytest.approx(7e-3 - (100 - 32) * 32e-6)}


def test_what_no_target_was_set_for_is_not_known(server: Any, wall: Any) -> None:
    free = wall.but(target_width_mm=None)
    server.deliver(free.batch(free.report(1)))
    (part,) = server.get(f"/v1/surfaces/{free.scan.surface_id}/coverage")["parts"]
    assert part["sight"] == "not_known"


def seen(width_px: float, mm_per_px: float, target_width_mm: float | None, **more: Any) -> Sight:
    corners_m = SQUARE[None] * mm_per_px * 100 / 1000
    widths = bytes_from_px([width_px]).tobytes()
    facts = {"visible_widths": widths, "unscored": [], "flags": []} | more
    return ORDER[int(sights(corners_m=corners_m, tile_px=100, target_width_mm=target_width_mm, **facts)[0])]


@pytest.mark.parametrize(
    ("width_px", "mm_per_px", "target_width_mm", "more", "expected"),
    [
        (1.0, 0.25, 0.3, {}, Sight.SHOWN),
        (1.3, 0.25, 0.3, {}, Sight.BLURRED),
        (20.0, 0.01, 0.3, {}, Sight.BLURRED),  # none narrower than 15.9 px: however near
        (1.0, 0.31, 0.3, {}, Sight.TOO_FAR),
        (float("nan"), 0.25, 0.3, {}, Sight.NOT_KNOWN),
        (1.0, 0.25, None, {}, Sight.NOT_KNOWN),
        (1.0, 0.25, 0.3, {"visible_widths": None}, Sight.NOT_KNOWN),
        (1.0, 0.25, 0.3, {"flags": [Flag.OUT_OF_RANGE.value]}, Sight.OUT_OF_RANGE),
        (1.0, 0.25, 0.3, {"unscored": [{"reason": "dark", "tiles": [0]}], "flags": ["out_of_range"]}, Sight.DARK),
    ],
)
def test_what_a_tile_shows(
    width_px: float, mm_per_px: float, target_width_mm: float | None, more: dict[str, Any], expected: Sight
) -> None:
    assert seen(width_px, mm_per_px, target_width_mm, **more) is expected


@pytest.mark.parametrize("turn_deg", [0, 45, 90, 133])
@pytest.mark.parametrize(
    ("width_px", "mm_per_px", "tilt_deg", "expected"),
    [
        (1.0, 0.25, 4.0, Sight.SHOWN),
        (1.0, 0.25, 33.0, Sight.SHOWN),  # 0.298 mm
        (1.0, 0.25, 34.0, Sight.TOO_OBLIQUE),  # 0.302 mm
        (1.3, 0.25, 34.0, Sight.BLURRED),  # square it would not show either
        (1.3, 0.2305, 4.0, Sight.BLURRED),  # so near to square it is not the angle: 0.2997 mm and 0.3004
        (0.5, 0.29, 30.0, Sight.SHOWN),  # the model finds less than a pixel
        (1.0, 0.31, 30.0, Sight.TOO_FAR),
        (0.1, 0.05, 59.0, Sight.SHOWN),
        (0.1, 0.05, 61.0, Sight.TOO_OBLIQUE),  # pressed to less than half, however near
        (float("nan"), 0.25, 61.0, Sight.NOT_KNOWN),
    ],
)
def test_an_oblique_view_shows_less(
    width_px: float, mm_per_px: float, tilt_deg: float, turn_deg: float, expected: Sight
) -> None:
    """Whatever way the camera leans against the tile's sides."""
    cosine, sine = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    turn = np.array([[cosine, -sine], [sine, cosine]])
    pressed = np.diag([1 / np.cos(np.radians(tilt_deg)), 1.0])
    corners_m = (SQUARE * mm_per_px / 10) @ turn.T @ pressed
    (found,) = sights(
        corners_m=corners_m[None],
        tile_px=100,
        visible_widths=bytes_from_px([width_px]).tobytes(),
        unscored=[],
        flags=[],
        target_width_mm=0.3,
    )
    assert ORDER[int(found)] is expected


def test_every_reason_is_a_sight() -> None:
    for reason in Reason:
        assert seen(1.0, 0.25, 0.3, unscored=[{"reason": reason.value, "tiles": [0]}]).value == reason.value


def test_every_sight_has_words_on_the_map() -> None:
    words = (Path(crackmap_server.__file__).parent / "web/sights.js").read_text()
    said = set(re.findall(r'^  (\w+): "', words, re.MULTILINE))
    assert said == {sight.value for sight in Sight} - {Sight.SHOWN, Sight.NOT_KNOWN, Sight.NEVER_SEEN}


@given(st.lists(st.floats(0, 30) | st.just(float("nan")), min_size=1))
def test_a_width_is_never_said_finer_than_it_is(widths_px: list[float]) -> None:
    packed = bytes_from_px(widths_px)
    assert ((packed == UNKNOWN) == np.isnan(widths_px)).all()
    known = ~np.isnan(widths_px)
    again = px_from_bytes(packed)[known]
    assert (again >= np.array(widths_px)[known] - 1e-9).all()
    fine = np.isfinite(again)
    assert (again[fine] <= np.maximum(np.array(widths_px)[known][fine], 0) + 1 / 16 + 1e-9).all()


# --------------------------------------------------------------------------------------------------------- the shapes


def test_unions_by_hand() -> None:
    sides = [Footprint(ring.tolist(), ring[None], np.array([SHOWN])) for ring in _ring_of_four()]
    whole, found = parts(sides)
    assert whole.area_m2 == pytest.approx(8)
    assert [len(polygon) for polygon in whole.outline] == [2]  # a hole that nobody has looked at
    assert [(part.sight, part.area_m2) for part in found] == [(Sight.SHOWN, pytest.approx(8))]
    assert parts([]) == (parts([])[0], [])
    assert parts([])[0].area_m2 == 0


def _ring_of_four() -> list[np.ndarray]:
    boxes = [(0, 0, 3, 1), (0, 2, 3, 3), (0, 0, 1, 3), (2, 0, 3, 3)]
    return [np.array([(a, b), (c, b), (c, d), (a, d)], float) for a, b, c, d in boxes]


def test_a_footprint_that_crosses_itself_does_not_break_the_rest() -> None:
    bow = np.array([(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)])
    line = np.array([(5.0, 0.0), (6.0, 0.0), (7.0, 0.0)])
    crossed = Footprint(bow.tolist(), bow[None], np.array([SHOWN]))
    assert parts([crossed, Footprint(line.tolist(), bow[None], np.array([SHOWN]))])[0].area_m2 == pytest.approx(0.5)


def test_the_best_look_at_a_place_counts() -> None:
    found = parts([square(0, 0, BLURRED, 2), square(1, 0, SHOWN), square(0, 0, DARK, 3)])[1]
    assert {part.sight: round(part.area_m2, 9) for part in found} == {
        Sight.SHOWN: 1.0,
        Sight.BLURRED: 3.0,
        Sight.DARK: 5.0,
    }


@given(
    st.lists(st.tuples(st.floats(0, 4), st.floats(0, 4), st.sampled_from([SHOWN, BLURRED, DARK])), max_size=8),
)
def test_the_parts_are_the_whole_and_do_not_overlap(places: list[tuple[float, float, int]]) -> None:
    whole, found = parts([square(u, v, sight) for u, v, sight in places])
    assert sum(part.area_m2 for part in found) == pytest.approx(whole.area_m2, abs=1e-5 * len(ORDER))
    assert (1 if places else 0) - 1e-9 <= whole.area_m2 <= len(places) + 1e-9
    shown = parts([square(u, v) for u, v, sight in places if sight == SHOWN])[0].area_m2
    assert sum(part.area_m2 for part in found if part.sight is Sight.SHOWN) == pytest.approx(shown, abs=1e-5)


def test_tiles_within_a_frame_keep_their_own_sight() -> None:
    tiles = np.array([np.add(SQUARE, (column, 0)) for column in range(4)])
    frame = Footprint([(0, 0), (4, 0), (4, 1), (0, 1)], tiles, np.array([SHOWN, DARK, SHOWN, BLURRED]))
    found = parts([frame])[1]
    assert {part.sight: part.area_m2 for part in found} == {
        Sight.SHOWN: pytest.approx(2),
        Sight.BLURRED: pytest.approx(1),
        Sight.DARK: pytest.approx(1),
    }
