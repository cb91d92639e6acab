"""Whole lists as lines of JSON, one item on each: they are read while they are sent, and any number fits."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from fastapi.responses import StreamingResponse
from pydantic import BaseModel

MEDIA_TYPE = "application/x-ndjson"
_AT_ONCE = 200


class NdjsonResponse(StreamingResponse):
    """A line of JSON for each item."""

    media_type = MEDIA_TYPE


def lines(items: Iterable[BaseModel]) -> Iterator[bytes]:
    """The items in parts of some hundred lines."""
    source = iter(items)
    while part := list(islice(source, _AT_ONCE)):
        yield "".join(item.model_dump_json() + "\n" for item in part).encode()


def answer(item: str) -> dict[int | str, dict[str, Any]]:
    """Declares the answer in the OpenAPI document; `item` is the model of one line."""
    schema = {"type": "string", "description": f"lines; each is a {item}"}
    return {200: {"description": f"One {item} on each line", "content": {MEDIA_TYPE: {"schema": schema}}}}
