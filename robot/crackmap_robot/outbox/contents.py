"""What is in the outbox. Changes nothing."""

import json
import os
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from pydantic import ValidationError

from crackmap.messages import Report, Scan
from crackmap_robot.evidence import Picture
from crackmap_robot.headers import Headers, Key
from crackmap_robot.outbox.connection import Connection
from crackmap_robot.outbox.file import OutboxError
from crackmap_robot.outbox.states import Counts, Refusal, State, Waiting

Kept = TypeVar("Kept", Report, Scan)


class Contents(Connection):
    """The outbox, to be read."""

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
            "SELECT body FROM report WHERE frame_id = ? AND analysis_id = ? AND pose_solution_id = ?", *key_values(key)
        )
        return self._parsed(Report, rows[0][0]) if rows else None

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

    def _place(self, path: bytes) -> Path:
        """Where a photograph lies; in an outbox that was exported, from the outbox's own folder."""
        return self.path.parent / os.fsdecode(path)

    def _parsed(self, kind: type[Kept], body: str) -> Kept:
        try:
            return kind.model_validate_json(body)
        except ValidationError as error:
            raise OutboxError(
                f"{self.path}: the outbox is damaged: a {kind.__name__.lower()} in it cannot be read. Copy the file "
                "for rescue, then give another with --outbox."
            ) from error


def key_values(key: Key) -> tuple[str, str, str]:
    """A key as the file has it: no pose solution is an empty one."""
    return str(key.frame_id), str(key.analysis_id), str(key.pose_solution_id or "")
