"""What all additions have in common."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from crackmap.messages import Text

Note = Annotated[Text, Field(max_length=4000)]


class Addition(BaseModel):
    """Base of the contents."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    kind_name: ClassVar[str]

    @property
    def owner_id(self) -> UUID:
        """The structure, surface or inspection that it belongs to, for good."""
        raise NotImplementedError

    def check(self, connection: Connection, own_id: UUID, /) -> None:
        """Whether it fits to what is stored. Raises NotFound (its owner), BadRequest, Conflict."""
        raise NotImplementedError

    @classmethod
    def check_unused(cls, connection: Connection, own_id: UUID) -> None:
        """Whether it may be deleted. Raises Conflict."""


def like(example: dict[str, Any]) -> ConfigDict:
    """The example of the API's document."""
    return ConfigDict(json_schema_extra={"examples": [example]})
