"""What whatever watches over the server reads: its log, its figures, whether it is ready."""

import json
import logging
import re
import signal
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from crackmap_server.request_log import HEADER
from crackmap_server.writer import Writer


def figures(server: Any) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = server.client.get("/metrics").text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_requests_are_counted_by_route_and_never_by_what_was_asked_for(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(*(wall.report(number) for number in range(4))))
    for number in range(4):
        server.client.get(f"/v1/frames/{wall.report(number).frame.frame_id}")
    server.client.get("/nothing/at/all")
    found = figures(server)
    frames = (("method", "GET"), ("route", "/v1/frames/{frame_id}"), ("status", "200"))
    assert found["crackmap_request_seconds_count", frames] == 4
    nothing = (("method", "GET"), ("route", "other"), ("status", "404"))
    assert found["crackmap_request_seconds_count", nothing] == 1
    identity = str(wall.report(0).frame.frame_id)
    assert not any(identity in str(key) for key in found)


def test_reports_and_pictures_are_counted(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1), wall.report(2)), wall.batch(wall.report(2)))
    server.deliver(wall.batch(wall.report(1, image={"size_bytes": 1})))
    for _ in range(2):
        server.put(wall.picture(1))
    found = figures(server)
    counts = {
        dict(labels)["status"]: value for (name, labels), value in found.items() if name == "crackmap_reports_total"
    }
    assert counts == {"stored": 2, "already_there": 1, "conflict": 1}
    assert found["crackmap_pictures_bytes_total", ()] == len(wall.picture(1))
    assert (found["crackmap_frames", ()], found["crackmap_scans", ()], found["crackmap_quarantine", ()]) == (2, 1, 1)
    assert found["crackmap_disk_free_bytes", (("of", "log"),)] > 0
    assert found["crackmap_writer_queue", ()] == 0


def test_every_answer_carries_an_id_that_nobody_chose(server: Any) -> None:
    paths = ("/healthz", "/v1/frames/none", "/nothing", "/v1/frames")
    found = {server.client.get(path, headers={HEADER: "mine"}).headers[HEADER] for path in paths}
    found.add(server.client.get("/healthz", headers={"host": "evil.example"}).headers[HEADER])
    assert len(found) == 5
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in found)


def test_each_request_is_a_line_and_those_of_a_watcher_are_none(server: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "crackmap_server.request_log"):
        for path in ("/healthz", "/readyz", "/metrics", "/v1/frames?limit=5"):
            server.client.get(path)
    (record,) = (one for one in caplog.records if one.name == "crackmap_server.request_log")
    facts = vars(record)
    assert (facts["method"], facts["path"], facts["status"]) == ("GET", "/v1/frames", 200)
    assert facts["sent_bytes"] > 0


def test_the_log_is_an_object_a_line_and_all_that_one_request_said_has_its_id(start: Any, wall: Any) -> None:
    process = start()
    body = wall.batch(wall.report(1), wall.report(2)).model_dump_json()
    named = process.client.post("/v1/reports", content=body).headers[HEADER]
    process.send(signal.SIGTERM)
    _, _, logged = process.wait()
    lines = [json.loads(line) for line in logged.splitlines()]
    mine = [line for line in lines if line.get("request_id") == named]
    assert [line["event"] for line in mine] == ["reports", "request"]
    assert mine[0]["stored"] == 2
    assert mine[1]["status"] == 200


def test_it_is_ready_while_it_takes_reports(server: Any) -> None:
    assert server.client.get("/readyz").json()["status"] == "ok"


def test_it_is_not_ready_when_the_disk_is_nearly_full(server: Any) -> None:
    app = server.client.app
    app.state.settings = server.settings.model_copy(update={"least_free_mb": 10**9})
    answer = server.client.get("/readyz")
    assert answer.status_code == 503
    assert "MB are free" in answer.json()["detail"]
    assert server.client.get("/healthz").status_code == 200


def test_it_is_not_ready_while_the_writer_does_not_run(server: Any) -> None:
    app = server.client.app
    app.state.writer = Writer(app.state.engines.writer)
    answer = server.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
