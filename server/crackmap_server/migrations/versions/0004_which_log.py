"""Which log this is, so that robots see when it was restored."""

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    logs = op.create_table(
        "logs",
        sa.Column("log_id", sa.Uuid(), nullable=False),
        sa.Column("since_utc", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("log_id", name=op.f("pk_logs")),
    )
    op.bulk_insert(logs, [{"log_id": uuid4(), "since_utc": datetime.now(UTC).replace(tzinfo=None)}])
