"""Reports of one delivery into the tables, many at once: a few statements for all of them."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, insert, select, update

from crackmap.messages import Answer, Placed, Report, ReportBatch, Status
from crackmap_server import ingest, rows, tables
from crackmap_server.envelope import Delivery
from crackmap_server.ingest import Headers, KnownFrame, Verdict
from crackmap_server.inserts import drawn_seqs, insert_columns, insert_rows, inserted_seq
from crackmap_server.known import frame_seqs, learned, stored_scores

_PAIR = select(tables.pairs.c.seq, tables.pairs.c.floor, tables.pairs.c.current).where(
    tables.pairs.c.analysis_id == bindparam("analysis_id"),
    tables.pairs.c.pose_solution_id.is_not_distinct_from(bindparam("pose_solution_id")),
)


@dataclass(frozen=True)
class _New:
    """A report that is new in some of its parts, and what was known of its frame before it."""

    report: Report
    verdict: Verdict
    known: KnownFrame | None

    @property
    def frame_id(self) -> UUID:
        return self.report.frame.frame_id


@dataclass
class Shelf:
    """Where the reports of one delivery are put."""

    connection: Connection
    delivery: Delivery
    headers: Headers
    known: dict[UUID, KnownFrame]
    repeated: frozenset[UUID]  # frames of more than one report; only of these must be known what each brings
    floor: int
    now_utc: datetime

    def put(self, reports: Sequence[Report]) -> list[Answer]:
        """Judge and store them, in their order; what one brings is known when the next is judged.

        Raises what the database raises; then nothing is remembered of them, and the caller's savepoint goes back.
        """
        known, new, answers = dict(self.known), list[_New](), list[Answer]()
        for report in reports:
            frame_id = report.frame.frame_id
            before = known.get(frame_id)
            verdict = ingest.judge(report, self.headers, before)
            if verdict.status is Status.CONFLICT:
                self._quarantine(report, verdict.message)
            elif verdict.status is Status.STORED:
                new.append(_New(report, verdict, before))
                if frame_id in self.repeated:
                    known[frame_id] = learned(before, report, verdict)
            wanted = _promised(report) if verdict.status in {Status.STORED, Status.ALREADY_THERE} else ()
            answers.append(
                Answer(status=verdict.status, frame_id=frame_id, message=verdict.message, evidence_wanted=wanted)
            )
        if new:
            self._store(new)
        self.known = known
        return answers

    def _store(self, new: Sequence[_New]) -> None:
        frames = [each.report for each in new if each.verdict.frame]
        drawn = drawn_seqs(self.connection, tables.frames, len(frames)) if frames else []
        insert_rows(self.connection, tables.frames, list(map(rows.frame_row, frames, drawn)))
        for each in new:
            if each.verdict.fill:
                of_frame = tables.frames.c.frame_id == each.frame_id
                self.connection.execute(update(tables.frames).where(of_frame).values(**each.verdict.fill))
        seqs = {report.frame.frame_id: seq for report, seq in zip(frames, drawn, strict=True)}
        seqs |= frame_seqs(self.connection, {each.frame_id for each in new} - seqs.keys())
        maps = [rows.score_map_row(each.report, seqs[each.frame_id]) for each in new if each.verdict.scores]
        insert_rows(self.connection, tables.score_maps, maps)
        placements = [rows.placement_row(each.report, seqs[each.frame_id]) for each in new if each.verdict.placement]
        insert_rows(self.connection, tables.placements, placements)
        scores = {(row["frame_seq"], row["analysis_id"]): row["scores"] for row in maps}
        self._store_under_pairs([each for each in new if each.verdict.report], seqs, scores)
        crops = [each for each in new if each.verdict.crops]
        insert_rows(
            self.connection,
            tables.crops,
            [row for each in crops for row in rows.crop_rows(each.report, seqs[each.frame_id], each.known)],
        )

    def _store_under_pairs(
        self, new: Sequence[_New], seqs: dict[UUID, int], new_scores: dict[tuple[int, UUID], bytes]
    ) -> None:
        # What was stored before counts, which another runtime may have scored a step beside.
        keys = {(seqs[each.frame_id], each.report.analysis_id) for each in new}
        scores_of = new_scores | stored_scores(self.connection, keys - new_scores.keys())
        pairs: dict[tuple[UUID, UUID | None], tuple[int, int]] = {}
        reports, scored = list[dict[str, Any]](), list[rows.Scored]()
        for each in new:
            report, frame_seq = each.report, seqs[each.frame_id]
            key = (report.analysis_id, report.pose_solution_id)
            if key not in pairs:
                pairs[key] = self._pair(report)
            pair_seq, floor = pairs[key]
            reports.append(rows.report_row(report, frame_seq, pair_seq))
            placement = report.placement
            where = (placement.tiles.centres, placement.tiles.origin_m) if isinstance(placement, Placed) else (None,)
            scored.append(rows.Scored(frame_seq, pair_seq, floor, scores_of[frame_seq, report.analysis_id], *where))
        if new:
            insert_rows(self.connection, tables.reports, reports)
            insert_columns(self.connection, tables.detections, rows.detection_columns(scored))

    def _pair(self, report: Report) -> tuple[int, int]:
        """seq and floor of the report's pair; a new one is made, and becomes the scan's current one.

        So does one that only scoring again on the server has filled until now, and nobody has made current.
        """
        pairs = tables.pairs.c
        pair = {"analysis_id": report.analysis_id, "pose_solution_id": report.pose_solution_id}
        found = self.connection.execute(_PAIR, pair).one_or_none()
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
                    **pair,
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
