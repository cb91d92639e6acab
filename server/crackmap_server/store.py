"""Deliveries into the tables. Runs in the writer's thread, inside its transaction."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from crackmap.messages import Answer, BatchAnswer, Placed, Report, ReportBatch, Status
from crackmap_server import ingest, rows, tables
from crackmap_server.envelope import Delivery, Unreadable
from crackmap_server.headers import store_headers
from crackmap_server.ingest import Headers, KnownFrame, Verdict
from crackmap_server.known import held_evidence, known_frames, learned, removed_evidence


def store_delivery(
    connection: Connection, delivery: Delivery, floor: int, now_utc: datetime, on_disk: Callable[[str], bool]
) -> BatchAnswer:
    """Store what is new and answer each item.

    `floor` is the score byte from which tiles get a row in `detections`; `on_disk` says whether the file of a picture
    that the database knows is there: one that was lost is wanted again.
    """
    headers = store_headers(connection, delivery)
    reports = [item for item in delivery.items if isinstance(item, Report)]
    known = known_frames(connection, {report.frame.frame_id for report in reports})
    shelf = _Shelf(connection, delivery, headers, known, floor, now_utc)
    answers = [shelf.put(item) if isinstance(item, Report) else _unreadable(item) for item in delivery.items]
    named = {sha256 for answer in answers for sha256 in answer.evidence_wanted}
    settled = {sha256 for sha256 in held_evidence(connection, named) if on_disk(sha256)}
    settled |= removed_evidence(connection, named)
    return BatchAnswer(
        answers=tuple(
            answer.model_copy(update={"evidence_wanted": tuple(s for s in answer.evidence_wanted if s not in settled)})
            for answer in answers
        )
    )


def _unreadable(item: Unreadable) -> Answer:
    return Answer(status=Status.INVALID, frame_id=item.frame_id, message=item.message)


@dataclass
class _Shelf:
    """The reports of one delivery, one after the other."""

    connection: Connection
    delivery: Delivery
    headers: Headers
    known: dict[UUID, KnownFrame]
    floor: int
    now_utc: datetime

    def put(self, report: Report) -> Answer:
        """Judge and store one report inside a savepoint, so that a bad one does not touch its neighbours."""
        frame_id = report.frame.frame_id
        verdict = ingest.judge(report, self.headers, self.known.get(frame_id))
        if verdict.status is Status.CONFLICT:
            self._quarantine(report, verdict.message)
        elif verdict.status is Status.STORED:
            try:
                with self.connection.begin_nested():
                    self._store(report, verdict)
            except (StatementError, OverflowError) as error:
                if isinstance(error, DBAPIError) and not isinstance(error, DataError | IntegrityError):
                    raise  # the database failed, not the report
                reason = getattr(error, "orig", error)
                return Answer(status=Status.INVALID, frame_id=frame_id, message=f"it cannot be stored: {reason}")
        wanted = _promised(report) if verdict.status in {Status.STORED, Status.ALREADY_THERE} else ()
        return Answer(status=verdict.status, frame_id=frame_id, message=verdict.message, evidence_wanted=wanted)

    def _store(self, report: Report, verdict: Verdict) -> None:
        execute = self.connection.execute
        frame_id = report.frame.frame_id
        known = self.known.get(frame_id)
        if known is None:
            row = rows.frame_row(report)
            seq = inserted_seq(self.connection, tables.frames, row)
        else:
            seq = known.seq
            if verdict.fill:
                execute(update(tables.frames).where(tables.frames.c.seq == seq).values(**verdict.fill))
        if verdict.scores:
            execute(insert(tables.score_maps), rows.score_map_row(report, seq))
        if verdict.placement:
            execute(insert(tables.placements), rows.placement_row(report, seq))
        if verdict.report:
            self._store_under_pair(report, seq)
        if verdict.crops:
            execute(insert(tables.crops), rows.crop_rows(report, seq, known))
        self.known[frame_id] = learned(known, report, seq, verdict)

    def _store_under_pair(self, report: Report, frame_seq: int) -> None:
        pair_seq, floor = self._pair(report)
        self.connection.execute(insert(tables.reports), rows.report_row(report, frame_seq, pair_seq))
        scores = self.connection.execute(  # what is stored, which another runtime may have scored a step beside
            select(tables.score_maps.c.scores).where(
                tables.score_maps.c.frame_seq == frame_seq, tables.score_maps.c.analysis_id == report.analysis_id
            )
        ).scalar_one()
        placement = report.placement
        centres_m = placement.tiles.centres_m() if isinstance(placement, Placed) else None
        found = rows.detection_rows(np.frombuffer(scores, np.uint8), centres_m, floor, frame_seq, pair_seq)
        if found:
            self.connection.execute(insert(tables.detections), found)

    def _pair(self, report: Report) -> tuple[int, int]:
        """seq and floor of the report's pair; a new one is made, and becomes the scan's current one.

        So does one that only scoring again on the server has filled until now, and nobody has made current.
        """
        pairs = tables.pairs.c
        found = self.connection.execute(
            select(pairs.seq, pairs.floor, pairs.current).where(
                pairs.analysis_id == report.analysis_id,
                pairs.pose_solution_id.is_not_distinct_from(report.pose_solution_id),
            )
        ).one_or_none()
        if found and (found.current or self._was_current(found.seq)):
            return found.seq, found.floor
        scan_id = report.frame.scan_id
        current = self.connection.execute(
            select(pairs.seq, pairs.pose_solution_id).where(pairs.scan_id == scan_id, pairs.current)
        ).one_or_none()
        # Photographs with a scale only never take the place of frames that lie on the surface.
        becomes_current = current is None or current.pose_solution_id is None or report.pose_solution_id is not None
        if becomes_current and current is not None:
            self.connection.execute(update(tables.pairs).where(pairs.seq == current.seq).values(current=False))
        if found:
            seq, floor = found.seq, found.floor
            self.connection.execute(update(tables.pairs).where(pairs.seq == seq).values(current=becomes_current))
        else:
            floor = self.floor
            seq = inserted_seq(
                self.connection,
                tables.pairs,
                {
                    "scan_id": scan_id,
                    "analysis_id": report.analysis_id,
                    "pose_solution_id": report.pose_solution_id,
                    "floor": floor,
                    "current": becomes_current,
                },
            )
        if becomes_current:
            self.connection.execute(
                insert(tables.decisions),
                {
                    "scan_id": scan_id,
                    "pair_seq": seq,
                    "cause": "first of its scan" if current is None else "newest of its scan",
                    "decided_utc": self.now_utc,
                },
            )
        return seq, floor

    def _was_current(self, pair_seq: int) -> bool:
        decided = tables.decisions.c.pair_seq
        return self.connection.execute(select(decided).where(decided == pair_seq).limit(1)).first() is not None

    def _quarantine(self, report: Report, message: str) -> None:
        delivery = self.delivery
        alone = ReportBatch(
            scans=tuple(scan for scan in delivery.scans if scan.scan_id == report.frame.scan_id),
            analyses=tuple(item for item in delivery.analyses if item.analysis_id == report.analysis_id),
            pose_solutions=tuple(
                item for item in delivery.pose_solutions if item.pose_solution_id == report.pose_solution_id
            ),
            reports=(report,),
        ).model_dump_json()
        sha256 = hashlib.sha256(alone.encode()).hexdigest()
        there = tables.quarantine.c
        if self.connection.execute(select(there.seq).where(there.sha256 == sha256)).one_or_none() is None:
            self.connection.execute(
                insert(tables.quarantine),
                {
                    "sha256": sha256,
                    "frame_id": report.frame.frame_id,
                    "message": message,
                    "delivery": alone,
                    "received_utc": self.now_utc,
                },
            )


def _promised(report: Report) -> tuple[str, ...]:
    frame = (report.frame.image.sha256,) if report.evidence.frame else ()
    return tuple(dict.fromkeys((*frame, *(crop.sha256 for crop in report.evidence.crops))))


def inserted_seq(connection: Connection, table: Table, row: dict[str, Any]) -> int:
    """Insert a row; the `seq` that it got."""
    key = connection.execute(insert(table), row).inserted_primary_key
    assert key is not None
    return int(key[0])
