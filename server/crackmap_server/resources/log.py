"""What the API shows of the log itself."""

from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from crackmap_server.resources.base import Resource, like


class QuarantinedReport(Resource):
    """A report in conflict with what is stored, kept as it came."""

    frame_id: UUID
    message: str
    received_utc: str
    delivery: dict[str, Any] = Field(description="a batch of this one report, with the headers that it named")


class LogItem(Resource):
    """Which log this is."""

    model_config = like({"log_id": "5f0c2a9e-3a0b-4f7b-9d0f-0a8f5f1c2b3d", "since_utc": "2026-05-01T08:00:00Z"})

    log_id: UUID
    since_utc: AwareDatetime = Field(description="made, or restored from a backup, at")


class Health(Resource):
    """The server answers."""

    model_config = like(
        {
            "status": "ok",
            "version": "0.1.0",
            "database": "sqlite",
        }
    )

    status: Literal["ok"]
    version: str
    database: str = Field(description="kind of database that holds the log")
