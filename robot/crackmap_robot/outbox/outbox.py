"""The outbox: what may be read of it, and what the scan adds and the uplink settles."""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from crackmap.messages import Report
from crackmap_robot.evidence import Picture
from crackmap_robot.headers import Headers, Key
from crackmap_robot.outbox.contents import Contents, key_values
from crackmap_robot.outbox.states import State, Verdict


class Outbox(Contents):
    """The outbox, to be read and written: one connection, and each thread has its own."""

    def add(self, headers: Headers, key: Key, report: Report, pictures: Sequence[Picture]) -> None:
        """Keep a report and its pictures in one transaction, on disk on return. Raises OutboxError on a full disk."""
        with self._transaction() as rows:
            rows.executemany("INSERT OR IGNORE INTO header VALUES (?, ?, ?)", _header_rows(headers))
            report_id = rows.execute(
                "INSERT INTO report (frame_id, analysis_id, pose_solution_id, scan_id, label, body) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (*key_values(key), str(headers.scan.scan_id), report.frame.label, report.model_dump_json()),
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


def _header_rows(headers: Headers) -> list[tuple[str, str, str]]:
    rows = [
        (str(headers.scan.scan_id), "scan", headers.scan.model_dump_json()),
        (str(headers.analysis.analysis_id), "analysis", headers.analysis.model_dump_json()),
    ]
    solution = headers.pose_solution
    if solution is not None:
        rows.append((str(solution.pose_solution_id), "pose_solution", solution.model_dump_json()))
    return rows
