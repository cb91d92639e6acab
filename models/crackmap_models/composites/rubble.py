"""Broken stone: grains side by side, each with a height and a colour of its own, as where concrete has broken."""

from dataclasses import dataclass

import cv2
import numpy as np

from crackmap_models.composites.fields import Plane, plane

CLUSTERED_SHARE = 0.6  # of the grains: small ones lie together


@dataclass(frozen=True, slots=True)
class Rubble:
    """For each place [h, w]: a value of about unit deviation that its grain has, and how far its middle is, px."""

    value: Plane
    away_px: Plane


def rubble(height: int, width: int, grain_px: float, rng: np.random.Generator) -> Rubble:
    """Grains of about `grain_px`, in places a third of it: Voronoi cells of random middles, with straight edges."""
    count = max(4, round(height * width / grain_px**2))
    x, y = rng.random((2, count), np.float32)
    clusters = max(2, round(count / 30))
    member = rng.integers(clusters, size=round(CLUSTERED_SHARE * count))
    spread = 2 * grain_px * rng.standard_normal((2, len(member)), np.float32)
    column, row = x * width, y * height
    column[: len(member)] = column[member] + spread[0]
    row[: len(member)] = row[member] + spread[1]
    elsewhere = np.full((height, width), 255, np.uint8)
    elsewhere[np.clip(row, 0, height - 1).astype(np.int64), np.clip(column, 0, width - 1).astype(np.int64)] = 0
    away, grain = cv2.distanceTransformWithLabels(elsewhere, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    values = np.clip(rng.standard_normal(count + 1, np.float32), -2, 1.5)
    return Rubble(values[grain], plane(away))
