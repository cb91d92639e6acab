"""Ids are derived from what they name (docs/decisions/0004): one that is not is no report's, and never stored."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ..databases import BOTH


def changed(batch: Any, place: tuple[Any, ...], value: Any) -> bytes:
    """The batch as JSON with another value at one place, and everywhere that its old value stood."""
    content = json.loads(batch.model_dump_json())
    inner = content
    for key in place:
        inner = inner[key]
    return json.dumps(content).replace(str(inner), str(value)).encode()


PLACES = {
    "frame": ("reports", 0, "frame", "frame_id"),
    "scan of a recording": ("scans", 0, "scan_id"),
    "analysis": ("analyses", 0, "analysis_id"),
    "pose solution": ("pose_solutions", 0, "pose_solution_id"),
}


@BOTH
@pytest.mark.parametrize("what", PLACES)
def test_an_id_of_ones_own_choice_is_invalid(server: Any, wall: Any, what: str) -> None:
    for forged in (uuid4(), UUID(int=0), UUID(int=2**128 - 1)):
        (answer,) = server.answers(changed(wall.batch(wall.report(1)), PLACES[what], forged))
        assert answer.status.value == "invalid"
        assert "derived" in answer.message or "send its header" in answer.message
    assert server.every("/v1/frames") == []


@given(key=st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=80))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_another_source_key_under_the_same_id_is_invalid(server: Any, wall: Any, key: str) -> None:
    content = json.loads(wall.batch(wall.report(1)).model_dump_json())
    if key == content["reports"][0]["frame"]["source_key"]:
        return
    content["reports"][0]["frame"]["source_key"] = key
    (answer,) = server.answers(json.dumps(content).encode())
    assert answer.status.value == "invalid"


def test_a_frame_of_another_scan_cannot_be_taken_over(server: Any, wall: Any) -> None:
    """Its id holds its own scan: with another scan beside it the two do not belong together."""
    other = wall.but(name="south face")
    server.deliver(wall.batch(wall.report(1)), other.batch(other.report(2)))
    (answer,) = server.answers(changed(wall.batch(wall.report(1)), PLACES["scan of a recording"], other.scan.scan_id))
    assert answer.status.value == "invalid"
    assert [scan["frames"] for scan in server.every("/v1/scans")] == [1, 1]
