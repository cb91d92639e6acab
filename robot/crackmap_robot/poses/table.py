"""A CSV table with a header row, as records that know their lines."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from crackmap_robot.poses.record import PoseFileError, Record

LARGEST_FILE_BYTES = 10_000_000


def read_table(path: Path, needed: tuple[str, ...], optional: tuple[str, ...], what: str) -> Iterator[Record]:
    """The rows, each value as text or None where it is empty. `what` is the table for people, as 'table of marks'.

    Raises PoseFileError: file, line, column, value.
    """
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise PoseFileError(f"{path} is over {LARGEST_FILE_BYTES:,} bytes: it is no {what}.")
        content = path.read_bytes()
    except OSError as error:
        raise PoseFileError(f"{path} cannot be read: {error.strerror}. Give a {what}.") from error
    yield from table_records(path, table_text(path, content), needed, optional)


def table_text(path: Path, content: bytes) -> str:
    """Raises PoseFileError for what is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PoseFileError(f"{path} is not UTF-8 text at byte {error.start}: save the table as CSV.") from error


def table_records(
    path: Path, text: str, needed: tuple[str, ...], optional: tuple[str, ...] = (), one_of: tuple[str, ...] = ()
) -> Iterator[Record]:
    """As `read_table`, of a text that was read. Of the columns `one_of` at least one is there.

    Raises PoseFileError: file, line, column, value.
    """
    reader = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    try:
        columns = [name.strip() for name in next(reader, [])]
        _check_columns(path, columns, needed, optional, one_of)
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(columns):
                raise PoseFileError(
                    f"{path}, line {reader.line_num}: has {len(cells)} values, the header names {len(columns)} columns"
                )
            values = {name: cell.strip() or None for name, cell in zip(columns, cells, strict=True)}
            yield Record(path, reader.line_num, values)
    except csv.Error as error:
        raise PoseFileError(f"{path}, line {reader.line_num}: not CSV: {error}") from error


def _check_columns(
    path: Path, columns: list[str], needed: tuple[str, ...], optional: tuple[str, ...], one_of: tuple[str, ...]
) -> None:
    known = (*one_of, *needed, *optional)
    for name in columns:
        if name not in known or columns.count(name) > 1:
            why = "stands there twice" if name in known else "is not known"
            raise PoseFileError(f"{path}, line 1, {name[:80]!r}: {why}; the columns are {', '.join(known)}")
    missing = [name for name in needed if name not in columns]
    if one_of and not {*one_of} & {*columns}:
        missing.insert(0, f"{one_of[0]} (or {', '.join(one_of[1:])})")
    if missing:
        raise PoseFileError(f"{path}, line 1: no column {', '.join(missing)}; the columns are {', '.join(known)}")
