"""Several server processes on one PostgreSQL and one object store: any of them answers for all."""

import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from crackmap_server.evidence import evidence_folder
from crackmap_server.settings import Settings

pytestmark = [
    pytest.mark.needs("postgres"),
    pytest.mark.parametrize("settings", ["postgresql"], indirect=True),
]
FRAMES = range(1, 13)


@pytest.fixture
def shared(settings: Settings, bucket: str, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"objects": bucket, "evidence": tmp_path / "here" / "evidence"})


@pytest.fixture
def servers(start: Any, shared: Settings, tmp_path: Path) -> list[Any]:
    """Two, as if each had a machine of its own."""
    return [
        start(
            *("--database", shared.database),
            CRACKMAP_SERVER_OBJECTS=shared.objects,
            CRACKMAP_SERVER_EVIDENCE=str(tmp_path / name / "evidence"),
        )
        for name in ("one", "two")
    ]


def deliver(process: Any, batch: Any) -> Any:
    answer = process.client.post("/v1/reports", content=batch.model_dump_json())
    assert answer.status_code == 200, answer.text
    return answer.json()["answers"]


def put(process: Any, wall: Any, content: bytes) -> int:
    return int(process.client.put(f"/v1/evidence/{wall.sha256(content)}", content=content).status_code)


@pytest.fixture
def command(shared: Settings) -> Callable[..., tuple[int, str]]:
    """`crackmap server …` on what they share: exit code, what it prints."""

    def run(*arguments: str, **more: str) -> tuple[int, str]:
        environment = {
            "CRACKMAP_SERVER_DATABASE": shared.database,
            "CRACKMAP_SERVER_OBJECTS": shared.objects,
            "CRACKMAP_SERVER_EVIDENCE": str(shared.evidence),
        }
        done = subprocess.run(
            [sys.executable, "-m", "crackmap", "server", *arguments],
            env=os.environ | environment | more,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    return run


def test_what_one_takes_the_other_shows_and_nothing_is_there_twice(
    servers: list[Any], shared: Settings, wall: Any, rows_in: Any
) -> None:
    """Every report and every picture goes to both at the same time."""
    both = [(process, number) for number in FRAMES for process in servers]
    with ThreadPoolExecutor(6) as robots:
        told = list(robots.map(lambda each: deliver(each[0], wall.batch(wall.report(each[1]))), both))
        statuses = list(robots.map(lambda each: put(each[0], wall, wall.picture(each[1])), both))
    assert sorted(answer["status"] for (answer,) in told) == ["already_there"] * len(FRAMES) + ["stored"] * len(FRAMES)
    assert set(statuses) == {200, 201}
    names = {wall.sha256(wall.picture(number)) for number in FRAMES}
    assert evidence_folder(shared).listed().keys() == names
    assert len(rows_in(shared)["evidence"]) == len(FRAMES)
    first, second = (process.client.get("/v1/frames").json()["items"] for process in servers)
    assert first == second
    assert len(first) == len(FRAMES)
    for process in servers:
        for number in FRAMES:
            content = wall.picture(number)
            assert process.client.get(f"/v1/evidence/{wall.sha256(content)}").content == content
        shown = process.client.get(f"/v1/frames/{first[0]['frame_id']}/picture.jpg")
        assert (shown.status_code, shown.headers["content-type"]) == (200, "image/jpeg")
        (again,) = deliver(process, wall.batch(wall.report(1)))
        assert again["evidence_wanted"] == []


def test_backup_check_and_restore_see_the_object_store(
    servers: list[Any], shared: Settings, wall: Any, tmp_path: Path, command: Callable[..., tuple[int, str]]
) -> None:
    one, two = servers
    deliver(one, wall.batch(*(wall.report(number) for number in FRAMES)))
    for number in FRAMES:
        assert put(one, wall, wall.picture(number)) == 201
    code, said = command("backup", str(tmp_path / "backup"))
    assert (code, f"{len(FRAMES)} pictures" in said) == (0, True), said
    assert command("check", "--read-pictures")[0] == 0
    lost = wall.sha256(wall.picture(1))
    evidence_folder(shared).remove(lost)
    code, said = command("check")
    assert (code, "1 lost" in said, lost in said) == (2, True, True), said
    (again,) = deliver(two, wall.batch(wall.report(1)))
    assert again["evidence_wanted"] == [lost]
    assert put(two, wall, wall.picture(1)) == 200
    assert command("check", "--read-pictures")[0] == 0
    restored = {
        "CRACKMAP_SERVER_DATABASE": f"sqlite:///{tmp_path}/restored/log.sqlite",
        "CRACKMAP_SERVER_OBJECTS": f"{shared.objects}/restored",
    }
    assert command("restore", str(tmp_path / "backup"), **restored)[0] == 0
    assert command("check", "--read-pictures", **restored)[0] == 0
