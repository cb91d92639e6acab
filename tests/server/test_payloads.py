"""Payloads of version 1, as they were once sent, must be taken for ever."""

from pathlib import Path
from typing import Any

from .databases import BOTH

PAYLOADS = sorted((Path(__file__).parent.parent / "crackmap" / "payloads" / "v1").glob("*.json"))

pytestmark = BOTH


def test_every_recording_is_stored_and_then_already_there(server: Any) -> None:
    assert PAYLOADS
    first = {path.stem: [answer.status.value for answer in server.answers(path.read_bytes())] for path in PAYLOADS}
    assert {status for statuses in first.values() for status in statuses} == {"stored"}
    before = server.rows()
    for path in reversed(PAYLOADS):
        assert {answer.status.value for answer in server.answers(path.read_bytes())} == {"already_there"}
    assert server.rows() == before
    assert {item["placement"] for item in server.every("/v1/detections", threshold=0)} == {
        "placed",
        "no_pose",
        "unplaced",
    }
