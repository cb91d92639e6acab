"""Payloads of version 1, as they were once sent. They must be read for ever: never change these files, add others."""

import json
from pathlib import Path

import pytest

from crackmap.messages import NoPose, Placed, ReportBatch, Unplaced

PAYLOADS = sorted((Path(__file__).parent / "payloads" / "v1").glob("*.json"))


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_a_payload_is_read_and_says_the_same_when_it_is_written_again(path: Path) -> None:
    batch = ReportBatch.model_validate_json(path.read_bytes())
    assert batch.reports
    again = batch.model_dump_json()
    assert ReportBatch.model_validate_json(again) == batch
    recorded = json.loads(path.read_bytes())
    assert without_new_defaults(json.loads(again), recorded) == recorded


def without_new_defaults(now: object, recorded: object) -> object:
    """Fields that were added to the messages later are not in the recording."""
    if isinstance(now, dict) and isinstance(recorded, dict):
        return {key: without_new_defaults(now[key], recorded[key]) for key in now if key in recorded}
    if isinstance(now, list) and isinstance(recorded, list) and len(now) == len(recorded):
        return [without_new_defaults(one, other) for one, other in zip(now, recorded, strict=True)]
    return now


def test_the_recordings_show_every_kind_of_report() -> None:
    reports = [report for path in PAYLOADS for report in ReportBatch.model_validate_json(path.read_bytes()).reports]
    assert {type(report.placement) for report in reports} == {Placed, NoPose, Unplaced}
    placed = [report.placement.tiles for report in reports if isinstance(report.placement, Placed)]
    assert {tiles.covariances is None for tiles in placed} == {True, False}
    assert any(report.score_map.unscored for report in reports)
    assert any(report.evidence.crops for report in reports)
    assert any(report.flags for report in reports)
