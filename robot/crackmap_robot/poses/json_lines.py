"""Poses as JSON lines, as `crackmap scan --poses` takes them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crackmap.errors import StorageError
from crackmap_robot.poses.rows import Row


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Write the whole file or nothing. Raises StorageError."""
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8") as stream:
            stream.writelines(json.dumps(values_of(row)) + "\n" for row in rows)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from error


def values_of(row: Row) -> dict[str, Any]:
    """What one line holds."""
    belongs_to = {"file": row.file, "time_s": row.time_s}
    pose = row.pose.model_dump(mode="json")
    motion = {} if row.motion is None else asdict(row.motion)
    return {key: value for key, value in belongs_to.items() if value is not None} | pose | motion
