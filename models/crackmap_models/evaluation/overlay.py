"""A photograph with its labels outlined and its detections filled by score."""

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crackmap_models import style
from crackmap_models.data.photographs import Photograph
from crackmap_models.data.tiles import decode, read_bytes
from crackmap_models.evaluation.metrics import sigmoid
from crackmap_models.evaluation.photographs import Found

WIDTH_PX = 1152


def draw(
    photograph: Photograph, logits: npt.NDArray[np.float64], threshold_logit: float, found: Found, to: Path
) -> None:
    """Write the overlay of logits [rows, columns] as PNG."""
    import cv2  # noqa: PLC0415

    rows, columns = photograph.labels.shape
    pixels = decode(photograph.path, read_bytes(photograph.path))
    small = cv2.resize(pixels, (WIDTH_PX, WIDTH_PX * rows // columns), interpolation=cv2.INTER_AREA)
    floor = 1 / (1 + math.exp(-threshold_logit))
    shown = np.ma.masked_less(sigmoid(logits), floor)
    title = f"{photograph.name}: crack tiles found {found.crack_tiles_found} of {found.crack_tiles}, "
    title += f"false cracks {found.false_cracks} ({found.false_cracks_per_m2:.1f} per m²)"
    with style.plot(to, panel=(9.0, 8.2 * rows / columns), title=title) as (axes,):
        axes.imshow(small, extent=(0, columns, rows, 0))
        filled = axes.imshow(shown, cmap="autumn_r", vmin=floor, vmax=1, alpha=0.42, extent=(0, columns, rows, 0))
        lines = _outline(photograph.labels)
        axes.plot(*lines, color="white", linewidth=3.2, solid_capstyle="projecting")
        axes.plot(*lines, color=style.BLUE, linewidth=1.8, solid_capstyle="projecting", label="labelled crack")
        axes.set_axis_off()
        axes.figure.colorbar(filled, ax=axes, shrink=0.6, pad=0.01, label="probability of a detection")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0), fontsize=10)


def _outline(labels: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """x and y of all edges between a labelled tile and one that is not, with nan between edges."""
    padded = np.pad(labels, 1)
    upright = np.argwhere(padded[1:-1, 1:] != padded[1:-1, :-1]).astype(np.float64)
    level = np.argwhere(padded[1:, 1:-1] != padded[:-1, 1:-1]).astype(np.float64)
    gap_upright, gap_level = np.full(len(upright), np.nan), np.full(len(level), np.nan)
    x = [
        np.stack([upright[:, 1], upright[:, 1], gap_upright], 1),
        np.stack([level[:, 1], level[:, 1] + 1, gap_level], 1),
    ]
    y = [
        np.stack([upright[:, 0], upright[:, 0] + 1, gap_upright], 1),
        np.stack([level[:, 0], level[:, 0], gap_level], 1),
    ]
    return np.concatenate(x).ravel(), np.concatenate(y).ravel()
