"""What people said of the places where tiles lie: known things (masks)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from sqlalchemy import Connection

from crackmap_server.additions.masks import MaskKind
from crackmap_server.masking import Masking, read_masking
from crackmap_server.pairs import Pair
from crackmap_server.sites import Site, sites


@dataclass(frozen=True)
class Marks:
    """Of the scans of some pairs."""

    sites: Mapping[UUID, Site]
    masking: Mapping[Site, Masking]

    def masked(self, scan_id: UUID, middles_m: Sequence[Sequence[float]]) -> list[MaskKind | None]:
        """The known thing that each of the (n, 2) middles of a scan's tiles lies in."""
        return self.masking[self.sites[scan_id]].of(np.array(middles_m))


def read_marks(connection: Connection, pairs: Mapping[int, Pair]) -> Marks:
    """For all detections of the pairs."""
    of_scan = sites(connection, pairs)
    return Marks(of_scan, read_masking(connection, of_scan.values()))
