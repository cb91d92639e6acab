"""Photographing a wall: every pixel's ray meets the plane, its footprint is averaged, then lens and sensor act."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from crackmap.errors import InputError
from crackmap_robot.renderer.arrays import FloatArray, Picture, SmallFloatArray
from crackmap_robot.renderer.camera import SimulatedCamera, pixel_rays
from crackmap_robot.renderer.pose import Pose
from crackmap_robot.renderer.wall import Wall

BACKGROUND = 8
"""Linear value of what lies beyond the wall: a dark, even grey."""
MOST_RAYS = 6
"""Rays along each side of a pixel, at most; farther views read a texture halved as often as needed."""
FAR_AWAY_PX = -32000.0
"""Beyond every texture: where rays look that meet no wall."""
SAMPLE_PX = 16
"""The size of footprints is looked at on a grid this wide."""
SCREEN_STEPS = 4096


def render(wall: Wall, camera: SimulatedCamera, pose: Pose, rng: np.random.Generator) -> Picture:
    """Photograph ``wall``: (height, width, 3) uint8 RGB, sRGB-encoded.

    The footprint of each pixel on the texture (an affine patch) is averaged by rays that lie no more than a texture
    pixel apart, so distance and tilt blur as they do in a camera. Noise is drawn from ``rng``.
    """
    if not np.isfinite(pose.position_m).all() or pose.position_m[2] <= 0:
        raise InputError(f"render: the camera at {pose.position_m} is not in front of the wall; w must be over 0")
    noise = rng.standard_normal((camera.height_px, camera.width_px, 3), dtype=np.float32)
    return developed(exposed(wall, camera, pose), camera, noise)


def exposed(wall: Wall, camera: SimulatedCamera, pose: Pose) -> SmallFloatArray:
    """Light on the sensor without its faults: (height, width, 3) float32 linear, 255 = reflectance 1."""
    at = _texture_places(wall, camera, pose)
    right: SmallFloatArray = np.gradient(at, axis=2)
    down: SmallFloatArray = np.gradient(at, axis=1)
    sparse = np.ix_(np.arange(2), _every(SAMPLE_PX, camera.height_px), _every(SAMPLE_PX, camera.width_px))
    places = at[sparse].reshape(2, -1).T
    footprint = np.maximum(np.hypot(*right[sparse]), np.hypot(*down[sparse])).ravel()
    seen = np.isfinite(footprint) & np.all((places > -SAMPLE_PX * footprint[:, None]), axis=1)
    seen &= np.all(places < wall.texture.shape[1::-1] + SAMPLE_PX * footprint[:, None], axis=1)
    if not seen.any():
        return np.full((camera.height_px, camera.width_px, 3), BACKGROUND, np.float32)
    smallest, largest = np.quantile(footprint[seen], [0.02, 0.98])
    level = max(0, int(np.log2(max(smallest, largest / MOST_RAYS))))
    texture, corner = _part_of_texture(wall.texture, places[seen], float(largest) * SAMPLE_PX, level)
    side = max(1, int(np.ceil(largest / 2**level - 0.1)))
    scale = np.float32(1 / 2**level)
    at = (at - corner[:, None, None] + np.float32(0.5)) * scale - np.float32(0.5)
    for field, beyond in ((at, FAR_AWAY_PX), (right, 0.0), (down, 0.0)):
        field[np.isnan(field)] = beyond
        np.clip(field, FAR_AWAY_PX, -FAR_AWAY_PX, out=field)
    total = np.zeros((camera.height_px, camera.width_px, 3), np.float32)
    offsets = (np.arange(side) + 0.5) / side - 0.5
    for dy in offsets:
        for dx in offsets:
            column, row = at if side == 1 else at + right * (scale * np.float32(dx)) + down * (scale * np.float32(dy))
            sample = cv2.remap(
                texture, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=(BACKGROUND,) * 3
            )
            cv2.accumulate(sample, total)
    total *= np.float32(1 / side**2)
    return total


def developed(light: SmallFloatArray, camera: SimulatedCamera, noise: SmallFloatArray) -> Picture:
    """Lens blur, vignette, exposure, noise and the sRGB curve: linear float32 → uint8 RGB.

    ``noise`` holds independent standard normal values of the shape of ``light``.
    """
    if camera.blur_px > 0:
        light = np.asarray(cv2.GaussianBlur(light, (0, 0), camera.blur_px), np.float32)
    gain = np.array(camera.white_balance, np.float32) * np.float32(camera.exposure / 255)
    light = light * gain
    if camera.vignette > 0:
        light *= _vignette(camera)[..., None]
    if camera.shot_noise > 0 or camera.read_noise > 0:
        variance = np.maximum(light, 0) * np.float32(camera.shot_noise**2) + np.float32(camera.read_noise**2)
        light += cv2.sqrt(variance) * noise
    light *= np.float32(SCREEN_STEPS - 1)
    steps = np.clip(light, 0, SCREEN_STEPS - 1).astype(np.uint16)
    return np.take(_SCREEN, steps)


def jpeg_bytes(picture: Picture, quality: int) -> bytes:
    """Encode an RGB picture."""
    encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return encoded.tobytes()


def srgb_from_linear(linear: FloatArray) -> FloatArray:
    """IEC 61966-2-1: linear light 0…1 → encoded 0…1."""
    power = 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055
    result: FloatArray = np.where(linear <= 0.0031308, 12.92 * linear, power)
    return result


def linear_from_srgb(encoded: FloatArray) -> FloatArray:
    """The inverse of :func:`srgb_from_linear`."""
    result: FloatArray = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return result


_SCREEN = np.round(255 * srgb_from_linear((np.arange(SCREEN_STEPS) + 0.5) / SCREEN_STEPS)).astype(np.uint8)


def _texture_places(wall: Wall, camera: SimulatedCamera, pose: Pose) -> SmallFloatArray:
    """(2, height, width) float32: column, row of the texture under each pixel's centre; NaN where there is none."""
    rays = pixel_rays(camera)
    rotation = pose.rotation()
    u, v, w = pose.position_m
    scale = 1000 / wall.mm_per_px
    x, y = rays
    r = rotation.astype(np.float32)
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = np.float32(-w * scale) / (r[2, 0] * x + r[2, 1] * y + r[2, 2])
        reach[reach <= 0] = np.nan
        at = np.empty_like(rays)
        at[0] = np.float32(u * scale - 0.5) + reach * (r[0, 0] * x + r[0, 1] * y + r[0, 2])
        at[1] = np.float32((wall.height_m - v) * scale - 0.5) - reach * (r[1, 0] * x + r[1, 1] * y + r[1, 2])
    return at


