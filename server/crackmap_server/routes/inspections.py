"""Structures, surfaces, inspections and scans."""

from collections import defaultdict
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy import Connection, func, select

from crackmap_server import tables
from crackmap_server.additions.inspection_conditions import InspectionConditions, target_widths_mm
from crackmap_server.additions.surface_descriptions import SurfaceDescription
from crackmap_server.errors import BadRequest
from crackmap_server.paging import Cursor, Limit, page
from crackmap_server.resources import (
    AnalysisItem,
    InspectionItem,
    Page,
    PoseSolutionItem,
    ScanItem,
    Structure,
    SurfaceItem,
)
from crackmap_server.revisions import last_versions
from crackmap_server.routes.dependencies import InspectionId, Reading, SurfaceId, problems

router = APIRouter(tags=["inspections"])
StructureId = Annotated[UUID | None, Query(description="only of this structure")]


@router.get("/v1/structures", responses=problems(BadRequest), summary="Bridges, buildings, tunnels")
def get_structures(connection: Reading, limit: Limit = 100, cursor: Cursor = None) -> Page[Structure]:
    """In the order of their names."""
    table = tables.structures
    rows, after = page(connection, select(table), {table.c.name: str, table.c.structure_id: UUID}, limit, cursor)
    return Page(items=[Structure(**row) for row in rows], next=after)


@router.get("/v1/surfaces", responses=problems(BadRequest), summary="Inspected faces")
def get_surfaces(
    connection: Reading, structure_id: StructureId = None, limit: Limit = 100, cursor: Cursor = None
) -> Page[SurfaceItem]:
    """In the order of their names."""
    table = tables.surfaces
    statement = select(table, tables.structures.c.name.label("structure")).join_from(table, tables.structures)
    if structure_id is not None:
        statement = statement.where(table.c.structure_id == structure_id)
    rows, after = page(connection, statement, {table.c.name: str, table.c.surface_id: UUID}, limit, cursor)
    described = last_versions(connection, SurfaceDescription.kind_name, [row["surface_id"] for row in rows])
    items = [SurfaceItem(**row, description_version=described.get(row["surface_id"])) for row in rows]
    return Page(items=items, next=after)


@router.get("/v1/inspections", responses=problems(BadRequest), summary="Dated campaigns")
def get_inspections(
    connection: Reading, structure_id: StructureId = None, limit: Limit = 100, cursor: Cursor = None
) -> Page[InspectionItem]:
    """In the order of their names."""
    table = tables.inspections
    statement = select(table)
    if structure_id is not None:
        statement = statement.where(table.c.structure_id == structure_id)
    rows, after = page(connection, statement, {table.c.name: str, table.c.inspection_id: UUID}, limit, cursor)
    ids = [row["inspection_id"] for row in rows]
    widths = target_widths_mm(connection, ids)
    versions = last_versions(connection, InspectionConditions.kind_name, ids)
    said = {one: {"target_width_mm": widths[one], "conditions_version": versions.get(one)} for one in ids}
    items = [InspectionItem(**row | said[row["inspection_id"]]) for row in map(dict, rows)]
    return Page(items=items, next=after)


@router.get("/v1/scans", responses=problems(BadRequest), summary="Passes over a surface, with their analyses and poses")
def get_scans(
    *,
    connection: Reading,
    inspection_id: InspectionId = None,
    surface_id: SurfaceId = None,
    kind: Annotated[Literal["recording", "live"] | None, Query(description="only scans of this kind")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ScanItem]:
    """In the order of their ids."""
    table = tables.scans
    statement = select(table)
    if inspection_id is not None:
        statement = statement.where(table.c.inspection_id == inspection_id)
    if surface_id is not None:
        statement = statement.where(table.c.surface_id == surface_id)
    if kind is not None:
        statement = statement.where(table.c.kind == kind)
    rows, after = page(connection, statement, {table.c.scan_id: UUID}, limit, cursor)
    ids = [row["scan_id"] for row in rows]
    frames, analyses, poses = _frame_counts(connection, ids), _analyses(connection, ids), _poses(connection, ids)
    return Page(
        items=[
            ScanItem(
                **row,
                frames=frames.get(row["scan_id"], 0),
                analyses=analyses[row["scan_id"]],
                pose_solutions=poses[row["scan_id"]],
            )
            for row in rows
        ],
        next=after,
    )


def _frame_counts(connection: Connection, scans: list[UUID]) -> dict[UUID, int]:
    scan_id = tables.frames.c.scan_id
    rows = connection.execute(select(scan_id, func.count()).where(scan_id.in_(scans)).group_by(scan_id))
    return {row[0]: row[1] for row in rows}


def _analyses(connection: Connection, scans: list[UUID]) -> dict[UUID, list[AnalysisItem]]:
    table, pairs = tables.analyses, tables.pairs.c
    current = select(pairs.analysis_id).where(pairs.scan_id.in_(scans), pairs.current)
    statement = (
        select(table, table.c.analysis_id.in_(current).label("current"))
        .where(table.c.scan_id.in_(scans))
        .order_by(table.c.analysis_id)
    )
    found: defaultdict[UUID, list[AnalysisItem]] = defaultdict(list)
    row: Any
    for row in connection.execute(statement).mappings():
        found[row["scan_id"]].append(AnalysisItem(**row))
    return found


def _poses(connection: Connection, scans: list[UUID]) -> dict[UUID, list[PoseSolutionItem]]:
    table, pairs = tables.pose_solutions, tables.pairs.c
    current = select(pairs.pose_solution_id).where(
        pairs.scan_id.in_(scans), pairs.current, pairs.pose_solution_id.is_not(None)
    )
    statement = (
        select(table, table.c.pose_solution_id.in_(current).label("current"))
        .where(table.c.scan_id.in_(scans))
        .order_by(table.c.pose_solution_id)
    )
    found: defaultdict[UUID, list[PoseSolutionItem]] = defaultdict(list)
    row: Any
    for row in connection.execute(statement).mappings():
        found[row["scan_id"]].append(PoseSolutionItem(**row))
    return found
