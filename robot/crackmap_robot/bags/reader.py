"""A ROS 2 bag, opened by the extra `rosbags`: a folder with metadata.yaml, or a single .mcap or .db3 file."""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from crackmap.errors import InputError, SettingError
from crackmap_robot.bags.frames import MOVING, STATIC
from crackmap_robot.bags.frames import TYPE as TF
from crackmap_robot.camera_file import Loader

LARGEST_METADATA_BYTES = 4_000_000
DAMAGED = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError, RecursionError),
    *(MemoryError, struct.error, sqlite3.Error, yaml.YAMLError),
)
"""What a damaged file brings the library's parsers to."""


@contextmanager
def opened(bag: Path) -> Iterator[Any]:
    """A reader of `rosbags`. What a damaged bag raises while it is open, too, becomes an InputError.

    Raises SettingError without the extra.
    """
    library = _library()
    try:
        _check_metadata(bag)
        with library.reader([bag], default_typestore=library.types) as reader:
            yield reader
    except library.errors as error:
        raise InputError(f"{bag}: cannot be read as a bag: {error}. Give the folder of a ROS 2 bag.") from error


def connection_of(bag: Path, reader: Any, topic: str, kinds: tuple[str, ...]) -> Any:
    """What the bag holds under that topic. Raises InputError where it has none, or another kind of message."""
    topics = {connection.topic: connection for connection in reader.connections}
    found = topics.get(topic)
    if found is None:
        raise InputError(f"{bag}: has no topic {topic}; it has {', '.join(sorted(topics))}")
    if found.msgtype not in kinds:
        raise InputError(f"{bag}, {topic}: is {found.msgtype}; taken are {', '.join(kinds)}")
    return found


def frames_of(bag: Path, connections: Iterable[Any]) -> list[Any]:
    """What tells the tree of frames. Raises InputError where nothing does."""
    found = [each for each in connections if each.topic in (MOVING, STATIC) and each.msgtype == TF]
    if not found:
        raise InputError(f"{bag}: has no topic {MOVING} or {STATIC} of {TF}, which --tf reads")
    return found


def stamp_s(message: Any, logged_ns: int) -> float:
    """The header's stamp; where it is 0, when the message was logged."""
    stamp = message.header.stamp
    stamped_s = stamp.sec + stamp.nanosec * 1e-9
    return float(stamped_s if stamped_s > 0 else logged_ns * 1e-9)


def _check_metadata(bag: Path) -> None:
    """Raises what `rosbags` would raise at last for nests and merges that it reads for minutes."""
    file = bag / "metadata.yaml"
    if file.is_file():
        if file.stat().st_size > LARGEST_METADATA_BYTES:
            raise ValueError(f"metadata.yaml has over {LARGEST_METADATA_BYTES:,} bytes")
        yaml.load(file.read_bytes(), Loader=Loader)  # noqa: S506 - it is a safe one


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
