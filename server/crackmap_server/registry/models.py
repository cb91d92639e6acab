"""Models into the registry, and which one an inspection uses. Runs in the writer's thread, or reads."""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import Connection, RowMapping, Select, insert, select

from crackmap.manifest import Manifest
from crackmap_server import tables
from crackmap_server.errors import BadRequest, Conflict, NotFound
from crackmap_server.sites import the_inspection


def read_manifest(sha256: str, content: bytes) -> Manifest:
    """The manifest of the model with that hash. Raises BadRequest."""
    try:
        manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the body"
        raise BadRequest(f"{key}: {first['msg']}; send the manifest (.json) that was written with the model") from None
    if manifest.sha256 != sha256:
        raise BadRequest(f"sha256: the manifest is that of {manifest.sha256}, not of {sha256}")
    return manifest


def register(
    connection: Connection, manifest: Manifest, content: bytes, *, size_bytes: int | None, by: str, now_utc: datetime
) -> bool:
    """Whether it is new. `size_bytes` is that of the file, None when it is not here.

    Raises Conflict when the file is missing or the model is registered with another manifest, BadRequest when the
    file is longer or shorter than the manifest says.
    """
    manifest_sha256 = hashlib.sha256(content).hexdigest()
    stored = find_model(connection, manifest.sha256)
    if stored is not None and stored["manifest_sha256"] != manifest_sha256:
        raise Conflict(
            f"model {manifest.sha256} is registered with another manifest since "
            f"{stored['registered_utc']:%Y-%m-%d}; what it promises never changes"
        )
    if size_bytes is None:
        raise Conflict(f"the file of model {manifest.sha256} is not here; send it first")
    if size_bytes != manifest.size_bytes:
        raise BadRequest(f"size_bytes: the manifest promises {manifest.size_bytes}, the file has {size_bytes}")
    if stored is not None:
        return False
    connection.execute(
        insert(tables.models),
        {
            "model_sha256": manifest.sha256,
            "name": manifest.name,
            "size_bytes": manifest.size_bytes,
            "tile_px": manifest.tile_px,
            "manifest": content.decode(),
            "manifest_sha256": manifest_sha256,
            "registered_by": by,
            "registered_utc": now_utc,
        },
    )
    return True


def find_model(connection: Connection, sha256: str) -> RowMapping | None:
    """The row of a registered model."""
    statement = select(tables.models).where(tables.models.c.model_sha256 == sha256)
    return connection.execute(statement).mappings().one_or_none()


def the_model(connection: Connection, sha256: str) -> RowMapping:
    """The same. Raises NotFound."""
    row = find_model(connection, sha256)
    if row is None:
        raise NotFound(f"model {sha256} is not registered")
    return row


def pin(connection: Connection, inspection_id: UUID, sha256: str, by: str, now_utc: datetime) -> None:
    """Let the inspection use that model from now on. Raises NotFound, and BadRequest for a model that is not there."""
    the_inspection(connection, inspection_id)
    if find_model(connection, sha256) is None:
        raise BadRequest(f"model_sha256: model {sha256} is not registered")
    newest = connection.execute(select_pins(inspection_id).limit(1)).mappings().one_or_none()
    if newest is not None and newest["model_sha256"] == sha256:
        return  # decided before: the same request may come twice
    connection.execute(
        insert(tables.model_pins),
        {"inspection_id": inspection_id, "model_sha256": sha256, "decided_by": by, "decided_utc": now_utc},
    )


def select_pins(inspection_id: UUID) -> Select[Any]:
    """The inspection's decisions with their models, the newest first."""
    pins, models = tables.model_pins, tables.models.c
    return (
        select(pins, models.manifest_sha256, models.name, models.size_bytes)
        .join_from(pins, tables.models)
        .where(pins.c.inspection_id == inspection_id)
        .order_by(pins.c.seq.desc())
    )
