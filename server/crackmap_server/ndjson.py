"""Whole lists as lines of JSON, one item on each: they are read while they are sent, and any number fits."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

MEDIA_TYPE = "application/x-ndjson"
_AT_ONCE = 200


def wanted(accept: str) -> bool:
    """Whether lines are accepted before a page of JSON; they must be named, for `*/*` takes what is usual."""
    ranges = []
    for place, part in enumerate(accept.split(",")):
        name, *parameters = (word.strip().lower() for word in part.split(";"))
        weights = [word.removeprefix("q=") for word in parameters if word.startswith("q=")]
        ranges.append((-_weight(*weights[:1]), place, name))
    for weight, _, name in sorted(ranges):
        if weight < 0 and name in {MEDIA_TYPE, "application/json", "application/*", "*/*"}:
            return name == MEDIA_TYPE
    return False


def _weight(text: str = "1") -> float:
    """0 where it cannot be read: such a range is not asked for."""
    try:
        return float(text) if 0 <= float(text) <= 1 else 0.0
    except ValueError:
        return 0.0


async def _wanted(request: Request) -> bool:
    return wanted(request.headers.get("accept", ""))


LinesWanted = Annotated[bool, Depends(_wanted)]
"""Of a list that has both forms: the one of lines is whole, whatever `limit` and `cursor` say."""


VARY = {"Vary": "Accept"}


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
