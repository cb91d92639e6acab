"""One `crackmap robot bag`: a bag in, photographs and odometry out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from crackmap.errors import InputError, StorageError
from crackmap_robot.bags import odometry, pictures
from crackmap_robot.bags.extraction import Extraction
from crackmap_robot.bags.frames import TYPE as TF
from crackmap_robot.bags.reader import connection_of, frames_of, opened


def run_bag(bag: Path, images: str | None, poses: str | None, out: Extraction) -> Iterator[str]:
    """Write `out.to`; yields what people want to know. Raises InputError, SettingError, StorageError.

    Without topics it says what the bag holds.
    """
    with opened(bag) as reader:
        if images is None and poses is None:
            yield from _listed(reader)
            return
        wanted = [
            connection_of(bag, reader, topic, kinds)
            for topic, kinds in ((images, pictures.TYPES), (poses, odometry.TYPES))
            if topic is not None
        ]
        if out.world is not None:
            wanted += frames_of(bag, reader.connections)
        yield from _written(reader, wanted, out)


def _listed(reader: Any) -> Iterator[str]:
    for connection in sorted(reader.connections, key=lambda each: each.topic):
        use = "--images" if connection.msgtype in pictures.TYPES else ""
        use = "--odometry" if connection.msgtype in odometry.TYPES else use
        use = "--tf" if connection.msgtype == TF else use
        yield f"{connection.topic:<40} {connection.msgtype:<45} {connection.msgcount:>8}  {use}".rstrip()


def _written(reader: Any, wanted: list[Any], out: Extraction) -> Iterator[str]:
    try:
        out.to.mkdir(parents=True, exist_ok=True)
        if any(out.to.iterdir()):
            raise InputError(f"{out.to}: is not empty; give a new folder")
        count = sum(connection.msgcount for connection in wanted)
        messages = reader.messages(connections=wanted)
        for connection, logged_ns, raw in track(
            messages, "reading", count, console=Console(stderr=True), transient=True
        ):
            message = reader.deserialize(raw, connection.msgtype)
            out.take(connection.topic, connection.msgtype, message, logged_ns)
    except OSError as error:
        raise StorageError(f"{out.to}: cannot be written ({error.strerror}).") from error
    yield from out.finished()
