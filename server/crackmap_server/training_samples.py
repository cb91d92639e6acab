"""Tiles on which people agree, as samples for training: where their pixels are, and whether they show a crack."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, select

from crackmap_server import tables
from crackmap_server.evidence import EvidenceFolder
from crackmap_server.pictures import Cut
from crackmap_server.resources import ReviewItem


@dataclass(frozen=True)
class Sample:
    """One reviewed tile."""

    frame_id: UUID
    image_sha256: str
    cut: Cut
    crack: bool
    review_ids: tuple[UUID, ...]

    @property
    def name(self) -> str:
        """Of its file: photograph, minus, tile. Tiles of one photograph have the same first part."""
        cut = self.cut
        return f"{self.image_sha256[:16]}-{cut.x_px}_{cut.y_px}_{cut.width_px}x{cut.height_px}"


@dataclass(frozen=True)
class Picture:
    """A held photograph with its size."""

    sha256: str
    media_type: str
    width_px: int
    height_px: int


def samples(items: list[ReviewItem]) -> list[Sample]:
    """Of the reviewed tiles those that people agree on, each once; in the order of photographs and places."""
    found = {}
    for item in items:
        if item.place is None or item.place.crack is None:
            continue
        cut = Cut(item.x_px, item.y_px, item.width_px, item.height_px)
        found[item.image_sha256, cut] = Sample(
            item.content.frame_id, item.image_sha256, cut, item.place.crack, tuple(item.place.review_ids)
        )
    return sorted(found.values(), key=lambda each: (each.image_sha256, each.name))


def held_pictures(connection: Connection, folder: EvidenceFolder, sha256s: set[str]) -> dict[str, Picture]:
    """Those of the photographs that are here."""
    table = tables.evidence.c
    rows = connection.execute(
        select(table.sha256, table.media_type, table.width_px, table.height_px).where(table.sha256.in_(sha256s))
    )
    known = {row.sha256: Picture(*row) for row in rows}
    there = folder.held(known)
    return {sha256: picture for sha256, picture in known.items() if sha256 in there}


def held_crops(connection: Connection, folder: EvidenceFolder, items: list[ReviewItem]) -> dict[tuple[str, Cut], str]:
    """Kept pictures of single tiles, by photograph and place, where the photographs themselves are not kept."""
    crops, frames = tables.crops.c, tables.frames.c
    wanted = {
        (item.content.frame_id, item.content.analysis_id, item.content.tile): (
            item.image_sha256,
            Cut(item.x_px, item.y_px, item.width_px, item.height_px),
        )
        for item in items
    }
    rows = connection.execute(
        select(frames.frame_id, crops.analysis_id, crops.tile, crops.sha256)
        .join_from(tables.crops, tables.frames)
        .where(frames.frame_id.in_({frame_id for frame_id, _, _ in wanted}))
    )
    kept = {
        wanted[row.frame_id, row.analysis_id, row.tile]: row.sha256
        for row in rows
        if (row.frame_id, row.analysis_id, row.tile) in wanted
    }
    there = folder.held(set(kept.values()))
    return {place: sha256 for place, sha256 in kept.items() if sha256 in there}