def _every(step: int, length: int) -> npt.NDArray[np.intp]:
    """0, step, 2 step, … and the last."""
    return np.unique(np.r_[0:length:step, length - 1])


def _part_of_texture(
    texture: Picture, at: SmallFloatArray, margin_px: float, level: int
) -> tuple[Picture, SmallFloatArray]:
    """The part under ``at`` (n, 2), averaged over squares of 2**level pixels, and its first column and row.

    cv2.remap takes pictures of at most 32767 pixels a side; a part also saves halving what is not looked at.
    """
    block = 2**level
    low = np.clip(np.floor((at.min(axis=0) - margin_px - 2) / block).astype(int), 0, None) * block
    high = np.minimum(np.ceil(at.max(axis=0) + margin_px + 3).astype(int), texture.shape[1::-1])
    part = texture[low[1] : high[1], low[0] : high[0]]
    if level:
        size = (max(1, round(part.shape[1] / block)), max(1, round(part.shape[0] / block)))
        whole = part[: size[1] * block, : size[0] * block]
        part = np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8)
    return part, low.astype(np.float32)


def _vignette(camera: SimulatedCamera) -> SmallFloatArray:
    """(height, width) float32: 1 in the middle, 1 − vignette in the farthest corner."""
    x = (np.arange(camera.width_px, dtype=np.float32) - camera.cx) ** 2
    y = (np.arange(camera.height_px, dtype=np.float32) - camera.cy)[:, None] ** 2
    square = (x + y) / (x.max() + y.max())
    left: SmallFloatArray = (1 - np.float32(camera.vignette) * square).astype(np.float32)
    return left
