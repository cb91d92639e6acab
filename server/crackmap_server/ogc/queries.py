"""The parameters of a request for items, read by the standard's rules: what is unknown or unreadable is refused."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from crackmap_server.chart import Box
from crackmap_server.errors import BadParameter
from crackmap_server.ogc.conformance import CRS84, GEOJSON, JSON, JSON_FG, JSON_FG_BEFORE

LARGEST_LIMIT = 1000
_FURTHEST_M = 1e9
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_EARLIEST, _LATEST = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 31, 23, 59, 59, tzinfo=UTC)


@dataclass(frozen=True)
class ItemsQuery:
    """Which items are wanted, and in which form."""

    limit: int = 100
    box: Box | None = None
    from_utc: datetime | None = None
    to_utc: datetime | None = None
    inspection_id: UUID | None = None
    threshold: float | None = None
    cursor: str | None = None
    local: bool = False
    """Whether `geometry` holds chart metres: `crs` named the surface's own frame."""
    media_type: str = GEOJSON


def read_items_query(
    given: Collection[tuple[str, str]], known: Collection[str], local_crs: str, accept: str
) -> ItemsQuery:
    """Raises BadParameter for what is unknown, named twice, or cannot be read.

    `local_crs` is the URI of the surface's own frame, the only one that has coordinates there.
    """
    values = single_values(given, known)
    crs, bbox_crs = values.get("crs", CRS84), values.get("bbox-crs", CRS84)
    for name, uri in (("crs", crs), ("bbox-crs", bbox_crs)):
        if uri not in {CRS84, local_crs}:
            raise BadParameter(f"{name} {uri!r} is none of this collection's; its `crs` are {CRS84} and {local_crs}")
    box = None if "bbox" not in values else _box(values["bbox"])
    if box is not None and bbox_crs == CRS84:
        raise BadParameter(
            "bbox: this surface has no longitude and latitude, only metres in its own frame; "
            f"say so with bbox-crs={local_crs}"
        )
    from_utc, to_utc = _interval(values["datetime"]) if "datetime" in values else (None, None)
    return ItemsQuery(
        limit=_limit(values["limit"]) if "limit" in values else ItemsQuery.limit,
        box=box,
        from_utc=from_utc,
        to_utc=to_utc,
        inspection_id=_uuid("inspection_id", values["inspection_id"]) if "inspection_id" in values else None,
        threshold=_probability(values["threshold"]) if "threshold" in values else None,
        cursor=values.get("cursor"),
        local=crs == local_crs,
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


def _box(text: str) -> Box:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        numbers = [*numbers[0:2], *numbers[3:5]]  # heights: everything lies on the surface
    if len(numbers) != 4 or not all(abs(number) <= _FURTHEST_M for number in numbers):
        raise BadParameter(f"bbox {text!r} is not four numbers u0,v0,u1,v1 in metres")
    low_u_m, low_v_m, high_u_m, high_v_m = numbers
    if low_u_m > high_u_m or low_v_m > high_v_m:
        raise BadParameter(f"bbox {text!r} must have u0 <= u1 and v0 <= v1")
    return Box(low_u_m, low_v_m, high_u_m, high_v_m)


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
