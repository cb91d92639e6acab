"""What routes ask for by type.

What only looks something up or checks it is async: with any other function FastAPI goes into a thread and back.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, Header, Path, Query, Request
from pydantic import AfterValidator, AwareDatetime
from sqlalchemy import Connection

from crackmap.manifest import Sha256
from crackmap.surfaces import Name
from crackmap_server.chart import Box
from crackmap_server.closing.shown import Shown, read_shown
from crackmap_server.engines import Engines
from crackmap_server.errors import STATUS, BadRequest, ServerError
from crackmap_server.evidence import EvidenceFolder
from crackmap_server.metrics import Metrics
from crackmap_server.opinions import ReviewState
from crackmap_server.pairs import Pair, read_pairs
from crackmap_server.people.guard import Notes
from crackmap_server.people.roles import Who
from crackmap_server.registry.files import ModelFolder
from crackmap_server.settings import Settings
from crackmap_server.writer import Writer


async def _settings(request: Request) -> Settings:
    return request.app.state.settings  # type: ignore[no-any-return]


async def _engines(request: Request) -> Engines:
    return request.app.state.engines  # type: ignore[no-any-return]


async def _writer(request: Request) -> Writer:
    return request.app.state.writer  # type: ignore[no-any-return]


async def _evidence(request: Request) -> EvidenceFolder:
    return request.app.state.evidence  # type: ignore[no-any-return]


async def _metrics(request: Request) -> Metrics:
    return request.app.state.metrics  # type: ignore[no-any-return]


async def _who(request: Request) -> Who:
    return request.state.who  # type: ignore[no-any-return]


async def _notes(request: Request) -> Notes:
    return request.state.notes  # type: ignore[no-any-return]


WhoOf = Annotated[Who, Depends(_who)]
"""Who asks; the guard has looked that they may. ANYBODY at a server without keys."""
NotesOf = Annotated[Notes, Depends(_notes)]
"""A route that writes may put into `outcome` what the audit log should say beside the status."""


async def _models(request: Request) -> ModelFolder:
    return request.app.state.models  # type: ignore[no-any-return]


SettingsOf = Annotated[Settings, Depends(_settings)]
EnginesOf = Annotated[Engines, Depends(_engines)]
WriterOf = Annotated[Writer, Depends(_writer)]
EvidenceOf = Annotated[EvidenceFolder, Depends(_evidence)]
MetricsOf = Annotated[Metrics, Depends(_metrics)]
ModelsOf = Annotated[ModelFolder, Depends(_models)]


def _reading(engines: EnginesOf) -> Iterator[Connection]:
    with engines.reader.connect() as connection:
        yield connection


# Given back before the answer is sent: a client that reads slowly holds no connection, nor an old state of the data.
Reading = Annotated[Connection, Depends(_reading, scope="function")]

Sha256Path = Annotated[Sha256, Path(description="SHA-256 of the file, hexadecimal")]
Threshold = Annotated[
    float | None,
    Query(
        ge=0, le=1, description="probability from which a tile is shown; by default each analysis' own", examples=[0.5]
    ),
]
SurfaceId = Annotated[
    UUID | None, Query(description="only of this surface", examples=["46480394-9463-5076-a023-12179c6ed197"])
]
InspectionId = Annotated[
    UUID | None, Query(description="only of this inspection", examples=["73412194-2af6-5abf-8792-40bc185f0499"])
]
ScanId = Annotated[
    UUID | None, Query(description="only of this scan", examples=["16339570-f7ad-5d54-954d-a3328d32bcaa"])
]
AnalysisId = Annotated[UUID | None, Query(description="this analysis instead of each scan's current one")]
Model = Annotated[
    str | None,
    Query(description="only what this model scored: its name or SHA-256", max_length=200, pattern="^[^\\x00]*$"),
]


def _pairs(
    *,
    connection: Reading,
    surface_id: SurfaceId = None,
    inspection_id: InspectionId = None,
    scan_id: ScanId = None,
    analysis_id: AnalysisId = None,
    model: Model = None,
) -> dict[int, Pair]:
    return read_pairs(connection, surface_id, inspection_id, scan_id, analysis_id, model=model)


PairsOf = Annotated[dict[int, Pair], Depends(_pairs)]
CloseOutNumber = Annotated[
    int | None,
    Query(
        ge=1,
        lt=2**31,
        description="as it was closed: the number of a close-out of the inspection, which must be named too; "
        "by default as it is now",
    ),
]


def _shown(
    *,
    connection: Reading,
    surface_id: SurfaceId = None,
    inspection_id: InspectionId = None,
    scan_id: ScanId = None,
    analysis_id: AnalysisId = None,
    model: Model = None,
    close_out: CloseOutNumber = None,
) -> Shown:
    return read_shown(
        connection,
        close_out,
        surface_id=surface_id,
        inspection_id=inspection_id,
        scan_id=scan_id,
        analysis_id=analysis_id,
        model=model,
    )


ShownOf = Annotated[Shown, Depends(_shown)]
"""As PairsOf, of a close-out too."""


Masked = Annotated[
    bool | None, Query(description="only those in a mask, or only those in none; by default both are shown")
]


ReviewFilter = Annotated[
    ReviewState | Literal["unreviewed"] | None,
    Query(description="only those of which people said this; `unreviewed`: nothing, or no more than a comment"),
]


def _in_years(moment: datetime) -> datetime:
    # Converting to UTC must not leave the calendar.
    if not 2 <= moment.year <= 9998:
        raise ValueError("the year lies outside 2..9998")
    return moment


_Moment = Annotated[AwareDatetime, AfterValidator(_in_years)]
From = Annotated[
    _Moment | None,
    Query(
        alias="from",
        description="captured at or after; frames without a time never match",
        examples=["2026-05-01T00:00:00Z"],
    ),
]
To = Annotated[
    _Moment | None, Query(alias="to", description="captured at or before; frames without a time never match")
]


async def _box(
    bbox: Annotated[
        str | None,
        Query(
            description="u0,v0,u1,v1 in metres on the chart; only tiles whose middle lies inside. "
            "Only placed frames ever match",
            examples=["0,0,2,1.5"],
            max_length=200,
        ),
    ] = None,
) -> Box | None:
    if bbox is None:
        return None
    try:
        low_u_m, low_v_m, high_u_m, high_v_m = map(float, bbox.split(","))
    except ValueError:
        raise BadRequest(f"bbox {bbox!r} is not four numbers u0,v0,u1,v1") from None
    if not (-1e9 <= low_u_m <= high_u_m <= 1e9 and -1e9 <= low_v_m <= high_v_m <= 1e9):
        raise BadRequest(f"bbox {bbox!r} must have u0 <= u1 and v0 <= v1, in metres")
    return Box(low_u_m, low_v_m, high_u_m, high_v_m)


BoxOf = Annotated[Box | None, Depends(_box)]


def _author(
    who: WhoOf, author: Annotated[Name | None, Query(description="who says so; where people sign in, they do")] = None
) -> str | None:
    return who.named(author or "") or None


Author = Annotated[str | None, Depends(_author)]


def _made_from(
    if_match: Annotated[
        str | None,
        Header(
            description="the ETag of the version that is changed; without it something new is made",
            pattern=r'^"[1-9][0-9]{0,8}"$',
            examples=['"1"'],
        ),
    ] = None,
) -> int | None:
    return None if if_match is None else int(if_match.strip('"'))


MadeFrom = Annotated[int | None, Depends(_made_from)]


def problems(*errors: type[ServerError]) -> dict[int | str, dict[str, Any]]:
    """Declares errors of a route in the OpenAPI document."""
    declared: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        status = STATUS[error]
        text = " ".join(filter(None, (declared.get(status, {}).get("description"), error.__doc__)))
        declared[status] = {
            "description": text,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return declared
