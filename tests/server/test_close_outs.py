"""What was closed is answered as it was, whatever comes later; and what was changed behind it is found."""

import hashlib
import json
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from crackmap_server.settings import Settings
from crackmap_server.upkeep.backup import back_up
from crackmap_server.upkeep.check import check
from crackmap_server.upkeep.restore import restore

from .databases import BOTH
from .inspections import Inspection, everything_happens


@pytest.fixture
def filled(server: Any, wall: Any) -> Inspection:
    """Placed frames, one without a pose, one that the pair does not know; masks, reviews, a finding, a boundary."""
    server.deliver(
        wall.batch(*(wall.report(number) for number in range(4))),
        wall.batch(wall.report(4, wall.no_pose())),
        wall.batch(wall.unplaced(5)),
    )
    inspection = Inspection(server, wall)
    inspection.mask()
    inspection.boundary(3.0)
    inspection.conditions(target_width_mm=0.4, held_on="2026-05-01")
    inspection.finding("5f0c7b8e-6a43-4d0c-9a35-0d0d0fb3c9a1", 0.3)
    over = [tile for tile, score in enumerate(wall.scores(1)) if score >= 128]
    inspection.review(1, over[0], "accept")
    inspection.review(1, over[1], "reject")
    return inspection


@BOTH
def test_what_was_closed_is_answered_as_it_was_whatever_comes_later(filled: Inspection) -> None:
    before = filled.shown(None)
    low = filled.shown(None, 0.02)
    made = filled.close()
    assert made["number"] == 1
    assert filled.shown(1) == before
    assert filled.verified() == {
        "inspection_id": filled.inspection_id,
        "number": 1,
        "sha256": made["sha256"],
        "found_sha256": made["sha256"],
        "holds": True,
        "differences": [],
    }
    everything_happens(filled)
    assert filled.shown(None) != before
    assert filled.shown(1) == before
    assert filled.shown(1, 0.02) == low
    assert filled.verified()["holds"]
    now = filled.server.get(f"{filled.path}/1")
    assert now["newer"] == {"frames": 2, "scans": 1, "reviews": 1, "additions": 4}
    assert now | {"newer": made["newer"]} == made


@BOTH
def test_a_corrected_scale_is_not_in_it(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.unplaced(1, 1.0)))
    inspection = Inspection(server, wall)
    before = inspection.shown(None)
    inspection.close()
    server.deliver(wall.batch(wall.unplaced(1, 2.0)))
    assert inspection.shown(None) != before
    assert inspection.shown(1) == before
    assert server.get(f"{inspection.path}/1")["newer"]["frames"] == 1
    assert inspection.verified()["holds"]


@BOTH
def test_the_record_says_what_counted_and_what_came_of_it(filled: Inspection) -> None:
    detections = filled.server.every("/v1/detections", inspection_id=filled.inspection_id)
    coverage = filled.shown(None)["coverage"]
    made = filled.close(note="as reported")
    (scan,), (surface,) = made["scans"], made["surfaces"]
    assert (made["closed_by"], made["note"], made["target_width_mm"], made["reviews"]) == ("Ada", "as reported", 0.4, 2)
    assert scan["model_sha256"] == filled.wall.model_sha256
    assert scan["threshold"] == filled.wall.threshold
    assert scan["pose_solution_id"] == str(filled.wall.poses.pose_solution_id)
    assert scan["frames"] == 6
    states = Counter(item["review"]["state"] if item["review"] else "unreviewed" for item in detections)
    assert surface["detections"] == states
    assert {"accepted", "rejected", "unreviewed"} == set(states)
    assert surface["masked"] == sum(item["masked"] is not None for item in detections) > 0
    assert surface["sights_m2"] == {part["sight"]: part["area_m2"] for part in coverage["parts"]}
    for name in ("area_m2", "boundary_m2", "frames_placed", "frames_no_pose", "frames_unplaced"):
        assert surface[name] == coverage[name]
    assert [each["kind"] for each in made["additions"]] == [
        "finding",
        "inspection conditions",
        "mask",
        "surface description",
    ]


@BOTH
def test_anybody_can_hash_the_listing(filled: Inspection) -> None:
    made = filled.close()
    everything_happens(filled)
    content = filled.server.client.get(f"{filled.path}/1/listing.ndjson").content
    assert hashlib.sha256(content).hexdigest() == made["sha256"]
    lines = [json.loads(line) for line in content.splitlines()]
    detections = filled.server.every("/v1/detections", inspection_id=filled.inspection_id, close_out=1)
    listed = [line for line in lines if line[0] == "detection"]
    assert [line[1] for line in listed] == [item["detection_id"] for item in detections]
    for line, item in zip(listed, detections, strict=True):
        assert line[4] == item["masked"]
        assert line[5] == (item["review"] and item["review"]["state"])
        if line[3] is not None:
            assert [float(metres) for metres in line[3]] == pytest.approx([item["u_m"], item["v_m"]], abs=6e-5)
    assert Counter(line[0] for line in lines) == {
        "close-out": 1,
        "scan": 1,
        "addition": 4,
        "review": 2,
        "frame": 6,
        "detection": len(detections),
    }


