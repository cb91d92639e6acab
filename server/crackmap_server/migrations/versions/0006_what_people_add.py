"""Versions of what people add; the robot that scanned."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "revisions",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("resource_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=True),
        sa.Column("author", sa.Text(), nullable=True),
        sa.Column("written_utc", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_revisions")),
        sa.UniqueConstraint("kind", "resource_id", "version", name=op.f("uq_revisions_kind_resource_id_version")),
    )
    op.create_index(op.f("ix_revisions_kind_owner_id"), "revisions", ["kind", "owner_id"], unique=False)
    op.add_column("scans", sa.Column("robot", sa.Text(), nullable=True))
