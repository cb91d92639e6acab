"""Registered models, which one an inspection uses, and scoring again."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "models",
        sa.Column("model_sha256", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("tile_px", sa.Integer(), nullable=False),
        sa.Column("manifest", sa.Text(), nullable=False),
        sa.Column("manifest_sha256", sa.String(length=64), nullable=False),
        sa.Column("registered_by", sa.Text(), nullable=False),
        sa.Column("registered_utc", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("model_sha256", name=op.f("pk_models")),
    )
    op.create_table(
        "model_pins",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("model_sha256", sa.String(length=64), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_utc", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspections.inspection_id"], name=op.f("fk_model_pins_inspection_id")
        ),
        sa.ForeignKeyConstraint(["model_sha256"], ["models.model_sha256"], name=op.f("fk_model_pins_model_sha256")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_model_pins")),
    )
    op.create_index(op.f("ix_model_pins_inspection_id"), "model_pins", ["inspection_id"], unique=False)
    op.create_table(
        "rescores",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("model_sha256", sa.String(length=64), nullable=False),
        sa.Column("use_when_complete", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("decided_utc", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspections.inspection_id"], name=op.f("fk_rescores_inspection_id")
        ),
        sa.ForeignKeyConstraint(["model_sha256"], ["models.model_sha256"], name=op.f("fk_rescores_model_sha256")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_rescores")),
    )
    op.create_index(op.f("ix_rescores_inspection_id"), "rescores", ["inspection_id"], unique=False)
    op.create_table(
        "rescore_scans",
        sa.Column("rescore_seq", sa.Integer(), nullable=False),
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("before_pair_seq", sa.Integer(), nullable=True),
        sa.Column("pair_seq", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["rescore_seq"], ["rescores.seq"], name=op.f("fk_rescore_scans_rescore_seq")),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.scan_id"], name=op.f("fk_rescore_scans_scan_id")),
        sa.ForeignKeyConstraint(["before_pair_seq"], ["pairs.seq"], name=op.f("fk_rescore_scans_before_pair_seq")),
        sa.ForeignKeyConstraint(["pair_seq"], ["pairs.seq"], name=op.f("fk_rescore_scans_pair_seq")),
        sa.PrimaryKeyConstraint("rescore_seq", "scan_id", name=op.f("pk_rescore_scans")),
    )
    op.create_table(
        "rescore_jobs",
        sa.Column("rescore_seq", sa.Integer(), nullable=False),
        sa.Column("frame_seq", sa.Integer(), nullable=False),
        sa.Column("pair_seq", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("takes", sa.SmallInteger(), nullable=False),
        sa.Column("leased_until_utc", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["rescore_seq"], ["rescores.seq"], name=op.f("fk_rescore_jobs_rescore_seq")),
        sa.ForeignKeyConstraint(["frame_seq"], ["frames.seq"], name=op.f("fk_rescore_jobs_frame_seq")),
        sa.ForeignKeyConstraint(["pair_seq"], ["pairs.seq"], name=op.f("fk_rescore_jobs_pair_seq")),
        sa.PrimaryKeyConstraint("rescore_seq", "frame_seq", name=op.f("pk_rescore_jobs")),
    )
    op.create_index(op.f("ix_rescore_jobs_state_rescore_seq"), "rescore_jobs", ["state", "rescore_seq"], unique=False)
