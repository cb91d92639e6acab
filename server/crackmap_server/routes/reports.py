"""Reports in, and those in quarantine."""

import asyncio
import json
import logging
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection, select

from crackmap.messages import LOG_HEADER, BatchAnswer, utc
from crackmap.scores import byte_at_least
from crackmap_server import envelope, tables
from crackmap_server.body_budget import Share
from crackmap_server.errors import BadRequest, Busy, DatabaseFailed, DiskFull, TooLarge
from crackmap_server.openapi import report_batch_body
from crackmap_server.paging import Cursor, Limit, page
from crackmap_server.people.ownership import check_scans, own_scans
from crackmap_server.resources import Page, QuarantinedReport
from crackmap_server.routes.dependencies import (
    EvidenceOf,
    MetricsOf,
    NotesOf,
    Reading,
    SettingsOf,
    ShareOf,
    WhoOf,
    WriterOf,
    problems,
)
from crackmap_server.store import store_delivery, without

router = APIRouter(tags=["reports"])
_log = logging.getLogger(__name__)
_LOG = select(tables.logs.c.log_id)
_PARSERS = CapacityLimiter(2)  # each may take ten times its batch; and readers keep their threads


@router.post(
    "/v1/reports",
    responses=problems(BadRequest, TooLarge, Busy, DatabaseFailed, DiskFull),
    openapi_extra=report_batch_body(),
    summary="Deliver reports",
)
async def post_reports(
    *,
    request: Request,
    response: Response,
    settings: SettingsOf,
    writer: WriterOf,
    folder: EvidenceOf,
    share: ShareOf,
    metrics: MetricsOf,
    who: WhoOf,
    notes: NotesOf,
) -> BatchAnswer:
    """A batch of reports with the headers they name; `Content-Encoding: gzip` is understood.

    A scan belongs to the robot that delivered it first: a batch that holds another robot's is refused as a whole (403).
    Each report is answered by itself, in the order of the batch, after it is on the disk. Sending it again is safe.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > settings.reports_bytes:
            raise TooLarge(f"the body has more than {settings.reports_bytes} bytes; send fewer reports at once")
    encoding = request.headers.get("content-encoding", "").strip().lower()
    delivery = await run_sync(_read, body, encoding, settings.reports_bytes, share, limiter=_PARSERS)
    floor, now_utc = byte_at_least(settings.detection_floor), datetime.now(UTC)

    def store(connection: Connection) -> tuple[UUID, BatchAnswer, set[str]]:
        check_scans(connection, delivery.named_scans, who)
        log_id = connection.execute(_LOG).scalar_one()
        answer, held = store_delivery(connection, delivery, floor, now_utc)
        own_scans(connection, delivery.named_scans, who)
        notes.write(connection, 200, _outcome(_counts(answer)))  # one commit for both
        return log_id, answer, held

    log_id, answer, held = await asyncio.wrap_future(writer.submit(store))
    notes.written = True
    if held:
        answer = without(answer, await run_in_threadpool(folder.held, held))
    response.headers[LOG_HEADER] = str(log_id)
    counts = _counts(answer)
    metrics.count_reports(counts)
    _log.info("reports", extra=dict(sorted(counts.items())))
    return answer


def _counts(answer: BatchAnswer) -> Counter[str]:
    return Counter(item.status.value for item in answer.answers)


def _outcome(counts: Counter[str]) -> str:
    return " ".join(f"{status}={count}" for status, count in sorted(counts.items())) or "none"


def _read(body: envelope.Body, encoding: str, limit_bytes: int, share: Share) -> envelope.Delivery:
    content = envelope.unpacked(body, encoding, limit_bytes)
    share.grow_to(len(content))
    return envelope.read(content)


@router.get("/v1/quarantine", responses=problems(BadRequest), summary="Reports in conflict with what is stored")
def get_quarantine(connection: Reading, limit: Limit = 100, cursor: Cursor = None) -> Page[QuarantinedReport]:
    """They were refused, and are kept as they came until a person has looked at them."""
    table = tables.quarantine
    rows, after = page(connection, select(table), {table.c.seq: int}, limit, cursor)
    return Page(items=[_shown(row) for row in rows], next=after)


def _shown(row: Any) -> QuarantinedReport:
    return QuarantinedReport(
        frame_id=row["frame_id"],
        message=row["message"],
        received_utc=utc(row["received_utc"]),
        delivery=json.loads(row["delivery"]),
    )
