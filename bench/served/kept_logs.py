"""Logs that took long to build: in a folder that is kept they are built once."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from crackmap_server.settings import Settings
from served.servers import postgresql

BYTES_PER_DETECTION = 800
"""In about: of a photograph of 252 tiles with 28 detections, in all tables and indexes."""


@contextmanager
def log_of(
    database: str, detections: int, name: str, kept: Path | None, build: Callable[[Settings], None]
) -> Iterator[Settings]:
    """A log of that name, built if it is not in the folder `kept`. Without a folder it is thrown away in the end."""
    with ExitStack() as running:
        if kept is None:
            kept = Path(running.enter_context(tempfile.TemporaryDirectory(dir=Path.cwd())))
        kept.mkdir(parents=True, exist_ok=True)
        folder = kept / f"{database}-{name}"
        if not folder.exists():
            check_room(kept, detections)
            partial = folder.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            with opened(database, partial) as settings:
                build(settings)
            partial.rename(folder)  # what is half built has another name
        yield running.enter_context(opened(database, folder))


def check_room(folder: Path, detections: int) -> None:
    """Says what will be used. Ends the program where that is not there."""
    needed_gb, free_gb = (count / 1e9 for count in (detections * BYTES_PER_DETECTION, shutil.disk_usage(folder).free))
    print(
        f"building {detections} detections in {folder}: about {needed_gb:.1f} GB, {free_gb:.1f} GB are free", flush=True
    )
    if needed_gb > 0.9 * free_gb:
        raise SystemExit(f"{folder} has too little room: choose another folder with --keep, or fewer --rows")


@contextmanager
def opened(database: str, folder: Path) -> Iterator[Settings]:
    """What lies in the folder: a SQLite file, or the data of a PostgreSQL server that runs meanwhile."""
    if database == "sqlite":
        yield Settings(database=f"sqlite:///{folder}/log.sqlite")
        return
    os.chmod(folder, 0o755)  # noqa: PTH101 - PostgreSQL runs as a user of its own
    with postgresql(folder / "data") as url:
        yield Settings(database=url.render_as_string(hide_password=False), evidence=folder / "evidence")
