"""Detections: the indexed rows and the score maps tell the same, page by page, at any threshold."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from crackmap.ids import detection_id
from crackmap.messages import Capture
from crackmap.scores import byte_at_least, probability
from crackmap_server.chart import Box
from crackmap_server.detections import find
from crackmap_server.hits import Wanted, hits_from_maps, hits_from_rows, rows_suffice
from crackmap_server.pairs import read_pairs

from .databases import BOTH

METRES = st.floats(-1, 6)


def deliver_some(server: Any, wall: Any) -> None:
    """Placed frames of two walls, unplaced ones, one without a pose."""
    south = wall.but(name="south face", threshold=0.9)
    server.deliver(
        wall.batch(*(wall.report(n) for n in range(4)), wall.report(4, wall.no_pose())),
        south.batch(*(south.unplaced(n, 0.5) for n in range(3))),
        south.but(inspection="2027 spring").batch(south.but(inspection="2027 spring").report(1)),
    )


@BOTH
def test_rows_and_score_maps_give_equal_answers(server: Any, wall: Any) -> None:
    deliver_some(server, wall)
    engine = create_engine(server.settings.database_url)

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(
        threshold=st.none() | st.floats(0.05, 1),
        corners=st.none() | st.tuples(METRES, METRES, METRES, METRES),
        after=st.none() | st.tuples(st.integers(0, 10), st.integers(0, 12)),
        minutes=st.none() | st.tuples(st.integers(0, 5), st.integers(0, 5)),
    )
    def equal(threshold: Any, corners: Any, after: Any, minutes: Any) -> None:
        box = None
        if corners is not None:
            (low_u, high_u), (low_v, high_v) = sorted(corners[:2]), sorted(corners[2:])
            box = Box(low_u, low_v, high_u, high_v)
        from_utc, to_utc = (
            (None, None) if minutes is None else (datetime(2026, 5, 1, 8, minute, tzinfo=UTC) for minute in minutes)
        )
        wanted = Wanted(pairs, threshold, box, None, from_utc, to_utc, after)
        assert rows_suffice(wanted)
        assert list(hits_from_rows(connection, wanted)) == list(hits_from_maps(connection, wanted))

    with engine.connect() as connection:
        pairs = read_pairs(connection)
        equal()
    engine.dispose()


@BOTH
def test_below_the_floor_the_score_maps_answer(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(*(wall.report(n) for n in range(4))))
    for threshold in (0.0, 0.001, 0.049, 0.05, 0.3, 1.0):
        expected = [
            str(detection_id(wall.report(n).frame.frame_id, wall.analysis.analysis_id, tile))
            for n in range(4)
            for tile, score in enumerate(wall.scores(n))
            if score >= byte_at_least(threshold)
        ]
        found = server.every("/v1/detections", threshold=threshold)
        assert [item["detection_id"] for item in found] == expected
        assert all(item["score"] >= threshold - 1e-9 for item in found)


@BOTH
@pytest.mark.parametrize("threshold", [0.01, 0.4])
def test_pages_put_together_are_the_whole_list(server: Any, wall: Any, threshold: float) -> None:
    deliver_some(server, wall)
    whole = server.every("/v1/detections", threshold=threshold)
    for limit in (1, 7, len(whole)):
        assert server.every("/v1/detections", limit=limit, threshold=threshold) == whole


def test_a_tile_that_was_not_scored_is_never_a_detection(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1, scores=bytes([0, 1, 0, 255] * 3))))
    assert [item["tile"] for item in server.every("/v1/detections", threshold=0)] == [1, 3, 5, 7, 9, 11]


def test_without_a_threshold_each_analysis_has_its_own(server: Any, wall: Any) -> None:
    strict = wall.but(name="south face", threshold=0.9)
    server.deliver(wall.batch(wall.report(1)), strict.batch(strict.report(2)))
    found = server.every("/v1/detections")
    assert len(found) == sum(score >= 128 for score in wall.scores(1)) + sum(
        probability(score) >= 0.9 for score in wall.scores(2)
    )


def test_a_placed_tile_is_where_it_should_be(server: Any, wall: Any) -> None:
    """By hand: tile 0 of a frame around (3, 0.5) at 1 mm per px, 100 × 70 px."""
    server.deliver(wall.batch(wall.report(3, scores=bytes([255] + [1] * 11))))
    (item,) = server.every("/v1/detections")
    assert (item["x_px"], item["y_px"], item["width_px"], item["height_px"]) == (0, 0, 32, 32)
    assert (item["u_m"], item["v_m"]) == pytest.approx((2.966, 0.519))
    corners = np.array([(2.95, 0.535), (2.982, 0.535), (2.982, 0.503), (2.95, 0.503)])
    assert np.array(item["corners_m"]) == pytest.approx(corners)
    assert item["covariance_m2"] == pytest.approx([4e-6, 1e-6, 1e-6])
    assert item["sigma_m"] == pytest.approx(0.0020743, rel=1e-4)


def test_an_unplaced_tile_has_metres_inside_its_picture_and_no_box_finds_it(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.unplaced(1, 2.0, scores=bytes([255] + [1] * 10 + [255]))))
    first, last = server.every("/v1/detections")
    assert first["placement"] == "unplaced"
    corners = np.array([(0, 0.14), (0.064, 0.14), (0.064, 0.076), (0, 0.076)])
    assert np.array(first["corners_m"]) == pytest.approx(corners)
    assert (last["x_px"], last["y_px"]) == (68, 38)
    assert last["corners_m"][2] == pytest.approx((0.2, 0))
    assert first["covariance_m2"] is first["sigma_m"] is None
    for threshold in (0.01, 0.5):
        assert server.every("/v1/detections", bbox="-9,-9,9,9", threshold=threshold) == []


def test_a_frame_without_a_pose_keeps_its_detections_but_no_place(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1, wall.no_pose(), scores=bytes([255] + [1] * 11))))
    (item,) = server.every("/v1/detections")
    assert item["placement"] == "no_pose"
    assert item["u_m"] is item["v_m"] is item["corners_m"] is None


def test_an_unknown_covariance_stays_unknown(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1, wall.placed(1, covariance=False))))
    assert {item["sigma_m"] for item in server.every("/v1/detections")} == {None}


@BOTH
def test_a_box_finds_the_tiles_whose_middle_lies_inside(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(*(wall.report(n) for n in range(30))))
    for threshold in (0.01, 0.5):
        every = server.every("/v1/detections", threshold=threshold)
        inside = [item for item in every if 3.01 <= item["u_m"] <= 17.0 and item["v_m"] >= 0.49]
        assert 0 < len(inside) < len(every)
        assert server.every("/v1/detections", threshold=threshold, bbox="3.01,0.49,17.0,1000000", limit=50) == inside


def test_filters_by_time_frame_scan_surface_and_inspection(server: Any, wall: Any) -> None:
    deliver_some(server, wall)
    every = server.every("/v1/detections")
    one = wall.report(2).frame.frame_id
    assert server.every("/v1/detections", frame_id=str(one)) == [i for i in every if i["frame_id"] == str(one)]
    of_scan = [item for item in every if item["scan_id"] == str(wall.scan.scan_id)]
    assert server.every("/v1/detections", scan_id=str(wall.scan.scan_id)) == of_scan
    assert server.every("/v1/detections", surface_id=str(wall.scan.surface_id)) == of_scan
    in_spring = server.every("/v1/detections", inspection_id=str(wall.scan.inspection_id))
    assert len(of_scan) < len(in_spring) < len(every)
    late = server.every("/v1/detections", **{"from": "2026-05-01T10:03:00+02:00"}, scan_id=str(wall.scan.scan_id))
    assert {item["frame_id"] for item in late} == {str(wall.report(n).frame.frame_id) for n in (3, 4)}
    both = server.every("/v1/detections", **{"from": "2026-05-01T08:03:00Z"}, to="2026-05-01T08:03:00Z")
    assert {item["frame_id"] for item in both} == {str(wall.report(3).frame.frame_id)}


def test_frames_without_a_time_never_match_a_time(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1, capture=Capture())))
    assert server.every("/v1/detections", to="2100-01-01T00:00:00Z") == []


def test_any_number_can_be_streamed(server: Any, wall: Any) -> None:
    """More than one portion, with the limit inside a portion and beyond the end."""
    server.deliver(wall.batch(*(wall.report(n) for n in range(80))))
    engine = create_engine(server.settings.database_url)
    with engine.connect() as connection:
        for threshold in (0.01, 0.05):
            wanted = Wanted(read_pairs(connection), threshold)
            keys = [(hit.frame_seq, hit.tile) for hit, _ in find(connection, wanted)]
            assert len(keys) > 500
            assert keys == sorted(set(keys))
            assert [(hit.frame_seq, hit.tile) for hit, _ in find(connection, wanted, 501)] == keys[:501]
    engine.dispose()


@pytest.mark.parametrize(
    "query",
    [
        {"threshold": 1.5},
        {"threshold": "nan"},
        {"bbox": "1,2,3"},
        {"bbox": "2,0,1,1"},
        {"bbox": "nan,0,1,1"},
        {"cursor": "!"},
        {"cursor": "WzFd"},
        {"cursor": "WyJhIiwiYiJd"},
        {"from": "2026-05-01T08:00:00"},
        {"from": "0001-01-01T00:00:00+12:00"},
        {"limit": 0},
        {"limit": 1001},
        {"scan_id": "x"},
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_named(server: Any, query: dict[str, Any]) -> None:
    response = server.client.get("/v1/detections", params=query)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert next(iter(query)) in response.json()["detail"]
