"""Registered models, which one an inspection uses, and scoring frames again with one of them."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
)

from crackmap_server.tables.metadata import Utc, metadata

models = Table(  # the files lie in the models folder under their SHA-256
    "models",
    metadata,
    Column("model_sha256", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("tile_px", Integer, nullable=False),
    Column("manifest", Text, nullable=False),  # as it came, byte for byte
    Column("manifest_sha256", String(64), nullable=False),
    Column("registered_by", Text, nullable=False),
    Column("registered_utc", Utc, nullable=False),
)

model_pins = Table(  # which model an inspection uses; the last one counts, the others are the history
    "model_pins",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("inspection_id", Uuid, ForeignKey("inspections.inspection_id"), nullable=False, index=True),
    Column("model_sha256", String(64), ForeignKey("models.model_sha256"), nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_utc", Utc, nullable=False),
)

rescores = Table(
    "rescores",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("inspection_id", Uuid, ForeignKey("inspections.inspection_id"), nullable=False, index=True),
    Column("model_sha256", String(64), ForeignKey("models.model_sha256"), nullable=False),
    Column("use_when_complete", Boolean, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("decided_utc", Utc, nullable=False),
)

rescore_scans = Table(  # what of each scan is compared
    "rescore_scans",
    metadata,
    Column("rescore_seq", Integer, ForeignKey("rescores.seq"), nullable=False),
    Column("scan_id", Uuid, ForeignKey("scans.scan_id"), nullable=False),
    Column("before_pair_seq", Integer, ForeignKey("pairs.seq")),  # NULL: the model's own is the only one
    Column("pair_seq", Integer, ForeignKey("pairs.seq"), nullable=False),
    PrimaryKeyConstraint("rescore_seq", "scan_id"),
)

rescore_jobs = Table(
    "rescore_jobs",
    metadata,
    Column("rescore_seq", Integer, ForeignKey("rescores.seq"), nullable=False),
    Column("frame_seq", Integer, ForeignKey("frames.seq"), nullable=False),
    Column("pair_seq", Integer, ForeignKey("pairs.seq"), nullable=False),
    Column("state", String(20), nullable=False),
    Column("cause", Text, nullable=False),  # why a frame cannot be scored again, or failed
    Column("worker", Text, nullable=False),
    Column("takes", SmallInteger, nullable=False),  # how often a worker took it
    Column("leased_until_utc", Utc),
    PrimaryKeyConstraint("rescore_seq", "frame_seq"),
    Index(None, "state", "rescore_seq"),
)
