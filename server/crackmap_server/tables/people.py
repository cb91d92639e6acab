"""Robots, users, their keys and sessions, and what they wrote. Secrets are kept as hashes only."""

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, String, Table, Text, Uuid

from crackmap_server.tables.metadata import Utc, metadata

robots = Table(
    "robots",
    metadata,
    Column("robot_id", Uuid, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("made_utc", Utc, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("user_id", Uuid, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    Column("role", String(20), nullable=False),
    Column("password", Text),  # Argon2; without one only keys let them in
    Column("made_utc", Utc, nullable=False),
    Column("disabled_utc", Utc),  # users are never deleted: the audit log names them
)

keys = Table(
    "keys",
    metadata,
    Column("key_id", Uuid, primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("robot_id", Uuid, ForeignKey("robots.robot_id"), index=True),
    Column("user_id", Uuid, ForeignKey("users.user_id"), index=True),
    Column("made_utc", Utc, nullable=False),
    Column("last_used_utc", Utc),  # to the minute
    Column("ends_utc", Utc),  # revoked, or replaced: not valid from then on
    CheckConstraint("(robot_id IS NULL) <> (user_id IS NULL)", name="one_owner"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("sha256", String(64), primary_key=True),  # of the cookie's value
    Column("user_id", Uuid, ForeignKey("users.user_id"), nullable=False, index=True),
    Column("made_utc", Utc, nullable=False),
    Column("ends_utc", Utc, nullable=False),
)

# Tries to sign in that have not succeeded: rows, not counters, because several processes write them.
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("address", String(100), nullable=False),
    Column("tried_utc", Utc, nullable=False, index=True),
    Index(None, "name", "tried_utc"),
    Index(None, "address", "tried_utc"),
)

# Who delivered a scan first. It stays theirs: other robots are refused.
scan_owners = Table(
    "scan_owners",
    metadata,
    Column("scan_id", Uuid, ForeignKey("scans.scan_id"), primary_key=True),
    Column("robot_id", Uuid, ForeignKey("robots.robot_id"), index=True),  # NULL: a user, so no robot's
)

audit = Table(
    "audit",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("at_utc", Utc, nullable=False),
    Column("request_id", String(32), nullable=False, index=True),
    Column("who", String(200), nullable=False),
    Column("key_id", Uuid),  # no foreign key: the log outlives what it names
    Column("address", String(100), nullable=False),
    Column("method", String(20), nullable=False),
    Column("resource", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("outcome", Text, nullable=False),
)
