"""`crackmap robot run` as a process, and what it left in its outbox."""

import json
import os
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE_S = 180.0
"""With a busy machine. Nothing is measured by it: what is waited for comes, or never will."""


class Daemon:
    """A robot.toml in a folder of its own, and the process that runs it."""

    def __init__(self, folder: Path, model: Path, **keep: object) -> None:
        self.folder, self.photos, self.outbox = folder, folder / "photos", folder / "outbox.sqlite"
        folder.mkdir(exist_ok=True)
        self.photos.mkdir(exist_ok=True)
        kept = "".join(f"{key} = {json.dumps(value)}\n" for key, value in keep.items())
        (folder / "robot.toml").write_text(
            '[scan]\nsurface = "north"\ninspection = "2026"\n'
            '[camera]\nsource = "folder:photos"\nmm_per_px = 0.5\n'
            f'[model]\nfile = "{model}"\nthreads = 1\nruntime = "{os.environ.get("CRACKMAP_RUNTIME", "litert")}"\n'
            f'[keep]\noutbox = "outbox.sqlite"\nleast_free_mb = 1\n{kept}'
            "[status]\nport = 0\n"
        )
        self.process: subprocess.Popen[str] | None = None
        self.status = ""
        self.rest = ""
        """What it logged after the lines that were read."""

    @contextmanager
    def running(self, failpoint: str = "", **environment: str) -> Iterator["Daemon"]:
        self.start(failpoint, **environment)
        try:
            yield self
        finally:
            assert self.process is not None
            self.process.kill()
            self.process.communicate(timeout=PATIENCE_S)

    def start(self, failpoint: str = "", **environment: str) -> None:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("CRACKMAP_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "crackmap", "robot", "run", "--config", str(self.folder / "robot.toml")],
            env=ours | environment | ({"CRACKMAP_FAILPOINT": failpoint} if failpoint else {}),
            stderr=subprocess.PIPE,
            text=True,
        )

    def lines(self) -> Iterator[dict[str, Any]]:
        """The log, as it is written, until the process ends."""
        assert self.process is not None
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.startswith("{"):
                yield json.loads(line)

    def until(self, event: str, times: int = 1) -> dict[str, Any]:
        """The log's next line of that event, or the n-th next."""
        for line in self.lines():
            if line["event"] == "started":
                self.status = line["status"]
            times -= line["event"] == event
            if not times:
                return line
        raise AssertionError(f"it ended before it said {event!r}")

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.status + path, timeout=PATIENCE_S) as answer:
            return bytes(answer.read())

    def told(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Wait until that holds of what /healthz tells."""
        end_s = time.monotonic() + PATIENCE_S
        while not holds(told := json.loads(self.get("/healthz"))):
            assert time.monotonic() < end_s, told
            time.sleep(0.1)
        return told

    def frames(self, count: int) -> None:
        """Wait until so many frames came to an end, whichever."""
        self.told(lambda told: sum(told["frames"].values()) == count)

    def stop(self) -> None:
        """SIGTERM, and it ends well."""
        assert self.process is not None
        self.process.terminate()
        _, self.rest = self.process.communicate(timeout=PATIENCE_S)
        assert self.process.returncode == 0


def everything(outbox: Path) -> dict[str, Any]:
    """All rows of all tables but the order in which they came."""
    with sqlite3.connect(outbox) as rows:
        assert rows.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        found = {
            "report": rows.execute("SELECT frame_id, label, body FROM report ORDER BY 1").fetchall(),
            "picture": rows.execute("SELECT sha256, label, content FROM picture ORDER BY 1").fetchall(),
            "header": rows.execute("SELECT * FROM header ORDER BY 1").fetchall(),
        }
    rows.close()
    return found
