"""One frame's scores and place → its report. Pure."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from crackmap import scores
from crackmap.manifest import Range
from crackmap.messages import Evidence, Flag, Frame, NoPose, Placement, Reason, Report, ScoreMap, Unscored
from crackmap.tile_grid import TileGrid
from crackmap_robot.cameras.camera import Photo
from crackmap_robot.headers import Headers


def report(
    *,
    headers: Headers,
    photo: Photo,
    grid: TileGrid,
    scored: npt.NDArray[np.uint8],
    blind: Mapping[Reason, Sequence[int]],
    placement: Placement,
    evidence: Evidence,
    scale: Range,
    visible: npt.NDArray[np.uint8] | None = None,
) -> Report:
    """All that one analysis found in one frame.

    `scored` has NOT_SCORED where the model failed and in `blind`: the tiles that show nothing, by reason. `scale` is
    what the model's manifest promises to work at, `visible` has a byte of `crackmap.visible_widths` for each tile.
    """
    key = headers.key(photo)
    return Report(
        frame=Frame(
            frame_id=key.frame_id,
            scan_id=headers.scan.scan_id,
            source_key=photo.source_key,
            label=photo.label,
            image=photo.image,
            capture=photo.capture,
        ),
        analysis_id=key.analysis_id,
        score_map=score_map(grid, scored, blind, visible),
        placement=placement,
        evidence=evidence,
        flags=(Flag.OUT_OF_RANGE,) if out_of_range(placement, scale) else (),
    )


def score_map(
    grid: TileGrid,
    scored: npt.NDArray[np.uint8],
    blind: Mapping[Reason, Sequence[int]],
    visible: npt.NDArray[np.uint8] | None,
) -> ScoreMap:
    """Scores, reasons and visible widths of one frame's tiles; the arguments are those of `report`."""
    failed = set(np.flatnonzero(scored == scores.NOT_SCORED).tolist()).difference(*blind.values())
    unscored = {**blind, Reason.MODEL_FAILED: sorted(failed)}
    return ScoreMap(
        columns=grid.columns,
        rows=grid.rows,
        scores=scored.tobytes(),
        unscored=tuple(Unscored(reason=why, tiles=tuple(tiles)) for why, tiles in unscored.items() if tiles),
        visible_widths=None if visible is None else visible.tobytes(),
    )


def out_of_range(placement: Placement, scale: Range) -> bool:
    """Whether the frame's scale is one that the model was not made for; False where the scale is not known."""
    return not isinstance(placement, NoPose) and not scale.low <= placement.mm_per_px <= scale.high


def detections(report: Report, lowest: int) -> int:
    """How many tiles have at least the score byte `lowest`."""
    return int(np.count_nonzero(report.score_map.array() >= lowest))
