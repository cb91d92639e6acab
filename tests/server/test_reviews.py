"""Reviews through the API: bound to what was seen, kept through new models, new photographs and new poses."""

import itertools
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .databases import BOTH

HIGH, LOW = 200, 50
NEW_MODEL = "d" * 64


def scored(*high: int) -> bytes:
    """Tiles of a frame, those of the numbers over the threshold."""
    return bytes(HIGH if tile in high else LOW for tile in range(12))


def review(wall: Any, number: int, tile: int, verdict: str, **more: Any) -> dict[str, Any]:
    reason = {"reject": {"reason": "joint"}, "comment": {"note": "look again"}, "correct": {"kind": "spall"}}
    return {
        "frame_id": str(wall.report(number).frame.frame_id),
        "analysis_id": str(wall.analysis.analysis_id),
        "tile": tile,
        "verdict": verdict,
        **reason.get(verdict, {}),
        **more,
    }


def put(server: Any, content: dict[str, Any], author: str | None = None, review_id: Any = None) -> Any:
    answer = server.write(f"/v1/reviews/{review_id or uuid4()}", content, author=author)
    assert answer.status_code in {200, 201}, answer.text
    return answer.json()


def states(server: Any, **query: Any) -> dict[tuple[str, int], str | None]:
    return {
        (item["frame_id"], item["tile"]): item["review"] and item["review"]["state"]
        for item in server.every("/v1/detections", **query)
    }


@BOTH
def test_a_review_keeps_what_the_person_had_before_them(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(3, scores=scored(0, 5))))
    item = put(server, review(wall, 3, 0, "accept"), "Ada")
    assert (item["x_px"], item["y_px"], item["width_px"], item["height_px"]) == (0, 0, 32, 32)
    assert item["image_sha256"] == wall.sha256(wall.picture(3))
    assert item["corners_m"][0] == pytest.approx([2.95, 0.535])
    assert item["score"] == pytest.approx(0.99925, abs=1e-4)
    assert item["place"]["state"] == "accepted"
    (first, second) = server.every("/v1/detections")
    told = {"state": "accepted", "cause": None, "carried": False, "crack": True, "review_ids": [item["review_id"]]}
    assert (first["review"], second["review"]) == (told, None)
    assert server.get(f"/v1/reviews/{item['review_id']}") == item
    assert server.every("/v1/reviews", surface_id=str(wall.scan.surface_id)) == [item]
    file = server.get(f"/v1/surfaces/{wall.scan.surface_id}/detections.geojson", review="accepted")
    assert [feature["properties"]["review"]["state"] for feature in file["features"]] == ["accepted"]


def test_a_review_is_never_changed(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(3, scores=scored(0))))
    review_id = uuid4()
    first = put(server, review(wall, 3, 0, "accept"), "Ada", review_id)
    assert put(server, review(wall, 3, 0, "accept"), "Ada", review_id) == first
    answer = server.write(f"/v1/reviews/{review_id}", review(wall, 3, 0, "reject"))
    assert answer.status_code == 409
    assert len(server.rows()["reviews"]) == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"verdict": "reject", "reason": " "}, "needs a reason"),
        ({"verdict": "correct"}, "needs a kind or a shape"),
        ({"verdict": "accept", "kind": "spall"}, "no other verdict has them"),
        ({"verdict": "comment"}, "needs a note"),
        ({"tile": 12}, "12 tiles"),
        ({"frame_id": str(UUID(int=7))}, "not stored"),
        ({"analysis_id": str(UUID(int=7))}, "not stored"),
        ({"made_utc": "2999-01-01T00:00:00Z"}, "future"),
        ({"made_utc": "2026-01-01T00:00:00"}, "made_utc"),
    ],
)
def test_what_cannot_be_reviewed_is_named(server: Any, wall: Any, changes: dict[str, Any], said: str) -> None:
    server.deliver(wall.batch(wall.report(3)))
    answer = server.write(f"/v1/reviews/{uuid4()}", review(wall, 3, 0, "accept") | changes)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]
    assert server.client.get(f"/v1/reviews/{uuid4()}").status_code == 404


