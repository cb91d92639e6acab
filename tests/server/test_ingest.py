"""What becomes of a report: judged without any database."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crackmap.messages import Capture, Status, TimeSource, Unplaced
from crackmap_server.chart import cells
from crackmap_server.ingest import Headers, KnownFrame, judge
from crackmap_server.known import learned
from crackmap_server.rows import Scored, detection_columns

EXAMPLES = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def headers(wall: Any) -> Headers:
    scan = wall.scan.scan_id
    return Headers(
        scans=frozenset([scan]),
        analyses={wall.analysis.analysis_id: wall.analysis},
        pose_scans={wall.poses.pose_solution_id: scan},
    )


def after(report: Any, wall: Any, known: KnownFrame | None = None) -> KnownFrame:
    return learned(known, report, judge(report, headers(wall), known))


def test_a_new_report_is_stored_and_the_same_again_is_already_there(wall: Any) -> None:
    for report in (wall.report(1), wall.report(1, wall.no_pose()), wall.unplaced(1), wall.report(1, keep="crops")):
        assert judge(report, headers(wall), None).status is Status.STORED
        assert judge(report, headers(wall), after(report, wall)).status is Status.ALREADY_THERE


@EXAMPLES
@given(st.binary(min_size=12, max_size=12), st.binary(min_size=12, max_size=12))
def test_other_scores_are_no_conflict(wall: Any, one: bytes, other: bytes) -> None:
    """Another runtime or encoder answers a step beside, or a tile was too dark this time."""
    known = after(wall.report(1, scores=one), wall)
    assert judge(wall.report(1, scores=other), headers(wall), known).status is Status.ALREADY_THERE


def test_another_label_and_other_flags_are_no_conflict(wall: Any) -> None:
    report = wall.report(1)
    renamed = report.model_copy(update={"frame": report.frame.model_copy(update={"label": "moved/1.jpg"})})
    assert judge(renamed, headers(wall), after(report, wall)).status is Status.ALREADY_THERE
    assert judge(wall.report(1, flags=("out_of_range",)), headers(wall), after(report, wall)).status is (
        Status.ALREADY_THERE
    )


@pytest.mark.parametrize(
    ("fact", "image"),
    [("SHA-256", {"sha256": "e" * 64}), ("bytes", {"size_bytes": 9}), ("pixels", {"height_px": 71})],
)
def test_another_image_under_one_id_is_a_conflict(wall: Any, fact: str, image: dict[str, Any]) -> None:
    verdict = judge(wall.report(1, image=image), headers(wall), after(wall.report(1), wall))
    assert verdict.status is Status.CONFLICT
    assert fact in verdict.message


def capture(minute: int, source: TimeSource = TimeSource.SENSOR) -> Capture:
    return Capture(time_source=source, captured_utc=datetime(2026, 5, 1, 8, minute, tzinfo=UTC))


def test_another_capture_time_of_one_source_is_a_conflict(wall: Any) -> None:
    known = after(wall.report(1, capture=capture(1)), wall)
    assert judge(wall.report(1, capture=capture(2)), headers(wall), known).status is Status.CONFLICT
    for harmless in (capture(2, TimeSource.ARRIVAL), capture(1), Capture(), Capture(time_source=TimeSource.SENSOR)):
        assert judge(wall.report(1, capture=harmless), headers(wall), known).status is Status.ALREADY_THERE


def test_times_of_a_pose_file_may_be_corrected(wall: Any) -> None:
    known = after(wall.report(1, capture=capture(1, TimeSource.POSE_FILE)), wall)
    verdict = judge(wall.report(1, capture=capture(2, TimeSource.POSE_FILE)), headers(wall), known)
    assert verdict.status is Status.ALREADY_THERE


def test_local_times_of_one_source_are_compared_too(wall: Any) -> None:
    def at(hour: int) -> Capture:
        return Capture(time_source=TimeSource.EXIF, captured_local=datetime(2026, 5, 1, hour))  # noqa: DTZ001

    known = after(wall.report(1, capture=at(8)), wall)
    assert judge(wall.report(1, capture=at(9)), headers(wall), known).status is Status.CONFLICT


def test_a_capture_time_may_be_told_later(wall: Any) -> None:
    known = after(wall.report(1, capture=Capture()), wall)
    verdict = judge(wall.report(1, capture=capture(5)), headers(wall), known)
    assert verdict.status is Status.STORED
    assert verdict.fill["captured_utc"] == capture(5).captured_utc
    assert not any([verdict.frame, verdict.scores, verdict.placement, verdict.report])


def test_a_picture_may_be_promised_later(wall: Any) -> None:
    known = after(wall.report(1, keep="nothing"), wall)
    assert judge(wall.report(1), headers(wall), known).fill == {"picture_expected": True}
    assert judge(wall.report(1, keep="nothing"), headers(wall), after(wall.report(1), wall)).status is (
        Status.ALREADY_THERE
    )


def test_another_kind_of_placement_under_one_pose_solution_is_a_conflict(wall: Any) -> None:
    known = after(wall.report(1, wall.no_pose()), wall)
    assert judge(wall.report(1), headers(wall), known).status is Status.CONFLICT


def test_a_corrected_scale_is_new_and_the_old_one_again_is_not(wall: Any) -> None:
    known = after(wall.unplaced(1, 0.2), wall)
    corrected = judge(wall.unplaced(1, 0.3), headers(wall), known)
    assert corrected.status is Status.STORED
    assert corrected.placement
    assert not corrected.scores
    both = learned(known, wall.unplaced(1, 0.3), corrected)
    assert judge(wall.unplaced(1, 0.2), headers(wall), both).status is Status.ALREADY_THERE


def test_another_model_or_other_poses_are_new_under_the_same_frame(wall: Any) -> None:
    known = after(wall.report(1), wall)
    other_model, other_poses = wall.but(model_sha256="d" * 64), wall.but(poses_sha256="e" * 64)
    scored = judge(other_model.report(1), headers(other_model), known)
    assert (scored.scores, scored.placement, scored.report, scored.frame) == (True, False, True, False)
    moved = judge(other_poses.report(1), headers(other_poses), known)
    assert (moved.scores, moved.placement, moved.report, moved.frame) == (False, True, True, False)


# ------------------------------------------------------------------------------------------------------------- invalid


def test_headers_that_are_missing_or_of_another_scan_are_named(wall: Any) -> None:
    other, whole = wall.but(name="south face"), headers(wall)
    empty = Headers(frozenset(), {}, {})
    cases = {
        "scan": empty,
        "analysis": Headers(whole.scans, {}, whole.pose_scans),
        "pose solution": Headers(whole.scans, whole.analyses, {}),
        "belongs to scan": Headers(
            whole.scans, {wall.analysis.analysis_id: other.analysis}, {wall.poses.pose_solution_id: other.scan.scan_id}
        ),
    }
    for words, known in cases.items():
        verdict = judge(wall.report(1), known, None)
        assert verdict.status is Status.INVALID
        assert words in verdict.message


def test_a_score_map_of_another_grid_is_invalid(wall: Any) -> None:
    dense = wall.but(stride_px=16)
    report = dense.report(1, Unplaced(mm_per_px=1)).model_copy(update={"analysis_id": wall.analysis.analysis_id})
    verdict = judge(report, headers(wall), None)
    assert verdict.status is Status.INVALID
    assert "make 4 × 3, but the score map has" in verdict.message


def test_an_image_smaller_than_a_tile_is_invalid(wall: Any) -> None:
    verdict = judge(wall.unplaced(1, image={"height_px": 31}), headers(wall), None)
    assert verdict.status is Status.INVALID
    assert "does not hold" in verdict.message


# --------------------------------------------------------------------------------------------------------------- rows


MAPS = st.lists(
    st.tuples(st.binary(min_size=1, max_size=30), st.integers(0, 256), st.booleans()), min_size=1, max_size=6
)


@EXAMPLES
@given(MAPS)
def test_just_the_tiles_at_or_over_the_floor_get_rows(maps: list[tuple[bytes, int, bool]]) -> None:
    """Each frame by its own floor, however many are looked at at once; those without a place have none."""
    scored, expected = [], []
    for number, (scores, floor, placed) in enumerate(maps):
        offsets = np.arange(2.0 * len(scores)).reshape(-1, 2)
        origin = (0.1 + number, -7.25)
        packed = offsets.astype("<f4").tobytes() if placed else None
        scored.append(Scored(10 + number, 3 + number // 2, floor, scores, packed, origin))
        centres = offsets + origin
        expected += [
            (3 + number // 2, 10 + number, tile, score)
            + ((*centres[tile].tolist(), cells(centres)[tile]) if placed else (None, None, None))
            for tile, score in enumerate(scores)
            if score >= max(floor, 1)
        ]
    columns = detection_columns(scored)
    assert list(columns) == ["pair_seq", "frame_seq", "tile", "score", "u_m", "v_m", "cell"]
    assert list(zip(*columns.values(), strict=True)) == expected
