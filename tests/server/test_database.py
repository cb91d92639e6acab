"""Engines, the lock, migrations."""

import base64
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from fastapi.testclient import TestClient
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.exc import OperationalError

from crackmap.messages import Report
from crackmap_server import rows
from crackmap_server.app import create_app
from crackmap_server.engines import create_engines
from crackmap_server.errors import DatabaseInUse, DatabaseUnusable
from crackmap_server.lock import locked
from crackmap_server.settings import Settings
from crackmap_server.tables import metadata
from crackmap_server.upgrade import MIGRATIONS, config_for, prepared

from .databases import BOTH

SCRIPTS = ScriptDirectory(str(MIGRATIONS))
EARLIER = [script.revision for script in SCRIPTS.walk_revisions() if script.revision != SCRIPTS.get_current_head()]


def pragmas(engine: Engine) -> dict[str, Any]:
    with engine.connect() as connection:
        return {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "query_only")
        }


def test_every_connection_to_sqlite_is_durable(settings: Settings) -> None:
    with prepared(settings):
        engines = create_engines(settings.database_url, 7.5)
        both = {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 7500}
        assert pragmas(engines.writer) == both | {"foreign_keys": 1, "query_only": 0}
        assert pragmas(engines.reader) == both | {"foreign_keys": 0, "query_only": 1}
        with engines.reader.connect() as reader, pytest.raises(OperationalError, match="readonly"):
            reader.execute(text("DELETE FROM frames"))
        engines.dispose()


@BOTH
def test_readers_see_what_is_committed_while_a_writer_writes(settings: Settings) -> None:
    with prepared(settings):
        engines = create_engines(settings.database_url, 1)
        with engines.writer.begin() as writer, engines.reader.connect() as reader:
            writer.execute(
                text("INSERT INTO structures VALUES ('a', 'a')") if settings.sqlite_file else text("SELECT 1")
            )
            assert reader.execute(text("SELECT count(*) FROM structures")).scalar() == 0
        engines.dispose()


@BOTH
def test_the_migrations_make_the_tables_that_the_code_uses(settings: Settings) -> None:
    for _ in range(2):  # the second time there is nothing to do
        with prepared(settings):
            engine = create_engine(settings.database_url)
            with engine.connect() as connection:
                context = MigrationContext.configure(connection, opts={"compare_type": True})
                assert compare_metadata(context, metadata) == []
            engine.dispose()


def set_version(file: Path, version: str) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [version])


def test_a_database_of_a_newer_software_is_refused_and_left_alone(settings: Settings) -> None:
    with prepared(settings):
        pass
    file = settings.sqlite_file
    assert file is not None
    set_version(file, "9999")
    before = file.read_bytes()
    with pytest.raises(DatabaseUnusable, match="newer"), prepared(settings):
        pass
    assert file.read_bytes() == before


@BOTH
@pytest.mark.parametrize("revision", EARLIER)
def test_an_older_database_is_copied_and_upgraded_with_what_it_holds(
    settings: Settings, wall: Any, revision: str
) -> None:
    engine = create_engine(settings.database_url)
    with engine.begin() as connection:
        command.upgrade(config_for(connection), revision)
        there = inspect(connection)
        for name, row in rows_of(wall.report(1), wall).items():
            columns = {column["name"] for column in there.get_columns(name)}
            connection.execute(metadata.tables[name].insert(), {key: row[key] for key in columns & row.keys()})
    engine.dispose()
    with prepared(settings), TestClient(create_app(settings), base_url="http://localhost") as client:
        detail = client.get(f"/v1/frames/{wall.report(1).frame.frame_id}").json()
        assert base64.b64decode(detail["score_maps"][0]["scores"]) == wall.scores(1)
        again = client.post("/v1/reports", content=wall.batch(wall.report(1), wall.report(2)).model_dump_json()).json()
        assert [answer["status"] for answer in again["answers"]] == ["already_there", "stored"]
    if file := settings.sqlite_file:
        (copied,) = file.parent.glob("log.before-*.sqlite")
        with closing(sqlite3.connect(copied)) as copy:
            assert copy.execute("SELECT version_num FROM alembic_version").fetchone() == (revision,)
            assert copy.execute("SELECT count(*) FROM frames").fetchone() == (1,)
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def rows_of(report: Report, wall: Any) -> dict[str, dict[str, Any]]:
    """What a server stores of one report, by table."""
    scan, analysis, poses = wall.scan, wall.analysis, wall.poses
    structure = {"structure_id": scan.structure_id}
    return {
        "structures": structure | {"name": scan.structure},
        "surfaces": structure | {"surface_id": scan.surface_id, **scan.surface.model_dump(mode="json")},
        "inspections": structure | {"inspection_id": scan.inspection_id, **scan.inspection.model_dump()},
        "scans": {**scan.model_dump(), "inspection_id": scan.inspection_id, "surface_id": scan.surface_id},
        "analyses": analysis.model_dump(),
        "pose_solutions": poses.model_dump() | {"camera": poses.camera.model_dump(mode="json")},
        "pairs": {
            "scan_id": scan.scan_id,
            "analysis_id": analysis.analysis_id,
            "pose_solution_id": poses.pose_solution_id,
            "floor": 128,
            "current": True,
        },
        "frames": {name: value for name, value in rows.frame_row(report, 0).items() if name != "seq"},
        "score_maps": rows.score_map_row(report, 1),
        "placements": rows.placement_row(report, 1),
        "reports": rows.report_row(report, 1, 1),
    }


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be read as a header" * 3])
def test_a_file_that_is_no_database_is_named(settings: Settings, content: bytes) -> None:
    file = settings.sqlite_file
    assert file is not None
    file.write_bytes(content)
    with pytest.raises(DatabaseUnusable, match=r"log\.sqlite"), prepared(settings):
        pass
    assert file.read_bytes() == content


def test_the_database_of_another_program_gets_none_of_our_tables(settings: Settings) -> None:
    file = settings.sqlite_file
    assert file is not None
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE report (body TEXT)")  # as an outbox has it
    with pytest.raises(DatabaseUnusable, match=r"log\.sqlite is the database of another program"), prepared(settings):
        pass
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("report",)]


def test_a_second_server_is_refused_whatever_it_calls_the_file(tmp_path: Path) -> None:
    file, link = tmp_path / "log.sqlite", tmp_path / "other name.sqlite"
    link.symlink_to(file)
    with locked(file):
        for name in (file, link, tmp_path / "." / "log.sqlite"):
            with pytest.raises(DatabaseInUse, match=str(os.getpid())), locked(name):
                pass
    with locked(file):
        pass


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    file = tmp_path / "log.sqlite"
    code = (
        "import os; from pathlib import Path; from crackmap_server.lock import locked\n"
        f"with locked(Path({str(file)!r})): os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    with locked(file):
        pass


def test_a_missing_driver_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    url = Settings(database="postgresql://nobody@localhost/nothing").database_url
    with pytest.raises(DatabaseUnusable, match=r"crackmap-server\[postgresql\]"):
        create_engines(url, 1)


def test_a_database_that_is_away_is_named() -> None:
    pytest.importorskip("psycopg")
    away = Settings(database="postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(DatabaseUnusable, match="cannot be opened"), prepared(away):
        pass
