"""What everything that is shown is built on."""

from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Item = TypeVar("Item")


def like(example: dict[str, Any]) -> ConfigDict:
    """A frozen resource with that example."""
    return ConfigDict(frozen=True, json_schema_extra={"examples": [example]})


class Resource(BaseModel):
    """Base of everything that is shown."""

    model_config = ConfigDict(frozen=True)


class Page(Resource, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    next: str | None = Field(description="`cursor` of the next page, null on the last one")


class Kept(Resource, Generic[Item]):
    """One version of something that people added. Its number is the ETag, too."""

    id: UUID
    version: int = Field(description="from 1")
    author: str | None
    written_utc: str
    content: Item | None = Field(description="what a PUT takes; null in a version that deletes it")


class Problem(Resource):
    """What went wrong (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] | None = None
