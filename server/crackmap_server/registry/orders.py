"""Asking for frames to be scored again: which of them can be, and under which pair. Runs in the writer's thread."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, insert, select

from crackmap import ids
from crackmap.manifest import Manifest
from crackmap_server import tables
from crackmap_server.errors import BadRequest
from crackmap_server.inserts import inserted_seq
from crackmap_server.registry.models import find_model
from crackmap_server.registry.resources import RescoreOrder
from crackmap_server.sites import the_inspection

WAITING, DONE, FAILED, NOT_POSSIBLE = "waiting", "done", "failed", "not_possible"
NOT_KEPT = "the picture was not kept"
NOT_HERE = "the picture was promised and has not arrived"
REMOVED = "the picture was old, and was removed"
NO_PLACE = "no place under the scan's current pose solution"
TOO_SMALL = "smaller than a tile of this model"


@dataclass(frozen=True)
class _Target:
    """The pair of one scan that frames are scored under."""

    scan_id: UUID
    pair_seq: int
    before_pair_seq: int | None
    pose_solution_id: UUID | None
    tile_px: int


def ask(connection: Connection, order: RescoreOrder, floor: int, now_utc: datetime) -> tuple[int, bool]:
    """The re-scoring's seq, and whether it is new: the same order is not taken twice while frames of it wait.

    Raises NotFound, BadRequest.
    """
    the_inspection(connection, order.inspection_id)
    model = find_model(connection, order.model_sha256)
    if model is None:
        raise BadRequest(f"model_sha256: model {order.model_sha256} is not registered")
    manifest = Manifest.model_validate_json(model["manifest"])
    scans = _scans(connection, order)
    open_one = _open(connection, order, [scan["scan_id"] for scan in scans])
    if open_one is not None:
        return open_one, False
    seq = inserted_seq(
        connection,
        tables.rescores,
        {
            "inspection_id": order.inspection_id,
            "model_sha256": order.model_sha256,
            "use_when_complete": order.use_when_complete,
            "decided_by": order.by,
            "decided_utc": now_utc,
        },
    )
    for scan in scans:
        target = _target(connection, scan, manifest, floor)
        connection.execute(
            insert(tables.rescore_scans),
            {
                "rescore_seq": seq,
                "scan_id": target.scan_id,
                "before_pair_seq": target.before_pair_seq,
                "pair_seq": target.pair_seq,
            },
        )
        jobs = _jobs(connection, target)
        if jobs:
            connection.execute(insert(tables.rescore_jobs), [{"rescore_seq": seq, **job} for job in jobs])
    return seq, True


def _scans(connection: Connection, order: RescoreOrder) -> Sequence[RowMapping]:
    """The scans with their current pairs; one without any frame has none. Raises BadRequest when there is nothing."""
    scans, pairs = tables.scans.c, tables.pairs.c
    statement = (
        select(scans.scan_id, pairs.seq, pairs.pose_solution_id)
        .join_from(tables.scans, tables.pairs, (pairs.scan_id == scans.scan_id) & pairs.current)
        .where(scans.inspection_id == order.inspection_id)
        .order_by(scans.scan_id)
    )
    if order.scan_id is not None:
        statement = statement.where(scans.scan_id == order.scan_id)
    found = connection.execute(statement).mappings().all()
    if not found:
        which = f"scan {order.scan_id}" if order.scan_id else "no scan"
        raise BadRequest(f"inspection {order.inspection_id} has {which} with frames; there is nothing to score")
    return found


def _open(connection: Connection, order: RescoreOrder, scan_ids: list[UUID]) -> int | None:
    rescores, of_scans, jobs = tables.rescores.c, tables.rescore_scans.c, tables.rescore_jobs.c
    statement = (
        select(rescores.seq, of_scans.scan_id)
        .join_from(tables.rescores, tables.rescore_scans)
        .where(
            rescores.inspection_id == order.inspection_id,
            rescores.model_sha256 == order.model_sha256,
            rescores.seq.in_(select(jobs.rescore_seq).where(jobs.state == WAITING)),
        )
    )
    found: defaultdict[int, set[UUID]] = defaultdict(set)
    for row in connection.execute(statement):
        found[row.seq].add(row.scan_id)
    return next((seq for seq, scans in found.items() if scans == set(scan_ids)), None)


def _target(connection: Connection, scan: RowMapping, manifest: Manifest, floor: int) -> _Target:
    """The model's analysis of the scan with the current poses; made, and not current, when there is none yet."""
    scan_id, tile_px = scan["scan_id"], manifest.tile_px
    analysis_id = ids.analysis_id(scan_id, manifest.sha256, tile_px, tile_px, manifest.preprocessing)
    analyses, pairs = tables.analyses.c, tables.pairs.c
    if connection.execute(select(analyses.analysis_id).where(analyses.analysis_id == analysis_id)).first() is None:
        connection.execute(
            insert(tables.analyses),
            {
                "analysis_id": analysis_id,
                "scan_id": scan_id,
                "model": manifest.name,
                "model_sha256": manifest.sha256,
                "tile_px": tile_px,
                "stride_px": tile_px,
                "preprocessing": manifest.preprocessing,
                "threshold": manifest.threshold,
            },
        )
    same_poses = pairs.pose_solution_id.is_not_distinct_from(scan["pose_solution_id"])
    pair_seq = connection.execute(select(pairs.seq).where(pairs.analysis_id == analysis_id, same_poses)).scalar()
    if pair_seq is None:
        pair_seq = inserted_seq(
            connection,
            tables.pairs,
            {
                "scan_id": scan_id,
                "analysis_id": analysis_id,
                "pose_solution_id": scan["pose_solution_id"],
                "floor": floor,
                "current": False,
            },
        )
    before = scan["seq"]
    if before == pair_seq:  # frames that an earlier model scored come to the current one: that is what is compared
        before = connection.execute(
            select(pairs.seq)
            .where(pairs.scan_id == scan_id, pairs.seq != pair_seq, same_poses)
            .order_by(pairs.seq.desc())
            .limit(1)
        ).scalar()
    return _Target(scan_id, pair_seq, before, scan["pose_solution_id"], tile_px)


