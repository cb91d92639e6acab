"""Scoring again: beside what is there, as if the robot had scanned with that model, and current only when decided."""

import base64
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient

from crackmap_server.app import create_app
from crackmap_server.registry.claims import GIVEN_UP, MOST_TAKES
from crackmap_server.registry.orders import NO_PLACE, NOT_HERE, NOT_KEPT, TOO_SMALL
from crackmap_server.settings import Settings
from crackmap_server.upgrade import prepared

from .conftest import Server
from .databases import BOTH
from .rescoring import claim, deliver, made_up, order, registered, scanned, scores_of, work


def current(server: Any) -> set[str]:
    """Hashes of the models whose analyses are shown."""
    return {
        analysis["model_sha256"]
        for scan in server.every("/v1/scans")
        for analysis in scan["analyses"]
        if analysis["current"]
    }


def without_current(rows: dict[str, list[Any]]) -> dict[str, set[str]]:
    """All rows; of pairs all columns but the last, `current`."""
    return {table: {repr(row[:-1] if table == "pairs" else row) for row in found} for table, found in rows.items()}


@BOTH
def test_nothing_that_was_there_is_touched(server: Any, wall: Any) -> None:
    scanned(server, wall)
    before, shown = server.rows(), server.every("/v1/detections", threshold=0)
    sha256 = registered(server)
    assert order(server, wall, sha256).status_code == 201
    assert work(server) == 5
    after = without_current(server.rows())
    for table, rows in without_current(before).items():
        assert rows <= after[table], table
    assert current(server) == {wall.model_sha256}
    assert server.every("/v1/detections", threshold=0) == shown
    answer = server.client.post("/v1/rescores/1/current", json={"by": "the engineer"})
    assert (answer.status_code, answer.json()["current"], answer.json()["finished"]) == (200, True, True)
    assert current(server) == {sha256}
    assert [row[3] for row in server.rows()["decisions"]][-1] == "re-scored by darkness-int8, decided by the engineer"
    after = without_current(server.rows())
    for table, rows in without_current(before).items():
        assert rows <= after[table], table


@BOTH
@pytest.mark.parametrize("kind", ["placed", "no pose", "unplaced"])
def test_it_is_as_if_the_robot_had_scanned_with_that_model(server: Any, wall: Any, tmp_path: Any, kind: str) -> None:
    def report(of: Any, number: int, **more: Any) -> Any:
        if kind == "unplaced":
            return of.unplaced(number, **more)
        return of.report(number, of.no_pose() if kind == "no pose" and number == 2 else None, **more)

    numbers = range(1, 5)
    server.deliver(wall.batch(*(report(wall, number) for number in numbers)))
    for number in numbers:
        server.put(wall.picture(number))
    sha256 = registered(server)
    assert order(server, wall, sha256, use_when_complete=True).status_code == 201
    frames = {frame["frame_id"]: frame for frame in claim(server)["frames"]}
    for frame in frames.values():
        assert deliver(server, 1, scores_of(frame) | {"flags": []}).json()["stored"]
    robot = wall.but(model_sha256=sha256)
    reports = [report(robot, number) for number in numbers]
    reports = [
        one.model_copy(
            update={
                "score_map": one.score_map.model_copy(
                    update={"scores": made_up(frames[str(one.frame.frame_id)])[1], "unscored": ()}
                )
            }
        )
        for one in reports
    ]
    other = Settings(database=f"sqlite:///{tmp_path}/other.sqlite", evidence=tmp_path / "other")
    with prepared(other), TestClient(create_app(other), base_url="http://localhost") as client:
        there = Server(client, other)
        assert there.deliver(robot.batch(*reports)) == ["stored"] * 4
        for threshold in (0.0, 0.04, 0.5, 0.99):
            assert server.every("/v1/detections", threshold=threshold) == there.every(
                "/v1/detections", threshold=threshold
            )
        shown = [{**frame, "evidence": ""} for frame in server.every("/v1/frames")]
        assert shown == [{**frame, "evidence": ""} for frame in there.every("/v1/frames")]


