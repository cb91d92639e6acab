"""One line of a pose file, whatever its format: its values by name, and how they are refused."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from crackmap.errors import InputError

LARGEST = 1e10


class PoseFileError(InputError):
    """The pose file cannot be used; the message names file, line, key and value."""


@dataclass(frozen=True)
class Record:
    """What one line says, not yet checked."""

    path: Path
    line: int
    values: dict[str, Any]

    def refuse(self, key: str, why: str) -> NoReturn:
        """Raises PoseFileError with file, line and key."""
        raise PoseFileError(f"{self.path}, line {self.line}, {key}: {why}")

    def number(self, key: str, value: Any) -> float:
        """A finite number in range. Raises PoseFileError."""
        try:
            number = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            self.refuse(key, f"{value!r} is not a finite number; leave out rows without a pose")
        if abs(number) > LARGEST:
            self.refuse(key, f"{value!r} is out of any range; times are UNIX seconds, places are metres")
        return number

    def numbers(self, key: str, count: int) -> tuple[float, ...]:
        """So many of them. Raises PoseFileError."""
        values = self.values.get(key)
        if not isinstance(values, list) or len(values) != count:
            found = f"{len(values)}" if isinstance(values, list) else repr(values)
            self.refuse(key, f"must be {count} numbers, not {found}")
        return tuple(self.number(key, value) for value in values)
