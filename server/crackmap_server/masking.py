"""Which places on a surface lie in a mask that holds for the inspection. Nothing is taken away for it: it is said."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, select

from crackmap_server import tables
from crackmap_server.additions.inspection_conditions import held_on
from crackmap_server.additions.masks import Mask, MaskKind
from crackmap_server.closed import Closed
from crackmap_server.coverage import rolled
from crackmap_server.revisions import Revision, all_current, all_exact
from crackmap_server.shapes import polygon
from crackmap_server.sites import Site, face


@dataclass(frozen=True)
class Masking:
    """The masks of one surface that hold for one inspection (or for several), on its chart."""

    kinds: tuple[MaskKind, ...] = ()
    shapes: tuple[BaseGeometry, ...] = ()

    def of(self, points_m: npt.NDArray[np.float64]) -> list[MaskKind | None]:
        """The kind of the first mask that each of the (n, 2) points lies in."""
        found: list[MaskKind | None] = [None] * len(points_m)
        for kind, shape in zip(self.kinds, self.shapes, strict=True):
            inside = shapely.intersects_xy(shape, points_m[:, 0], points_m[:, 1])
            for place in np.flatnonzero(inside).tolist():
                found[place] = found[place] or kind
        return found

    @property
    def union(self) -> BaseGeometry:
        """What all masks cover together, on the chart."""
        return shapely.union_all(self.shapes)


def read_masking(connection: Connection, sites: Iterable[Site], closed: Closed | None = None) -> dict[Site, Masking]:
    """For each of the sites."""
    wanted = set(sites)
    held = _masks_now(connection, wanted) if closed is None else _masks_then(connection, wanted, closed)
    return {site: _masking([mask for _, mask in held[site]], site.face.around_m) for site in wanted}


def held_masks(connection: Connection, wanted: Collection[Site]) -> dict[Site, list[Revision]]:
    """The masks that hold now for each of the sites, in the order of their ids."""
    held = _masks_now(connection, wanted)
    return {site: [each for each, _ in held[site]] for site in wanted}


def _masks_now(connection: Connection, wanted: Collection[Site]) -> dict[Site, list[tuple[Revision, Mask]]]:
    faces = {site.face for site in wanted}
    masks = _masks(connection, [face.surface_id for face in faces])
    bounded = {
        face.structure_id
        for face in faces
        for _, mask in masks[face.surface_id]
        if mask.from_inspection_id or mask.until_inspection_id
    }
    days = _days(connection, bounded)
    return {
        site: [each for each in masks[site.face.surface_id] if holds(each[1], site.inspection_id, days)]
        for site in wanted
    }


def _masks_then(
    connection: Connection, wanted: Collection[Site], closed: Closed
) -> dict[Site, list[tuple[Revision, Mask]]]:
    revisions = all_exact(connection, Mask.kind_name, closed.additions.get(Mask.kind_name, {}))
    then = [(each, Mask.model_validate(each.content)) for each in revisions]
    return {site: [each for each in then if each[0].owner_id == site.face.surface_id] for site in wanted}


def masking_of_all(masking: Mapping[Site, Masking]) -> BaseGeometry:
    """Where a mask holds for every one of the sites, which are of one surface."""
    unions = [each.union for each in masking.values()]
    return shapely.intersection_all(unions) if unions else shapely.Polygon()


def holds(mask: Mask, inspection_id: UUID, days: Mapping[UUID, date]) -> bool:
    """Whether the mask holds for that inspection. Where days are not known it does not: nothing is hidden by guess."""
    own = days.get(inspection_id)
    for limit, sign in ((mask.from_inspection_id, 1), (mask.until_inspection_id, -1)):
        if limit is None or limit == inspection_id:
            continue
        other = days.get(limit)
        if own is None or other is None or sign * (own - other).days < 0:
            return False
    return True


def inspection_days(connection: Connection, surface_id: UUID, masks: Iterable[Mask]) -> dict[UUID, date]:
    """What `holds` needs to know of the surface's inspections; nothing where no mask has a limit."""
    bounded = any(mask.from_inspection_id or mask.until_inspection_id for mask in masks)
    return _days(connection, [face(connection, surface_id).structure_id] if bounded else [])


def _masks(connection: Connection, surface_ids: Sequence[UUID]) -> dict[UUID, list[tuple[Revision, Mask]]]:
    """By surface."""
    masks: dict[UUID, list[tuple[Revision, Mask]]] = {surface_id: [] for surface_id in surface_ids}
    for each in all_current(connection, Mask.kind_name, surface_ids):
        masks[each.owner_id].append((each, Mask.model_validate(each.content)))
    return masks


def _days(connection: Connection, structure_ids: Iterable[UUID]) -> dict[UUID, date]:
    """Of all inspections of the structures; only asked for when a mask has a limit, since it looks at all frames."""
    wanted = list(structure_ids)
    if not wanted:
        return {}
    table = tables.inspections.c
    inspections = connection.execute(select(table.inspection_id).where(table.structure_id.in_(wanted))).scalars()
    return held_on(connection, list(inspections))


def _masking(masks: Sequence[Mask], around_m: float | None) -> Masking:
    shapes = [rolled(polygon(mask.polygon_m), around_m) for mask in masks]
    shapely.prepare(shapes)
    return Masking(tuple(mask.kind for mask in masks), tuple(shapes))
