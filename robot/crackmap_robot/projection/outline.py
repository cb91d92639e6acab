"""The outer edge of a picture as straight pieces."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from crackmap.messages import Camera
from crackmap_robot.projection.lens import pixel_slopes, undistorted

FloatArray = npt.NDArray[np.float64]

BEND_PX = 0.1
"""How far the outline may lie beside the true border, in pixels of the picture there."""
MOST_PIECES = 256


def outline(camera: Camera) -> FloatArray:
    """The picture's border in normalised coordinates (n, 2), clockwise in the picture from its top left corner.

    As many straight pieces as the lens needs to stay within 0.1 px of the curve. What is straight here stays straight
    on any plane, so the choice holds for all poses. Raises NoView.
    """
    pieces = 1
    while True:
        # Each piece is looked at in three places: a border that bends both ways may cross its piece in the middle.
        fine = undistorted(_border_px(camera, 4 * pieces), camera).reshape(-1, 4, 2)
        corners, inner = fine[:, :1], fine[:, 1:]
        along = np.roll(corners, -1, axis=0) - corners
        along /= np.linalg.norm(along, axis=2, keepdims=True)
        beside = inner - corners
        beside -= np.sum(beside * along, axis=2, keepdims=True) * along
        bend_px = np.linalg.solve(pixel_slopes(inner.reshape(-1, 2), camera), beside.reshape(-1, 2, 1))
        if pieces >= MOST_PIECES or float(np.linalg.norm(bend_px, axis=1).max()) <= BEND_PX:
            return corners[:, 0]
        pieces *= 2


def _border_px(camera: Camera, pieces: int) -> FloatArray:
    """Points (4 × pieces, 2) on the outer edge of the outermost pixels."""
    right, bottom = camera.width_px - 0.5, camera.height_px - 0.5
    corners = np.array([[-0.5, -0.5], [right, -0.5], [right, bottom], [-0.5, bottom]])
    share = np.arange(pieces)[:, None] / pieces
    ends = np.roll(corners, -1, axis=0)
    return np.concatenate([(1 - share) * start + share * end for start, end in zip(corners, ends, strict=True)])
