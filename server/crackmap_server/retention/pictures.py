"""Which pictures may go: photographs in which nothing was found, and which nothing that people decided depends on."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, or_, select

from crackmap_server import tables
from crackmap_server.additions.findings import Finding, Polygon, Polyline, Rectangle
from crackmap_server.registry.orders import WAITING
from crackmap_server.sites import sites_of


def old_pictures(
    connection: Connection, before_utc: datetime, after_sha256: str = "", limit: int | None = None
) -> list[tuple[str, int]]:
    """SHA-256 and size of pictures that may go, in the order of their hashes.

    Every frame with that picture was captured before then, has been scored, and has no detection at or over the floor
    of any analysis. Kept are pictures that somebody reviewed, that show a place of a finding, that a re-scoring waits
    for, all of an inspection that was closed, and crops.
    """
    evidence, frames = tables.evidence.c, tables.frames.c
    same = frames.image_sha256 == evidence.sha256
    statement = (
        select(evidence.sha256, evidence.size_bytes)
        .where(
            evidence.sha256 > after_sha256,
            exists().where(same),
            ~exists().where(same, _needed(before_utc)),
            evidence.sha256.not_in(select(tables.reviews.c.image_sha256)),
            ~exists().where(tables.crops.c.sha256 == evidence.sha256),
        )
        .order_by(evidence.sha256)
    )
    of_findings = _of_findings(connection)
    found = []
    with connection.execute(statement.execution_options(yield_per=500)) as rows:
        for row in rows:
            if row.sha256 not in of_findings:
                found.append((row.sha256, row.size_bytes))
                if len(found) == limit:
                    break
    return found


def _needed(before_utc: datetime) -> ColumnElement[bool]:
    """Of a frame."""
    frames, reports, found, scans = (t.c for t in (tables.frames, tables.reports, tables.detections, tables.scans))
    reported = exists().where(reports.frame_seq == frames.seq)
    detected = (
        select(found.tile)
        .join_from(
            tables.reports,
            tables.detections,
            (found.pair_seq == reports.pair_seq) & (found.frame_seq == reports.frame_seq),
        )
        .where(reports.frame_seq == frames.seq)
        .exists()
    )
    closed = select(scans.scan_id).where(scans.inspection_id.in_(select(tables.close_outs.c.inspection_id)))
    waited_for = select(tables.rescore_jobs.c.frame_seq).where(tables.rescore_jobs.c.state == WAITING)
    return or_(
        frames.captured_utc.is_(None),
        frames.captured_utc >= before_utc,
        ~reported,
        detected,
        frames.scan_id.in_(closed),
        frames.seq.in_(waited_for),
    )


def _of_findings(connection: Connection) -> set[str]:
    """Pictures that show a place where any version of a finding lies, also of one that was deleted."""
    revisions, frames = tables.revisions.c, tables.frames.c
    contents = connection.execute(
        select(revisions.content).where(revisions.kind == Finding.kind_name, revisions.content.is_not(None))
    ).scalars()
    shown: set[str] = set()
    for content in contents:
        finding = Finding.model_validate(content)
        statement = select(frames.image_sha256).distinct().where(*_touching(connection, finding))
        shown |= set(connection.execute(statement).scalars())
    return shown


def _touching(connection: Connection, finding: Finding) -> list[ColumnElement[bool]]:
    """Frames whose footprint's bounds touch those of the finding; on a cylinder all of its surface."""
    frames, places, scans = tables.frames.c, tables.placements.c, tables.scans.c
    match finding.shape:
        case Rectangle(frame_id=frame_id):
            return [frames.frame_id == frame_id]
        case Polyline(line_m=points):
            pass
        case Polygon(rings_m=rings):
            points = rings[0]
    of_site = select(scans.scan_id).where(
        scans.surface_id == finding.surface_id, scans.inspection_id == finding.inspection_id
    )
    scan_ids = list(connection.execute(of_site).scalars())
    conditions: list[ColumnElement[bool]] = [frames.scan_id.in_(scan_ids)]
    if any(site.face.around_m is None for site in sites_of(connection, scan_ids).values()):
        us, vs = zip(*points, strict=True)
        touching: Any = exists().where(
            places.frame_seq == frames.seq,
            places.low_u_m <= max(us),
            places.high_u_m >= min(us),
            places.low_v_m <= max(vs),
            places.high_v_m >= min(vs),
        )
        conditions.append(touching)
    return conditions
