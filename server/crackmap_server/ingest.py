"""What becomes of a report: a pure function of the report and of what is stored. Nothing here touches a database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from crackmap.messages import Analysis, Capture, Report, Status, TimeSource, Unplaced
from crackmap.tile_grid import TileGrid


@dataclass(frozen=True)
class Headers:
    """The headers that reports may name, stored or just being stored, and those that they must not."""

    scans: frozenset[UUID]
    analyses: Mapping[UUID, Analysis]
    pose_scans: Mapping[UUID, UUID]  # pose solution → its scan
    conflicts: Mapping[UUID, str] = field(default_factory=dict)
    bad: Mapping[UUID, str] = field(default_factory=dict)


@dataclass(frozen=True)
class KnownFrame:
    """What is stored of a frame."""

    image_sha256: str
    size_bytes: int
    width_px: int
    height_px: int
    time_source: str
    captured_utc: datetime | None
    captured_local: datetime | None
    picture_expected: bool
    grids: Mapping[UUID, tuple[int, int]] = field(default_factory=dict)  # analysis → columns, rows
    kinds: Mapping[UUID, str] = field(default_factory=dict)  # pose solution → kind of placement
    scales_mm_per_px: frozenset[float] = frozenset()  # unplaced
    pairs: frozenset[tuple[UUID, UUID | None]] = frozenset()  # reported
    crops: frozenset[tuple[UUID, int]] = frozenset()  # analysis, tile


@dataclass(frozen=True)
class Verdict:
    """What a report is, and which parts of it are new."""

    status: Status
    message: str = ""
    frame: bool = False
    scores: bool = False
    placement: bool = False
    report: bool = False
    crops: bool = False
    fill: Mapping[str, Any] = field(default_factory=dict)  # columns of the stored frame that are known only now


def judge(report: Report, headers: Headers, known: KnownFrame | None) -> Verdict:
    """Invalid, in conflict, already there, or new in some of its parts.

    Conflict means other raw facts under one id: image, capture time, tile grid, headers. Other scores are no
    conflict (another runtime answers a step beside), nor is another label.
    """
    message = _wrong_header(report, headers.conflicts)
    if message:
        return Verdict(Status.CONFLICT, message)
    message = _wrong_header(report, headers.bad) or _unusable(report, headers)
    if message:
        return Verdict(Status.INVALID, message)
    if known is None:
        return Verdict(
            Status.STORED, frame=True, scores=True, placement=True, report=True, crops=bool(report.evidence.crops)
        )
    message = _conflict(report, known)
    if message:
        return Verdict(Status.CONFLICT, message)
    placement = report.placement
    new = Verdict(
        Status.STORED,
        scores=report.analysis_id not in known.grids,
        placement=(
            placement.mm_per_px not in known.scales_mm_per_px
            if isinstance(placement, Unplaced)
            else placement.pose_solution_id not in known.kinds
        ),
        report=(report.analysis_id, report.pose_solution_id) not in known.pairs,
        crops=any((report.analysis_id, crop.tile) not in known.crops for crop in report.evidence.crops),
        fill=_known_only_now(report, known),
    )
    if new.scores or new.placement or new.report or new.crops or new.fill:
        return new
    return Verdict(Status.ALREADY_THERE)


def _wrong_header(report: Report, wrong: Mapping[UUID, str]) -> str | None:
    for identity in (report.frame.scan_id, report.analysis_id, report.pose_solution_id):
        if identity is not None and identity in wrong:
            return wrong[identity]
    return None


def _unusable(report: Report, headers: Headers) -> str | None:
    return _missing_header(report, headers) or _misfit(report, headers.analyses[report.analysis_id])


def _missing_header(report: Report, headers: Headers) -> str | None:
    scan = report.frame.scan_id
    if scan not in headers.scans:
        return f"scan {scan} is neither in this batch nor stored; send its header along"
    analysis = headers.analyses.get(report.analysis_id)
    named = [("analysis", report.analysis_id, analysis and analysis.scan_id)]
    if report.pose_solution_id is not None:
        named.append(("pose solution", report.pose_solution_id, headers.pose_scans.get(report.pose_solution_id)))
    for name, identity, its_scan in named:
        if its_scan is None:
            return f"{name} {identity} is neither in this batch nor stored; send its header along"
        if its_scan != scan:
            return f"{name} {identity} belongs to scan {its_scan}, the frame to {scan}"
    return None


def _misfit(report: Report, analysis: Analysis) -> str | None:
    image, scores = report.frame.image, report.score_map
    tile_px, stride_px = analysis.tile_px, analysis.stride_px
    try:
        columns, rows = _tiles(image.width_px, image.height_px, tile_px, stride_px)
    except ValueError as error:
        return f"the image does not hold the analysis' tiles: {error}"
    if (columns, rows) != (scores.columns, scores.rows):
        return (
            f"tiles of {tile_px} px every {stride_px} px over {image.width_px} × {image.height_px} px "
            f"make {columns} × {rows}, but the score map has {scores.columns} × {scores.rows}"
        )
    return None


@lru_cache  # frames of a scan are equally large
def _tiles(width_px: int, height_px: int, tile_px: int, stride_px: int) -> tuple[int, int]:
    grid = TileGrid(width_px, height_px, tile_px, stride_px)
    return grid.columns, grid.rows


def _conflict(report: Report, known: KnownFrame) -> str | None:
    image = report.frame.image
    facts = {
        "image SHA-256": (known.image_sha256, image.sha256),
        "image size in bytes": (known.size_bytes, image.size_bytes),
        "image size in pixels": ((known.width_px, known.height_px), (image.width_px, image.height_px)),
        "capture time": _capture_times(report.frame.capture, known),
        "tile grid": (
            known.grids.get(report.analysis_id, (report.score_map.columns, report.score_map.rows)),
            (report.score_map.columns, report.score_map.rows),
        ),
    }
    if report.pose_solution_id is not None:
        kind = report.placement.kind
        facts["placement under this pose solution"] = (known.kinds.get(report.pose_solution_id, kind), kind)
    for fact, (stored, sent) in facts.items():
        if stored != sent:
            return f"frame {report.frame.frame_id} is stored with another {fact}: {stored}, not {sent}"
    return None


def _capture_times(sent: Capture, known: KnownFrame) -> tuple[Any, Any]:
    """The times to compare. Only times of one source can contradict each other; a pose file's may be corrected."""
    if sent.time_source != known.time_source or sent.time_source == TimeSource.POSE_FILE:
        return None, None
    if known.captured_utc and sent.captured_utc:
        return known.captured_utc, sent.captured_utc
    if known.captured_local and sent.captured_local:
        return known.captured_local, sent.captured_local
    return None, None


def _known_only_now(report: Report, known: KnownFrame) -> dict[str, Any]:
    fill: dict[str, Any] = {}
    if report.evidence.frame and not known.picture_expected:
        fill["picture_expected"] = True
    capture = report.frame.capture
    if known.captured_utc is None and capture.captured_utc is not None:
        fill |= {
            "captured_utc": capture.captured_utc,
            "time_source": capture.time_source,
            "time_sigma_s": capture.time_sigma_s,
        }
    return fill
