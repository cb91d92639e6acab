"""What all messages are made of: frozen, nothing unknown, no NaN; binary fields are base64 in JSON."""

import base64
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

VERSION = 1  # of the messages
LARGEST_SIDE_PX = 100_000
LARGEST_TILE_COUNT = 1_000_000
LARGEST_INTEGER = 2**63 - 1  # what both databases hold


def _decode(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except ValueError as error:
        raise ValueError(f"not base64: {error}") from error


class _Decoded:
    """In JSON pydantic itself decodes, in a third of the time; a value of Python may come of JSON that others read."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        plain = handler(source)
        return core_schema.json_or_python_schema(plain, core_schema.no_info_before_validator_function(_decode, plain))


Base64 = Annotated[
    bytes,
    _Decoded(),
    PlainSerializer(lambda value: base64.b64encode(value).decode(), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]
Text = Annotated[str, StringConstraints(pattern=r"^[^\x00]*$")]  # PostgreSQL stores no NUL
Point = tuple[float, float]


class Message(BaseModel):
    """Base of everything that travels: frozen, nothing unknown, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, val_json_bytes="base64")