@BOTH
@pytest.mark.parametrize("threshold", [None, 0.001])
def test_the_filter_by_review(server: Any, wall: Any, threshold: float | None) -> None:
    server.deliver(wall.batch(*(wall.report(n, scores=scored(0, 1, 2, 3, 4, 5)) for n in range(3))))
    for tile, verdict in enumerate(("accept", "reject", "correct", "comment")):
        put(server, review(wall, 1, tile, verdict), "Ada")
    for verdict in ("accept", "reject"):
        put(server, review(wall, 1, 4, verdict), verdict)
    query = {} if threshold is None else {"threshold": threshold}
    every = server.every("/v1/detections", **query)
    own = str(wall.report(1).frame.frame_id)
    expected = {"accepted": [0], "rejected": [1], "corrected": [2], "commented": [3], "needs_review": [4]}
    for state, tiles in expected.items():
        for limit in (1, 1000):
            found = server.every("/v1/detections", review=state, limit=limit, **query)
            assert [(item["frame_id"], item["tile"]) for item in found] == [(own, tile) for tile in tiles]
    unreviewed = server.every("/v1/detections", review="unreviewed", limit=4, **query)
    decided = {0, 1, 2, 4}
    assert unreviewed == [item for item in every if item["frame_id"] != own or item["tile"] not in decided]


@BOTH
def test_a_decision_outlives_a_new_model_with_other_tiles(server: Any, wall: Any) -> None:
    """The new one has tiles half over each other; the old tile 1 lies at x 32..64."""
    server.deliver(wall.batch(wall.report(1, scores=scored(1))))
    put(server, review(wall, 1, 1, "reject"))
    new = wall.but(model_sha256=NEW_MODEL, stride_px=16)
    every = bytes([HIGH]) * (new.grid.columns * new.grid.rows)
    server.deliver(new.batch(new.report(1, scores=every)))
    found = {(item["x_px"], item["y_px"]): item["review"] for item in server.every("/v1/detections")}
    reviewed = {place for place, said in found.items() if said}
    assert reviewed == {(32, 0)}
    assert found[32, 0]["state"] == "rejected"
    assert found[32, 0]["carried"]


@BOTH
def test_a_model_that_changes_its_mind_against_a_person_needs_review(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1, scores=scored(0, 1))))
    accepted, rejected = put(server, review(wall, 1, 0, "accept")), put(server, review(wall, 1, 1, "reject"))
    clean = put(server, review(wall, 1, 2, "reject"))  # no detection, and a person says so too
    new = wall.but(model_sha256=NEW_MODEL)
    server.deliver(new.batch(new.report(1, scores=scored(1, 2))))
    found = {item["review_id"]: item["place"] for item in server.every("/v1/reviews")}
    assert [found[each["review_id"]]["state"] for each in (accepted, rejected, clean)] == [
        "needs_review",
        "rejected",
        "needs_review",
    ]
    frame_id = str(wall.report(1).frame.frame_id)
    assert states(server) == {(frame_id, 1): "rejected", (frame_id, 2): "needs_review"}
    put(server, review(new, 1, 2, "reject"))  # she looked at what the new one says
    assert states(server)[frame_id, 2] == "rejected"


def test_a_decision_is_shown_on_other_photographs_of_the_place(server: Any, wall: Any) -> None:
    """The second frame lies 10 mm beside the first: tile 5 is of the same place in both. The third lies elsewhere."""
    shifted = wall.placed(1)
    tiles = shifted.tiles.model_copy(update={"origin_m": (shifted.tiles.origin_m[0] + 0.01, shifted.tiles.origin_m[1])})
    beside = shifted.model_copy(update={"tiles": tiles})
    server.deliver(
        wall.batch(
            wall.report(1, scores=scored(5)), wall.report(2, beside, scores=scored(5)), wall.report(4, scores=scored(5))
        )
    )
    item = put(server, review(wall, 1, 5, "accept"))
    own, other, elsewhere = [each["review"] for each in server.every("/v1/detections")]
    assert (own["state"], own["carried"]) == ("accepted", False)
    assert (other["state"], other["carried"], other["review_ids"]) == ("accepted", True, [item["review_id"]])
    assert elsewhere is None


