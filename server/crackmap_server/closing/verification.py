"""Whether a close-out still says what was written down."""

import math
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from crackmap_server.closed import closed_by_row
from crackmap_server.closing.record import record
from crackmap_server.closing.resources import ClosedSurface, Content, Verification

_AREAS = {"area_m2", "boundary_m2", "sights_m2"}
_LEAST_M2 = 1e-5
"""Areas come from a library that may round otherwise in a later version; counts and hashes do not."""


def verify(connection: Connection, row: Mapping[Any, Any]) -> Verification:
    """Everything is worked out again from what is stored, and compared."""
    written = Content.model_validate(row["content"])
    found, sha256 = record(connection, row, closed_by_row(connection, row))
    differences = [
        f"{name}: the listing's lines are others"
        for name in sorted(written.parts.keys() | found.parts.keys())
        if written.parts.get(name) != found.parts.get(name)
    ]
    differences += [
        f"{name}: {getattr(found, name)!r} is found, {getattr(written, name)!r} was written down"
        for name in ("scans", "additions", "reviews")
        if getattr(written, name) != getattr(found, name)
    ]
    differences += _surfaces(written.surfaces, found.surfaces)
    if sha256 != row["sha256"] and not differences:
        differences.append("sha256: another one was written down")
    return Verification(
        inspection_id=row["inspection_id"],
        number=row["number"],
        sha256=row["sha256"],
        found_sha256=sha256,
        holds=not differences,
        differences=differences,
    )


def _surfaces(written: list[ClosedSurface], found: list[ClosedSurface]) -> list[str]:
    if [each.surface_id for each in written] != [each.surface_id for each in found]:
        return ["surfaces: they are others"]
    return [
        f"surface {one.surface_id}: {name} is {getattr(other, name)!r}, {getattr(one, name)!r} was written down"
        for one, other in zip(written, found, strict=True)
        for name in ClosedSurface.model_fields
        if not _same(name, getattr(one, name), getattr(other, name))
    ]


def _same(name: str, one: Any, other: Any) -> bool:
    if name not in _AREAS or one is None or other is None:
        return bool(one == other)
    if isinstance(one, dict):
        return all(_close(one.get(sight, 0.0), other.get(sight, 0.0)) for sight in one.keys() | other.keys())
    return _close(one, other)


def _close(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-6, abs_tol=_LEAST_M2)
