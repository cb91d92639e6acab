"""A scanner and a server as real processes, and all that they keep."""

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

import httpx2

PATIENCE_S = 60.0
WHEN = re.compile("(received|decided|created|quarantined)_utc$")
"""Columns that say when something reached the server: no two runs agree on them."""

Rows = dict[str, list[tuple[Any, ...]]]


def environment(failpoint: str | None = None) -> dict[str, str]:
    """Ours, without what would send a process elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CRACKMAP_")}
    return kept | ({"CRACKMAP_FAILPOINT": failpoint} if failpoint else {})


def start(
    *arguments: object,
    failpoint: str | None = None,
    python: Path | str = sys.executable,
    environ: Mapping[str, str] = MappingProxyType({}),
    **streams: Any,
) -> "subprocess.Popen[str]":
    """`crackmap …` as a process."""
    command = [str(python), "-m", "crackmap", *map(str, arguments)]
    return subprocess.Popen(command, env=environment(failpoint) | environ, text=True, **streams)


def run(*arguments: object, python: Path | str = sys.executable) -> subprocess.CompletedProcess[str]:
    """`crackmap …` to its end."""
    command = [str(python), "-m", "crackmap", *map(str, arguments)]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)


@dataclass
class Server:
    """A server with a database of its own; always on the same port, however often it is started."""

    folder: Path
    port: int = 0
    database: str = ""
    """Of PostgreSQL; empty: SQLite in the folder."""
    lease_s: float | None = None
    process: "subprocess.Popen[str] | None" = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        if not self.port:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.port = free.getsockname()[1]

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self, failpoint: str | None = None) -> None:
        """Start it and wait until it answers."""
        database = self.database or f"sqlite:///{self.folder}/log.sqlite"
        arguments = ("server", "run", "--database", database, "--port", self.port)
        arguments += ("--evidence", self.folder / "evidence")
        more = {} if self.lease_s is None else {"CRACKMAP_SERVER_LEASE_S": str(self.lease_s)}
        with (self.folder / "server.log").open("ab") as log:
            self.process = start(*arguments, failpoint=failpoint, environ=more, stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if httpx2.get(f"{self.address}/healthz").status_code == 200:
                    return
            except httpx2.TransportError:
                time.sleep(0.02)
        raise AssertionError(f"the server did not come up:\n{(self.folder / 'server.log').read_text()}")

    def stop(self) -> None:
        """As an operator would."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE_S)

    @property
    def killed(self) -> bool:
        return self.process is not None and self.process.poll() == -signal.SIGKILL

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE_S)

    def everything(self) -> tuple[Rows, dict[str, bytes]]:
        """All rows of all tables, and all pictures; to be asked of a server that has stopped."""
        pictures = {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted((self.folder / "evidence").rglob("*"))
            if path.is_file()
        }
        return rows_of(self.folder / "log.sqlite"), pictures


def rows_of(database: Path, leave_out: Sequence[str] = ()) -> Rows:
    """All rows of all tables of an SQLite file but which log it is, in the order of their columns."""
    found: Rows = {}
    rows = sqlite3.connect(database)
    try:
        assert rows.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        tables = rows.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'log%'"
        )
        for (table,) in sorted(tables.fetchall()):
            columns = [row[1] for row in rows.execute(f'PRAGMA table_info("{table}")')]
            kept = ", ".join(f'"{name}"' for name in columns if not WHEN.search(name) and name not in leave_out)
            found[table] = sorted(rows.execute(f'SELECT {kept} FROM "{table}"').fetchall(), key=repr)
    finally:
        rows.close()
    return found
