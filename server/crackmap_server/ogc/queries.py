"""The parameters of a request for items, read by the standard's rules: what is unknown or unreadable is refused."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from crackmap_server.errors import BadParameter
from crackmap_server.ogc.conformance import CRS84, GEOJSON, JSON, JSON_FG, JSON_FG_BEFORE
from crackmap_server.ogc.frames import Frame

LARGEST_LIMIT = 1000
_FURTHEST = 1e9
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_EARLIEST, _LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True)
class AskedBox:
    """A box as it was asked for: its least and its greatest coordinates, two or three, in that frame."""

    frame: Frame
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class ItemsQuery:
    """Which items are wanted, and in which form."""

    limit: int = 100
    box: AskedBox | None = None
    from_utc: datetime | None = None
    to_utc: datetime | None = None
    inspection_id: UUID | None = None
    threshold: float | None = None
    cursor: str | None = None
    frame: Frame = Frame.EARTH
    crs: str = CRS84
    """The URI by which the frame was asked for."""
    media_type: str = GEOJSON


def read_items_query(
    given: Collection[tuple[str, str]], known: Collection[str], frames: Mapping[str, Frame], accept: str
) -> ItemsQuery:
    """Raises BadParameter for what is unknown, named twice, or cannot be read.

    `frames` are the collection's, by their URIs; the first is the default.
    """
    values = single_values(given, known)
    default = next(iter(frames))
    crs, bbox_crs = values.get("crs", default), values.get("bbox-crs", default)
    for name, uri in (("crs", crs), ("bbox-crs", bbox_crs)):
        if uri not in frames:
            raise BadParameter(f"{name} {uri!r} is none of this collection's; its `crs` are {' and '.join(frames)}")
    box = None if "bbox" not in values else _box(values["bbox"], frames[bbox_crs])
    from_utc, to_utc = _interval(values["datetime"]) if "datetime" in values else (None, None)
    return ItemsQuery(
        limit=_limit(values["limit"]) if "limit" in values else ItemsQuery.limit,
        box=box,
        from_utc=from_utc,
        to_utc=to_utc,
        inspection_id=_uuid("inspection_id", values["inspection_id"]) if "inspection_id" in values else None,
        threshold=_probability(values["threshold"]) if "threshold" in values else None,
        cursor=values.get("cursor"),
        frame=frames[crs],
        crs=crs,
        media_type=negotiated(values.get("f"), accept, {"json": GEOJSON, "jsonfg": JSON_FG}),
    )


def single_values(given: Collection[tuple[str, str]], known: Collection[str]) -> dict[str, str]:
    """The parameters by name. Raises BadParameter for an unknown one and for one that is named twice."""
    values: dict[str, str] = {}
    for name, value in given:
        if name not in known:
            raise BadParameter(f"there is no parameter {name!r} here; known are {', '.join(sorted(known)) or 'none'}")
        if name in values:
            raise BadParameter(f"{name} is given twice")
        values[name] = value
    return values


def negotiated(named: str | None, accept: str, formats: Mapping[str, str]) -> str:
    """The media type that `f` names, else what is accepted; the first of the formats when nothing is said."""
    if named is not None:
        if named not in formats:
            raise BadParameter(f"f {named!r} is none of the forms here: {', '.join(formats)}")
        return formats[named]
    if JSON_FG in formats.values():
        for asked in accept.split(","):
            name = asked.partition(";")[0].strip().lower()
            if name in {JSON_FG, JSON_FG_BEFORE}:
                return name
            if name in {GEOJSON, JSON}:
                break
    return next(iter(formats.values()))


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 19 and int(text) > 0):
        raise BadParameter(f"limit {text!r} is no whole number from 1 on")
    return min(int(text), LARGEST_LIMIT)  # the standard asks for fewer items then, not for an error


def _box(text: str, frame: Frame) -> AskedBox:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in {4, 6} or not all(abs(number) <= _FURTHEST for number in numbers):
        raise BadParameter(f"bbox {text!r} is not four numbers u0,v0,u1,v1 in metres, or six with heights")
    half = len(numbers) // 2
    low, high = tuple(numbers[:half]), tuple(numbers[half:])
    turned = range(1 if frame is Frame.EARTH else 0, half)  # a box by longitudes may go over 180°
    if any(low[axis] > high[axis] for axis in turned):
        raise BadParameter(f"bbox {text!r} must have u0 <= u1 and v0 <= v1, and heights too")
    return AskedBox(frame, low, high)


def _interval(text: str) -> tuple[datetime | None, datetime | None]:
    """First and last moment of a time or of an interval; None is open."""
    parts = text.split("/")
    if len(parts) == 1:
        return _moment(parts[0], text, first=True), _moment(parts[0], text, first=False)
    if len(parts) != 2:
        raise BadParameter(f"datetime {text!r} is neither a time nor two of them with / between")
    start, end = (part if part != ".." else "" for part in parts)
    if not start and not end:
        raise BadParameter(f"datetime {text!r} is open at both ends")
    first = _moment(start, text, first=True) if start else None
    last = _moment(end, text, first=False) if end else None
    if first is not None and last is not None and first > last:
        raise BadParameter(f"datetime {text!r} ends before it begins")
    return first, last


def _moment(part: str, text: str, *, first: bool) -> datetime:
    """A day without a time of day is all of it, in UTC."""
    if _DAY.fullmatch(part):
        part += "T00:00:00Z" if first else "T23:59:59.999999Z"
    try:
        if not _MOMENT.fullmatch(part):
            raise ValueError  # noqa: TRY301 - one refusal for all that is no time
        moment = datetime.fromisoformat(part.upper())
        if not _EARLIEST <= moment <= _LATEST:
            raise ValueError  # noqa: TRY301
    except (ValueError, OverflowError):
        raise BadParameter(
            f"datetime {text!r} is no time as 2026-05-01T08:00:00Z, nor an interval of two with / between"
        ) from None
    return moment.astimezone(UTC)


def _uuid(name: str, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise BadParameter(f"{name} {text!r} is no UUID") from None


def _probability(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise BadParameter(f"threshold {text!r} is no number from 0 to 1")
    return value
