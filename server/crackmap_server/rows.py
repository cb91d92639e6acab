"""A report as rows of the tables: pure functions, nothing here touches a database."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from crackmap.messages import Flag, NoPose, Placed, Report, ScoreMap, Unplaced
from crackmap_server.chart import cells
from crackmap_server.ingest import KnownFrame


def frame_row(report: Report, seq: int) -> dict[str, Any]:
    """A row of `frames`."""
    frame, image, capture = report.frame, report.frame.image, report.frame.capture
    return {
        "seq": seq,
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
        **dict(capture),
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
                "pose": dict(placed.pose),
                "footprint_m": placed.footprint_m,
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


@dataclass(frozen=True)
class Scored:
    """What one analysis found in one frame, under one pair."""

    frame_seq: int
    pair_seq: int
    floor: int  # score byte from which its tiles are detections; never 0
    scores: bytes
    centres: bytes | None  # float32 offsets of the tiles' middles from `origin_m`; None: they have no place
    origin_m: tuple[float, float] = (0.0, 0.0)


def detection_columns(scored: Sequence[Scored]) -> dict[str, list[Any]]:
    """Columns of `detections`: the tiles at or over their floor. All at once: NumPy takes long for little."""
    tiles = np.array([len(each.scores) for each in scored])
    floors = np.array([max(each.floor, 1) for each in scored])
    scores = np.frombuffer(b"".join(each.scores for each in scored), np.uint8)
    over = np.flatnonzero(scores >= np.repeat(floors, tiles))
    whose = np.repeat(np.arange(len(scored)), tiles)[over]
    packed = b"".join(bytes(8 * len(each.scores)) if each.centres is None else each.centres for each in scored)
    origins = np.array([each.origin_m for each in scored], np.float64)
    centres_m = np.frombuffer(packed, "<f4").reshape(-1, 2)[over].astype(np.float64) + origins[whose]
    placed = np.array([each.centres is not None for each in scored])[whose]
    return {
        "pair_seq": np.array([each.pair_seq for each in scored])[whose].tolist(),
        "frame_seq": np.array([each.frame_seq for each in scored])[whose].tolist(),
        "tile": (over - (np.cumsum(tiles) - tiles)[whose]).tolist(),
        "score": scores[over].tolist(),
        "u_m": _where(placed, centres_m[:, 0]),
        "v_m": _where(placed, centres_m[:, 1]),
        "cell": _where(placed, cells(centres_m)),
    }


def _where(placed: npt.NDArray[np.bool_], values: npt.NDArray[Any]) -> list[Any]:
    if placed.all():
        return list(values.tolist())
    return [one if has else None for has, one in zip(placed.tolist(), values.tolist(), strict=True)]


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
