"""What is measured of a background before something is drawn on it: its sharpness and its texture."""

import cv2
import numpy as np

from crackmap_models.composites.fields import Plane, blurred
from crackmap_models.data.tiles import Pixels

SHARPEST_PX, SOFTEST_PX = 0.35, 1.6
LEAST_STEP = 13.0  # grey levels between a crack and its surroundings below which hardly anybody sees it
LEAST_SIGNAL = 3.0  # the same in deviations of the texture at the crack's scale


def sharpness_px(grey: Plane) -> float:
    """About the sigma of the blur that the lens and the codec left on `grey` [h, w].

    For white noise under a Gaussian blur of sigma s, rms(Laplacian) / rms(gradient) = sqrt(2) / s. A concrete
    surface is coarser than white noise, so the estimate is high for sharp photographs; it is held to 0.35..1.6 px.
    """
    height, width = grey.shape
    middle = grey[height // 4 : height - height // 4, width // 4 : width - width // 4]
    across, down = np.diff(middle, axis=1), np.diff(middle, axis=0)
    gradient = np.sqrt(np.mean(across**2) + np.mean(down**2))
    laplacian = np.sqrt(np.mean(cv2.Laplacian(middle, cv2.CV_32F) ** 2))
    if laplacian < 1e-3:
        return SHARPEST_PX
    return float(np.clip(0.6 * np.sqrt(2.0) * gradient / laplacian, SHARPEST_PX, SOFTEST_PX))


def texture_std(grey: Plane, width_px: float, near: Pixels) -> float:
    """Deviation of the background, in grey levels, at the scale of a line `width_px` wide, where `near` [h, w] > 0.

    Pores and grain much finer than the line average out over it; slow changes of light are no texture.
    """
    fine = blurred(grey, width_px / 2.5)
    size = 2 * round(6 + 2 * width_px) + 1
    band = fine - cv2.blur(fine, (size, size))
    spots = near > 0
    return float(np.sqrt(np.mean(band[spots] ** 2))) if spots.any() else 0.0
