"""A backup holds one moment of the log; restored anywhere it is the same log."""

import json
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from fastapi.testclient import TestClient
from sqlalchemy import create_engine

from crackmap.errors import InputError, StorageError
from crackmap_server.app import create_app
from crackmap_server.errors import DatabaseInUse, DatabaseUnusable
from crackmap_server.settings import Settings
from crackmap_server.upgrade import config_for, prepared
from crackmap_server.upkeep.backup import back_up
from crackmap_server.upkeep.manifest import read_backup
from crackmap_server.upkeep.restore import restore

from .databases import BOTH, POSTGRESQL
from .rescoring import registered


def fill(server: Any, wall: Any, *numbers: int) -> None:
    """Reports with pictures, one of each kind, and one in quarantine."""
    server.deliver(wall.batch(*(wall.report(number) for number in numbers)))
    for number in numbers:
        server.put(wall.picture(number))
    server.deliver(wall.batch(wall.unplaced(50 + numbers[0])))
    server.deliver(wall.batch(wall.report(numbers[0], image={"size_bytes": 1})))


@contextmanager
def running(settings: Settings) -> Iterator[TestClient]:
    with prepared(settings), TestClient(create_app(settings), base_url="http://localhost") as client:
        yield client


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def empty(tmp_path: Path) -> Settings:
    return Settings(database=f"sqlite:///{tmp_path}/restored/log.sqlite")


@BOTH
def test_what_is_restored_is_the_same_log_with_the_same_pictures(
    server: Any, wall: Any, tmp_path: Path, rows_in: Any
) -> None:
    fill(server, wall, 1, 2, 3)
    registered(server, 1)
    made = back_up(server.settings, tmp_path / "backup")
    assert (made.pictures, made.models, made.models_bytes) == (3, 1, 208)
    assert made.rows["quarantine"] == 1
    restore(empty(tmp_path), tmp_path / "backup")
    assert rows_in(empty(tmp_path)) == server.rows()
    assert files(empty(tmp_path).evidence_folder) == files(server.settings.evidence_folder)
    assert files(empty(tmp_path).models_folder) == files(server.settings.models_folder) != {}
    with running(empty(tmp_path)) as client:  # and it goes on as if nothing had been
        answers = client.post("/v1/reports", content=wall.batch(wall.report(3), wall.report(4)).model_dump_json())
        assert [answer["status"] for answer in answers.json()["answers"]] == ["already_there", "stored"]


@pytest.mark.parametrize("settings", [POSTGRESQL], indirect=True)
def test_a_log_moves_from_sqlite_to_postgresql_and_takes_new_frames_there(
    settings: Settings, wall: Any, tmp_path: Path, rows_in: Any
) -> None:
    small = Settings(database=f"sqlite:///{tmp_path}/small/log.sqlite")
    with running(small) as client:
        client.post("/v1/reports", content=wall.batch(wall.report(1), wall.report(2)).model_dump_json())
        client.put(f"/v1/evidence/{wall.sha256(wall.picture(1))}", content=wall.picture(1))
    back_up(small, tmp_path / "backup")
    restore(settings, tmp_path / "backup")
    assert rows_in(settings) == rows_in(small)
    with running(settings) as client:  # numbers that are drawn now must be new ones
        other = wall.but(inspection="2027", model_sha256="d" * 64)
        for batch in (wall.batch(wall.report(7)), other.batch(other.report(8))):
            answers = client.post("/v1/reports", content=batch.model_dump_json()).json()["answers"]
            assert [answer["status"] for answer in answers] == ["stored"]
    with pytest.raises(DatabaseUnusable, match=r"holds a log already \(\d+ "):
        restore(settings, tmp_path / "backup")


def test_a_second_backup_copies_only_what_is_new_and_replaces_the_first(server: Any, wall: Any, tmp_path: Path) -> None:
    fill(server, wall, 1, 2)
    back_up(server.settings, tmp_path / "backup")
    before = {path: path.stat().st_ino for path in (tmp_path / "backup" / "evidence").rglob("*") if path.is_file()}
    fill(server, wall, 3)
    made = back_up(server.settings, tmp_path / "backup")
    assert made.pictures == 3
    after = {path: path.stat().st_ino for path in (tmp_path / "backup" / "evidence").rglob("*") if path.is_file()}
    assert before.items() < after.items()
    assert [path.name for path in (tmp_path / "backup").glob("log*")] == [made.database]


