"""How narrow a crack each tile would show."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("score_maps", sa.Column("visible_widths", sa.LargeBinary(), nullable=True))
