"""What the API shows of people, robots and their keys."""

from uuid import UUID

from pydantic import Field

from crackmap_server.resources import Resource, like


class Session(Resource):
    """Who asks."""

    model_config = like({"name": "anna", "role": "inspector", "csrf_token": "5c" * 32})

    name: str | None = Field(description="null at a server without keys, where everybody may do everything")
    role: str
    csrf_token: str | None = Field(description="to be sent as X-CSRF-Token with every write; null without a session")


class UserItem(Resource):
    """Somebody who may sign in."""

    model_config = like(
        {
            "user_id": "b6b0f27e-97f4-4a7b-a7ba-3c5a4a8d5c1f",
            "name": "anna",
            "role": "inspector",
            "has_password": True,
            "made_utc": "2026-05-04T09:12:03Z",
            "disabled_utc": None,
        }
    )

    user_id: UUID
    name: str
    role: str
    has_password: bool = Field(description="without one only keys let the user in")
    made_utc: str
    disabled_utc: str | None


class RobotItem(Resource):
    """A robot that delivers under its name."""

    model_config = like(
        {
            "robot_id": "0c8c5c29-52c2-4b71-90d0-6a2a4b8a5b0e",
            "name": "crawler 1",
            "made_utc": "2026-05-04T09:12:03Z",
        }
    )

    robot_id: UUID
    name: str
    made_utc: str


class KeyItem(Resource):
    """A key of a robot or a user; what it is nobody can read any more."""

    model_config = like(
        {
            "key_id": "6f2d0a2a-0d29-4c55-8c93-0a3f5a6f0b7d",
            "robot": "crawler 1",
            "user": None,
            "made_utc": "2026-05-04T09:12:03Z",
            "last_used_utc": "2026-05-04T11:40:00Z",
            "ends_utc": None,
        }
    )

    key_id: UUID
    robot: str | None
    user: str | None
    made_utc: str
    last_used_utc: str | None = Field(description="to the minute")
    ends_utc: str | None = Field(description="revoked or replaced: not valid from then on")


class KeyOnce(Resource):
    """A new key. It is told once."""

    model_config = like({"key_id": "6f2d0a2a-0d29-4c55-8c93-0a3f5a6f0b7d", "key": "crackmap_" + "x" * 43})

    key_id: UUID
    key: str = Field(description="sent as `Authorization: Bearer KEY`; a robot has it in its key_file")


class AuditLine(Resource):
    """One request that wrote, or was not allowed to."""

    model_config = like(
        {
            "seq": 4711,
            "at_utc": "2026-05-04T09:12:03Z",
            "request_id": "5f0c7cf1a8a14e6f8f4b8c1d2e3f4a5b",
            "who": "robot crawler 1",
            "key_id": "6f2d0a2a-0d29-4c55-8c93-0a3f5a6f0b7d",
            "address": "192.168.4.17",
            "method": "POST",
            "resource": "/v1/reports",
            "status": 200,
            "outcome": "already_there=2 stored=48",
        }
    )

    seq: int
    at_utc: str
    request_id: str = Field(description="as the answer's X-Request-ID")
    who: str
    key_id: UUID | None = Field(description="that it came with; null for a session")
    address: str
    method: str
    resource: str
    status: int
    outcome: str
