"""The outbox: what was found and is not yet on the server, in one SQLite file on the robot.

A report and the pictures that go with it are one transaction, on disk (WAL, `synchronous=FULL`) before the frame counts
as done. Photographs are not copied: the outbox holds their path and hash, crops it holds itself.

States of reports and pictures: waiting ─▶ stored (the server has it on disk)
                                        ─▶ refused (with the server's words, kept and shown)
"""

import json
import os
import sqlite3
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

from pydantic import ValidationError

from crackmap.failpoints import failpoint
from crackmap.messages import Report, Scan
from crackmap_robot.evidence import Picture
from crackmap_robot.headers import Headers, Key
from crackmap_robot.outbox_file import OutboxError, connect, named_errors

Kept = TypeVar("Kept", Report, Scan)


class State(StrEnum):
    """What became of a report or a picture."""

    WAITING = "waiting"
    STORED = "stored"
    REFUSED = "refused"


@dataclass(frozen=True)
class Waiting:
    """A report to be sent, with the ids of its headers."""

    report_id: int
    scan_id: str
    header_ids: tuple[str, ...]
    body: str
    label: str


@dataclass(frozen=True)
class Verdict:
    """The server's word on one report."""

    report_id: int
    state: State
    words: str = ""
    wanted: frozenset[str] = frozenset()
    """SHA-256 of its pictures that the server does not have yet."""


@dataclass(frozen=True)
class Counts:
    """How much of what is in which state."""

    reports_waiting: int
    reports_stored: int
    reports_refused: int
    pictures_waiting: int
    pictures_stored: int
    pictures_refused: int

    @property
    def waiting(self) -> int:
        """Reports and pictures together."""
        return self.reports_waiting + self.pictures_waiting

    @property
    def refused(self) -> int:
        """Reports and pictures together."""
        return self.reports_refused + self.pictures_refused


@dataclass(frozen=True)
class Refusal:
    """Something that a server, or the uplink for it, would not take."""

    kind: str
    label: str
    server: str
    words: str