def test_while_a_backup_is_made_the_server_goes_on(start: Any, wall: Any, tmp_path: Path) -> None:
    process = start()
    for number in range(4):
        batch = wall.batch(wall.report(number)).model_dump_json()
        assert process.client.post("/v1/reports", content=batch).status_code == 200
        process.client.put(f"/v1/evidence/{wall.sha256(wall.picture(number))}", content=wall.picture(number))
        made = back_up(Settings(database=f"sqlite:///{tmp_path}/log.sqlite"), tmp_path / "backup")
        assert (made.rows["frames"], made.pictures) == (number + 1, number + 1)
    process.send(signal.SIGTERM)
    assert process.wait()[0] == 0


def test_a_backup_that_was_stopped_leaves_the_one_before_it_whole(
    server: Any, wall: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(server, wall, 1)
    first = back_up(server.settings, tmp_path / "backup")
    fill(server, wall, 2)
    monkeypatch.setattr("crackmap_server.upkeep.backup.written", lambda _backup: (_ for _ in ()).throw(SystemExit))
    with pytest.raises(SystemExit):
        back_up(server.settings, tmp_path / "backup")
    assert read_backup(tmp_path / "backup") == first
    assert restore(empty(tmp_path), tmp_path / "backup") == first


def test_pictures_that_the_server_lost_are_named_and_the_rest_is_whole(server: Any, wall: Any, tmp_path: Path) -> None:
    fill(server, wall, 1, 2)
    lost = wall.sha256(wall.picture(2))
    (server.settings.evidence_folder / lost[:2] / lost[2:]).unlink()
    made = back_up(server.settings, tmp_path / "backup")
    assert made.missing == (lost,)
    restore(empty(tmp_path), tmp_path / "backup")
    with running(empty(tmp_path)) as client:  # it is wanted again
        answers = client.post("/v1/reports", content=wall.batch(wall.report(2)).model_dump_json()).json()["answers"]
        assert answers[0]["evidence_wanted"] == [lost]


def test_models_that_the_server_lost_are_named_and_the_rest_is_whole(server: Any, wall: Any, tmp_path: Path) -> None:
    fill(server, wall, 1)
    lost, held = registered(server, 1), registered(server, 2)
    (server.settings.models_folder / lost[:2] / lost[2:]).unlink()
    made = back_up(server.settings, tmp_path / "backup")
    assert (made.models, made.missing_models) == (1, (lost,))
    restore(empty(tmp_path), tmp_path / "backup")
    with running(empty(tmp_path)) as client:
        statuses = [client.get(f"/v1/models/{sha256}/file").status_code for sha256 in (lost, held)]
    assert statuses == [404, 200]


def test_a_backup_from_before_models_were_copied_is_restored_without_them(
    server: Any, wall: Any, tmp_path: Path
) -> None:
    fill(server, wall, 1)
    registered(server, 1)
    back_up(server.settings, tmp_path / "backup")
    file = tmp_path / "backup" / "backup.json"
    old = {key: value for key, value in json.loads(file.read_text()).items() if "models" not in key}
    file.write_text(json.dumps(old))
    shutil.rmtree(tmp_path / "backup" / "models")
    assert restore(empty(tmp_path), tmp_path / "backup").models is None
    assert files(empty(tmp_path).models_folder) == {}


@BOTH
def test_nobody_is_signed_in_to_a_restored_log(settings: Settings, tmp_path: Path, rows_in: Any) -> None:
    small = Settings(database=f"sqlite:///{tmp_path}/small/log.sqlite")
    with running(small) as client:
        name, password = "inspector", "correct horse battery"
        user = {"name": name, "role": "admin", "password": password}
        assert client.post("/v1/users", json=user).status_code == 201
        wrong = client.post("/v1/session", json={"name": "nobody", "password": password})
        assert wrong.status_code == 401, wrong.text
        assert client.post("/v1/session", json={"name": name, "password": password}).is_success
    before = rows_in(small)
    assert before["sessions"]
    assert before["sign_ins"]
    back_up(small, tmp_path / "backup")
    restore(settings, tmp_path / "backup")
    after = rows_in(settings)
    assert after == before | {"sessions": [], "sign_ins": []}


def damaged(folder: Path, name: str) -> None:
    file = next(path for path in folder.rglob(name) if path.is_file())
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


@pytest.mark.parametrize("part", ["log-*.sqlite", "evidence/??/*", "models/??/*"])
@pytest.mark.parametrize("how", ["changed", "missing"])
def test_a_damaged_backup_is_refused_by_name_and_leaves_nothing(
    server: Any, wall: Any, tmp_path: Path, part: str, how: str
) -> None:
    fill(server, wall, 1)
    registered(server, 1)
    back_up(server.settings, tmp_path / "backup")
    if how == "changed":
        damaged(tmp_path / "backup", part)
    else:
        next((tmp_path / "backup").glob(part)).unlink()
    with pytest.raises(InputError, match="backup"):
        restore(empty(tmp_path), tmp_path / "backup")
    assert not (tmp_path / "restored" / "log.sqlite").exists()
    assert not (tmp_path / "restored" / "evidence").exists()
    assert not (tmp_path / "restored" / "models").exists()


def log_id(client: TestClient) -> str:
    answer = client.get("/v1/log")
    assert answer.headers["Crackmap-Log"] == answer.json()["log_id"]
    return str(answer.json()["log_id"])


@BOTH
def test_a_restored_log_says_that_it_is_another_one(settings: Settings, wall: Any, tmp_path: Path) -> None:
    small = Settings(database=f"sqlite:///{tmp_path}/small/log.sqlite")
    with running(small) as client:
        before = log_id(client)
        answer = client.post("/v1/reports", content=wall.batch(wall.report(1)).model_dump_json())
        assert answer.headers["Crackmap-Log"] == before
    with running(small) as client:
        assert log_id(client) == before
    back_up(small, tmp_path / "backup")
    restore(settings, tmp_path / "backup")
    with running(settings) as client:
        assert log_id(client) != before


def test_no_log_that_is_there_is_overwritten(server: Any, wall: Any, tmp_path: Path) -> None:
    fill(server, wall, 1)
    back_up(server.settings, tmp_path / "backup")
    with pytest.raises(DatabaseInUse):
        restore(server.settings, tmp_path / "backup")
    restore(empty(tmp_path), tmp_path / "backup")
    with pytest.raises(DatabaseUnusable, match="overwrites none"):
        restore(empty(tmp_path), tmp_path / "backup")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"database": "../log.sqlite"}, "database"),
        ({"version": 2}, "version"),
        ({"more": 1}, "more"),
        ({"pictures": -1}, "pictures"),
    ],
)
def test_what_backup_json_says_is_checked_and_named(
    server: Any, wall: Any, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    fill(server, wall, 1)
    back_up(server.settings, tmp_path / "backup")
    file = tmp_path / "backup" / "backup.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    with pytest.raises(InputError, match=f"backup.json: {words}"):
        restore(empty(tmp_path), tmp_path / "backup")


def test_a_folder_without_a_finished_backup_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="was not finished"):
        restore(empty(tmp_path), tmp_path)


