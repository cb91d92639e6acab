"""Made-up people, who say of one wall what they think."""

from datetime import UTC, datetime
from random import Random
from uuid import UUID, uuid4

from sqlalchemy import create_engine, select

from crackmap_server import tables
from crackmap_server.additions.masks import Mask
from crackmap_server.pairs import Pair, read_pairs
from crackmap_server.reviews import Review, store
from crackmap_server.revisions import Revision, put
from crackmap_server.settings import Settings
from served.robots import Robot

SURE = 110  # score byte of what people look at


def say_something(settings: Settings, robot: Robot, reviews: int) -> None:
    """Reviews of that many of the wall's surer tiles, a third of them rejections, and ten masks."""
    engine, random, now_utc = create_engine(settings.database_url), Random(0), datetime.now(UTC)
    with engine.begin() as connection:
        (pair,) = read_pairs(connection, UUID(robot.surface_id)).values()
        rows, frames = tables.detections.c, tables.frames.c
        sure = connection.execute(
            select(frames.frame_id, rows.tile)
            .join_from(tables.detections, tables.frames, frames.seq == rows.frame_seq)
            .where(rows.pair_seq == pair.seq, rows.score >= SURE)
            .order_by(rows.frame_seq, rows.tile)
        ).all()
        for frame_id, tile in random.sample(sure, min(reviews, len(sure))):
            store(connection, uuid4(), _review(pair, frame_id, tile, random), "Ada", now_utc)
        for u_m in range(10):
            joint = [[(u_m, 0.0), (u_m + 0.02, 0.0), (u_m + 0.02, 1e4), (u_m, 1e4)]]
            mask = Mask(surface_id=UUID(robot.surface_id), kind="joint", polygon_m=joint)
            content = mask.model_dump(mode="json")
            put(connection, Revision("mask", uuid4(), 1, mask.surface_id, content, "Ada", now_utc), None)
    engine.dispose()


def _review(pair: Pair, frame_id: UUID, tile: int, random: Random) -> Review:
    what = {"verdict": "reject", "reason": "joint"} if random.random() < 1 / 3 else {"verdict": "accept"}
    return Review.model_validate({"frame_id": frame_id, "analysis_id": pair.analysis_id, "tile": tile, **what})
