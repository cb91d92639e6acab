"""What people said of single tiles."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "reviews",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("review_id", sa.Uuid(), nullable=False),
        sa.Column("surface_id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("frame_id", sa.Uuid(), nullable=False),
        sa.Column("image_sha256", sa.String(length=64), nullable=False),
        sa.Column("x_px", sa.Integer(), nullable=False),
        sa.Column("y_px", sa.Integer(), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("corners_m", sa.JSON(), nullable=True),
        sa.Column("analysis_id", sa.Uuid(), nullable=False),
        sa.Column("tile", sa.Integer(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=False),
        sa.Column("over", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("made_utc", sa.DateTime(), nullable=False),
        sa.Column("received_utc", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["surface_id"], ["surfaces.surface_id"], name=op.f("fk_reviews_surface_id")),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspections.inspection_id"], name=op.f("fk_reviews_inspection_id")
        ),
        sa.ForeignKeyConstraint(["analysis_id"], ["analyses.analysis_id"], name=op.f("fk_reviews_analysis_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_reviews")),
        sa.UniqueConstraint("review_id", name=op.f("uq_reviews_review_id")),
    )
    op.create_index(op.f("ix_reviews_surface_id"), "reviews", ["surface_id"], unique=False)
    op.create_index(op.f("ix_reviews_frame_id"), "reviews", ["frame_id"], unique=False)