@BOTH
def test_no_frame_is_with_two_workers_at_once(server: Any, wall: Any) -> None:
    scanned(server, wall)
    order(server, wall, registered(server))
    first, second = claim(server, 3, "one"), claim(server, 3, "two")
    taken = [frame["frame_id"] for part in (first, second) for frame in part["frames"]]
    assert (len(first["frames"]), len(second["frames"]), len(set(taken))) == (3, 2, 5)
    assert second["with_others"] == 3
    assert server.get("/v1/rescores/1")["frames"] == {
        "total": 5, "waiting": 0, "taken": 5, "done": 0, "failed": 0, "not_possible": 0, "causes": {},
    }  # fmt: skip
    rest = claim(server)
    assert (rest["frames"], rest["rescore"], rest["with_others"]) == ([], None, 5)


def test_a_worker_that_does_not_come_back_loses_its_frames(settings: Any, wall: Any) -> None:
    hasty = settings.model_copy(update={"lease_s": 1e-6})
    with prepared(hasty), TestClient(create_app(hasty), base_url="http://localhost") as client:
        server = Server(client, hasty)
        scanned(server, wall, range(1, 3))
        order(server, wall, registered(server))
        lost = claim(server)["frames"]
        assert len(lost) == 2
        assert claim(server)["frames"] == lost[:1]  # another worker's now, alone; both may deliver
        assert deliver(server, 1, scores_of(lost[0])).json() == {"stored": True}
        rows = server.rows()
        assert deliver(server, 1, scores_of(lost[0], seed=1)).json() == {"stored": False}
        assert deliver(server, 1, {"frame_id": lost[0]["frame_id"], "failed": "late"}).json() == {"stored": False}
        assert server.rows() == rows
        for _ in range(MOST_TAKES - 1):
            assert claim(server)["frames"] == lost[1:]
        assert claim(server)["frames"] == []  # a frame that ends every worker ends no more
        assert server.get("/v1/rescores/1")["frames"]["causes"] == {GIVEN_UP: 1}
        assert order(server, wall, server.rows()["models"][0][0]).status_code == 201  # asked again, it is tried again
        assert claim(server)["frames"] == lost[1:]


@BOTH
def test_frames_that_cannot_be_scored_again_are_counted_with_the_reason(server: Any, wall: Any) -> None:
    scanned(server, wall, range(1, 6), kept=range(1, 3))
    server.deliver(wall.batch(wall.report(6)))  # promised, and never sent
    server.deliver(wall.batch(wall.unplaced(7)))  # no place under the poses
    server.put(wall.picture(7))
    assert order(server, wall, registered(server), use_when_complete=True).status_code == 201
    assert work(server) == 2
    found = server.get("/v1/rescores/1")
    assert found["finished"]
    assert found["frames"] == {
        "total": 7, "waiting": 0, "taken": 0, "done": 2, "failed": 0, "not_possible": 5,
        "causes": {NOT_KEPT: 3, NOT_HERE: 1, NO_PLACE: 1},
    }  # fmt: skip
    assert current(server) == {wall.model_sha256}, "five frames would have shown nothing any more"
    refused = server.client.post("/v1/rescores/1/current", json={})
    assert refused.status_code == 409
    assert "5 of 7 frames" in refused.json()["detail"]
    assert server.client.post("/v1/rescores/1/current", json={"incomplete": True}).status_code == 200
    assert current(server) != {wall.model_sha256}


def test_a_model_with_larger_tiles_than_the_picture(server: Any, wall: Any) -> None:
    scanned(server, wall, range(1, 3))
    order(server, wall, registered(server, tile_px=99))
    assert server.get("/v1/rescores/1")["frames"]["causes"] == {TOO_SMALL: 2}


@BOTH
def test_tiles_of_another_size_are_placed_by_the_worker(server: Any, wall: Any) -> None:
    scanned(server, wall, range(1, 2))
    order(server, wall, registered(server, tile_px=16), use_when_complete=True)
    (frame,) = claim(server)["frames"]
    assert frame["view"]["pose"] == wall.placed(1).pose.model_dump(mode="json")
    assert frame["view"]["camera"]["fx_px"] == 100
    assert frame["view"]["surface"]["name"] == "north face"
    refused = deliver(server, 1, scores_of(frame))
    assert (refused.status_code, "where its tiles lie" in refused.json()["detail"]) == (422, True)
    grid, scores = made_up(frame)
    corners = np.random.default_rng(0).uniform(0, 1, (grid.columns * grid.rows, 4, 2))
    from crackmap.messages import TileGeometry

    tiles = TileGeometry.pack(corners.mean(axis=1), corners, None)
    assert deliver(server, 1, scores_of(frame, tiles)).status_code == 200
    shown = server.every("/v1/detections", threshold=0)
    assert len(shown) == len(scores)
    assert np.allclose([one["corners_m"] for one in shown], corners, atol=1e-6)


