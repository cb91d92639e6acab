"""Detections and reviews are found by the place that they are of."""

import math

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

CELL_M, COLUMNS = 2.0, 2**24


def upgrade() -> None:
    op.drop_index("ix_detections_pair_seq_cell", table_name="detections")
    op.create_index("ix_detections_place", "detections", ["pair_seq", "cell", "u_m", "v_m", "score"], unique=False)
    op.create_index(
        "ix_placements_bounds",
        "placements",
        ["pose_solution_id", "low_u_m", "high_u_m", "low_v_m", "high_v_m"],
        unique=False,
    )
    op.add_column("reviews", sa.Column("cell", sa.BigInteger(), nullable=True))
    op.add_column("reviews", sa.Column("reach_m", sa.Double(), nullable=True))
    reviews = sa.table(
        "reviews",
        sa.column("seq", sa.Integer()),
        sa.column("corners_m", sa.JSON(none_as_null=True)),
        sa.column("cell", sa.BigInteger()),
        sa.column("reach_m", sa.Double()),
    )
    placed = sa.select(reviews.c.seq, reviews.c.corners_m).where(reviews.c.corners_m.is_not(None))
    connection = op.get_bind()
    for seq, corners_m in connection.execute(placed).all():
        connection.execute(sa.update(reviews).where(reviews.c.seq == seq), found_by(corners_m))
    op.create_index(op.f("ix_reviews_surface_id_cell"), "reviews", ["surface_id", "cell"], unique=False)
    op.create_index(op.f("ix_reviews_surface_id_reach_m"), "reviews", ["surface_id", "reach_m"], unique=False)


def found_by(corners_m: list[list[float]]) -> dict[str, float]:
    """The cell of the middle (row × 2²⁴ + column, of 2 m), and how far the outline reaches from it."""
    middle = [sum(axis) / len(axis) for axis in zip(*corners_m, strict=True)]
    column, row = (min(max(math.floor(m / CELL_M), -COLUMNS // 2), COLUMNS // 2 - 1) + COLUMNS // 2 for m in middle)
    reach_m = max(abs(value - m) for corner in corners_m for value, m in zip(corner, middle, strict=True))
    return {"cell": row * COLUMNS + column, "reach_m": reach_m}
