"""Frames to workers, for a while. Runs in the writer's thread, so that no two workers get one frame at once."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select, update

from crackmap.messages import Image, Pose
from crackmap.messages.registry import Claim, Claimed, FrameToScore, View
from crackmap.surfaces import Surface
from crackmap_server import tables
from crackmap_server.frames import placement_of
from crackmap_server.registry.orders import FAILED, WAITING

MOST_TAKES = 5
"""A frame that ended so many workers ends no more. After the first it is given out alone: its neighbours are spared."""
GIVEN_UP = f"taken {MOST_TAKES} times, and no worker came back with it"


def claim(connection: Connection, asked: Claim, lease_s: float, now_utc: datetime, only: int | None) -> Claimed:
    """Frames of the oldest re-scoring that has some, or of `only` that one."""
    jobs = tables.rescore_jobs.c
    free = and_(jobs.state == WAITING, or_(jobs.leased_until_utc.is_(None), jobs.leased_until_utc <= now_utc))
    connection.execute(
        update(tables.rescore_jobs)
        .where(free, jobs.takes >= MOST_TAKES)
        .values(state=FAILED, cause=GIVEN_UP, leased_until_utc=None)
    )
    wanted = free if only is None else and_(free, jobs.rescore_seq == only)
    rescore = connection.execute(select(func.min(jobs.rescore_seq)).where(wanted)).scalar()
    held = and_(jobs.state == WAITING, jobs.leased_until_utc > now_utc)
    if only is not None:
        held = and_(held, jobs.rescore_seq == only)
    with_others = int(connection.execute(select(func.count()).where(held)).scalar_one())
    if rescore is None:
        return Claimed(lease_s=lease_s, with_others=with_others)
    found = connection.execute(
        select(jobs.frame_seq, jobs.takes)
        .where(free, jobs.rescore_seq == rescore)
        .order_by(jobs.takes, jobs.frame_seq)
        .limit(asked.most)
    ).all()
    fresh = [job.frame_seq for job in found if not job.takes]
    seqs = fresh or [found[0].frame_seq]
    connection.execute(
        update(tables.rescore_jobs)
        .where(jobs.rescore_seq == rescore, jobs.frame_seq.in_(seqs))
        .values(worker=asked.worker, takes=jobs.takes + 1, leased_until_utc=now_utc + timedelta(seconds=lease_s))
    )
    model = tables.rescores.c
    return Claimed(
        frames=tuple(_frames(connection, rescore, seqs)),
        rescore=rescore,
        model_sha256=connection.execute(select(model.model_sha256).where(model.seq == rescore)).scalar_one(),
        lease_s=lease_s,
        with_others=with_others,
    )


def _frames(connection: Connection, rescore: int, seqs: list[int]) -> list[FrameToScore]:
    frames, jobs, pairs, analyses = tables.frames, tables.rescore_jobs.c, tables.pairs.c, tables.analyses.c
    places, poses, surfaces = tables.placements.c, tables.pose_solutions.c, tables.surfaces.c
    statement = (
        select(
            frames,
            analyses.tile_px,
            analyses.stride_px,
            pairs.pose_solution_id,
            places.kind,
            places.mm_per_px,
            places.pose,
            poses.camera,
            *(tables.surfaces.c[name].label(f"surface_{name}") for name in Surface.model_fields),
        )
        .join_from(tables.rescore_jobs, frames, frames.c.seq == jobs.frame_seq)
        .join(tables.pairs, pairs.seq == jobs.pair_seq)
        .join(tables.analyses, analyses.analysis_id == pairs.analysis_id)
        .join(tables.placements, placement_of(frames.c.seq, pairs.pose_solution_id))
        .join(tables.scans, tables.scans.c.scan_id == frames.c.scan_id)
        .join(tables.surfaces, surfaces.surface_id == tables.scans.c.surface_id)
        .outerjoin(tables.pose_solutions, poses.pose_solution_id == pairs.pose_solution_id)
        .where(jobs.rescore_seq == rescore, jobs.frame_seq.in_(seqs))
        .order_by(frames.c.seq)
    )
    return [_frame(connection, row) for row in connection.execute(statement).mappings()]


def _frame(connection: Connection, row: Any) -> FrameToScore:
    view = None
    if row["kind"] == "placed" and geometry(connection, row["seq"], row) is None:
        view = View(
            pose_solution_id=row["pose_solution_id"],
            pose=Pose.model_validate(row["pose"]),
            camera=row["camera"],
            surface=Surface.model_validate({name: row[f"surface_{name}"] for name in Surface.model_fields}),
        )
    return FrameToScore(
        frame_id=row["frame_id"],
        label=row["label"],
        image=Image(sha256=row["image_sha256"], **{name: row[name] for name in Image.model_fields if name != "sha256"}),
        tile_px=row["tile_px"],
        stride_px=row["stride_px"],
        mm_per_px=row["mm_per_px"],
        view=view,
    )


def geometry(connection: Connection, frame_seq: int, wanted: Any) -> Any:
    """A stored report of the frame whose tiles lie as is wanted: same poses, same grid. None where there is none.

    `wanted` has pose_solution_id, tile_px and stride_px.
    """
    reports, pairs, analyses = tables.reports.c, tables.pairs.c, tables.analyses.c
    return (
        connection.execute(
            select(*tables.reports.c)
            .join_from(tables.reports, tables.pairs, pairs.seq == reports.pair_seq)
            .join(tables.analyses, analyses.analysis_id == pairs.analysis_id)
            .where(
                reports.frame_seq == frame_seq,
                reports.centres.is_not(None),
                pairs.pose_solution_id == wanted["pose_solution_id"],
                analyses.tile_px == wanted["tile_px"],
                analyses.stride_px == wanted["stride_px"],
            )
            .limit(1)
        )
        .mappings()
        .one_or_none()
    )
