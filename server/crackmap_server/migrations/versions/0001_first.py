"""The first version of the tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=20), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_evidence")),
    )
    op.create_table(
        "quarantine",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("frame_id", sa.Uuid(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("received_utc", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_quarantine")),
        sa.UniqueConstraint("sha256", name=op.f("uq_quarantine_sha256")),
    )
    op.create_index(op.f("ix_quarantine_frame_id"), "quarantine", ["frame_id"], unique=False)
    op.create_table(
        "structures",
        sa.Column("structure_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("structure_id", name=op.f("pk_structures")),
    )
    op.create_table(
        "inspections",
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("structure_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("target_width_mm", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["structure_id"], ["structures.structure_id"], name=op.f("fk_inspections_structure_id")
        ),
        sa.PrimaryKeyConstraint("inspection_id", name=op.f("pk_inspections")),
    )
    op.create_index(op.f("ix_inspections_structure_id"), "inspections", ["structure_id"], unique=False)
    op.create_table(
        "surfaces",
        sa.Column("surface_id", sa.Uuid(), nullable=False),
        sa.Column("structure_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shape", sa.String(length=20), nullable=False),
        sa.Column("drawing", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["structure_id"], ["structures.structure_id"], name=op.f("fk_surfaces_structure_id")),
        sa.PrimaryKeyConstraint("surface_id", name=op.f("pk_surfaces")),
    )
    op.create_index(op.f("ix_surfaces_structure_id"), "surfaces", ["structure_id"], unique=False)
    op.create_table(
        "scans",
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("surface_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["inspection_id"], ["inspections.inspection_id"], name=op.f("fk_scans_inspection_id")),
        sa.ForeignKeyConstraint(["surface_id"], ["surfaces.surface_id"], name=op.f("fk_scans_surface_id")),
        sa.PrimaryKeyConstraint("scan_id", name=op.f("pk_scans")),
    )
    op.create_index(op.f("ix_scans_inspection_id"), "scans", ["inspection_id"], unique=False)
    op.create_index(op.f("ix_scans_surface_id"), "scans", ["surface_id"], unique=False)
    op.create_table(
        "analyses",
        sa.Column("analysis_id", sa.Uuid(), nullable=False),
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("model_sha256", sa.String(length=64), nullable=False),
        sa.Column("tile_px", sa.Integer(), nullable=False),
        sa.Column("stride_px", sa.Integer(), nullable=False),
        sa.Column("preprocessing", sa.Integer(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.scan_id"], name=op.f("fk_analyses_scan_id")),
        sa.PrimaryKeyConstraint("analysis_id", name=op.f("pk_analyses")),
    )
    op.create_index(op.f("ix_analyses_scan_id"), "analyses", ["scan_id"], unique=False)
    op.create_table(
        "frames",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("frame_id", sa.Uuid(), nullable=False),
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("source_key", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("image_sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=20), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("exif_orientation", sa.SmallInteger(), nullable=False),
        sa.Column("time_source", sa.String(length=20), nullable=False),
        sa.Column("captured_utc", sa.DateTime(), nullable=True),
        sa.Column("captured_local", sa.DateTime(), nullable=True),
        sa.Column("time_sigma_s", sa.Double(), nullable=True),
        sa.Column("exposure_s", sa.Double(), nullable=True),
        sa.Column("readout_s", sa.Double(), nullable=True),
        sa.Column("boot_id", sa.String(length=64), nullable=True),
        sa.Column("monotonic_ns", sa.BigInteger(), nullable=True),
        sa.Column("picture_expected", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.scan_id"], name=op.f("fk_frames_scan_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_frames")),
        sa.UniqueConstraint("frame_id", name=op.f("uq_frames_frame_id")),
    )
    op.create_index(op.f("ix_frames_captured_utc"), "frames", ["captured_utc"], unique=False)
    op.create_index(op.f("ix_frames_scan_id"), "frames", ["scan_id"], unique=False)
    op.create_table(
        "pose_solutions",
        sa.Column("pose_solution_id", sa.Uuid(), nullable=False),
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("poses_sha256", sa.String(length=64), nullable=False),
        sa.Column("camera_sha256", sa.String(length=64), nullable=False),
        sa.Column("camera", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.scan_id"], name=op.f("fk_pose_solutions_scan_id")),
        sa.PrimaryKeyConstraint("pose_solution_id", name=op.f("pk_pose_solutions")),
    )
    op.create_index(op.f("ix_pose_solutions_scan_id"), "pose_solutions", ["scan_id"], unique=False)
    op.create_table(
        "crops",
        sa.Column("frame_seq", sa.Integer(), nullable=False),
        sa.Column("analysis_id", sa.Uuid(), nullable=False),
        sa.Column("tile", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["analysis_id"], ["analyses.analysis_id"], name=op.f("fk_crops_analysis_id")),
        sa.ForeignKeyConstraint(["frame_seq"], ["frames.seq"], name=op.f("fk_crops_frame_seq")),
        sa.PrimaryKeyConstraint("frame_seq", "analysis_id", "tile", name=op.f("pk_crops")),
    )
    op.create_table(
        "pairs",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("analysis_id", sa.Uuid(), nullable=False),
        sa.Column("pose_solution_id", sa.Uuid(), nullable=True),
        sa.Column("floor", sa.SmallInteger(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["analysis_id"], ["analyses.analysis_id"], name=op.f("fk_pairs_analysis_id")),
        sa.ForeignKeyConstraint(
            ["pose_solution_id"], ["pose_solutions.pose_solution_id"], name=op.f("fk_pairs_pose_solution_id")
        ),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.scan_id"], name=op.f("fk_pairs_scan_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_pairs")),
        sa.UniqueConstraint("analysis_id", "pose_solution_id", name=op.f("uq_pairs_analysis_id_pose_solution_id")),
    )
    op.create_index(
        "ix_pairs_current",
        "pairs",
        ["scan_id"],
        unique=True,
        sqlite_where=sa.text("current"),
        postgresql_where=sa.text("current"),
    )
    op.create_index(op.f("ix_pairs_scan_id"), "pairs", ["scan_id"], unique=False)
    op.create_index(
        "ix_pairs_without_poses",
        "pairs",
        ["analysis_id"],
        unique=True,
        sqlite_where=sa.text("pose_solution_id IS NULL"),
        postgresql_where=sa.text("pose_solution_id IS NULL"),
    )
    op.create_table(
        "placements",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("frame_seq", sa.Integer(), nullable=False),
        sa.Column("pose_solution_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("mm_per_px", sa.Double(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("pose", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("footprint_m", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("low_u_m", sa.Double(), nullable=True),
        sa.Column("low_v_m", sa.Double(), nullable=True),
        sa.Column("high_u_m", sa.Double(), nullable=True),
        sa.Column("high_v_m", sa.Double(), nullable=True),
        sa.CheckConstraint("(pose_solution_id IS NULL) = (kind = 'unplaced')", name=op.f("ck_placements_poses")),
        sa.ForeignKeyConstraint(["frame_seq"], ["frames.seq"], name=op.f("fk_placements_frame_seq")),
        sa.ForeignKeyConstraint(
            ["pose_solution_id"], ["pose_solutions.pose_solution_id"], name=op.f("fk_placements_pose_solution_id")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_placements")),
        sa.UniqueConstraint("frame_seq", "pose_solution_id", name=op.f("uq_placements_frame_seq_pose_solution_id")),
    )
    op.create_index(
        "ix_placements_scale",
        "placements",
        ["frame_seq", "mm_per_px"],
        unique=True,
        sqlite_where=sa.text("pose_solution_id IS NULL"),
        postgresql_where=sa.text("pose_solution_id IS NULL"),
    )
    op.create_table(
        "score_maps",
        sa.Column("frame_seq", sa.Integer(), nullable=False),
        sa.Column("analysis_id", sa.Uuid(), nullable=False),
        sa.Column("columns", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("scores", sa.LargeBinary(), nullable=False),
        sa.Column("unscored", sa.JSON(), nullable=False),
        sa.Column("highest_score", sa.SmallInteger(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["analysis_id"], ["analyses.analysis_id"], name=op.f("fk_score_maps_analysis_id")),
        sa.ForeignKeyConstraint(["frame_seq"], ["frames.seq"], name=op.f("fk_score_maps_frame_seq")),
        sa.PrimaryKeyConstraint("frame_seq", "analysis_id", name=op.f("pk_score_maps")),
    )
    op.create_table(
        "decisions",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("pair_seq", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("decided_utc", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["pair_seq"], ["pairs.seq"], name=op.f("fk_decisions_pair_seq")),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.scan_id"], name=op.f("fk_decisions_scan_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_scan_id"), "decisions", ["scan_id"], unique=False)
    op.create_table(
        "detections",
        sa.Column("pair_seq", sa.Integer(), nullable=False),
        sa.Column("frame_seq", sa.Integer(), nullable=False),
        sa.Column("tile", sa.Integer(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("u_m", sa.Double(), nullable=True),
        sa.Column("v_m", sa.Double(), nullable=True),
        sa.Column("cell", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["frame_seq"], ["frames.seq"], name=op.f("fk_detections_frame_seq")),
        sa.ForeignKeyConstraint(["pair_seq"], ["pairs.seq"], name=op.f("fk_detections_pair_seq")),
        sa.PrimaryKeyConstraint("pair_seq", "frame_seq", "tile", name=op.f("pk_detections")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_detections_pair_seq_cell"), "detections", ["pair_seq", "cell"], unique=False)
    op.create_table(
        "reports",
        sa.Column("frame_seq", sa.Integer(), nullable=False),
        sa.Column("pair_seq", sa.Integer(), nullable=False),
        sa.Column("origin_u_m", sa.Double(), nullable=True),
        sa.Column("origin_v_m", sa.Double(), nullable=True),
        sa.Column("centres", sa.LargeBinary(), nullable=True),
        sa.Column("corners", sa.LargeBinary(), nullable=True),
        sa.Column("covariances", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["frame_seq"], ["frames.seq"], name=op.f("fk_reports_frame_seq")),
        sa.ForeignKeyConstraint(["pair_seq"], ["pairs.seq"], name=op.f("fk_reports_pair_seq")),
        sa.PrimaryKeyConstraint("frame_seq", "pair_seq", name=op.f("pk_reports")),
    )
