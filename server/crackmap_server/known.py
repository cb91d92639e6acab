"""What is stored of the frames that a delivery names, read in a few statements for all of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Connection, bindparam, select

from crackmap.messages import Report, Unplaced
from crackmap_server import tables
from crackmap_server.ingest import KnownFrame, Verdict

_AT_ONCE = 500  # parameters in one statement
_FRAMES = select(tables.frames).where(tables.frames.c.frame_id.in_(bindparam("frame_ids", expanding=True)))


def known_frames(connection: Connection, frame_ids: Collection[UUID]) -> dict[UUID, KnownFrame]:
    """By frame id; frames that are not stored are not in it."""
    known: dict[UUID, KnownFrame] = {}
    for some in _portions(list(frame_ids)):
        known |= _some(connection, some)
    return known


def held_evidence(connection: Connection, sha256s: Collection[str]) -> set[str]:
    """Which of the pictures are held."""
    held = tables.evidence.c.sha256
    return {
        found
        for some in _portions(sorted(sha256s))
        for found in connection.execute(select(held).where(held.in_(some))).scalars()
    }


def removed_evidence(connection: Connection, sha256s: Collection[str]) -> set[str]:
    """Which of the pictures retention removed: nobody is asked for them again."""
    removed = tables.removed_evidence.c.sha256
    return {
        found
        for some in _portions(sorted(sha256s))
        for found in connection.execute(select(removed).where(removed.in_(some))).scalars()
    }


def frame_seqs(connection: Connection, frame_ids: Collection[UUID]) -> dict[UUID, int]:
    """seq of each frame that is stored."""
    frames = tables.frames.c
    return {
        row.frame_id: row.seq
        for some in _portions(list(frame_ids))
        for row in connection.execute(select(frames.frame_id, frames.seq).where(frames.frame_id.in_(some)))
    }


def stored_scores(connection: Connection, keys: Collection[tuple[int, UUID]]) -> dict[tuple[int, UUID], bytes]:
    """Score bytes by frame seq and analysis."""
    maps = tables.score_maps.c
    analyses = {analysis_id for _, analysis_id in keys}
    return {
        (row.frame_seq, row.analysis_id): row.scores
        for some in _portions(sorted({frame_seq for frame_seq, _ in keys}))
        for row in connection.execute(
            select(maps.frame_seq, maps.analysis_id, maps.scores).where(
                maps.frame_seq.in_(some), maps.analysis_id.in_(analyses)
            )
        )
    }


def learned(known: KnownFrame | None, report: Report, verdict: Verdict) -> KnownFrame:
    """What is stored of the frame after the report's new parts were."""
    image, capture, scores = report.frame.image, report.frame.capture, report.score_map
    if known is None:
        known = KnownFrame(
            image_sha256=image.sha256,
            size_bytes=image.size_bytes,
            width_px=image.width_px,
            height_px=image.height_px,
            time_source=capture.time_source,
            captured_utc=capture.captured_utc,
            captured_local=capture.captured_local,
            picture_expected=report.evidence.frame,
        )
    placement = report.placement
    return replace(
        known,
        picture_expected=known.picture_expected or report.evidence.frame,
        captured_utc=verdict.fill.get("captured_utc", known.captured_utc),
        time_source=verdict.fill.get("time_source", known.time_source),
        grids={report.analysis_id: (scores.columns, scores.rows), **known.grids},
        kinds=known.kinds
        if isinstance(placement, Unplaced)
        else {placement.pose_solution_id: placement.kind, **known.kinds},
        scales_mm_per_px=known.scales_mm_per_px | ({placement.mm_per_px} if isinstance(placement, Unplaced) else set()),
        pairs=known.pairs | {(report.analysis_id, report.pose_solution_id)},
        crops=known.crops | {(report.analysis_id, crop.tile) for crop in report.evidence.crops},
    )


def _some(connection: Connection, frame_ids: Sequence[UUID]) -> dict[UUID, KnownFrame]:
    frames = connection.execute(_FRAMES, {"frame_ids": frame_ids}).all()
    if not frames:
        return {}
    seqs = [frame.seq for frame in frames]
    grids: defaultdict[int, dict[UUID, tuple[int, int]]] = defaultdict(dict)
    kinds: defaultdict[int, dict[UUID, str]] = defaultdict(dict)
    scales: defaultdict[int, set[float]] = defaultdict(set)
    pairs: defaultdict[int, set[tuple[UUID, UUID | None]]] = defaultdict(set)
    crops: defaultdict[int, set[tuple[UUID, int]]] = defaultdict(set)

    def rows(frame_seq: Column[Any], *others: Column[Any]) -> Iterable[Any]:
        return connection.execute(select(frame_seq, *others).where(frame_seq.in_(seqs)))

    score_map = tables.score_maps.c
    for row in rows(score_map.frame_seq, score_map.analysis_id, score_map.columns, score_map.rows):
        grids[row.frame_seq][row.analysis_id] = (row.columns, row.rows)
    placement = tables.placements.c
    for row in rows(placement.frame_seq, placement.pose_solution_id, placement.kind, placement.mm_per_px):
        if row.pose_solution_id is None:
            scales[row.frame_seq].add(row.mm_per_px)
        else:
            kinds[row.frame_seq][row.pose_solution_id] = row.kind
    crop = tables.crops.c
    for row in rows(crop.frame_seq, crop.analysis_id, crop.tile):
        crops[row.frame_seq].add((row.analysis_id, row.tile))
    reported = (
        select(tables.reports.c.frame_seq, tables.pairs.c.analysis_id, tables.pairs.c.pose_solution_id)
        .join_from(tables.reports, tables.pairs)
        .where(tables.reports.c.frame_seq.in_(seqs))
    )
    for row in connection.execute(reported):
        pairs[row.frame_seq].add((row.analysis_id, row.pose_solution_id))
    return {
        frame.frame_id: KnownFrame(
            image_sha256=frame.image_sha256,
            size_bytes=frame.size_bytes,
            width_px=frame.width_px,
            height_px=frame.height_px,
            time_source=frame.time_source,
            captured_utc=frame.captured_utc,
            captured_local=frame.captured_local,
            picture_expected=frame.picture_expected,
            grids=grids[frame.seq],
            kinds=kinds[frame.seq],
            scales_mm_per_px=frozenset(scales[frame.seq]),
            pairs=frozenset(pairs[frame.seq]),
            crops=frozenset(crops[frame.seq]),
        )
        for frame in frames
    }


def _portions(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _AT_ONCE):
        yield items[start : start + _AT_ONCE]
