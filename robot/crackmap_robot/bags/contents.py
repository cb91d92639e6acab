"""One `crackmap robot bag`: a bag in, photographs and odometry out."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.progress import track

from crackmap.errors import InputError, SettingError, StorageError
from crackmap_robot.bags import odometry, pictures
from crackmap_robot.bags.extraction import Extraction
from crackmap_robot.bags.frames import MOVING, STATIC
from crackmap_robot.bags.frames import TYPE as TF
from crackmap_robot.camera_file import Loader

LARGEST_METADATA_BYTES = 4_000_000
DAMAGED = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError, RecursionError),
    *(MemoryError, struct.error, sqlite3.Error, yaml.YAMLError),
)
"""What a damaged file brings the library's parsers to."""


def run_bag(bag: Path, images: str | None, poses: str | None, out: Extraction) -> Iterator[str]:
    """Write `out.to`; yields what people want to know. Raises InputError, SettingError, StorageError.

    Without topics it says what the bag holds.
    """
    library = _library()
    try:
        _check_metadata(bag)
        with library.reader([bag], default_typestore=library.types) as reader:
            topics = {connection.topic: connection for connection in reader.connections}
            if images is None and poses is None:
                yield from _listed(reader)
                return
            wanted = [
                _checked(bag, topics, topic, kinds)
                for topic, kinds in ((images, pictures.TYPES), (poses, odometry.TYPES))
                if topic is not None
            ]
            if out.world is not None:
                wanted += _of_frames(bag, reader.connections)
            yield from _written(reader, wanted, out)
    except library.errors as error:
        raise InputError(f"{bag}: cannot be read as a bag: {error}. Give the folder of a ROS 2 bag.") from error


def _check_metadata(bag: Path) -> None:
    """Raises what `rosbags` would raise at last for nests and merges that it reads for minutes."""
    file = bag / "metadata.yaml"
    if file.is_file():
        if file.stat().st_size > LARGEST_METADATA_BYTES:
            raise ValueError(f"metadata.yaml has over {LARGEST_METADATA_BYTES:,} bytes")
        yaml.load(file.read_bytes(), Loader=Loader)  # noqa: S506 - it is a safe one


def _listed(reader: Any) -> Iterator[str]:
    for connection in sorted(reader.connections, key=lambda each: each.topic):
        use = "--images" if connection.msgtype in pictures.TYPES else ""
        use = "--odometry" if connection.msgtype in odometry.TYPES else use
        use = "--tf" if connection.msgtype == TF else use
        yield f"{connection.topic:<40} {connection.msgtype:<45} {connection.msgcount:>8}  {use}".rstrip()


def _checked(bag: Path, topics: dict[str, Any], topic: str, kinds: tuple[str, ...]) -> Any:
    found = topics.get(topic)
    if found is None:
        raise InputError(f"{bag}: has no topic {topic}; it has {', '.join(sorted(topics))}")
    if found.msgtype not in kinds:
        raise InputError(f"{bag}, {topic}: is {found.msgtype}; taken are {', '.join(kinds)}")
    return found


def _of_frames(bag: Path, connections: Iterable[Any]) -> list[Any]:
    found = [each for each in connections if each.topic in (MOVING, STATIC) and each.msgtype == TF]
    if not found:
        raise InputError(f"{bag}: has no topic {MOVING} or {STATIC} of {TF}, which --tf reads")
    return found


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


@dataclass(frozen=True)
class _Library:
    """What is used of `rosbags`; `errors` are what it raises for a bag that is damaged or none."""

    reader: Any
    types: Any
    errors: tuple[type[Exception], ...]


def _library() -> _Library:
    try:
        from rosbags.highlevel import AnyReader, AnyReaderError  # noqa: PLC0415 - an extra
        from rosbags.serde import SerdeError  # noqa: PLC0415
        from rosbags.typesys import Stores, TypesysError, get_typestore  # noqa: PLC0415
    except ImportError as error:
        raise SettingError("bags are read by an extra: pip install 'crackmap-robot[rosbag]'") from error
    return _Library(
        AnyReader,
        get_typestore(Stores.LATEST),
        (AnyReaderError, SerdeError, TypesysError, *DAMAGED),
    )
