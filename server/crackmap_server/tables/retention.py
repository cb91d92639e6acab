"""What retention removed: the pictures are gone, and it is known which, when and why."""

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from crackmap_server.tables.metadata import Utc, metadata

removed_evidence = Table(
    "removed_evidence",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("media_type", String(20), nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("cause", Text, nullable=False),
    Column("removed_utc", Utc, nullable=False),
)
