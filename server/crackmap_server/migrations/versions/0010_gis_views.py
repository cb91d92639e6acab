"""Layers for GIS programs, where PostGIS is or may be added; nothing elsewhere."""

import logging
from pathlib import Path

from alembic import op
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

revision = "0010"
down_revision = "0009"

_log = logging.getLogger(__name__)
_VIEWS = Path(__file__).parent.parent / "gis.sql"


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql" or not _available(connection):
        return
    try:
        with connection.begin_nested():
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
            connection.exec_driver_sql(_VIEWS.read_text())
    except DBAPIError as error:  # as where this user may not add an extension: a log needs no layers
        _log.warning("no layers for GIS programs were made: %s", str(error.orig).strip())


def _available(connection: Connection) -> bool:
    found = connection.execute(text("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'"))
    return found.first() is not None
