"""What people said of the places where tiles lie: known things (masks), and reviews."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from sqlalchemy import Connection

from crackmap_server.additions.masks import MaskKind
from crackmap_server.closed import Closed
from crackmap_server.masking import Masking, read_masking
from crackmap_server.opinions import Look, Opinion, judged
from crackmap_server.pairs import Pair
from crackmap_server.resources import DetectionReview
from crackmap_server.reviewed_places import Corners, Rectangles, ReviewedPlaces
from crackmap_server.reviews import read_reviewed
from crackmap_server.sites import Site, sites


@dataclass(frozen=True)
class Marks:
    """Of the scans of some pairs."""

    sites: Mapping[UUID, Site]
    masking: Mapping[Site, Masking]
    reviewed: Mapping[Site, ReviewedPlaces]

    def masked(self, scan_id: UUID, middles_m: Sequence[Sequence[float]]) -> list[MaskKind | None]:
        """The known thing that each of the (n, 2) middles of a scan's tiles lies in."""
        return self.masking[self.sites[scan_id]].of(np.array(middles_m))

    def reviews(
        self, pair: Pair, frame_id: UUID, rectangles_px: Rectangles, corners_m: Corners | None, scores: Sequence[int]
    ) -> list[DetectionReview | None]:
        """What people said of the places of some tiles of a frame, with their score bytes."""
        places = self.reviewed[self.sites[pair.scan_id]]
        lowest = pair.lowest_score(None)
        return [
            detection_review(opinions, Look(frame_id, pair.analysis_id, score >= lowest), frame_id)
            for opinions, score in zip(
                places.of_tiles(frame_id, pair.analysis_id, rectangles_px, corners_m), scores, strict=True
            )
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


def read_marks(connection: Connection, pairs: Mapping[int, Pair], closed: Closed | None = None) -> Marks:
    """For all detections of the pairs."""
    of_scan = sites(connection, pairs)
    until_seq = None if closed is None else closed.reviews_seq
    return Marks(
        of_scan,
        read_masking(connection, of_scan.values(), closed),
        read_reviewed(connection, of_scan.values(), until_seq),
    )
