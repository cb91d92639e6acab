"""Deliveries over HTTP, on both databases."""

import json
import random
from typing import Any

import pytest

from crackmap.messages import ReportBatch

from .databases import BOTH

pytestmark = BOTH


def test_a_second_delivery_changes_no_row(server: Any, wall: Any) -> None:
    batch = wall.batch(wall.report(1), wall.report(2, wall.no_pose()), wall.report(3, keep="crops"), wall.report(1))
    assert server.deliver(batch) == ["stored", "stored", "stored", "already_there"]
    before = server.rows()
    assert server.deliver(batch) == ["already_there"] * 4
    assert server.rows() == before


def test_the_order_and_the_portions_of_a_delivery_do_not_matter(server: Any, wall: Any) -> None:
    """Any cut of the same reports into batches, some sent twice, ends with the same log, by ids."""
    reports = [wall.report(n) for n in range(6)] + [wall.unplaced(n) for n in range(6, 9)]
    shuffled = [*reports, *reports[:4]]
    random.Random(5).shuffle(shuffled)
    for start in range(0, len(shuffled), 3):
        server.deliver(wall.batch(*shuffled[start : start + 3]))
    frames = server.every("/v1/frames")
    assert len(frames) == 9
    detections = {item["detection_id"] for item in server.every("/v1/detections", threshold=0.3)}
    other = wall.but(name="south face")
    server.deliver(other.batch(*(other.report(n) for n in range(6))))
    server.deliver(wall.batch(*reports))
    again = server.every("/v1/detections", threshold=0.3, scan_id=str(wall.scan.scan_id))
    assert {item["detection_id"] for item in again} == detections


def test_headers_may_have_come_before(server: Any, wall: Any) -> None:
    report = wall.report(1)
    assert server.deliver(wall.batch(report, headers=False)) == ["invalid"]
    assert server.deliver(wall.batch()) == []
    assert server.deliver(ReportBatch(pose_solutions=(wall.poses,))) == []
    assert server.deliver(wall.batch(report, headers=False)) == ["stored"]


def test_a_bad_report_does_not_touch_its_neighbours(server: Any, wall: Any) -> None:
    batch = json.loads(wall.batch(*(wall.report(n) for n in range(5))).model_dump_json())
    batch["reports"][1]["score_map"]["scores"] = "%%%"
    batch["reports"][2] = "no report at all"
    del batch["reports"][3]["frame"]["label"]
    answers = server.answers(json.dumps(batch).encode())
    assert [answer.status.value for answer in answers] == ["stored", "invalid", "invalid", "invalid", "stored"]
    assert "base64" in answers[1].message
    assert answers[1].frame_id == wall.report(1).frame.frame_id
    assert answers[2].frame_id is None
    assert "frame.label" in answers[3].message


def test_a_bad_header_makes_its_reports_invalid_and_no_others(server: Any, wall: Any) -> None:
    other = wall.but(name="south face")
    whole, spoilt = wall.batch(wall.report(1)), json.loads(other.batch(other.report(1)).model_dump_json())
    spoilt["analyses"][0]["threshold"] = 7
    both = json.loads(whole.model_dump_json())
    for key in ("scans", "analyses", "pose_solutions", "reports"):
        both[key] += spoilt[key]
    answers = server.answers(json.dumps(both).encode())
    assert [answer.status.value for answer in answers] == ["stored", "invalid"]
    assert "threshold" in answers[1].message


@pytest.mark.parametrize(
    ("change", "word"),
    [({"surface_facts": {"drawing": "reflected"}}, "drawn"), ({"target_width_mm": 0.1}, "target width")],
)
def test_headers_that_say_otherwise_are_a_conflict(server: Any, wall: Any, change: dict[str, Any], word: str) -> None:
    server.deliver(wall.batch(wall.report(1)))
    before = server.rows()
    other = wall.but(**change)
    answer = server.answers(other.batch(other.report(2)))[0]
    assert answer.status.value == "conflict"
    assert word in answer.message
    kept = server.every("/v1/quarantine")
    assert [item["frame_id"] for item in kept] == [str(wall.report(2).frame.frame_id)]
    after = server.rows()
    assert {name: rows for name, rows in after.items() if name != "quarantine"} == {
        name: rows for name, rows in before.items() if name != "quarantine"
    }


def test_a_target_width_may_be_told_later(server: Any, wall: Any) -> None:
    silent = wall.but(target_width_mm=None)
    server.deliver(silent.batch(silent.report(1)))
    assert server.deliver(wall.batch(wall.report(1))) == ["already_there"]
    assert server.deliver(silent.batch(silent.report(1))) == ["already_there"]
    assert server.get("/v1/inspections")["items"][0]["target_width_mm"] == 0.3