def _jobs(connection: Connection, target: _Target) -> list[dict[str, Any]]:
    frames, reports, held, places = tables.frames.c, tables.reports.c, tables.evidence.c, tables.placements.c
    reported = select(reports.frame_seq).where(reports.pair_seq == target.pair_seq)
    placed = select(places.frame_seq).where(places.pose_solution_id.is_not_distinct_from(target.pose_solution_id))
    statement = (
        select(
            frames.seq,
            frames.width_px,
            frames.height_px,
            frames.picture_expected,
            held.sha256,
            tables.removed_evidence.c.sha256.label("removed"),
            frames.seq.in_(reported).label("reported"),
            frames.seq.in_(placed).label("placed"),
        )
        .join_from(tables.frames, tables.evidence, held.sha256 == frames.image_sha256, isouter=True)
        .outerjoin(tables.removed_evidence, tables.removed_evidence.c.sha256 == frames.image_sha256)
        .where(frames.scan_id == target.scan_id)
        .order_by(frames.seq)
    )
    return [
        {
            "frame_seq": row.seq,
            "pair_seq": target.pair_seq,
            "state": state,
            "cause": cause,
            "worker": "",
            "takes": 0,
            "leased_until_utc": None,
        }
        for row in connection.execute(statement)
        for state, cause in (_outlook(row, target.tile_px),)
    ]


def _outlook(row: Any, tile_px: int) -> tuple[str, str]:
    """Whether a frame is to be scored, and why not."""
    if row.reported:
        return DONE, ""
    if row.removed:
        return NOT_POSSIBLE, REMOVED
    if row.sha256 is None:
        return NOT_POSSIBLE, NOT_HERE if row.picture_expected else NOT_KEPT
    if not row.placed:
        return NOT_POSSIBLE, NO_PLACE
    if min(row.width_px, row.height_px) < tile_px:
        return NOT_POSSIBLE, TOO_SMALL
    return WAITING, ""
