"""What people add to the log: every version of it, the last one counts, and none is ever changed or removed."""

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text, UniqueConstraint, Uuid

from crackmap_server.tables.metadata import Utc, metadata

revisions = Table(
    "revisions",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("kind", String(30), nullable=False),  # element, surface description, …: see additions
    Column("resource_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("owner_id", Uuid, nullable=False),  # the structure, surface or inspection that it belongs to
    Column("content", JSON(none_as_null=True)),  # NULL: this version deletes it
    Column("author", Text),
    Column("written_utc", Utc, nullable=False),
    UniqueConstraint("kind", "resource_id", "version"),
    Index(None, "kind", "owner_id"),
)