def test_a_conflict_is_kept_once_and_whole_and_can_be_delivered_as_it_is(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1)))
    wrong = wall.batch(wall.report(1, image={"size_bytes": 5}))
    for _ in range(2):
        answer = server.answers(wrong)[0]
        assert answer.status.value == "conflict"
        assert answer.evidence_wanted == ()
    (kept,) = server.every("/v1/quarantine")
    assert "size in bytes" in kept["message"]
    assert ReportBatch.model_validate_json(json.dumps(kept["delivery"])) == wrong


def test_evidence_is_wanted_until_it_is_there(server: Any, wall: Any) -> None:
    frame = wall.report(1)
    (answer,) = server.answers(wall.batch(frame))
    assert answer.evidence_wanted == (frame.frame.image.sha256,)
    assert server.put(wall.picture(1)).status_code == 201
    (answer,) = server.answers(wall.batch(frame))
    assert answer.evidence_wanted == ()
    sha256 = frame.frame.image.sha256
    server.settings.evidence_folder.joinpath(sha256[:2], sha256[2:]).unlink()  # as with a backup that lacks pictures
    (answer,) = server.answers(wall.batch(frame))
    assert answer.evidence_wanted == (sha256,)
    crops = wall.report(2, keep="crops")
    (answer,) = server.answers(wall.batch(crops))
    assert answer.evidence_wanted == tuple(crop.sha256 for crop in crops.evidence.crops)
    (answer,) = server.answers(wall.batch(wall.report(3, keep="nothing")))
    assert answer.evidence_wanted == ()


def test_the_newest_pair_becomes_current_and_the_decision_is_recorded(server: Any, wall: Any) -> None:
    """A corrected pose file shows the new poses; a later delivery of the old ones changes nothing."""
    moved = wall.but(poses_sha256="e" * 64)
    server.deliver(wall.batch(wall.report(1)))
    server.deliver(moved.batch(moved.report(1, moved.placed(5))))
    server.deliver(wall.batch(wall.report(1)))
    (scan,) = server.every("/v1/scans")
    assert {item["pose_solution_id"]: item["current"] for item in scan["pose_solutions"]} == {
        str(wall.poses.pose_solution_id): False,
        str(moved.poses.pose_solution_id): True,
    }
    (frame,) = server.every("/v1/frames")
    assert frame["placement"]["footprint_m"][0][0] == pytest.approx(4.95)
    assert {round(item["u_m"]) for item in server.every("/v1/detections")} == {5}
    assert [row[3] for row in server.rows()["decisions"]] == ["first of its scan", "newest of its scan"]


def test_another_model_becomes_current_and_the_first_can_still_be_asked_for(server: Any, wall: Any) -> None:
    better = wall.but(model_sha256="d" * 64)
    server.deliver(wall.batch(wall.report(1)))
    server.deliver(better.batch(better.report(1, scores=bytes([255]) + bytes([1]) * 11)))
    assert len(server.every("/v1/detections")) == 1
    first = server.every("/v1/detections", analysis_id=str(wall.analysis.analysis_id))
    assert {item["analysis_id"] for item in first} == {str(wall.analysis.analysis_id)}
    assert len(first) > 1


def test_a_scale_never_takes_the_place_of_poses(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.unplaced(1)))
    assert server.every("/v1/frames")[0]["placement"]["kind"] == "unplaced"
    server.deliver(wall.batch(wall.report(1)))
    assert server.every("/v1/frames")[0]["placement"]["kind"] == "placed"
    better = wall.but(model_sha256="d" * 64)
    server.deliver(better.batch(better.unplaced(1)))
    assert server.every("/v1/frames")[0]["placement"]["kind"] == "placed"


def test_a_corrected_scale_shows_and_the_old_one_does_not_come_back(server: Any, wall: Any) -> None:
    for scale in (0.2, 0.3, 0.2):
        server.deliver(wall.batch(wall.unplaced(1, scale)))
        shown = server.every("/v1/frames")[0]["placement"]["mm_per_px"]
    assert shown == 0.3


def test_frames_that_the_current_pair_lacks_have_no_pose(server: Any, wall: Any) -> None:
    moved = wall.but(poses_sha256="e" * 64)
    server.deliver(wall.batch(wall.report(1), wall.report(2)))
    server.deliver(moved.batch(moved.report(1)))
    kinds = {item["label"]: item["placement"]["kind"] for item in server.every("/v1/frames")}
    assert kinds == {"0001.jpg": "placed", "0002.jpg": "no_pose"}


def test_scores_of_the_first_delivery_are_what_detections_are_made_of(server: Any, wall: Any) -> None:
    """Also under poses that come later with other scores for the same analysis."""
    moved = wall.but(poses_sha256="e" * 64)
    server.deliver(wall.batch(wall.report(1, scores=bytes([200] * 12))))
    server.deliver(moved.batch(moved.report(1, scores=bytes([100] * 12))))
    assert len(server.every("/v1/detections")) == 12
    assert len(server.every("/v1/detections", threshold=0.01)) == 12