def test_a_log_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="no such log"):
        back_up(empty(tmp_path), tmp_path / "backup")
    assert not (tmp_path / "restored").exists()


@pytest.mark.needs("root")
def test_a_full_disk_is_named_and_leaves_nothing_half_written(server: Any, wall: Any, small_disk: Path) -> None:
    fill(server, wall, 1)
    (small_disk / "filler").write_bytes(b"0" * (shutil.disk_usage(small_disk).free - 100_000))
    with pytest.raises(StorageError, match=r"cannot be (written|copied)"):
        back_up(server.settings, small_disk / "backup")
    assert not (small_disk / "backup" / "backup.json").exists()
    (small_disk / "filler").unlink()
    assert back_up(server.settings, small_disk / "backup").pictures == 1


@BOTH
def test_a_backup_of_an_older_version_becomes_a_log_of_this_one(settings: Settings, wall: Any, tmp_path: Path) -> None:
    old = Settings(database=f"sqlite:///{tmp_path}/old.sqlite")
    engine = create_engine(old.database_url)
    with engine.begin() as connection:
        command.upgrade(config_for(connection), "0001")
        connection.exec_driver_sql("INSERT INTO structures VALUES (?, ?)", (wall.scan.scan_id.hex, "Mill bridge"))
    engine.dispose()
    assert back_up(old, tmp_path / "backup").revision == "0001"
    target = settings.model_copy(
        update={"database": f"sqlite:///{tmp_path}/new.sqlite"} if settings.sqlite_file else {}
    )
    restore(target, tmp_path / "backup")
    with running(target) as client:
        assert [item["name"] for item in client.get("/v1/structures").json()["items"]] == ["Mill bridge"]
