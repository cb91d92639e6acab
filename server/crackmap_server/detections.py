"""Detections: tiles whose score is at or over a threshold, with their place and what people said of it."""

from collections.abc import Iterator
from contextlib import closing
from itertools import islice

from sqlalchemy import Connection

from crackmap.ids import detection_ids
from crackmap.scores import probability
from crackmap_server.chart import sigma_m
from crackmap_server.frame_tiles import FrameTiles, read_frame_tiles
from crackmap_server.hits import Hit, Wanted, hits_from_maps, hits_from_rows, rows_suffice
from crackmap_server.marks import Marks, Said
from crackmap_server.resources import Detection

_AT_ONCE = 500


def find(connection: Connection, wanted: Wanted, limit: int | None = None) -> Iterator[tuple[Hit, Detection]]:
    """In the order of (frame seq, tile), at most `limit`; read in portions, so that any number can be streamed."""
    most = limit if wanted.all_shown else None
    source = hits_from_rows(connection, wanted, most) if rows_suffice(wanted) else hits_from_maps(connection, wanted)
    with closing(source):
        yield from islice(
            (found for found in _all(connection, wanted, islice(source, most)) if wanted.shows(found[1])), limit
        )


def _all(connection: Connection, wanted: Wanted, hits: Iterator[Hit]) -> Iterator[tuple[Hit, Detection]]:
    marks = Marks(connection, wanted.closed)
    while portion := list(islice(hits, _AT_ONCE)):
        some = list(read_frame_tiles(connection, wanted.pairs, portion, wanted.closed))
        shown = (each for tiles, said in zip(some, marks.read(some), strict=True) for each in _shown(tiles, said))
        yield from zip(portion, shown, strict=True)


def _shown(tiles: FrameTiles, said: Said) -> Iterator[Detection]:
    pair, nowhere = tiles.pair, [None] * len(tiles.tiles)
    centres, corners, covariances = (
        nowhere if values is None else values.tolist()
        for values in (tiles.centres_m, tiles.corners_m, tiles.covariances_m2)
    )
    for detection_id, tile, (x_px, y_px, width_px, height_px), score, centre, outline, covariance, mask, review in zip(
        detection_ids(tiles.frame_id, pair.analysis_id, tiles.tiles),
        tiles.tiles,
        tiles.rectangles_px.tolist(),
        tiles.scores,
        centres,
        corners,
        covariances,
        said.masked,
        said.reviews,
        strict=True,
    ):
        known = covariance is not None and covariance[0] > 0 and covariance[2] > 0  # zero means unknown, not perfect
        yield Detection(
            detection_id=detection_id,
            frame_id=tiles.frame_id,
            scan_id=pair.scan_id,
            analysis_id=pair.analysis_id,
            tile=tile,
            x_px=x_px,
            y_px=y_px,
            width_px=width_px,
            height_px=height_px,
            score=probability(score),
            placement=tiles.placement,
            u_m=None if centre is None else centre[0],
            v_m=None if centre is None else centre[1],
            corners_m=outline,
            covariance_m2=covariance if known else None,
            sigma_m=sigma_m(*covariance) if known else None,
            flags=tiles.flags,
            masked=mask,
            review=review,
        )
