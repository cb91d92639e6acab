"""Close-outs: what of an inspection counted when it was closed. Pictures that retention removed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "close_outs",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("target_width_mm", sa.Double(), nullable=True),
        sa.Column("reviews_seq", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("closed_utc", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["inspection_id"], ["inspections.inspection_id"], name=op.f("fk_close_outs_inspection_id")
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_close_outs")),
        sa.UniqueConstraint("inspection_id", "number", name=op.f("uq_close_outs_inspection_id_number")),
    )
    op.create_table(
        "close_out_frames",
        sa.Column("close_out_seq", sa.Integer(), nullable=False),
        sa.Column("pair_seq", sa.Integer(), nullable=False),
        sa.Column("frame_seq", sa.Integer(), nullable=False),
        sa.Column("reported", sa.Boolean(), nullable=False),
        sa.Column("placement_seq", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["close_out_seq"], ["close_outs.seq"], name=op.f("fk_close_out_frames_close_out_seq")),
        sa.ForeignKeyConstraint(["pair_seq"], ["pairs.seq"], name=op.f("fk_close_out_frames_pair_seq")),
        sa.ForeignKeyConstraint(["frame_seq"], ["frames.seq"], name=op.f("fk_close_out_frames_frame_seq")),
        sa.ForeignKeyConstraint(["placement_seq"], ["placements.seq"], name=op.f("fk_close_out_frames_placement_seq")),
        sa.PrimaryKeyConstraint("close_out_seq", "pair_seq", "frame_seq", name=op.f("pk_close_out_frames")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "removed_evidence",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("media_type", sa.String(length=20), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("removed_utc", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_removed_evidence")),
    )
