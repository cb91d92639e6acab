"""The headers of a delivery into the tables: what is new is stored, what says otherwise than before is a conflict.

A header's facts are stored once. Labels (a model's name, the software, the robot, where poses came from) may differ
from run to run: the first stays. A target width that was left out may be told later.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BindParameter, Connection, RowMapping, Table, bindparam, insert, select, update

from crackmap.messages import Analysis, Scan
from crackmap.surfaces import Surface
from crackmap_server import tables
from crackmap_server.envelope import Delivery
from crackmap_server.ingest import Headers

_FACTS: Final = ("kind", "inspection_id", "surface_id")
"""Of a scan, beside what its id is derived from."""
_NAMED: Final[BindParameter[UUID]] = bindparam("scan_ids", expanding=True)
# Made once: for a delivery of one report, making a statement would take longer than executing it.
_SCANS: Final = (
    select(
        *(tables.scans.c.scan_id, *(tables.scans.c[name] for name in _FACTS), tables.inspections.c.target_width_mm),
        *(tables.surfaces.c[name] for name in Surface.model_fields),
    )
    .join_from(tables.scans, tables.inspections, tables.inspections.c.inspection_id == tables.scans.c.inspection_id)
    .join(tables.surfaces, tables.surfaces.c.surface_id == tables.scans.c.surface_id)
    .where(tables.scans.c.scan_id.in_(_NAMED))
)
_ANALYSES: Final = select(tables.analyses).where(tables.analyses.c.scan_id.in_(_NAMED))
_POSE_SOLUTIONS: Final = select(
    tables.pose_solutions.c.pose_solution_id, tables.pose_solutions.c.scan_id, tables.pose_solutions.c.camera
).where(tables.pose_solutions.c.scan_id.in_(_NAMED))


def store_headers(connection: Connection, delivery: Delivery) -> Headers:
    """Store what is new of the delivery's headers; answer which headers its reports may name."""
    conflicts: dict[UUID, str] = {}
    stored = _stored_scans(connection, delivery.named_scans)
    scans = set(stored)
    for scan in delivery.scans:
        if scan.scan_id in stored and _says_nothing_new(scan, stored[scan.scan_id]):
            continue
        message = _store_scan(connection, scan)
        if message:
            conflicts[scan.scan_id] = message
        else:
            scans.add(scan.scan_id)
    analyses = _stored_analyses(connection, scans)
    for analysis in delivery.analyses:
        if analysis.scan_id in scans and analysis.analysis_id not in analyses:
            # Its id is derived from all of its facts; the threshold is what a reader may change at any time.
            connection.execute(insert(tables.analyses), analysis.model_dump())
            analyses[analysis.analysis_id] = analysis
    pose_solutions = _stored_pose_solutions(connection, scans)
    for poses in delivery.pose_solutions:
        if poses.scan_id not in scans:
            continue
        row = poses.model_dump() | {"camera": poses.camera.model_dump(mode="json")}
        if poses.pose_solution_id not in pose_solutions:
            connection.execute(insert(tables.pose_solutions), row)
            pose_solutions[poses.pose_solution_id] = row
        elif pose_solutions[poses.pose_solution_id]["camera"] != row["camera"]:
            conflicts[poses.pose_solution_id] = (
                f"pose solution {poses.pose_solution_id} is stored with another camera under the same calibration hash"
            )
    return Headers(
        scans=frozenset(scans),
        analyses=analyses,
        pose_scans={identity: row["scan_id"] for identity, row in pose_solutions.items()},
        conflicts=conflicts,
        bad=delivery.bad_headers,
    )


def _stored_scans(connection: Connection, scan_ids: Collection[UUID]) -> dict[UUID, RowMapping]:
    """Each with its surface and its inspection: what nearly every delivery says again is looked for once."""
    return {row["scan_id"]: row for row in connection.execute(_SCANS, {"scan_ids": list(scan_ids)}).mappings()}


def _says_nothing_new(scan: Scan, stored: RowMapping) -> bool:
    return (
        all(stored[fact] == getattr(scan, fact) for fact in _FACTS)
        and _surface(stored) == scan.surface
        and scan.inspection.target_width_mm in {None, stored["target_width_mm"]}
    )


def _surface(row: Mapping[str, Any] | RowMapping) -> Surface:
    return Surface.model_validate({name: row[name] for name in Surface.model_fields})


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
    there = _surface(stored)
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
    for fact in _FACTS:
        if stored[fact] != row[fact]:
            return f"scan {scan.scan_id} is stored with another {fact}: {stored[fact]}, not {row[fact]}"
    return None


def _described(surface: Surface) -> str:
    drawn = f"drawn {surface.drawing.value}"
    if surface.facing is None:
        return f"a plane {drawn}"
    return f"a cylinder of {surface.radius_m:g} m seen from {surface.facing.value}, {drawn}"


def _store(connection: Connection, table: Table, row: dict[str, Any]) -> dict[str, Any]:
    """The stored row with that primary key; `row` itself if there was none."""
    (key,) = table.primary_key.columns
    stored = connection.execute(select(table).where(key == row[key.name])).mappings().one_or_none()
    if stored is not None:
        return dict(stored)
    connection.execute(insert(table), row)
    return row


def _stored_analyses(connection: Connection, scans: Collection[UUID]) -> dict[UUID, Analysis]:
    rows = connection.execute(_ANALYSES, {"scan_ids": list(scans)}).mappings()
    return {row["analysis_id"]: Analysis.model_construct(**row) for row in rows}


def _stored_pose_solutions(connection: Connection, scans: Collection[UUID]) -> dict[UUID, Mapping[str, Any]]:
    rows = connection.execute(_POSE_SOLUTIONS, {"scan_ids": list(scans)}).mappings()
    return {row["pose_solution_id"]: dict(row) for row in rows}