def test_scores_that_do_not_fit_are_refused_and_the_frame_waits(server: Any, wall: Any) -> None:
    scanned(server, wall, range(1, 2))
    order(server, wall, registered(server))
    (frame,) = claim(server)["frames"]
    rows = server.rows()
    wrong = scores_of(frame)
    wrong["score_map"] |= {"columns": 1, "rows": 1, "scores": base64.b64encode(b"a").decode(), "visible_widths": None}
    for body, word in ((wrong, "tiles"), ({"frame_id": frame["frame_id"]}, "failed")):
        refused = deliver(server, 1, body)
        assert refused.status_code == 422
        assert word in refused.json()["detail"]
    assert deliver(server, 7, scores_of(frame)).status_code == 404
    assert server.rows() == rows


def test_a_worker_says_why_it_could_not(server: Any, wall: Any) -> None:
    scanned(server, wall, range(1, 3))
    order(server, wall, registered(server))
    (frame, other) = claim(server)["frames"]
    assert deliver(server, 1, {"frame_id": frame["frame_id"], "failed": "it is damaged"}).json()["stored"]
    deliver(server, 1, scores_of(other))
    found = server.get("/v1/rescores/1")["frames"]
    assert (found["failed"], found["done"], found["causes"]) == (1, 1, {"it is damaged": 1})


def test_the_same_order_is_taken_once_while_it_is_under_way(server: Any, wall: Any) -> None:
    scanned(server, wall)
    sha256 = registered(server)
    answers = [order(server, wall, sha256) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["rescore"] == answers[1].json()["rescore"]
    work(server)
    done = order(server, wall, sha256).json()
    assert (done["rescore"], done["finished"], done["frames"]["done"]) == (2, True, 5)


def test_frames_of_an_earlier_model_come_to_the_current_one(server: Any, wall: Any) -> None:
    """A robot changed its model on the way: the map shows only what the new one scanned, until the rest is scored."""
    scanned(server, wall, range(1, 4))
    sha256 = registered(server)
    robot = wall.but(model_sha256=sha256)
    server.deliver(robot.batch(robot.report(4)))
    assert {one["highest_score"] is None for one in server.every("/v1/frames")} == {True, False}
    order(server, wall, sha256)
    assert work(server) == 3
    assert current(server) == {sha256}
    assert {one["highest_score"] is None for one in server.every("/v1/frames")} == {False}
    (scan,) = server.get("/v1/rescores/1/comparison")["scans"]
    assert (scan["frames"], scan["model_before"]) == (3, "crack-32")


def test_a_robot_with_the_new_model_makes_it_current(server: Any, wall: Any) -> None:
    scanned(server, wall, range(1, 3))
    sha256 = registered(server)
    order(server, wall, sha256)
    work(server)
    assert current(server) == {wall.model_sha256}
    server.deliver(wall.batch(wall.report(1)))  # nothing new
    assert current(server) == {wall.model_sha256}
    robot = wall.but(model_sha256=sha256)
    assert server.deliver(robot.batch(robot.report(1), robot.report(3))) == ["already_there", "stored"]
    assert current(server) == {sha256}
    assert len(server.rows()["decisions"]) == 2


def test_only_what_is_there_can_be_scored_again(server: Any, wall: Any) -> None:
    sha256 = registered(server)
    assert order(server, wall, sha256).status_code == 404
    scanned(server, wall)
    assert order(server, wall, "c" * 64).status_code == 422
    assert order(server, wall, sha256, scan_id=str(wall.but(name="other").scan.scan_id)).status_code == 422
    assert order(server, wall, sha256, scan_id=str(wall.scan.scan_id)).status_code == 201
    assert server.client.get("/v1/rescores/9").status_code == 404
    assert len(server.every("/v1/rescores", inspection_id=str(wall.scan.inspection_id), limit=1)) == 1
