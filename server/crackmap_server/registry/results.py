"""A worker's scores into the tables, beside what is there. Runs in the writer's thread, inside its transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from crackmap.messages.registry import NewScores
from crackmap.tile_grid import TileGrid
from crackmap_server import rows, tables
from crackmap_server.errors import BadRequest, NotFound
from crackmap_server.frames import placement_of
from crackmap_server.inserts import insert_columns
from crackmap_server.registry.claims import geometry
from crackmap_server.registry.orders import DONE, FAILED, WAITING
from crackmap_server.registry.use import use_if_complete


@dataclass(frozen=True)
class _Geometry:
    """Where the tiles of a placed frame lie; all None elsewhere."""

    origin_u_m: float | None = None
    origin_v_m: float | None = None
    centres: bytes | None = None
    corners: bytes | None = None
    covariances: bytes | None = None


def settle(connection: Connection, rescore: int, new: NewScores, now_utc: datetime) -> bool:
    """Store what is new; False when the frame was settled before. Raises NotFound, BadRequest.

    It does not matter who had the frame: the first scores that come stay.
    """
    job = _job(connection, rescore, new)
    if job["state"] == DONE or (job["state"] != WAITING and new.failed):
        return False
    if new.failed:
        _close(connection, rescore, job["seq"], FAILED, new.failed)
        return True
    _store(connection, job, new)
    _close(connection, rescore, job["seq"], DONE, "")
    use_if_complete(connection, rescore, now_utc)
    return True


def _job(connection: Connection, rescore: int, new: NewScores) -> Any:
    frames, jobs, pairs, analyses = tables.frames.c, tables.rescore_jobs.c, tables.pairs.c, tables.analyses.c
    found = (
        connection.execute(
            select(
                frames.seq,
                frames.width_px,
                frames.height_px,
                jobs.state,
                jobs.pair_seq,
                pairs.floor,
                pairs.analysis_id,
                pairs.pose_solution_id,
                analyses.tile_px,
                analyses.stride_px,
                tables.placements.c.kind,
            )
            .join_from(tables.rescore_jobs, tables.frames, frames.seq == jobs.frame_seq)
            .join(tables.pairs, pairs.seq == jobs.pair_seq)
            .join(tables.analyses, analyses.analysis_id == pairs.analysis_id)
            .outerjoin(tables.placements, placement_of(frames.seq, pairs.pose_solution_id))
            .where(jobs.rescore_seq == rescore, frames.frame_id == new.frame_id)
        )
        .mappings()
        .one_or_none()
    )
    if found is None:
        raise NotFound(f"frame {new.frame_id} is not in re-scoring {rescore}")
    return found


def _store(connection: Connection, job: Any, new: NewScores) -> None:
    score_map = new.score_map
    assert score_map is not None, "what did not fail has scores"
    grid = TileGrid(job["width_px"], job["height_px"], job["tile_px"], job["stride_px"])
    if (score_map.columns, score_map.rows) != (grid.columns, grid.rows):
        raise BadRequest(
            f"score_map: has {score_map.columns} × {score_map.rows} tiles; the frame has {grid.columns} × {grid.rows}"
        )
    seq, analysis_id = job["seq"], job["analysis_id"]
    where = _geometry(connection, job, new)
    maps, reports = tables.score_maps.c, tables.reports.c
    there = select(maps.scores).where(maps.frame_seq == seq, maps.analysis_id == analysis_id)
    if connection.execute(there).first() is None:
        row = rows.score_map_values(score_map, new.flags)
        connection.execute(insert(tables.score_maps), {"frame_seq": seq, "analysis_id": analysis_id, **row})
    reported = select(reports.frame_seq).where(reports.frame_seq == seq, reports.pair_seq == job["pair_seq"])
    if connection.execute(reported).first() is not None:
        return  # the robot came first, with the same model
    connection.execute(insert(tables.reports), {"frame_seq": seq, "pair_seq": job["pair_seq"], **where.__dict__})
    scores = connection.execute(there).scalar_one()
    origin_m = (where.origin_u_m or 0.0, where.origin_v_m or 0.0)
    scored = rows.Scored(seq, job["pair_seq"], job["floor"], scores, where.centres, origin_m)
    insert_columns(connection, tables.detections, rows.detection_columns([scored]))


def _geometry(connection: Connection, job: Any, new: NewScores) -> _Geometry:
    """Where the tiles lie: as they did in an earlier report, else as the worker says."""
    if job["kind"] != "placed":
        return _Geometry()
    earlier = geometry(connection, job["seq"], job)
    if earlier is not None:
        return _Geometry(**{name: earlier[name] for name in _Geometry.__dataclass_fields__})
    tiles = new.tiles
    if tiles is None:
        raise BadRequest(f"tiles: frame {new.frame_id} has a pose, so say where its tiles lie")
    return _Geometry(tiles.origin_m[0], tiles.origin_m[1], tiles.centres, tiles.corners, tiles.covariances)


def _close(connection: Connection, rescore: int, frame_seq: int, state: str, cause: str) -> None:
    jobs = tables.rescore_jobs.c
    connection.execute(
        update(tables.rescore_jobs)
        .where(jobs.rescore_seq == rescore, jobs.frame_seq == frame_seq)
        .values(state=state, cause=cause, leased_until_utc=None)
    )
