"""The headers of a delivery into the tables: what is new is stored, what says otherwise than before is a conflict.

A header's facts are stored once. Labels (a model's name, the software, the robot, where poses came from) may differ
from run to run: the first stays. A target width that was left out may be told later.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, insert, select, update

from crackmap.messages import Analysis, PoseSolution, Scan
from crackmap.surfaces import Surface
from crackmap_server import tables
from crackmap_server.envelope import Delivery
from crackmap_server.ingest import Headers


def store_headers(connection: Connection, delivery: Delivery) -> Headers:
    """Store what is new of the delivery's headers; answer which headers its reports may name."""
    conflicts: dict[UUID, str] = {}
    for scan in delivery.scans:
        message = _store_scan(connection, scan)
        if message:
            conflicts[scan.scan_id] = message
    known_scans = _known_scans(connection, delivery)
    for analysis in delivery.analyses:
        if analysis.scan_id in known_scans:
            _store_analysis(connection, analysis)
    for poses in delivery.pose_solutions:
        if poses.scan_id in known_scans:
            message = _store_pose_solution(connection, poses)
            if message:
                conflicts[poses.pose_solution_id] = message
    return Headers(
        scans=frozenset(known_scans),
        analyses=_known_analyses(connection, known_scans),
        pose_scans=_known_pose_solutions(connection, known_scans),
        conflicts=conflicts,
        bad=delivery.bad_headers,
    )


def _store_scan(connection: Connection, scan: Scan) -> str | None:
    surface, inspection = scan.surface, scan.inspection
    _store(connection, tables.structures, {"structure_id": scan.structure_id, "name": scan.structure})
    stored = _store(
        connection,
        tables.surfaces,
        {
            "surface_id": scan.surface_id,
            "structure_id": scan.structure_id,
            "name": surface.name,
            "shape": surface.shape,
            "drawing": surface.drawing.value,
            "radius_m": surface.radius_m,
            "facing": None if surface.facing is None else surface.facing.value,
        },
    )
    there = Surface.model_validate({name: stored[name] for name in Surface.model_fields})
    if there != surface:
        return f"surface {surface.name!r} is stored as {_described(there)}, not as {_described(surface)}"
    stored = _store(
        connection,
        tables.inspections,
        {
            "inspection_id": scan.inspection_id,
            "structure_id": scan.structure_id,
            "name": inspection.name,
            "target_width_mm": inspection.target_width_mm,
        },
    )
    target, sent = stored["target_width_mm"], inspection.target_width_mm
    if target is None and sent is not None:
        table = tables.inspections
        connection.execute(
            update(table).where(table.c.inspection_id == scan.inspection_id).values(target_width_mm=sent)
        )
    elif None not in {target, sent} and target != sent:
        return f"inspection {inspection.name!r} is stored with a target width of {target} mm, not {sent} mm"
    row = {
        "scan_id": scan.scan_id,
        "inspection_id": scan.inspection_id,
        "surface_id": scan.surface_id,
        "kind": scan.kind,
        "software": scan.software,
        "robot": scan.robot,
    }
    stored = _store(connection, tables.scans, row)
    for fact in ("kind", "inspection_id", "surface_id"):
        if stored[fact] != row[fact]:
            return f"scan {scan.scan_id} is stored with another {fact}: {stored[fact]}, not {row[fact]}"
    return None


def _described(surface: Surface) -> str:
    drawn = f"drawn {surface.drawing.value}"
    if surface.facing is None:
        return f"a plane {drawn}"
    return f"a cylinder of {surface.radius_m:g} m seen from {surface.facing.value}, {drawn}"


def _store_analysis(connection: Connection, analysis: Analysis) -> None:
    # Its id is derived from all of its facts; the threshold is what a reader may change at any time.
    _store(connection, tables.analyses, analysis.model_dump())


def _store_pose_solution(connection: Connection, poses: PoseSolution) -> str | None:
    row = poses.model_dump(mode="python")
    row["camera"] = poses.camera.model_dump(mode="json")
    stored = _store(connection, tables.pose_solutions, row)
    if stored["camera"] != row["camera"]:
        return f"pose solution {poses.pose_solution_id} is stored with another camera under the same calibration hash"
    return None


def _store(connection: Connection, table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """The stored row with that primary key; `row` itself if there was none."""
    (key,) = table.primary_key.columns
    stored = connection.execute(select(table).where(key == row[key.name])).mappings().one_or_none()
    if stored is not None:
        return dict(stored)
    connection.execute(insert(table), row)
    return row


def _known_scans(connection: Connection, delivery: Delivery) -> set[UUID]:
    named = delivery.named_scans
    column = tables.scans.c.scan_id
    return set(connection.execute(select(column).where(column.in_(named))).scalars())


def _known_analyses(connection: Connection, scans: set[UUID]) -> dict[UUID, Analysis]:
    rows = connection.execute(select(tables.analyses).where(tables.analyses.c.scan_id.in_(scans))).mappings()
    return {row["analysis_id"]: Analysis.model_construct(**row) for row in rows}


def _known_pose_solutions(connection: Connection, scans: set[UUID]) -> dict[UUID, UUID]:
    table = tables.pose_solutions.c
    rows = connection.execute(select(table.pose_solution_id, table.scan_id).where(table.scan_id.in_(scans)))
    return {row.pose_solution_id: row.scan_id for row in rows}
