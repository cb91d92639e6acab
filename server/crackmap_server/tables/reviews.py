"""What people said of single tiles, and what they had before them when they said it. Rows are only ever added."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
)

from crackmap_server.tables.metadata import Utc, metadata

reviews = Table(
    "reviews",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("review_id", Uuid, nullable=False, unique=True),
    Column("surface_id", Uuid, ForeignKey("surfaces.surface_id"), nullable=False, index=True),
    Column("inspection_id", Uuid, ForeignKey("inspections.inspection_id"), nullable=False),
    Column("frame_id", Uuid, nullable=False, index=True),
    Column("image_sha256", String(64), nullable=False),
    Column("x_px", Integer, nullable=False),
    Column("y_px", Integer, nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("corners_m", JSON(none_as_null=True)),  # on the chart; NULL: the frame had no place
    Column("cell", BigInteger),  # of the middle; by it and the farthest reach what is near a tile is found
    Column("reach_m", Double),  # how far the outline reaches from its middle along u or v
    Column("analysis_id", Uuid, ForeignKey("analyses.analysis_id"), nullable=False),
    Column("tile", Integer, nullable=False),
    Column("score", SmallInteger, nullable=False),  # byte of the score that was before the person
    Column("over", Boolean, nullable=False),  # whether it was a detection by its analysis' own threshold
    Column("verdict", String(20), nullable=False),
    Column("content", JSON, nullable=False),  # as it was sent
    Column("author", Text),
    Column("made_utc", Utc, nullable=False),
    Column("received_utc", Utc, nullable=False),
    Index(None, "surface_id", "cell"),
    Index(None, "surface_id", "reach_m"),
)
