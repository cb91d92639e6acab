"""Robots, users, keys, sessions, the audit log, and whose a scan is."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at_utc", sa.DateTime(), nullable=False),
        sa.Column("request_id", sa.String(length=32), nullable=False),
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.String(length=100), nullable=False),
        sa.Column("method", sa.String(length=20), nullable=False),
        sa.Column("resource", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_audit")),
    )
    op.create_index(op.f("ix_audit_request_id"), "audit", ["request_id"], unique=False)
    op.create_table(
        "robots",
        sa.Column("robot_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("made_utc", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("robot_id", name=op.f("pk_robots")),
        sa.UniqueConstraint("name", name=op.f("uq_robots_name")),
    )
    op.create_table(
        "sign_ins",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("address", sa.String(length=100), nullable=False),
        sa.Column("tried_utc", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_sign_ins")),
    )
    op.create_index(op.f("ix_sign_ins_address_tried_utc"), "sign_ins", ["address", "tried_utc"], unique=False)
    op.create_index(op.f("ix_sign_ins_name_tried_utc"), "sign_ins", ["name", "tried_utc"], unique=False)
    op.create_index(op.f("ix_sign_ins_tried_utc"), "sign_ins", ["tried_utc"], unique=False)
    op.create_table(
        "users",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("password", sa.Text(), nullable=True),
        sa.Column("made_utc", sa.DateTime(), nullable=False),
        sa.Column("disabled_utc", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_users")),
        sa.UniqueConstraint("name", name=op.f("uq_users_name")),
    )
    op.create_table(
        "keys",
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("robot_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("made_utc", sa.DateTime(), nullable=False),
        sa.Column("last_used_utc", sa.DateTime(), nullable=True),
        sa.Column("ends_utc", sa.DateTime(), nullable=True),
        sa.CheckConstraint("(robot_id IS NULL) <> (user_id IS NULL)", name=op.f("ck_keys_one_owner")),
        sa.ForeignKeyConstraint(["robot_id"], ["robots.robot_id"], name=op.f("fk_keys_robot_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_keys_user_id")),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_keys")),
        sa.UniqueConstraint("sha256", name=op.f("uq_keys_sha256")),
    )
    op.create_index(op.f("ix_keys_robot_id"), "keys", ["robot_id"], unique=False)
    op.create_index(op.f("ix_keys_user_id"), "keys", ["user_id"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("made_utc", sa.DateTime(), nullable=False),
        sa.Column("ends_utc", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name=op.f("fk_sessions_user_id")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_user_id"), "sessions", ["user_id"], unique=False)
    op.create_table(
        "scan_owners",
        sa.Column("scan_id", sa.Uuid(), nullable=False),
        sa.Column("robot_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["robot_id"], ["robots.robot_id"], name=op.f("fk_scan_owners_robot_id")),
        sa.ForeignKeyConstraint(["scan_id"], ["scans.scan_id"], name=op.f("fk_scan_owners_scan_id")),
        sa.PrimaryKeyConstraint("scan_id", name=op.f("pk_scan_owners")),
    )
    op.create_index(op.f("ix_scan_owners_robot_id"), "scan_owners", ["robot_id"], unique=False)
    # Which robot's report named a picture is asked for each picture that arrives.
    op.create_index(op.f("ix_frames_image_sha256"), "frames", ["image_sha256"], unique=False)
    op.create_index(op.f("ix_crops_sha256"), "crops", ["sha256"], unique=False)
