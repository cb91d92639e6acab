"""What people say of single tiles."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from sqlalchemy import Connection, select

from crackmap_server import tables
from crackmap_server.errors import BadRequest, Busy, Conflict, DatabaseFailed, DiskFull, NotFound
from crackmap_server.paging import Cursor, Limit, page
from crackmap_server.resources import Page, ReviewItem
from crackmap_server.review_items import review_items
from crackmap_server.reviews import Review, select_reviews, store
from crackmap_server.routes.dependencies import (
    Author,
    InspectionId,
    Reading,
    SurfaceId,
    WriterOf,
    problems,
)

router = APIRouter(tags=["reviews"])


@router.get("/v1/reviews", responses=problems(BadRequest), summary="What people said of tiles")
def get_reviews(
    *,
    connection: Reading,
    surface_id: SurfaceId = None,
    inspection_id: InspectionId = None,
    frame_id: Annotated[UUID | None, Query(description="only of this frame")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[ReviewItem]:
    """In the order in which they arrived, each with what all reviews of its place come to.

    What the current analysis no longer detects is here too: `place.state` says where it speaks against the person.
    """
    statement = select_reviews(surface_id, inspection_id, frame_id)
    rows, after = page(connection, statement, {tables.reviews.c.seq: int}, limit, cursor)
    return Page(items=review_items(connection, rows), next=after)


@router.get("/v1/reviews/{review_id}", responses=problems(BadRequest, NotFound), summary="One review")
def get_review(review_id: UUID, connection: Reading) -> ReviewItem:
    """With what the person had before them."""
    return _item(connection, review_id)


@router.put(
    "/v1/reviews/{review_id}",
    responses={
        201: {"description": "It is new"},
        **problems(BadRequest, Conflict, Busy, DatabaseFailed, DiskFull),
    },
    summary="Accept, reject, correct or comment a tile",
)
def put_review(*, review_id: UUID, content: Review, writer: WriterOf, author: Author, response: Response) -> ReviewItem:
    """Under an id that the client draws (a UUID), so that sending it twice makes one.

    Reviews are never changed nor deleted: who thinks again writes another, and the last word of each person counts.
    """
    now_utc = datetime.now(UTC)

    def work(connection: Connection) -> tuple[ReviewItem, bool]:
        row, new = store(connection, review_id, content, author, now_utc)
        (item,) = review_items(connection, [row])
        return item, new

    item, new = writer.submit(work).result()
    response.status_code = 201 if new else 200
    return item


def _item(connection: Connection, review_id: UUID) -> ReviewItem:
    table = tables.reviews
    rows = connection.execute(select(table).where(table.c.review_id == review_id)).mappings().all()
    if not rows:
        raise NotFound(f"review {review_id} is not stored")
    (item,) = review_items(connection, rows)
    return item
