"""Surfaces that are cylinders."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("surfaces", sa.Column("radius_m", sa.Double(), nullable=True))
    op.add_column("surfaces", sa.Column("facing", sa.String(length=20), nullable=True))
