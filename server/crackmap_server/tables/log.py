"""What robots report: structures, surfaces, scans, frames, scores, places, pictures."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from crackmap_server.tables.metadata import Utc, metadata

logs = Table(  # one row: which log this is. A restored one is another: robots then offer again what it may lack
    "logs",
    metadata,
    Column("log_id", Uuid, primary_key=True),
    Column("since_utc", Utc, nullable=False),
)

structures = Table(
    "structures",
    metadata,
    Column("structure_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
)

surfaces = Table(
    "surfaces",
    metadata,
    Column("surface_id", Uuid, primary_key=True),
    Column("structure_id", Uuid, ForeignKey("structures.structure_id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("shape", String(20), nullable=False),
    Column("drawing", String(20), nullable=False),
    Column("radius_m", Double),  # of a cylinder, as is facing
    Column("facing", String(20)),
)

inspections = Table(
    "inspections",
    metadata,
    Column("inspection_id", Uuid, primary_key=True),
    Column("structure_id", Uuid, ForeignKey("structures.structure_id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("target_width_mm", Double),
)

scans = Table(
    "scans",
    metadata,
    Column("scan_id", Uuid, primary_key=True),
    Column("inspection_id", Uuid, ForeignKey("inspections.inspection_id"), nullable=False, index=True),
    Column("surface_id", Uuid, ForeignKey("surfaces.surface_id"), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("software", Text, nullable=False),
    Column("robot", Text),  # NULL: not known
)

analyses = Table(
    "analyses",
    metadata,
    Column("analysis_id", Uuid, primary_key=True),
    Column("scan_id", Uuid, ForeignKey("scans.scan_id"), nullable=False, index=True),
    Column("model", Text, nullable=False),
    Column("model_sha256", String(64), nullable=False),
    Column("tile_px", Integer, nullable=False),
    Column("stride_px", Integer, nullable=False),
    Column("preprocessing", Integer, nullable=False),
    Column("threshold", Double, nullable=False),
)

pose_solutions = Table(
    "pose_solutions",
    metadata,
    Column("pose_solution_id", Uuid, primary_key=True),
    Column("scan_id", Uuid, ForeignKey("scans.scan_id"), nullable=False, index=True),
    Column("source", Text, nullable=False),
    Column("poses_sha256", String(64), nullable=False),
    Column("camera_sha256", String(64), nullable=False),
    Column("camera", JSON, nullable=False),
)

pairs = Table(
    "pairs",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("scan_id", Uuid, ForeignKey("scans.scan_id"), nullable=False, index=True),
    Column("analysis_id", Uuid, ForeignKey("analyses.analysis_id"), nullable=False),
    Column("pose_solution_id", Uuid, ForeignKey("pose_solutions.pose_solution_id")),
    Column("floor", SmallInteger, nullable=False),  # score byte from which this pair's tiles have rows in detections
    Column("current", Boolean, nullable=False),
    UniqueConstraint("analysis_id", "pose_solution_id"),
    Index(
        "ix_pairs_current",
        "scan_id",
        unique=True,
        sqlite_where=text("current"),
        postgresql_where=text("current"),
    ),
    Index(
        "ix_pairs_without_poses",
        "analysis_id",
        unique=True,
        sqlite_where=text("pose_solution_id IS NULL"),
        postgresql_where=text("pose_solution_id IS NULL"),
    ),
)

decisions = Table(  # which pair became current, when and why
    "decisions",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("scan_id", Uuid, ForeignKey("scans.scan_id"), nullable=False, index=True),
    Column("pair_seq", Integer, ForeignKey("pairs.seq"), nullable=False),
    Column("cause", Text, nullable=False),
    Column("decided_utc", Utc, nullable=False),
)

frames = Table(
    "frames",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("frame_id", Uuid, nullable=False, unique=True),
    Column("scan_id", Uuid, ForeignKey("scans.scan_id"), nullable=False, index=True),
    Column("source_key", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("image_sha256", String(64), nullable=False, index=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("media_type", String(20), nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("exif_orientation", SmallInteger, nullable=False),
    Column("time_source", String(20), nullable=False),
    Column("captured_utc", Utc, index=True),
    Column("captured_local", DateTime),
    Column("time_sigma_s", Double),
    Column("exposure_s", Double),
    Column("readout_s", Double),
    Column("boot_id", String(64)),
    Column("monotonic_ns", BigInteger),
    Column("picture_expected", Boolean, nullable=False),  # the whole frame was promised as evidence
)

score_maps = Table(
    "score_maps",
    metadata,
    Column("frame_seq", Integer, ForeignKey("frames.seq"), nullable=False),
    Column("analysis_id", Uuid, ForeignKey("analyses.analysis_id"), nullable=False),
    Column("columns", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("scores", LargeBinary, nullable=False),
    Column("unscored", JSON, nullable=False),
    Column("highest_score", SmallInteger, nullable=False),
    Column("flags", JSON, nullable=False),
    Column("visible_widths", LargeBinary),  # NULL: the model does not say how narrow a crack it finds
    PrimaryKeyConstraint("frame_seq", "analysis_id"),
)

placements = Table(
    "placements",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("frame_seq", Integer, ForeignKey("frames.seq"), nullable=False),
    Column("pose_solution_id", Uuid, ForeignKey("pose_solutions.pose_solution_id")),  # NULL: unplaced
    Column("kind", String(20), nullable=False),
    Column("mm_per_px", Double),
    Column("cause", Text),
    Column("pose", JSON(none_as_null=True)),
    Column("footprint_m", JSON(none_as_null=True)),
    Column("low_u_m", Double),
    Column("low_v_m", Double),
    Column("high_u_m", Double),
    Column("high_v_m", Double),
    UniqueConstraint("frame_seq", "pose_solution_id"),
    CheckConstraint("(pose_solution_id IS NULL) = (kind = 'unplaced')", name="poses"),
    Index("ix_placements_bounds", "pose_solution_id", "low_u_m", "high_u_m", "low_v_m", "high_v_m"),
    # A corrected scale makes another row; the last one counts.
    Index(
        "ix_placements_scale",
        "frame_seq",
        "mm_per_px",
        unique=True,
        sqlite_where=text("pose_solution_id IS NULL"),
        postgresql_where=text("pose_solution_id IS NULL"),
    ),
)

reports = Table(  # what was stored of one frame under one pair; the geometry is that of the tiles of a placed frame
    "reports",
    metadata,
    Column("frame_seq", Integer, ForeignKey("frames.seq"), nullable=False),
    Column("pair_seq", Integer, ForeignKey("pairs.seq"), nullable=False),
    Column("origin_u_m", Double),
    Column("origin_v_m", Double),
    Column("centres", LargeBinary),
    Column("corners", LargeBinary),
    Column("covariances", LargeBinary),
    PrimaryKeyConstraint("frame_seq", "pair_seq"),
)

detections = Table(  # tiles at or over the pair's floor; the score maps stay the truth
    "detections",
    metadata,
    Column("pair_seq", Integer, ForeignKey("pairs.seq"), nullable=False),
    Column("frame_seq", Integer, ForeignKey("frames.seq"), nullable=False),
    Column("tile", Integer, nullable=False),
    Column("score", SmallInteger, nullable=False),
    Column("u_m", Double),  # NULL: no place on the surface
    Column("v_m", Double),
    Column("cell", BigInteger),
    PrimaryKeyConstraint("pair_seq", "frame_seq", "tile"),
    # All that finding in a box needs. Without the last three SQLite, which does not know how rows are spread, would
    # read all of the pair's, and go for each that it finds in a cell to the table.
    Index("ix_detections_place", "pair_seq", "cell", "u_m", "v_m", "score"),
    sqlite_with_rowid=False,
)

evidence = Table(
    "evidence",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("media_type", String(20), nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
)

crops = Table(  # pictures of single tiles, promised where the whole frame is not kept
    "crops",
    metadata,
    Column("frame_seq", Integer, ForeignKey("frames.seq"), nullable=False),
    Column("analysis_id", Uuid, ForeignKey("analyses.analysis_id"), nullable=False),
    Column("tile", Integer, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("size_bytes", BigInteger, nullable=False),
    PrimaryKeyConstraint("frame_seq", "analysis_id", "tile"),
)

quarantine = Table(  # reports in conflict with what is stored, with the headers they named
    "quarantine",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),  # of `delivery`: the same report is kept once
    Column("frame_id", Uuid, nullable=False, index=True),
    Column("message", Text, nullable=False),
    Column("delivery", Text, nullable=False),  # a batch of this one report, as JSON
    Column("received_utc", Utc, nullable=False),
)
