"""The body of `POST /v1/reports` → headers and reports, each checked by itself: a bad one never blocks the others."""

import json
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar
from uuid import UUID

import numpy as np
from pydantic import ValidationError

from crackmap.messages import VERSION, Analysis, Message, PoseSolution, Report, ReportBatch, Scan
from crackmap_server.errors import BadRequest, TooLarge

Header = TypeVar("Header", bound=Message)
Body = bytes | bytearray
MOST_VALUES: Final = 200_000
"""Of a batch. A robot's holds some thousands, with long lists of unscored tiles more: what is big in it are strings."""
MOST_ITEMS: Final = 10_000
"""Reports, or headers of a kind, in a batch; each gets its own answer."""
MOST_ERRORS: Final = 100
_PORTION: Final = 2**16


@dataclass(frozen=True)
class Unreadable:
    """An item that is no report of this version."""

    message: str
    frame_id: UUID | None = None


@dataclass(frozen=True)
class Delivery:
    """A batch as it arrived: what could be read, and why the rest could not."""

    scans: tuple[Scan, ...] = ()
    analyses: tuple[Analysis, ...] = ()
    pose_solutions: tuple[PoseSolution, ...] = ()
    items: tuple[Report | Unreadable, ...] = ()
    bad_headers: dict[UUID, str] = field(default_factory=dict)

    @cached_property
    def named_scans(self) -> set[UUID]:
        """The scans that readable headers and reports name."""
        return {
            *(scan.scan_id for scan in self.scans),
            *(analysis.scan_id for analysis in self.analyses),
            *(poses.scan_id for poses in self.pose_solutions),
            *(item.frame.scan_id for item in self.items if isinstance(item, Report)),
        }


def unpacked(body: Body, encoding: str, limit_bytes: int) -> Body:
    """The body without its content encoding. Raises BadRequest, TooLarge (before unpacking more)."""
    if encoding in {"", "identity"}:
        return body
    if encoding != "gzip":
        raise BadRequest(f"Content-Encoding {encoding!r} is not understood; send gzip or none")
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        content = inflater.decompress(body, limit_bytes + 1)
    except zlib.error as error:
        raise BadRequest(f"the body is not gzip, though Content-Encoding says so ({error})") from None
    if len(content) > limit_bytes:
        raise TooLarge(f"the body unpacks to more than {limit_bytes} bytes; send fewer reports at once")
    if not inflater.eof:
        raise BadRequest("the gzip body ends too early")
    return content


def read(content: Body) -> Delivery:
    """Parse a batch. Raises BadRequest when it is no batch of version 1 at all, TooLarge for very many small values.

    A value of two bytes costs a hundred times as much once it is parsed, and more for why it is wrong.
    """
    if len(content) > MOST_VALUES and _values(content) > MOST_VALUES:
        raise TooLarge(f"the body holds more than {MOST_VALUES} values; send fewer reports at once")
    try:
        batch = ReportBatch.model_validate_json(content)
    except ValidationError:
        batch = None  # what it says of a bad batch may be large, and is free again here
    if batch is None:
        return _read_one_by_one(content)
    return Delivery(batch.scans, batch.analyses, batch.pose_solutions, batch.reports)


def _values(content: Body) -> int:
    """At most so many. By NumPy, in portions that stay in the cache: four times as fast as `bytes.count`."""
    letters = np.frombuffer(content, np.uint8)
    portions = (letters[start : start + _PORTION] for start in range(0, len(letters), _PORTION))
    return sum(int(np.count_nonzero(portion == sign)) for portion in portions for sign in b",[{")


def _read_one_by_one(content: Body) -> Delivery:
    try:
        batch = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the body is not JSON: {error}") from None
    if not isinstance(batch, dict):
        raise BadRequest("the body is not an object with `version` and `reports`")
    if batch.get("version", VERSION) != VERSION:
        raise BadRequest(f"version {batch['version']!r} of the messages is not understood; this server takes {VERSION}")
    lists = {name: batch.get(name, []) for name in ("scans", "analyses", "pose_solutions", "reports")}
    for name, value in lists.items():
        if not isinstance(value, list):
            raise BadRequest(f"`{name}` is not a list")
        if len(value) > MOST_ITEMS:
            raise TooLarge(f"`{name}` has {len(value)} items; at most {MOST_ITEMS} are taken at once")
    unknown = sorted(set(batch) - set(ReportBatch.model_fields))
    if unknown:
        raise BadRequest(f"a batch of version {VERSION} has no field {unknown[0]!r}")
    bad: dict[UUID, str] = {}
    return Delivery(
        scans=tuple(_headers(lists["scans"], Scan, "scan_id", bad)),
        analyses=tuple(_headers(lists["analyses"], Analysis, "analysis_id", bad)),
        pose_solutions=tuple(_headers(lists["pose_solutions"], PoseSolution, "pose_solution_id", bad)),
        items=tuple(map(_report, lists["reports"])),
        bad_headers=bad,
    )


def _headers(items: list[Any], kind: type[Header], key: str, bad: dict[UUID, str]) -> Iterable[Header]:
    for item in items:
        try:
            yield _parse(kind.model_validate_json, item)
        except ValidationError as error:
            identity = _uuid(item.get(key)) if isinstance(item, dict) else None
            if identity is not None:
                bad[identity] = f"its {kind.__name__} is invalid: {_explain(error)}"


def _report(item: Any) -> Report | Unreadable:
    try:
        return _parse(Report.model_validate_json, item)
    except ValidationError as error:
        frame = item.get("frame") if isinstance(item, dict) else None
        return Unreadable(_explain(error), _uuid(frame.get("frame_id")) if isinstance(frame, dict) else None)


def _parse(validate: Callable[[str], Header], item: Any) -> Header:
    # Through JSON again: pydantic reads ids, times and tuples from JSON by other rules than from Python values.
    return validate(json.dumps(item))


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(value)
    except (ValueError, TypeError, AttributeError):
        return None


def _explain(error: ValidationError) -> str:
    if error.error_count() > MOST_ERRORS:  # a list of them all would take far more memory than the item
        return f"{error.error_count()} of its values are missing, wrong or unknown"
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(map(str, first["loc"]))
    more = error.error_count() - 1
    return (f"{place}: " if place else "") + first["msg"] + (f" (and {more} more)" if more else "")
