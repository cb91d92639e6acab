"""What people added that counts for an inspection now: masks, findings, boundaries, conditions."""

from uuid import UUID

from sqlalchemy import Connection, select

from crackmap_server import tables
from crackmap_server.additions.findings import Finding
from crackmap_server.additions.inspection_conditions import InspectionConditions
from crackmap_server.additions.surface_descriptions import SurfaceDescription
from crackmap_server.masking import held_masks
from crackmap_server.revisions import Revision, all_current
from crackmap_server.sites import Site, structure_of_inspection


def counting(connection: Connection, inspection_id: UUID, sites: set[Site]) -> list[Revision]:
    """In the order of kind and id. `sites` are those of the inspection's scans. Raises NotFound."""
    scanned = {site.face.surface_id for site in sites}
    masks = {each.resource_id: each for held in held_masks(connection, sites).values() for each in held}
    found = [
        *masks.values(),
        *all_current(connection, SurfaceDescription.kind_name, scanned),
        *all_current(connection, InspectionConditions.kind_name, [inspection_id]),
        *_findings(connection, inspection_id),
    ]
    return sorted(found, key=lambda each: (each.kind, each.resource_id))


def _findings(connection: Connection, inspection_id: UUID) -> list[Revision]:
    """Also on surfaces that nobody photographed."""
    surfaces = tables.surfaces.c
    statement = select(surfaces.surface_id).where(
        surfaces.structure_id == structure_of_inspection(connection, inspection_id)
    )
    every = all_current(connection, Finding.kind_name, list(connection.execute(statement).scalars()))
    return [each for each in every if each.content and each.content["inspection_id"] == str(inspection_id)]