def test_another_inspection_starts_without_decisions(server: Any, wall: Any) -> None:
    """In a year a crack may have come where there was none."""
    later = wall.but(inspection="2027 spring")
    server.deliver(wall.batch(wall.report(1, scores=scored(5))), later.batch(later.report(1, scores=scored(5))))
    put(server, review(wall, 1, 5, "reject"))
    assert sorted(map(str, states(server).values())) == ["None", "rejected"]


def test_an_unplaced_photograph_is_reviewed_by_its_pixels(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.unplaced(1, scores=scored(5)), wall.unplaced(2, scores=scored(5))))
    item = put(server, review(wall, 1, 5, "accept"))
    assert item["corners_m"] is None
    assert list(states(server).values()) == ["accepted", None]


MADE = [f"2026-05-02T08:0{minute}:00Z" for minute in range(4)]


@BOTH
def test_any_order_of_reviews_and_new_models_ends_in_the_same_state(server: Any, wall: Any) -> None:
    """Deliveries of three models and reviews on the first and second, each sent once or more, in any order.

    A review can only come after what it is of; the last model is the current one in every order.
    """
    structures = itertools.count(1)

    def run(order: list[str], reviews: dict[str, tuple[int, str, str, int]]) -> tuple[Any, Any]:
        number = next(structures)
        one = wall.but(structure=f"bridge {number}")
        two = one.but(model_sha256=NEW_MODEL, stride_px=16)
        last = one.but(model_sha256="e" * 64)
        server.deliver(one.batch(one.report(1, scores=scored(0, 1, 2))))
        two_scores = bytes([HIGH, LOW] * (two.grid.columns * two.grid.rows // 2))
        for step in order:
            if step == "model":
                server.deliver(two.batch(two.report(1, scores=two_scores)))
            elif step == "photographs":
                server.deliver(one.batch(one.report(2, one.placed(1), scores=scored(0, 3))))
            else:
                tile, verdict, author, minute = reviews[step]
                content = review(one, 1, tile, verdict, made_utc=MADE[minute])
                put(server, content, author, UUID(int=1000 * int(step[1:]) * 2**64 + number))
        server.deliver(two.batch(two.report(1, scores=two_scores)))
        server.deliver(one.batch(one.report(2, one.placed(1), scores=scored(0, 3))))
        server.deliver(last.batch(last.report(1, scores=scored(1, 2, 4)), last.report(2, one.placed(1))))
        query = {"surface_id": str(one.scan.surface_id)}
        shown = {
            (item["x_px"], item["y_px"], round(item["score"], 6)): item["review"] and item["review"]["state"]
            for item in server.every("/v1/detections", threshold=0.0001, **query)
        }
        kept = sorted(
            (item["content"]["tile"], item["content"]["verdict"], item["made_utc"], item["place"]["state"])
            for item in server.every("/v1/reviews", **query)
        )
        return shown, kept

    REVIEWS = st.dictionaries(
        st.sampled_from(["r1", "r2", "r3", "r4"]),
        st.tuples(
            st.integers(0, 3),
            st.sampled_from(["accept", "reject", "correct", "comment"]),
            st.sampled_from(["Ada", "Ben"]),
            st.integers(0, 3),
        ),
        min_size=1,
    )

    @settings_of(max_examples=12)
    @given(REVIEWS, st.data())
    def same(reviews: dict[str, tuple[int, str, str, int]], data: st.DataObject) -> None:
        steps = [*reviews, "model", "photographs"]
        one_order = data.draw(st.permutations(steps * 2))
        other_order = data.draw(st.permutations(steps))
        assert run(one_order, reviews) == run(other_order, reviews)

    same()


def settings_of(**more: Any) -> Any:
    return settings(deadline=None, suppress_health_check=list(HealthCheck), database=None, **more)
