"""Reviews as they are shown: with what all reviews of their place come to, as the current analysis sees it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, RowMapping, select

from crackmap.messages import utc
from crackmap.scores import probability
from crackmap_server import tables
from crackmap_server.known import stored_scores
from crackmap_server.marks import detection_review
from crackmap_server.opinions import Look
from crackmap_server.pairs import Pair, read_pairs
from crackmap_server.resources import ReviewItem
from crackmap_server.reviewed_places import ReviewedPlaces
from crackmap_server.reviews import Review, read_reviewed, rectangle_px, tile_now
from crackmap_server.sites import Site, sites_of


def review_items(connection: Connection, rows: Sequence[RowMapping]) -> list[ReviewItem]:
    """Rows of `reviews`, in their order."""
    frames = _frames(connection, {row["frame_id"] for row in rows})
    scans = {frame.scan_id for frame in frames.values()}
    sites = sites_of(connection, scans)
    of_site: defaultdict[Site, list[RowMapping]] = defaultdict(list)
    for row in rows:
        of_site[sites[frames[row["frame_id"]].scan_id]].append(row)
    places = {site: _places(connection, site, each) for site, each in of_site.items()}
    surfaces = {site.face.surface_id for site in sites.values()}
    pairs = {pair.scan_id: pair for each in surfaces for pair in read_pairs(connection, each).values()}
    scores = stored_scores(
        connection,
        {(frame.seq, pairs[frame.scan_id].analysis_id) for frame in frames.values() if frame.scan_id in pairs},
    )
    items = []
    for row in rows:
        frame = frames[row["frame_id"]]
        rectangle = rectangle_px(row)
        corners = None if row["corners_m"] is None else np.array([row["corners_m"]], np.float64)
        (opinions,) = places[sites[frame.scan_id]].of_tiles(
            row["frame_id"], row["analysis_id"], np.array([rectangle]), corners
        )
        look = _look(row, frame, pairs.get(frame.scan_id), scores)
        items.append(_item(row, opinions, look))
    return items


def _places(connection: Connection, site: Site, rows: Sequence[RowMapping]) -> ReviewedPlaces:
    outlines = [row["corners_m"] for row in rows if row["corners_m"] is not None]
    frame_ids = {row["frame_id"] for row in rows}
    return read_reviewed(connection, site, frame_ids, np.array(outlines, np.float64) if outlines else None)


def _item(row: RowMapping, opinions: Sequence[Any], look: Look) -> ReviewItem:
    shown = ("review_id", "surface_id", "inspection_id", "image_sha256", "corners_m", "author")
    x_px, y_px, width_px, height_px = rectangle_px(row)
    return ReviewItem(
        **{name: row[name] for name in shown},
        x_px=x_px,
        y_px=y_px,
        width_px=width_px,
        height_px=height_px,
        score=probability(row["score"]) if row["score"] else None,
        made_utc=utc(row["made_utc"]),
        received_utc=utc(row["received_utc"]),
        content=Review.model_validate(row["content"]),
        place=detection_review(opinions, look, row["frame_id"]),
    )


def _look(row: RowMapping, frame: Any, pair: Pair | None, scores: Mapping[tuple[int, UUID], bytes]) -> Look:
    """The place as the scan's current analysis sees it; as it was reviewed, where that did not score the frame."""
    of_frame = None if pair is None else scores.get((frame.seq, pair.analysis_id))
    if pair is None or of_frame is None:
        return Look(row["frame_id"], row["analysis_id"], row["over"])
    score = of_frame[tile_now(pair, frame.width_px, frame.height_px, rectangle_px(row))]
    return Look(row["frame_id"], pair.analysis_id, score >= pair.lowest_score(None))


def _frames(connection: Connection, frame_ids: set[UUID]) -> dict[UUID, Any]:
    table = tables.frames.c
    rows = connection.execute(
        select(table.seq, table.frame_id, table.scan_id, table.width_px, table.height_px).where(
            table.frame_id.in_(frame_ids)
        )
    )
    return {row.frame_id: row for row in rows}
