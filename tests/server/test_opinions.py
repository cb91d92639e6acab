"""What reviews of a place come to, and which reviews are of a place."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap.tile_grid import TileGrid
from crackmap_server.opinions import CHANGED, DISAGREE, Look, Opinion, judged
from crackmap_server.reviewed_places import Reviewed, ReviewedPlaces, same_pixels

FRAME, OTHER_FRAME = UUID(int=1), UUID(int=2)
MODEL, NEW_MODEL = UUID(int=11), UUID(int=12)
OVER, UNDER = Look(FRAME, MODEL, True), Look(FRAME, MODEL, False)
START = datetime(2026, 5, 1, tzinfo=UTC)
SAYS = {"accept": True, "reject": False, "correct": False, "comment": None}


def said(verdict: str, minute: int = 0, author: str | None = "Ada", **more: object) -> Opinion:
    opinion = Opinion(
        review_id=UUID(int=100 + minute),
        frame_id=FRAME,
        analysis_id=MODEL,
        over=True,
        verdict=verdict,
        crack=SAYS[verdict],
        settles=False,
        author=author,
        made_utc=START + timedelta(minutes=minute),
    )
    return replace(opinion, **more)


@pytest.mark.parametrize(
    ("opinions", "look", "state", "cause"),
    [
        ([said("accept")], OVER, "accepted", None),
        ([said("reject")], OVER, "rejected", None),
        ([said("correct")], OVER, "corrected", None),
        ([said("comment")], OVER, "commented", None),
        ([said("accept"), said("comment", 1)], OVER, "accepted", None),
        ([said("accept"), said("reject", 1)], OVER, "rejected", None),  # she thought again
        ([said("accept"), said("reject", 1, "Ben")], OVER, "needs_review", DISAGREE),
        ([said("accept"), said("accept", 1, "Ben")], OVER, "accepted", None),
        ([said("accept"), said("reject", 1, "Ben"), said("accept", 2, "Cy", settles=True)], OVER, "accepted", None),
        ([said("accept", settles=True), said("reject", 1, "Ben")], OVER, "needs_review", DISAGREE),
        # another model, of the same picture
        ([said("accept")], Look(FRAME, NEW_MODEL, False), "needs_review", CHANGED),
        ([said("accept")], Look(FRAME, NEW_MODEL, True), "accepted", None),
        ([said("reject")], Look(FRAME, NEW_MODEL, True), "rejected", None),  # it repeats itself, and changed nothing
        ([said("reject")], Look(FRAME, NEW_MODEL, False), "rejected", None),  # it came round to her view
        ([said("reject", over=False)], Look(FRAME, NEW_MODEL, True), "needs_review", CHANGED),
        ([said("accept", over=False)], Look(FRAME, NEW_MODEL, True), "accepted", None),
        # she looked again at what the new one says
        (
            [said("accept"), said("accept", 1, analysis_id=NEW_MODEL, over=False)],
            Look(FRAME, NEW_MODEL, False),
            "accepted",
            None,
        ),
        # another picture of the place may show less
        ([said("accept")], Look(OTHER_FRAME, NEW_MODEL, False), "accepted", None),
        # the neighbour's score in the same analysis is no change
        ([said("accept")], UNDER, "accepted", None),
    ],
)
def test_what_reviews_come_to(opinions: list[Opinion], look: Look, state: str, cause: str | None) -> None:
    found = judged(opinions, look)
    assert found is not None
    assert (found.state, found.cause) == (state, cause)
    assert found.review_ids == tuple(each.review_id for each in opinions)


OPINIONS = st.lists(
    st.builds(
        said,
        st.sampled_from(sorted(SAYS)),
        st.integers(0, 3),
        st.sampled_from([None, "Ada", "Ben"]),
        settles=st.booleans(),
        over=st.booleans(),
        analysis_id=st.sampled_from([MODEL, NEW_MODEL]),
        review_id=st.uuids(),
    ),
    max_size=6,
)


@given(OPINIONS, st.booleans(), st.randoms())
def test_the_order_in_which_they_arrive_does_not_matter(opinions: list[Opinion], over: bool, order) -> None:  # type: ignore[no-untyped-def]
    look = Look(FRAME, NEW_MODEL, over)
    shuffled = list(opinions)
    order.shuffle(shuffled)
    assert judged(shuffled, look) == judged(opinions, look)
    assert (judged(opinions, look) is None) == (not opinions)


# -------------------------------------------------------------------------------------------------------------- places


def rectangles(width_px: int, height_px: int, tile_px: int, stride_px: int) -> np.ndarray:
    origins = TileGrid(width_px, height_px, tile_px, stride_px).corners_px()
    return np.concatenate([origins, np.full_like(origins, tile_px)], axis=1)


@given(st.integers(20, 60), st.integers(20, 60), st.integers(60, 300), st.integers(60, 300))
def test_a_review_finds_a_tile_in_every_other_grid(one_px: int, other_px: int, width_px: int, height_px: int) -> None:
    one, other = rectangles(width_px, height_px, one_px, one_px), rectangles(width_px, height_px, other_px, other_px)
    same = same_pixels(one[:, None], other[None])
    assert (same == same_pixels(other[:, None], one[None]).T).all()
    smaller_in_larger = same if one_px <= other_px else same.T
    if one_px != other_px:
        assert smaller_in_larger.any(axis=1).all()
        assert (smaller_in_larger.sum(axis=1) <= 4 + 5).all()  # the last tiles are pulled back over their neighbours


@given(st.integers(10, 30), st.integers(60, 200), st.integers(60, 200), st.booleans())
def test_a_review_finds_only_its_own_tile_in_the_same_grid(half_px: int, wide_px: int, high_px: int, by: bool) -> None:
    """Side by side or half over each other; only what is pulled back at the end may share its place."""
    stride_px = half_px if by else 2 * half_px
    grid = rectangles(wide_px, high_px, 2 * half_px, stride_px)
    regular = grid[(grid[:, :2] % stride_px == 0).all(axis=1)]
    assert (same_pixels(regular[:, None], regular[None]) == np.eye(len(regular), dtype=bool)).all()


def square(u_m: float, v_m: float, side_m: float = 1.0) -> list[list[float]]:
    return [[u_m, v_m + side_m], [u_m + side_m, v_m + side_m], [u_m + side_m, v_m], [u_m, v_m]]


def places(*reviews: Reviewed, around_m: float | None = None) -> ReviewedPlaces:
    return ReviewedPlaces(reviews, around_m)


PIXELS = np.array([[0, 0, 10, 10]])


@pytest.mark.parametrize(
    ("u_m", "v_m", "same"), [(0, 0, True), (0.4, 0.4, True), (0.6, 0, False), (1, 0, False), (0.5, 0, False)]
)
def test_in_another_picture_metres_decide(u_m: float, v_m: float, same: bool) -> None:
    found = places(Reviewed(said("accept"), (0, 0, 10, 10), square(0, 0)))
    (opinions,) = found.of_tiles(OTHER_FRAME, MODEL, PIXELS, np.array([square(u_m, v_m)]))
    assert bool(opinions) == same


def test_in_its_own_picture_pixels_decide_wherever_it_is_placed_now() -> None:
    found = places(Reviewed(said("accept"), (0, 0, 10, 10), square(0, 0)))
    moved = np.array([square(50, 50), square(0, 0)])
    first, second = found.of_tiles(FRAME, NEW_MODEL, np.array([[0, 0, 10, 10], [10, 0, 10, 10]]), moved)
    assert first
    assert not second


def test_without_a_place_only_the_same_picture_counts() -> None:
    found = places(Reviewed(said("accept"), (0, 0, 10, 10), None))
    assert found.of_tiles(FRAME, NEW_MODEL, PIXELS, None)[0]
    assert not found.of_tiles(OTHER_FRAME, MODEL, PIXELS, np.array([square(0, 0)]))[0]
    assert places().of_tiles(FRAME, NEW_MODEL, PIXELS, None) == [[]]


def test_at_the_seam_of_a_cylinder_a_place_has_two_names() -> None:
    review = Reviewed(said("accept"), (0, 0, 10, 10), square(4.6, 0))
    tiles = np.array([square(-5.3, 0)])
    assert places(review, around_m=10.0).of_tiles(OTHER_FRAME, MODEL, PIXELS, tiles)[0]
    assert not places(review).of_tiles(OTHER_FRAME, MODEL, PIXELS, tiles)[0]


def test_in_the_analysis_that_was_reviewed_a_review_is_of_its_own_tile_only() -> None:
    found = places(Reviewed(said("accept"), (0, 0, 10, 10), None))
    tiles = np.array([[0, 0, 10, 10], [1, 0, 10, 10]])
    assert [len(each) for each in found.of_tiles(FRAME, MODEL, tiles, None)] == [1, 0]
    assert [len(each) for each in found.of_tiles(FRAME, NEW_MODEL, tiles, None)] == [1, 1]
