"""What people said of the places where tiles lie: known things (masks), and reviews."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from sqlalchemy import Connection

from crackmap_server.additions.masks import MaskKind
from crackmap_server.closed import Closed
from crackmap_server.frame_tiles import FrameTiles
from crackmap_server.masking import Masking, read_masking
from crackmap_server.opinions import Look, Opinion, judged
from crackmap_server.resources import DetectionReview
from crackmap_server.reviewed_places import ReviewedPlaces
from crackmap_server.reviews import read_reviewed
from crackmap_server.sites import Site, sites_of


@dataclass(frozen=True)
class Said:
    """Of each tile of a frame."""

    masked: Sequence[MaskKind | None]
    """The known thing that its middle lies in."""
    reviews: Sequence[DetectionReview | None]


class Marks:
    """Reads what was said of tiles, portion by portion; what holds for whole scans is read once."""

    def __init__(self, connection: Connection, closed: Closed | None = None) -> None:
        self._connection = connection
        self._closed = closed
        self._sites: dict[UUID, Site] = {}
        self._masking: dict[Site, Masking] = {}

    def read(self, some: Sequence[FrameTiles]) -> Iterator[Said]:
        """In their order."""
        self._meet({tiles.pair.scan_id for tiles in some})
        of_site: defaultdict[Site, list[FrameTiles]] = defaultdict(list)
        for tiles in some:
            of_site[self._sites[tiles.pair.scan_id]].append(tiles)
        reviewed = {site: self._reviewed(site, each) for site, each in of_site.items()}
        for tiles in some:
            site = self._sites[tiles.pair.scan_id]
            yield Said(_masked(tiles, self._masking[site]), _reviews(tiles, reviewed[site]))

    def _meet(self, scan_ids: set[UUID]) -> None:
        """Scans that did not come up before."""
        new = scan_ids - self._sites.keys()
        if new:
            self._sites |= sites_of(self._connection, new)
            sites = {self._sites[scan_id] for scan_id in new} - self._masking.keys()
            self._masking |= read_masking(self._connection, sites, self._closed)

    def _reviewed(self, site: Site, some: Sequence[FrameTiles]) -> ReviewedPlaces:
        outlines = [tiles.on_chart_m for tiles in some if tiles.on_chart_m is not None]
        return read_reviewed(
            self._connection,
            site,
            {tiles.frame_id for tiles in some},
            np.concatenate(outlines) if outlines else None,
            None if self._closed is None else self._closed.reviews_seq,
        )


def _masked(tiles: FrameTiles, masking: Masking) -> Sequence[MaskKind | None]:
    if tiles.placement != "placed" or tiles.centres_m is None:
        return [None] * len(tiles.tiles)
    return masking.of(tiles.centres_m)


def _reviews(tiles: FrameTiles, places: ReviewedPlaces) -> Sequence[DetectionReview | None]:
    if places.empty:
        return [None] * len(tiles.tiles)
    lowest = tiles.pair.lowest_score(None)
    analysis_id = tiles.pair.analysis_id
    opinions = places.of_tiles(tiles.frame_id, analysis_id, tiles.rectangles_px, tiles.on_chart_m)
    return [
        detection_review(each, Look(tiles.frame_id, analysis_id, score >= lowest), tiles.frame_id)
        for each, score in zip(opinions, tiles.scores, strict=True)
    ]


def detection_review(opinions: Sequence[Opinion], look: Look, frame_id: UUID) -> DetectionReview | None:
    """As it is shown."""
    found = judged(opinions, look)
    if found is None:
        return None
    carried = all((each.frame_id, each.analysis_id) != (frame_id, look.analysis_id) for each in opinions)
    return DetectionReview(
        state=found.state,
        cause=found.cause,
        carried=carried,
        crack=found.crack,
        review_ids=list(found.review_ids),
    )
