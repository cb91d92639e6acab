"""Keyframes together show every cell that was photographed, also when a run was broken off and taken up again."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap_robot.keyframes import CELLS_PER_SIDE, MOST_CELLS, Cells, Keyframes, cell_side_m, cells_in

boxes = st.tuples(st.integers(0, 12), st.integers(0, 12), st.integers(1, 6), st.integers(1, 6))


def rectangle(u: float, v: float, width: float, height: float) -> list[tuple[float, float]]:
    return [(u, v + height), (u + width, v + height), (u + width, v), (u, v)]


def cells(box: tuple[int, int, int, int]) -> Cells:
    return cells_in(rectangle(*box), 1.0)


def choose(frames: Sequence[Cells], decided: Sequence[bool | None] | None = None) -> list[bool]:
    chooser = Keyframes()
    following = [*frames[1:], None]
    before = decided or [None] * len(frames)
    return [chooser.choose(*each) for each in zip(frames, following, before, strict=True)]


@given(st.lists(boxes, min_size=1, max_size=30))
def test_keyframes_show_everything_that_was_photographed(photographed: list[tuple[int, int, int, int]]) -> None:
    frames = [cells(box) for box in photographed]
    kept = [frame for frame, chosen in zip(frames, choose(frames), strict=True) if chosen]
    assert frozenset().union(*kept) == frozenset().union(*frames)


@given(st.lists(boxes, min_size=1, max_size=20), st.integers(0, 20))
def test_a_run_that_goes_on_chooses_as_one_that_was_never_stopped(
    photographed: list[tuple[int, int, int, int]], done: int
) -> None:
    frames = [cells(box) for box in photographed]
    whole = choose(frames)
    assert choose(frames, [*whole[:done], *[None] * (len(frames) - done)][: len(frames)]) == whole


@given(st.lists(boxes, min_size=1, max_size=20), st.data())
def test_later_photographs_between_earlier_ones_leave_little_out(photographed, data: st.DataObject) -> None:
    """What an earlier run decided stays; every new frame is shown, itself or by another one."""
    frames = [cells(box) for box in photographed]
    decided = [data.draw(st.sampled_from([None, None, True])) for _ in frames]
    kept = [frame for frame, chosen in zip(frames, choose(frames, decided), strict=True) if chosen]
    assert frozenset().union(*kept) == frozenset().union(*frames)


def test_half_of_a_path_with_half_overlap_is_kept() -> None:
    frames = [cells((step * 3, 0, 6, 6)) for step in range(11)]
    assert choose(frames) == [number % 2 == 0 for number in range(11)]


def test_the_same_view_again_and_again_is_kept_once() -> None:
    assert choose([cells((0, 0, 6, 6))] * 9) == [False] * 8 + [True]


@given(boxes)
def test_a_rectangle_holds_the_cells_of_its_area(box: tuple[int, int, int, int]) -> None:
    u, v, width, height = box
    assert cells(box) == {(column, row) for column in range(u, u + width) for row in range(v, v + height)}


def test_the_order_of_the_outline_does_not_matter_and_corners_are_cut() -> None:
    triangle = [(0.0, 0.0), (10.0, 0.0), (0.0, 10.0)]
    found = cells_in(triangle, 1.0)
    assert found == cells_in(triangle[::-1], 1.0)
    assert found == {(column, row) for column in range(10) for row in range(10) if column + row < 9}


def test_cells_follow_the_first_footprint() -> None:
    assert cell_side_m(rectangle(5, -3, 0.8, 0.4)) == pytest.approx(0.4 / CELLS_PER_SIDE)


def test_frames_that_do_not_fit_the_cells_are_kept() -> None:
    tiny, huge = cells_in(rectangle(0.1, 0.1, 0.2, 0.2), 1.0), cells_in(rectangle(0, 0, MOST_CELLS, 2), 1.0)
    assert not tiny
    assert not huge
    assert choose([tiny, huge, tiny]) == [True] * 3


def test_what_shows_nothing_new_is_no_keyframe_even_when_nothing_follows() -> None:
    """A robot that stands still: the source falls quiet after each frame."""
    chooser = Keyframes()
    still = cells((0, 0, 6, 6))
    assert [chooser.choose(still, None) for _ in range(4)] == [True, False, False, False]