class Outbox:
    """One connection to the outbox file; each thread has its own. A context manager."""

    def __init__(self, path: Path) -> None:
        """Open the file, made when there is none. Raises OutboxError."""
        self.path = path
        self._rows = connect(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rows.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with named_errors(self.path):
            self._rows.execute("BEGIN IMMEDIATE")
            try:
                yield self._rows
                failpoint("outbox.before_commit")
                self._rows.execute("COMMIT")
            except BaseException:
                if self._rows.in_transaction:
                    self._rows.execute("ROLLBACK")
                raise
        failpoint("outbox.after_commit")

    def _read(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        with named_errors(self.path):
            return self._rows.execute(sql, values).fetchall()

    def _parsed(self, kind: type[Kept], body: str) -> Kept:
        try:
            return kind.model_validate_json(body)
        except ValidationError as error:
            raise OutboxError(
                f"{self.path}: the outbox is damaged: a {kind.__name__.lower()} in it cannot be read. Copy the file "
                "for rescue, then give another with --outbox."
            ) from error

    def pragmas(self) -> dict[str, str | int]:
        """What makes a commit durable, read back from this connection."""
        return {name: self._read(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous")}

    # ------------------------------------------------------------------------------------------------------ the scan

    def keys(self, headers: Headers) -> frozenset[Key]:
        """Keys of the reports that are there for this analysis and pose solution."""
        solution = headers.pose_solution_id
        analysis_id = headers.analysis.analysis_id
        rows = self._read(
            "SELECT frame_id FROM report WHERE analysis_id = ? AND pose_solution_id = ?",
            str(analysis_id),
            str(solution or ""),
        )
        return frozenset(Key(UUID(frame_id), analysis_id, solution) for (frame_id,) in rows)

    def report(self, key: Key) -> Report | None:
        """One report as it was kept, None when there is none of that key."""
        rows = self._read(
            "SELECT body FROM report WHERE frame_id = ? AND analysis_id = ? AND pose_solution_id = ?", *_texts(key)
        )
        return self._parsed(Report, rows[0][0]) if rows else None

    def add(self, headers: Headers, key: Key, report: Report, pictures: Sequence[Picture]) -> None:
        """Keep a report and its pictures in one transaction, on disk on return. Raises OutboxError on a full disk."""
        with self._transaction() as rows:
            rows.executemany("INSERT OR IGNORE INTO header VALUES (?, ?, ?)", _header_rows(headers))
            report_id = rows.execute(
                "INSERT INTO report (frame_id, analysis_id, pose_solution_id, scan_id, label, body) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (*_texts(key), str(headers.scan.scan_id), report.frame.label, report.model_dump_json()),
            ).lastrowid
            rows.executemany(
                # The same photograph may have been moved since it was kept for an earlier report.
                "INSERT INTO picture (sha256, media_type, size_bytes, label, path, content) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (sha256) DO UPDATE "
                "SET path = excluded.path, state = iif(state = 'refused', 'waiting', state)",
                [
                    (p.sha256, p.media_type, p.size_bytes, p.label, p.path and os.fsencode(p.path), p.content)
                    for p in pictures
                ],
            )
            rows.executemany("INSERT INTO shows VALUES (?, ?)", [(report_id, p.sha256) for p in pictures])

    def found(self, sha256: str, path: Path) -> None:
        """A known photograph lies at that path now: if it is gone from where it was, it will be sent from here.

        A copy beside the one that is known changes nothing.
        """
        rows = self._read("SELECT path, state FROM picture WHERE sha256 = ? AND path <> ?", sha256, os.fsencode(path))
        if rows and (rows[0][1] == State.REFUSED or not self._place(rows[0][0]).exists()):
            with self._transaction() as changing:
                changing.execute(
                    "UPDATE picture SET path = ?, state = iif(state = 'refused', 'waiting', state) WHERE sha256 = ?",
                    (os.fsencode(path), sha256),
                )

    def _place(self, path: bytes) -> Path:
        """Where a photograph lies; in an outbox that was exported, from the outbox's own folder."""
        return self.path.parent / os.fsdecode(path)

    # ---------------------------------------------------------------------------------------------------- the uplink

    def waiting_reports(
        self,
        server: str,
        most: int,
        most_bytes: int,
        *,
        without: Collection[str] = (),
        one_scan: bool = False,
    ) -> list[Waiting]:
        """The next reports for that server, oldest first: at least one, while they are at most that many and that long.

        What another server has stored or refused waits for this one again. `without` leaves out scans; with `one_scan`
        all are of the first one's.
        """
        chosen: list[Waiting] = []
        total = 0
        for report_id, scan_id, analysis_id, solution_id, body, label in self._read(
            "SELECT report_id, scan_id, analysis_id, pose_solution_id, body, label FROM report "
            "WHERE report_id IN (SELECT report_id FROM report WHERE state = 'waiting' OR server <> ?) "
            "AND scan_id NOT IN (SELECT value FROM json_each(?)) ORDER BY report_id LIMIT ?",
            server,
            json.dumps(list(without)),
            most,
        ):
            if one_scan and chosen and scan_id != chosen[0].scan_id:
                break
            total += len(body)
            if chosen and total > most_bytes:
                break
            ids = tuple(filter(None, (scan_id, analysis_id, solution_id)))
            chosen.append(Waiting(report_id, scan_id, ids, body, label))
        return chosen

    def headers(self, ids: Sequence[str]) -> dict[str, list[str]]:
        """JSON bodies of those headers by kind: scan, analysis, pose_solution."""
        found: dict[str, list[str]] = {"scan": [], "analysis": [], "pose_solution": []}
        for kind, body in self._read(
            "SELECT kind, body FROM header WHERE header_id IN (SELECT value FROM json_each(?)) ORDER BY header_id",
            json.dumps(list(ids)),
        ):
            found[kind].append(body)
        return found

    def settle(self, server: str, verdicts: Sequence[Verdict]) -> None:
        """Keep the server's words on reports, and which of their pictures it still wants, in one transaction."""
        with self._transaction() as rows:
            for verdict in verdicts:
                rows.execute(
                    "UPDATE report SET state = ?, server = ?, words = ? WHERE report_id = ?",
                    (verdict.state, server, verdict.words, verdict.report_id),
                )
                if verdict.state is State.STORED:
                    shown = rows.execute(
                        "SELECT sha256 FROM shows WHERE report_id = ?", (verdict.report_id,)
                    ).fetchall()
                    rows.executemany(
                        "UPDATE picture SET state = ?, server = ?, words = '' WHERE sha256 = ?",
                        [
                            (State.WAITING if sha256 in verdict.wanted else State.STORED, server, sha256)
                            for (sha256,) in shown
                        ],
                    )
                else:
                    rows.execute(
                        "UPDATE picture SET state = 'refused', server = ?, words = 'its report was refused' "
                        "WHERE state = 'waiting' AND sha256 IN (SELECT sha256 FROM shows WHERE report_id = ?) "
                        "AND NOT EXISTS (SELECT 1 FROM shows JOIN report USING (report_id) "
                        "WHERE shows.sha256 = picture.sha256 AND report.state <> 'refused')",
                        (server, verdict.report_id),
                    )

    def waiting_picture(self, server: str) -> Picture | None:
        """The next picture that this server wants; None when there is none."""
        rows = self._read(
            "SELECT sha256, media_type, size_bytes, label, path, content FROM picture "
            "WHERE state = 'waiting' AND server = ? ORDER BY rowid LIMIT 1",
            server,
        )
        if not rows:
            return None
        sha256, media_type, size_bytes, label, path, content = rows[0]
        return Picture(sha256, media_type, size_bytes, label, path and self._place(path), content)

    def settle_picture(self, server: str, sha256: str, state: State, words: str = "") -> None:
        """Keep what became of a picture."""
        with self._transaction() as rows:
            rows.execute(
                "UPDATE picture SET state = ?, server = ?, words = ? WHERE sha256 = ?", (state, server, words, sha256)
            )

    def note(self, report_ids: Sequence[int], server: str, words: str) -> None:
        """Keep why a server does not let these reports in; they go on waiting."""
        self._note(
            "report", "report_id IN (SELECT value FROM json_each(?))", json.dumps(list(report_ids)), server, words
        )

    def note_picture(self, server: str, sha256: str, words: str) -> None:
        """Keep why a server does not let a picture in; it goes on waiting."""
        self._note("picture", "sha256 = ?", sha256, server, words)

    def _note(self, table: str, which: str, value: str, server: str, words: str) -> None:
        there = f"state = 'waiting' AND (server <> ? OR words <> ?) AND {which}"
        # Nothing is written for the same words again: a robot that is kept out asks often.
        if self._read(f"SELECT 1 FROM {table} WHERE {there} LIMIT 1", server, words, value):  # noqa: S608 - our own words
            with self._transaction() as rows:
                rows.execute(
                    f"UPDATE {table} SET server = ?, words = ? WHERE {there}",  # noqa: S608
                    (server, words, server, words, value),
                )

    def offer_again(self, *, stored: bool) -> int:
        """Let what was refused wait again, with `stored` what was stored too: for a server restored from a backup."""
        with self._transaction() as rows:
            if stored:
                changed = rows.execute(
                    "UPDATE report SET state = 'waiting', words = '' WHERE state <> 'waiting'"
                ).rowcount
                # They wait for the server's word on their reports.
                rows.execute("UPDATE picture SET state = 'waiting', server = '', words = ''")
                return changed
            reports = rows.execute("UPDATE report SET state = 'waiting', words = '' WHERE state = 'refused'")
            pictures = rows.execute("UPDATE picture SET state = 'waiting', words = '' WHERE state = 'refused'")
            return reports.rowcount + pictures.rowcount

    def notice_log(self, server: str, log_id: str) -> int:
        """Remember which log that server keeps. What it stored in another one, before it was restored, waits again.

        How many reports wait again; what the server still has it answers as already there.
        """
        if self._read("SELECT 1 FROM log WHERE server = ? AND log_id = ?", server, log_id):
            return 0
        with self._transaction() as rows:
            known = rows.execute("SELECT 1 FROM log WHERE server = ?", (server,)).fetchone()
            rows.execute("INSERT OR REPLACE INTO log VALUES (?, ?)", (server, log_id))
            if known is None:
                return 0
            # Pictures wait for the server's word on their reports.
            rows.execute(
                "UPDATE picture SET state = 'waiting', server = '', words = '' WHERE state = 'stored' AND server = ?",
                (server,),
            )
            return rows.execute(
                "UPDATE report SET state = 'waiting', words = '' WHERE state = 'stored' AND server = ?", (server,)
            ).rowcount

    # ------------------------------------------------------------------------------------------------------- showing

    def waiting(self) -> int:
        """Reports and pictures that no server has; quick also where very many are stored."""
        states = (
            "SELECT count(*) FROM report WHERE state = 'waiting'",
            "SELECT count(*) FROM picture WHERE state = 'waiting'",
        )
        return sum(self._read(count)[0][0] for count in states)

    def counts(self, server: str | None = None) -> Counts:
        """How much waits, is stored and was refused. With `server`, what another one stored or refused waits."""
        reports, pictures = (
            dict(self._read(query, server))
            for query in (
                "SELECT iif(server <> ifnull(?, server), 'waiting', state), count(*) FROM report GROUP BY 1",
                "SELECT iif(server <> ifnull(?, server), 'waiting', state), count(*) FROM picture GROUP BY 1",
            )
        )
        return Counts(
            reports_waiting=reports.get(State.WAITING, 0),
            reports_stored=reports.get(State.STORED, 0),
            reports_refused=reports.get(State.REFUSED, 0),
            pictures_waiting=pictures.get(State.WAITING, 0),
            pictures_stored=pictures.get(State.STORED, 0),
            pictures_refused=pictures.get(State.REFUSED, 0),
        )

    def refusals(self) -> list[Refusal]:
        """Every report and picture that was refused, with the words."""
        rows = self._read(
            "SELECT 'report', label, server, words FROM report WHERE state = 'refused' UNION ALL "
            "SELECT 'picture', label, server, words FROM picture WHERE state = 'refused'"
        )
        return [Refusal(*row) for row in rows]

    def kept_out(self) -> list[tuple[str, str, int]]:
        """Servers that did not let in what waits, with their words, and how many reports and pictures that are."""
        return [
            (str(server), str(words), int(count))
            for server, words, count in self._read(
                "SELECT server, words, count(*) FROM (SELECT server, words, state FROM report UNION ALL "
                "SELECT server, words, state FROM picture) WHERE state = 'waiting' AND words <> '' GROUP BY 1, 2"
            )
        ]

    def scans(self) -> list[tuple[Scan, int, int, int]]:
        """Each scan with its reports that wait, are stored and were refused."""
        rows = self._read(
            "SELECT header.body, sum(state = 'waiting'), sum(state = 'stored'), sum(state = 'refused') "
            "FROM report JOIN header ON header_id = scan_id GROUP BY header_id ORDER BY min(report_id)"
        )
        return [(self._parsed(Scan, body), *counts) for body, *counts in rows]


def _texts(key: Key) -> tuple[str, str, str]:
    return str(key.frame_id), str(key.analysis_id), str(key.pose_solution_id or "")


def _header_rows(headers: Headers) -> list[tuple[str, str, str]]:
    rows = [
        (str(headers.scan.scan_id), "scan", headers.scan.model_dump_json()),
        (str(headers.analysis.analysis_id), "analysis", headers.analysis.model_dump_json()),
    ]
    solution = headers.pose_solution
    if solution is not None:
        rows.append((str(solution.pose_solution_id), "pose_solution", solution.model_dump_json()))
    return rows
