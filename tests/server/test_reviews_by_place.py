"""Only reviews near the tiles of a page are read, and what is shown is what all of the surface's would come to."""

import importlib
from collections import defaultdict
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select

from crackmap_server import reviews as module
from crackmap_server import tables
from crackmap_server.chart import CELL_M
from crackmap_server.detections import find
from crackmap_server.frame_tiles import read_frame_tiles
from crackmap_server.hits import Wanted
from crackmap_server.marks import detection_review
from crackmap_server.opinions import Look
from crackmap_server.pairs import read_pairs
from crackmap_server.reviewed_places import ReviewedPlaces
from crackmap_server.reviews import reviewed
from crackmap_server.sites import sites_of

from .databases import BOTH

AROUND_M = 10.0
FRAMES, TILES = 12, 12


def said(server: Any, wall: Any, frame: int, tile: int, verdict: str) -> None:
    content = {
        "frame_id": str(wall.report(frame).frame.frame_id),
        "analysis_id": str(wall.analysis.analysis_id),
        "tile": tile,
        "verdict": verdict,
        "reason": "joint" if verdict == "reject" else "",
        "note": "look again" if verdict == "comment" else "",
    }
    assert server.write(f"/v1/reviews/{uuid4()}", content).status_code == 201


def walls(wall: Any) -> list[Any]:
    """A plane, the same in another inspection, and a cylinder that is 10 m around: frames 0 and 10 lie at its seam."""
    pillar = {"shape": "cylinder", "radius_m": AROUND_M / 2 / np.pi, "facing": "outside"}
    return [wall, wall.but(inspection="2027 spring"), wall.but(name="pillar", surface_facts=pillar)]


@BOTH
def test_a_page_shows_what_all_reviews_come_to(server: Any, wall: Any) -> None:
    """Frames lie a metre apart, some twice at the same place, and some without a place."""
    kinds = walls(wall)
    for each in kinds:
        moved = (each.report(50 + n, each.placed(n - 5)) for n in range(0, FRAMES, 4))
        server.deliver(
            each.batch(*(each.report(n, each.placed(n - 5)) for n in range(FRAMES)), *moved),
            each.batch(each.unplaced(90)),
        )
    engine = create_engine(server.settings.database_url)

    @settings(max_examples=4, suppress_health_check=list(HealthCheck), database=None)
    @given(
        st.lists(
            st.tuples(
                st.sampled_from(kinds),
                st.sampled_from([*range(FRAMES), 90]),
                st.integers(0, TILES - 1),
                st.sampled_from(["accept", "reject", "comment"]),
            ),
            max_size=10,
        ),
        st.integers(10, 60),
    )
    def same(told: list[Any], limit: int) -> None:
        for face, *what in told:
            said(server, face, *what)
        with engine.connect() as connection:
            pairs = read_pairs(connection)
            found = list(find(connection, Wanted(pairs, 0.9)))
            paged = server.every("/v1/detections", threshold=0.9, limit=limit)
            tiles = read_frame_tiles(connection, pairs, [hit for hit, _ in found])
            expected = [review for each in tiles for review in judged_by_all(connection, each)]
        assert [each.review for _, each in found] == expected
        assert [item["review"] for item in paged] == [each and each.model_dump(mode="json") for each in expected]

    same()
    engine.dispose()


def judged_by_all(connection: Any, tiles: Any) -> list[Any]:
    """What every review of the surface says of some tiles."""
    (site,) = sites_of(connection, [tiles.pair.scan_id]).values()
    rows = connection.execute(select(tables.reviews).order_by(tables.reviews.c.seq)).mappings()
    of: defaultdict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        of[row["surface_id"], row["inspection_id"]].append(reviewed(row))
    places = ReviewedPlaces(of[site.face.surface_id, site.inspection_id], site.face.around_m)
    lowest, analysis_id = tiles.pair.lowest_score(None), tiles.pair.analysis_id
    return [
        detection_review(each, Look(tiles.frame_id, analysis_id, score >= lowest), tiles.frame_id)
        for each, score in zip(
            places.of_tiles(tiles.frame_id, analysis_id, tiles.rectangles_px, tiles.on_chart_m),
            tiles.scores,
            strict=True,
        )
    ]


@BOTH
def test_what_lies_far_is_not_read(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(*(wall.report(n) for n in range(FRAMES))))
    for frame in (1, 3, FRAMES - 1):
        said(server, wall, frame, 0, "accept")
    engine = create_engine(server.settings.database_url)
    read: list[Any] = []
    with engine.connect() as connection, pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "reviewed", lambda row: read.append(row["frame_id"]) or reviewed(row))
        wanted = Wanted(read_pairs(connection), 0.0, frame_id=wall.report(1).frame.frame_id)
        assert len([each for _, each in find(connection, wanted) if each.review]) == 1
    assert wall.report(1).frame.frame_id in read
    assert wall.report(FRAMES - 1).frame.frame_id not in read
    engine.dispose()


def test_tiles_beyond_all_cells_are_held_against_all_reviews(server: Any, wall: Any) -> None:
    """So large that their cells are too many to be asked for."""
    huge = wall.placed(0)
    tiles = huge.tiles.pack(*(part * 1e5 for part in places(huge)), None)
    server.deliver(wall.batch(wall.report(1, huge.model_copy(update={"tiles": tiles}))))
    said(server, wall, 1, 3, "accept")
    items = server.every("/v1/detections", threshold=0)
    assert [item["tile"] for item in items if item["review"]] == [3]
    engine = create_engine(server.settings.database_url)
    with engine.connect() as connection:
        assert connection.execute(select(tables.reviews.c.reach_m)).scalar_one() > 100 * CELL_M
    engine.dispose()


def places(placed: Any) -> tuple[Any, Any]:
    corners = np.frombuffer(placed.tiles.corners, "<f4").reshape(-1, 4, 2) + np.array(placed.tiles.origin_m)
    return corners.mean(axis=1), corners


def test_reviews_that_were_there_before_get_their_cells(server: Any, wall: Any) -> None:
    """The migration works out what `store` does."""
    server.deliver(wall.batch(wall.report(1), wall.unplaced(2)))
    for frame, tile in ((1, 0), (1, 7), (2, 0)):
        said(server, wall, frame, tile, "accept")
    migration = importlib.import_module("crackmap_server.migrations.versions.0011_found_by_place")
    engine = create_engine(server.settings.database_url)
    with engine.connect() as connection:
        rows = connection.execute(select(tables.reviews).order_by(tables.reviews.c.seq)).all()
    engine.dispose()
    for row in rows[:2]:
        assert migration.found_by(row.corners_m) == {"cell": row.cell, "reach_m": pytest.approx(row.reach_m)}
    assert (rows[2].cell, rows[2].reach_m) == (None, None)
