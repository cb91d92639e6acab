"""A report as rows of the tables: pure functions, nothing here touches a database."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from crackmap.messages import Flag, NoPose, Placed, Report, ScoreMap, Unplaced
from crackmap_server.chart import cells
from crackmap_server.ingest import KnownFrame


def frame_row(report: Report) -> dict[str, Any]:
    """A row of `frames`, without its seq."""
    frame, image, capture = report.frame, report.frame.image, report.frame.capture
    return {
        "frame_id": frame.frame_id,
        "scan_id": frame.scan_id,
        "source_key": frame.source_key,
        "label": frame.label,
        "image_sha256": image.sha256,
        "size_bytes": image.size_bytes,
        "media_type": image.media_type,
        "width_px": image.width_px,
        "height_px": image.height_px,
        "exif_orientation": image.exif_orientation,
        "picture_expected": report.evidence.frame,
        **capture.model_dump(),
    }


def score_map_row(report: Report, frame_seq: int) -> dict[str, Any]:
    """A row of `score_maps`."""
    values = score_map_values(report.score_map, report.flags)
    return {"frame_seq": frame_seq, "analysis_id": report.analysis_id, **values}


def score_map_values(scores: ScoreMap, flags: Sequence[Flag]) -> dict[str, Any]:
    """A row of `score_maps`, without whose it is."""
    return {
        "columns": scores.columns,
        "rows": scores.rows,
        "scores": scores.scores,
        "unscored": [group.model_dump(mode="json") for group in scores.unscored],
        "highest_score": max(scores.scores),
        "flags": [flag.value for flag in flags],
        "visible_widths": scores.visible_widths,
    }


def placement_row(report: Report, frame_seq: int) -> dict[str, Any]:
    """A row of `placements`, without its seq."""
    row: dict[str, Any] = {
        "frame_seq": frame_seq,
        "pose_solution_id": report.pose_solution_id,
        "kind": report.placement.kind,
        "mm_per_px": None,
        "cause": None,
        "pose": None,
        "footprint_m": None,
        "low_u_m": None,
        "low_v_m": None,
        "high_u_m": None,
        "high_v_m": None,
    }
    match report.placement:
        case Unplaced(mm_per_px=mm_per_px):
            row["mm_per_px"] = mm_per_px
        case NoPose(cause=cause):
            row["cause"] = cause
        case Placed() as placed:
            us, vs = zip(*placed.footprint_m, strict=True)
            row |= {
                "mm_per_px": placed.mm_per_px,
                "pose": placed.pose.model_dump(mode="json"),
                "footprint_m": [list(point) for point in placed.footprint_m],
                "low_u_m": min(us),
                "low_v_m": min(vs),
                "high_u_m": max(us),
                "high_v_m": max(vs),
            }
    return row


def report_row(report: Report, frame_seq: int, pair_seq: int) -> dict[str, Any]:
    """A row of `reports`."""
    row: dict[str, Any] = {
        "frame_seq": frame_seq,
        "pair_seq": pair_seq,
        "origin_u_m": None,
        "origin_v_m": None,
        "centres": None,
        "corners": None,
        "covariances": None,
    }
    if isinstance(report.placement, Placed):
        tiles = report.placement.tiles
        row |= {
            "origin_u_m": tiles.origin_m[0],
            "origin_v_m": tiles.origin_m[1],
            "centres": tiles.centres,
            "corners": tiles.corners,
            "covariances": tiles.covariances,
        }
    return row


def detection_rows(
    scores: npt.NDArray[np.uint8], centres_m: npt.NDArray[np.float64] | None, floor: int, frame_seq: int, pair_seq: int
) -> list[dict[str, Any]]:
    """Rows of `detections` for the tiles whose score byte is at or over `floor` (never 0)."""
    tiles = np.flatnonzero(scores >= max(floor, 1))
    rows: list[dict[str, Any]] = [
        {
            "pair_seq": pair_seq,
            "frame_seq": frame_seq,
            "tile": tile,
            "score": score,
            "u_m": None,
            "v_m": None,
            "cell": None,
        }
        for tile, score in zip(tiles.tolist(), scores[tiles].tolist(), strict=True)
    ]
    if centres_m is not None:
        centres = centres_m[tiles]
        for row, (u_m, v_m), cell in zip(rows, centres.tolist(), cells(centres).tolist(), strict=True):
            row["u_m"], row["v_m"], row["cell"] = u_m, v_m, cell
    return rows


def crop_rows(report: Report, frame_seq: int, known: KnownFrame | None) -> list[dict[str, Any]]:
    """Rows of `crops` that are not there yet."""
    there = known.crops if known else frozenset()
    return [
        {
            "frame_seq": frame_seq,
            "analysis_id": report.analysis_id,
            "tile": crop.tile,
            "sha256": crop.sha256,
            "size_bytes": crop.size_bytes,
        }
        for crop in report.evidence.crops
        if (report.analysis_id, crop.tile) not in there
    ]
