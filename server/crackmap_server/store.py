"""Deliveries into the tables. Runs in the writer's thread, inside its transaction."""

from collections import Counter
from collections.abc import Sequence, Set
from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from crackmap.messages import Answer, BatchAnswer, Report, Status
from crackmap_server.envelope import Delivery, Unreadable
from crackmap_server.headers import store_headers
from crackmap_server.known import held_evidence, known_frames, removed_evidence
from crackmap_server.shelf import Shelf


def store_delivery(
    connection: Connection, delivery: Delivery, floor: int, now_utc: datetime
) -> tuple[BatchAnswer, set[str]]:
    """Store what is new and answer each item. `floor` is the score byte from which tiles get a row in `detections`.

    With it come those pictures, by SHA-256, that are wanted though the database knows them: only where their file was
    lost. Whether it was is for the caller to see, after the commit: an object store takes its time, and others wait for
    the writer.
    """
    headers = store_headers(connection, delivery)
    reports = [item for item in delivery.items if isinstance(item, Report)]
    named = Counter(report.frame.frame_id for report in reports)
    repeated = frozenset(frame_id for frame_id, times in named.items() if times > 1)
    shelf = Shelf(connection, delivery, headers, known_frames(connection, named), repeated, floor, now_utc)
    put = iter(_put(shelf, reports))
    answers = [next(put) if isinstance(item, Report) else _unreadable(item) for item in delivery.items]
    promised = {sha256 for answer in answers for sha256 in answer.evidence_wanted}
    answer = BatchAnswer(answers=tuple(answers))
    if not promised:
        return answer, set()
    return without(answer, removed_evidence(connection, promised)), set(held_evidence(connection, promised))


def without(answer: BatchAnswer, settled: Set[str]) -> BatchAnswer:
    """The same, but those pictures are not wanted."""
    if not settled:
        return answer
    return BatchAnswer(
        answers=tuple(
            each.model_copy(update={"evidence_wanted": tuple(s for s in each.evidence_wanted if s not in settled)})
            for each in answer.answers
        )
    )


def _unreadable(item: Unreadable) -> Answer:
    return Answer(status=Status.INVALID, frame_id=item.frame_id, message=item.message)


def _put(shelf: Shelf, reports: Sequence[Report]) -> list[Answer]:
    """All of them in one savepoint. When the database refuses that, each half by itself, down to the bad report."""
    if not reports:
        return []
    try:
        with shelf.connection.begin_nested():
            return shelf.put(reports)
    except (StatementError, OverflowError) as error:
        if isinstance(error, DBAPIError) and not isinstance(error, DataError | IntegrityError):
            raise  # the database failed, not the report
        if len(reports) == 1:
            reason = getattr(error, "orig", error)
            (frame_id,) = (report.frame.frame_id for report in reports)
            return [Answer(status=Status.INVALID, frame_id=frame_id, message=f"it cannot be stored: {reason}")]
    middle = len(reports) // 2
    return _put(shelf, reports[:middle]) + _put(shelf, reports[middle:])
