"""Detections as items, in the order of frames and tiles."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from sqlalchemy import Connection, func, select

from crackmap_server import tables
from crackmap_server.chart import Box
from crackmap_server.detections import find
from crackmap_server.hits import Hit, Wanted, count_rows, rows_suffice
from crackmap_server.ogc.collections import Collection
from crackmap_server.ogc.features import Feature, polygon
from crackmap_server.ogc.item_pages import Items, cursor_keys, placed_pairs, touches, uuid_of
from crackmap_server.ogc.queries import ItemsQuery
from crackmap_server.paging import encoded
from crackmap_server.pairs import Pair
from crackmap_server.regions import Region
from crackmap_server.resources import Detection

_AT_ONCE = 500


def read_detections(connection: Connection, collection: Collection, query: ItemsQuery, region: Region | None) -> Items:
    """Placed ones over the threshold, in the order of frames and tiles."""
    keys = cursor_keys(query, [int, int])
    pairs = placed_pairs(connection, collection, query)
    wanted = Wanted(
        pairs,
        query.threshold,
        None if region is None or region.bounds is None else _grown(connection, pairs, region.bounds),
        from_utc=query.from_utc,
        to_utc=query.to_utc,
        after=None if keys is None else (keys[0], keys[1]),
    )
    found = list(islice(_touching_detections(connection, wanted, region), query.limit + 1))
    shown = found[: query.limit]
    last = shown[-1][0] if len(found) > query.limit else None
    counted = keys is None and wanted.box is None and rows_suffice(wanted)
    return Items(
        [feature for _, feature in shown],
        None if last is None else encoded([last.frame_seq, last.tile]),
        count_rows(connection, wanted) if counted else None,
    )


def _touching_detections(
    connection: Connection, wanted: Wanted, region: Region | None
) -> Iterator[tuple[Hit, Feature]]:
    """In portions, each of which says how many it reads: a page must not sort what it does not show."""
    while True:
        portion = list(find(connection, wanted, _AT_ONCE))
        for hit, detection in portion:
            if detection.placement == "placed":
                feature = _detection(detection)
                if touches(feature, region):
                    yield hit, feature
        if len(portion) < _AT_ONCE:
            return
        last = portion[-1][0]
        wanted = replace(wanted, after=(last.frame_seq, last.tile))


def _grown(connection: Connection, pairs: Mapping[int, Pair], box: Box) -> Box:
    """The box in which the middle of every tile lies that touches `box`: no tile is larger than its frame's bounds."""
    placed = tables.placements.c
    across_m, along_m = connection.execute(
        select(func.max(placed.high_u_m - placed.low_u_m), func.max(placed.high_v_m - placed.low_v_m)).where(
            placed.pose_solution_id.in_({pair.pose_solution_id for pair in pairs.values()})
        )
    ).one()
    more_u_m, more_v_m = across_m or 0.0, along_m or 0.0
    return Box(box.low_u_m - more_u_m, box.low_v_m - more_v_m, box.high_u_m + more_u_m, box.high_v_m + more_v_m)


def _detection(detection: Detection) -> Feature:
    assert detection.corners_m is not None
    left_out = {"corners_m", "placement", "covariance_m2", "flags", "review"}
    shown = detection.model_dump(mode="json", exclude=left_out)
    return Feature(
        f"{detection.frame_id}.{detection.tile}",
        polygon(detection.corners_m),
        None,
        shown
        | {
            "flags": ", ".join(detection.flags),
            "review": None if detection.review is None else detection.review.state,
        },
    )


def find_detection(
    connection: Connection, collection: Collection, feature_id: str, query: ItemsQuery
) -> Iterator[Feature]:
    """One that is over the threshold, or nothing."""
    frame, _, tile = feature_id.partition(".")
    frame_id = uuid_of(frame)
    if frame_id is not None:
        wanted = Wanted(placed_pairs(connection, collection, query), query.threshold, frame_id=frame_id)
        for _, detection in find(connection, wanted):
            if str(detection.tile) == tile and detection.placement == "placed":
                yield _detection(detection)
