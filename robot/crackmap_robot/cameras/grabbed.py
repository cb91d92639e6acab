"""What the grabbing process tells the daemon: lines of JSON on a pipe, and the bytes of a photograph after its line."""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Still:
    """One frame as it came from the camera."""

    taken_unix_s: float
    number: int
    content: bytes = field(repr=False)
    """A JPEG, or what `ending` says."""
    ending: str = ".jpg"
    no_pose: str = ""
    """Why the source, which would know the pose, has none for it."""


@dataclass(frozen=True)
class Poses:
    """What a source that knows them says of poses: JSON lines by time, as a pose file's; or, refused, what was none."""

    content: bytes = b""
    refused: str = ""


@dataclass(frozen=True)
class Alive:
    """There is no frame now, and the source is well; `why` where people should know."""

    why: str = ""


Item = Still | Poses | Alive
END = "the recording is over"
"""Why there is no more of a video or a bag."""


def packed(item: Item) -> bytes:
    """As it goes through the pipe."""
    match item:
        case Still():
            header = {
                "taken_unix_s": item.taken_unix_s,
                "number": item.number,
                "size_bytes": len(item.content),
                "ending": item.ending,
                "no_pose": item.no_pose,
            }
            return _line(header) + item.content
        case Poses():
            return _line({"poses": item.content.decode(), "refused": item.refused})
        case Alive():
            return _line({"alive": item.why})


def failed(why: str) -> bytes:
    """The last line of a source that cannot go on, or is at its END."""
    return _line({"error": why})


def taken_from(buffer: bytearray) -> Item | str | None:
    """The first whole item, which leaves the buffer; why there will be none; None where it is not there as a whole."""
    line, newline, rest = buffer.partition(b"\n")
    if not newline:
        return None
    header: dict[str, Any] = json.loads(line)
    if "error" in header:
        return str(header["error"])
    size_bytes = header.get("size_bytes", 0)
    if len(rest) < size_bytes:
        return None
    del buffer[: len(line) + 1 + size_bytes]
    if "alive" in header:
        return Alive(header["alive"])
    if "poses" in header:
        return Poses(header["poses"].encode(), header["refused"])
    content = bytes(rest[:size_bytes])
    return Still(header["taken_unix_s"], header["number"], content, header["ending"], header["no_pose"])


def _line(values: dict[str, Any]) -> bytes:
    return json.dumps(values).encode() + b"\n"
