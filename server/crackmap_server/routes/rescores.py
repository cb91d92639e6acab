"""Scoring frames again by another model: orders, workers, progress, what changed, making it current.

Who may: an admin orders and makes current; a worker (or an admin) claims and delivers; everybody who may read sees
progress and comparison.
"""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from crackmap.messages.registry import Claim, Claimed, NewScores
from crackmap.scores import byte_at_least
from crackmap_server import tables
from crackmap_server.errors import BadRequest, Busy, Conflict, DatabaseFailed, DiskFull, NotFound
from crackmap_server.paging import Cursor, Limit, page
from crackmap_server.registry.claims import claim
from crackmap_server.registry.comparison import compare
from crackmap_server.registry.orders import ask
from crackmap_server.registry.progress import item, select_rescores
from crackmap_server.registry.resources import Comparison, RescoreItem, RescoreOrder, Settled, UseOrder
from crackmap_server.registry.results import settle
from crackmap_server.registry.use import the_rescore, use
from crackmap_server.resources import Page
from crackmap_server.routes.dependencies import InspectionId, Reading, SettingsOf, WhoOf, WriterOf, problems

router = APIRouter(tags=["rescores"])
Rescore = Annotated[int, Path(ge=1, lt=2**31, description="number of the re-scoring")]
_WRITING = (BadRequest, NotFound, Busy, DatabaseFailed, DiskFull)


@router.post(
    "/v1/rescores",
    status_code=201,
    responses={200: {"description": "The same is under way", "model": RescoreItem}, **problems(*_WRITING)},
    summary="Score an inspection again",
)
async def post_rescore(
    *, order: RescoreOrder, response: Response, settings: SettingsOf, writer: WriterOf, who: WhoOf
) -> RescoreItem:
    """By a registered model: a job for each frame whose picture is held. What is stored stays as it is."""
    floor, now_utc = byte_at_least(settings.detection_floor), datetime.now(UTC)

    def store(connection: Any) -> tuple[bool, RescoreItem]:
        seq, new = ask(connection, order.model_copy(update={"by": who.named(order.by)}), floor, now_utc)
        return new, item(connection, the_rescore(connection, seq), now_utc)

    new, shown = await asyncio.wrap_future(writer.submit(store))
    response.status_code = 201 if new else 200
    return shown


@router.get("/v1/rescores", responses=problems(BadRequest), summary="What is or was scored again")
def get_rescores(
    connection: Reading, inspection_id: InspectionId = None, limit: Limit = 100, cursor: Cursor = None
) -> Page[RescoreItem]:
    """In the order in which they were asked for, with how far they are."""
    statement, now_utc = select_rescores(), datetime.now(UTC)
    if inspection_id is not None:
        statement = statement.where(tables.rescores.c.inspection_id == inspection_id)
    rows, after = page(connection, statement, {tables.rescores.c.seq: int}, limit, cursor)
    return Page(items=[item(connection, row, now_utc) for row in rows], next=after)


@router.get("/v1/rescores/{rescore}", responses=problems(BadRequest, NotFound), summary="How far a re-scoring is")
def get_rescore(rescore: Rescore, connection: Reading) -> RescoreItem:
    """In frames, with the reasons of those that cannot be scored again."""
    return item(connection, the_rescore(connection, rescore), datetime.now(UTC))


@router.post("/v1/rescores/claim", responses=problems(*_WRITING), summary="Take frames to score")
async def post_claim(
    *,
    asked: Claim,
    settings: SettingsOf,
    writer: WriterOf,
    rescore: Annotated[int | None, Query(ge=1, lt=2**31, description="only of this re-scoring")] = None,
) -> Claimed:
    """For a worker, of one re-scoring, the oldest first. Without an answer in time another worker gets them."""
    lease_s, now_utc = settings.lease_s, datetime.now(UTC)
    return await asyncio.wrap_future(
        writer.submit(lambda connection: claim(connection, asked, lease_s, now_utc, rescore))
    )


@router.post("/v1/rescores/{rescore}/scores", responses=problems(*_WRITING), summary="Deliver a frame's new scores")
async def post_scores(*, rescore: Rescore, new: NewScores, writer: WriterOf) -> Settled:
    """Or why there are none. The first that come stay; the same again, or another worker's, changes nothing."""
    now_utc = datetime.now(UTC)
    stored = await asyncio.wrap_future(writer.submit(lambda connection: settle(connection, rescore, new, now_utc)))
    return Settled(stored=stored)


@router.post(
    "/v1/rescores/{rescore}/current",
    responses=problems(*_WRITING, Conflict),
    summary="Make a re-scoring current",
)
async def post_current(*, rescore: Rescore, order: UseOrder, writer: WriterOf, who: WhoOf) -> RescoreItem:
    """Lists, map and coverage then show its analyses. Refused where frames have no new scores, unless that is meant."""
    now_utc = datetime.now(UTC)

    def store(connection: Any) -> RescoreItem:
        use(connection, rescore, who.named(order.by), order.incomplete, now_utc)
        return item(connection, the_rescore(connection, rescore), now_utc)

    return await asyncio.wrap_future(writer.submit(store))


@router.get(
    "/v1/rescores/{rescore}/comparison", responses=problems(BadRequest, NotFound), summary="What a re-scoring changed"
)
def get_comparison(rescore: Rescore, connection: Reading) -> Comparison:
    """Detections and their areas before and after, at both thresholds, scan by scan; also while it is under way."""
    return compare(connection, rescore, the_rescore(connection, rescore)["name"])
