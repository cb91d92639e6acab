"""Inspections that were closed: what counted then. Rows are only ever added."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
)

from crackmap_server.tables.metadata import Utc, metadata

close_outs = Table(
    "close_outs",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("inspection_id", Uuid, ForeignKey("inspections.inspection_id"), nullable=False),
    Column("number", Integer, nullable=False),  # from 1 in each inspection
    Column("target_width_mm", Double),
    Column("reviews_seq", Integer, nullable=False),  # the last review that counts
    Column("content", JSON, nullable=False),  # what was decided and what came of it: see closing.record
    Column("sha256", String(64), nullable=False),  # of its listing
    Column("note", Text, nullable=False),
    Column("closed_by", Text, nullable=False),
    Column("closed_utc", Utc, nullable=False),
    UniqueConstraint("inspection_id", "number"),
)

close_out_frames = Table(  # every frame that was stored of the closed scans
    "close_out_frames",
    metadata,
    Column("close_out_seq", Integer, ForeignKey("close_outs.seq"), nullable=False),
    Column("pair_seq", Integer, ForeignKey("pairs.seq"), nullable=False),
    Column("frame_seq", Integer, ForeignKey("frames.seq"), nullable=False),
    Column("reported", Boolean, nullable=False),  # under the pair; another frame had no scores or no place by it
    Column("placement_seq", Integer, ForeignKey("placements.seq")),
    PrimaryKeyConstraint("close_out_seq", "pair_seq", "frame_seq"),
    sqlite_with_rowid=False,
)