@BOTH
def test_closing_again_makes_the_next_number_and_none_is_lost(filled: Inspection) -> None:
    first, at_first = filled.close(), filled.shown(1)
    assert filled.close(200, by="Bo")["sha256"] == first["sha256"], "nothing is newer: the same one stands"
    everything_happens(filled)
    second = filled.close(by="Bo")
    assert second["number"] == 2
    assert second["newer"] == {"frames": 0, "scans": 0, "reviews": 0, "additions": 0}
    assert filled.shown(2) == filled.shown(None)
    assert filled.shown(1) == at_first
    assert [each["number"] for each in filled.server.every(filled.path, limit=1)] == [1, 2]
    assert filled.verified(1)["holds"]
    assert filled.verified(2)["holds"]


@BOTH
def test_a_close_out_holds_in_a_restored_log(filled: Inspection, tmp_path: Path) -> None:
    from fastapi.testclient import TestClient

    from crackmap_server.app import create_app
    from crackmap_server.upgrade import prepared

    made = filled.close()
    everything_happens(filled)
    back_up(filled.server.settings, tmp_path / "backup")
    other = Settings(database=f"sqlite:///{tmp_path}/restored/log.sqlite")
    restore(other, tmp_path / "backup")
    with prepared(other), TestClient(create_app(other), base_url="http://localhost") as client:
        found = client.get(f"{filled.path}/1/verification").json()
    assert found["holds"], found["differences"]
    assert found["found_sha256"] == made["sha256"]
    assert all(finding.good for finding in check(other, True))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("UPDATE detections SET score = 255 WHERE tile = (SELECT min(tile) FROM detections)", "detection"),
        ("DELETE FROM detections WHERE tile = (SELECT max(tile) FROM detections)", "detection"),
        ("UPDATE score_maps SET scores = zeroblob(length(scores))", "frame"),
        ("UPDATE placements SET footprint_m = '[[0,0],[9,0],[9,9],[0,9]]' WHERE kind = 'placed'", "area_m2"),
        ("UPDATE frames SET image_sha256 = hex(randomblob(32))", "frame"),
        ("UPDATE analyses SET threshold = 0.9", "scan"),
        ("UPDATE reviews SET verdict = 'reject'", "review"),
        ("DELETE FROM reviews WHERE seq = 2", "review"),
        ("UPDATE revisions SET content = json_set(content, '$.kind', 'pipe') WHERE kind = 'mask'", "addition"),
        ("DELETE FROM revisions WHERE kind = 'finding'", "addition"),
        ("DELETE FROM close_out_frames WHERE frame_seq = 1", "frame"),
        ("UPDATE close_outs SET target_width_mm = 4", "close-out"),
        ("UPDATE close_outs SET closed_by = 'somebody else'", "close-out"),
        ("UPDATE close_outs SET sha256 = hex(randomblob(32))", "sha256"),
        ("UPDATE close_outs SET content = json_set(content, '$.surfaces[0].masked', 0)", "masked"),
        ("UPDATE close_outs SET content = json_set(content, '$.surfaces[0].area_m2', 1e6)", "area_m2"),
    ],
)
def test_what_was_changed_behind_the_servers_back_is_found(filled: Inspection, change: str, word: str) -> None:
    filled.close()
    with closing(sqlite3.connect(str(filled.server.settings.sqlite_file))) as connection, connection:
        assert connection.execute(change).rowcount > 0
    found = filled.verified()
    assert not found["holds"]
    assert any(word in difference for difference in found["differences"]), found["differences"]


def test_what_cannot_be_closed_or_shown_is_refused_by_name(server: Any, wall: Any) -> None:
    inspection = Inspection(server, wall)
    inspection.close(404)
    server.deliver(wall.batch(headers=True))
    if server.get("/v1/inspections")["items"]:
        inspection.close(409)
    server.deliver(wall.batch(wall.report(1)))
    inspection.close()
    inspection.close(422, who="Ada")
    of = {"inspection_id": inspection.inspection_id}
    for query, status, words in (
        ({"close_out": 1}, 422, "inspection_id"),
        (of | {"close_out": 2}, 404, "no close-out 2"),
        (of | {"close_out": 0}, 422, "close_out"),
        (of | {"close_out": 1, "analysis_id": str(uuid4())}, 422, "analysis_id"),
    ):
        for path in ("/v1/detections", "/v1/detections.ndjson", f"/v1/surfaces/{inspection.surface_id}/coverage"):
            if "analysis_id" in query and "coverage" in path:
                continue
            answer = server.client.get(path, params=query)
            assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text
    assert server.client.get(f"{inspection.path}/2").status_code == 404
    assert server.client.get(f"/v1/inspections/{uuid4()}/close-outs").status_code == 404


def test_another_inspection_of_the_surface_is_not_in_it(server: Any, wall: Any) -> None:
    later = wall.but(inspection="2027 spring")
    server.deliver(wall.batch(wall.report(1)), later.batch(later.report(2)))
    inspection, other = Inspection(server, wall), Inspection(server, later)
    before = inspection.shown(None)
    inspection.close()
    server.deliver(later.batch(later.report(3)))
    other.review(2, 0, "accept")
    assert inspection.shown(1) == before
    assert server.get(f"{inspection.path}/1")["newer"] == {"frames": 0, "scans": 0, "reviews": 0, "additions": 0}
    assert server.get(other.path)["items"] == []
