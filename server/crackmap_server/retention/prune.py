"""`crackmap server prune`: what the settings let go, in portions, each with its line in the audit log.

A picture's row goes before its file: a kill in between leaves a file that no row names, which the next run removes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, insert, select

from crackmap_server import tables
from crackmap_server.evidence import evidence_folder
from crackmap_server.people.direct import read, written
from crackmap_server.quiet import keep_quiet
from crackmap_server.retention.pictures import old_pictures
from crackmap_server.retention.rows import ROWS, OldRows, count_old
from crackmap_server.settings import Settings

PICTURES_AT_ONCE = 200
ROWS_AT_ONCE = 1000
_COMMAND = "server prune"


@dataclass(frozen=True)
class Pruned:
    """What goes, or went."""

    what: str
    days: int
    count: int
    size_bytes: int | None = None

    def line(self) -> str:
        """For people."""
        size = "" if self.size_bytes is None else f", {self.size_bytes} bytes"
        return f"{self.count} {self.what} older than {self.days} days{size}"


def prune(settings: Settings, *, dry_run: bool) -> Iterator[Pruned]:
    """One after the other; with `dry_run` nothing is changed. Raises StorageError, DatabaseUnusable."""
    now_utc = datetime.now(UTC)
    days = settings.keep_empty_pictures_days
    if days is not None:
        before_utc = now_utc - timedelta(days=days)
        found = _would_go(settings, before_utc) if dry_run else _remove_pictures(settings, days, before_utc)
        yield Pruned("pictures without a detection", days, *found)
    for rows in ROWS:
        days = rows.days(settings)
        if days is not None:
            before_utc = now_utc - timedelta(days=days)
            count = _count(settings, rows, before_utc) if dry_run else _remove_rows(settings, rows, before_utc)
            yield Pruned(rows.what, days, count)


def _would_go(settings: Settings, before_utc: datetime) -> tuple[int, int]:
    found = read(settings, lambda connection: old_pictures(connection, before_utc))
    return len(found), sum(size_bytes for _, size_bytes in found)


def _count(settings: Settings, rows: OldRows, before_utc: datetime) -> int:
    return read(settings, lambda connection: count_old(connection, rows, before_utc))


def _remove_pictures(settings: Settings, days: int, before_utc: datetime) -> tuple[int, int]:
    removed = read(settings, lambda c: list(c.execute(select(tables.removed_evidence.c.sha256)).scalars()))
    _remove_files(settings, removed)  # what a kill left
    count = size_bytes = 0
    last = ""
    while True:
        found = _remove_portion(settings, days, before_utc, last)
        _remove_files(settings, [sha256 for sha256, _ in found])
        count, size_bytes = count + len(found), size_bytes + sum(size for _, size in found)
        if len(found) < PICTURES_AT_ONCE:
            return count, size_bytes
        last = found[-1][0]


def _remove_portion(settings: Settings, days: int, before_utc: datetime, last: str) -> list[tuple[str, int]]:
    evidence, removed = tables.evidence, tables.removed_evidence
    if not read(settings, lambda c: old_pictures(c, before_utc, last, 1)):
        return []

    def work(connection: Connection) -> tuple[list[tuple[str, int]], str]:
        keep_quiet(connection, tables.close_outs, tables.reviews, tables.revisions, tables.rescore_jobs)
        found = old_pictures(connection, before_utc, last, PICTURES_AT_ONCE)
        if found:
            cause = f"nothing was found in it, and it was older than {days} days"
            gone = evidence.c.sha256.in_([sha256 for sha256, _ in found])
            rows = connection.execute(select(evidence).where(gone)).mappings()
            more = {"cause": cause, "removed_utc": datetime.now(UTC)}
            connection.execute(insert(removed), [dict(row) | more for row in rows])
            connection.execute(delete(evidence).where(gone))
        total = sum(size for _, size in found)
        return found, f"{len(found)} pictures without a detection, {total} bytes"

    return written(settings, _COMMAND, work)


def _remove_files(settings: Settings, sha256s: list[str]) -> None:
    folder = evidence_folder(settings)
    for sha256 in sha256s:
        folder.remove(sha256)


def _remove_rows(settings: Settings, rows: OldRows, before_utc: datetime) -> int:
    table = rows.key.table
    count = 0

    def work(connection: Connection) -> tuple[int, str]:
        some = select(rows.key).where(*rows.old(connection, before_utc)).order_by(rows.key).limit(ROWS_AT_ONCE)
        keys = list(connection.execute(some).scalars())
        connection.execute(delete(table).where(rows.key.in_(keys)))
        return len(keys), f"{len(keys)} {rows.what}"

    while _count(settings, rows, before_utc):
        count += written(settings, _COMMAND, work)
    return count
