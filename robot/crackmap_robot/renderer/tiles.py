"""Labelled tiles for training: many views of many walls, with joints, tie holes and shadows as hard negatives."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from crackmap_robot.renderer.arrays import FloatArray, Picture
from crackmap_robot.renderer.camera import SimulatedCamera, pixels_of, surface_points_m
from crackmap_robot.renderer.concrete import random_concrete
from crackmap_robot.renderer.cracks import CrackStyle, TrueCrack
from crackmap_robot.renderer.formwork import random_formwork
from crackmap_robot.renderer.lighting import random_lighting
from crackmap_robot.renderer.photograph import developed, exposed, jpeg_bytes
from crackmap_robot.renderer.pose import Pose, looking_at
from crackmap_robot.renderer.wall import Wall, make_wall

WALL_SIDE_M = 0.5
TILES_PER_WALL = 160
VISIBLE_CRACK_PX = 20.0
"""A tile is "crack" from this visible length on; with less than that, but some, it is left out."""
VISIBLE_DARKNESS_PX = 0.7 * 0.75
"""Width in pixels times contrast from which a stretch of crack counts as visible: 0.7 px at a contrast of 0.75."""
EDGE_PX = 2.0
EDGE_SHARE = 0.15
"""Of the views that reach over the wall's edge so many are kept: a robot sees edges too."""
NOISE_PX = 512
FOCAL_PX = 1400.0


@dataclass(frozen=True, eq=False)
class LabelledTiles:
    """Rendered tiles with the truth about them."""

    images: npt.NDArray[np.uint8]
    """(n, s, s, 3) RGB."""
    labels: npt.NDArray[np.uint8]
    """(n,): 1 crack, 0 none."""
    mm_per_px: npt.NDArray[np.float32]
    """(n,): scale at the tile's centre."""
    crack_length_px: npt.NDArray[np.float32]
    """(n,): visible crack length."""


def render_tiles(
    seed: int,
    count: int,
    tile_px: int,
    *,
    mm_per_px: tuple[float, float] = (0.15, 0.4),
    width_mm: tuple[float, float] = (0.2, 2.0),
    crack_share: float = 0.5,
) -> LabelledTiles:
    """``count`` tiles of ``tile_px``; the same arguments give the same tiles.

    A tile with some crack, but under 20 px of visible length, is drawn anew: it would teach a guess.
    """
    images = np.empty((count, tile_px, tile_px, 3), np.uint8)
    labels, scales, lengths = np.empty(count, np.uint8), np.empty(count, np.float32), np.empty(count, np.float32)
    done = 0
    walls = 0
    while done < count:
        rng = np.random.default_rng([seed, walls])
        walls += 1
        wanted = min(TILES_PER_WALL, count - done)
        tiles = _tiles_of_wall(rng, wanted, tile_px, mm_per_px=mm_per_px, width_mm=width_mm, crack_share=crack_share)
        for picture, label, scale, length in tiles:
            images[done], labels[done], scales[done], lengths[done] = picture, label, scale, length
            done += 1
    return LabelledTiles(images, labels, scales, lengths)


def visible_length_px(
    cracks: tuple[TrueCrack, ...], camera: SimulatedCamera, pose: Pose, mm_per_px: float
) -> tuple[float, float]:
    """(visible, any) crack length in pixels inside the picture: what shows for sure, and all there is."""
    visible = anything = 0.0
    for crack in cracks:
        pixels = pixels_of(camera, pose, crack.polyline_m)
        steps = np.hypot(*np.diff(pixels, axis=0).T)
        middle = (pixels[1:] + pixels[:-1]) / 2
        darkness = (crack.width_mm[1:] + crack.width_mm[:-1]) / 2 / mm_per_px * crack.contrast
        limit = np.array([camera.width_px, camera.height_px]) - 0.5
        near = np.all((middle > -3.5) & (middle < limit + 3), axis=1)
        inside = np.all((middle > EDGE_PX - 0.5) & (middle < limit - EDGE_PX), axis=1)
        visible += float(steps[inside & (darkness >= VISIBLE_DARKNESS_PX)].sum())
        anything += float(steps[near].sum())
    return visible, anything


def _tiles_of_wall(
    rng: np.random.Generator,
    count: int,
    tile_px: int,
    *,
    mm_per_px: tuple[float, float],
    width_mm: tuple[float, float],
    crack_share: float,
) -> Iterator[tuple[Picture, int, float, float]]:
    """``count`` tiles from one wall of one scale."""
    scale = float(np.exp(rng.uniform(np.log(mm_per_px[0] / 0.85), np.log(mm_per_px[1]))))
    side_m = WALL_SIDE_M * scale / 0.2
    style = CrackStyle(width_mm=width_mm, length_m=(0.3 * side_m, 1.1 * side_m))
    wall = make_wall(
        int(rng.integers(2**31)),
        side_m,
        side_m,
        scale,
        cracks=int(rng.integers(2, 5)),
        style=style,
        concrete=random_concrete(rng),
        formwork=random_formwork(rng) if rng.uniform() < 0.75 else None,
        lighting=random_lighting(rng, side_m, side_m),
    )
    middle = (tile_px - 1) / 2
    tone = float(rng.uniform(0.3, 0.6)) / max(0.05, float(wall.texture[::16, ::16].mean()) / 255)
    centre = np.array([[middle, middle]])
    # One sheet of noise per wall, cut anew for each tile: drawing it for every tile takes longer than all the rest.
    noise = rng.standard_normal((tile_px + NOISE_PX, tile_px + NOISE_PX, 3), dtype=np.float32)
    made = cracked = 0
    while made < count:
        want_crack = cracked < crack_share * (made + 1) and bool(wall.cracks)
        camera = _random_camera(rng, tile_px, middle, tone)
        view_scale = scale * float(rng.uniform(0.85, 1.0))
        pose = _random_pose(rng, wall, want_crack, view_scale, tile_px)
        corners = np.array([[middle, middle], [-1, -1], [tile_px, -1], [-1, tile_px], [tile_px, tile_px]])
        on_wall = np.all(np.abs(surface_points_m(camera, pose, corners) - side_m / 2) < side_m / 2, axis=1)
        if not on_wall[0] or not (on_wall.all() or rng.uniform() < EDGE_SHARE):
            continue
        here = surface_points_m(camera, pose, centre + np.array([[0, 0], [0, 1], [1, 0]]))
        local = float(np.sqrt(np.abs(np.linalg.det(here[1:] - here[0])))) * 1000
        visible, anything = visible_length_px(wall.cracks, camera, pose, local)
        label = int(visible >= VISIBLE_CRACK_PX)
        if label != int(want_crack) or (not label and anything > 0):
            continue
        row, column = rng.integers(NOISE_PX, size=2)
        light = exposed(wall, camera, pose)
        picture = developed(light, camera, noise[row : row + tile_px, column : column + tile_px])
        yield _through_jpeg(picture, camera.jpeg_quality), label, local, visible
        made += 1
        cracked += label


def _random_camera(rng: np.random.Generator, tile_px: int, middle: float, tone: float) -> SimulatedCamera:
    tint = rng.normal(0, 0.03, 2)
    return SimulatedCamera(
        width_px=tile_px,
        height_px=tile_px,
        fx=FOCAL_PX,
        fy=FOCAL_PX,
        cx=middle,
        cy=middle,
        exposure=tone * float(np.exp(rng.normal(0, 0.18))),
        white_balance=(float(1 + tint[0]), 1.0, float(1 + tint[1])),
        blur_px=float(rng.uniform(0.25, 0.9)),
        shot_noise=float(rng.uniform(0.003, 0.02)),
        read_noise=float(rng.uniform(0.001, 0.006)),
        jpeg_quality=int(rng.integers(80, 98)),
    )


def _random_pose(rng: np.random.Generator, wall: Wall, want_crack: bool, scale_mm: float, tile_px: int) -> Pose:
    """Towards a crack, or towards something that looks like one, or anywhere; any roll, up to about 30° of tilt."""
    reach_m = tile_px * scale_mm / 1000
    places: list[FloatArray] = []
    if want_crack:
        crack = wall.cracks[int(rng.integers(len(wall.cracks)))]
        places.append(crack.polyline_m[int(rng.integers(len(crack.polyline_m)))])
    elif rng.uniform() < 0.5:
        places += [
            np.array(joint.start_m) + rng.uniform() * (np.array(joint.end_m) - joint.start_m) for joint in wall.joints
        ]
        places += [np.array(hole.centre_m) for hole in wall.tie_holes]
    if places:
        place = places[int(rng.integers(len(places)))] + rng.uniform(-0.4, 0.4, 2) * reach_m
    else:
        place = rng.uniform(0, 1, 2) * [wall.width_m, wall.height_m]
    tilt = rng.normal(0, 0.2, 2).clip(-0.5, 0.5)
    roll = rng.normal(0, 0.15) + np.pi / 2 * rng.integers(4)
    pose = looking_at((float(place[0]), float(place[1])), FOCAL_PX * scale_mm / 1000, (tilt[0], tilt[1], 0))
    turn = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    return Pose.from_rotation(np.array(pose.position_m), pose.rotation() @ turn)


def _through_jpeg(picture: Picture, quality: int) -> Picture:
    """Encoded and decoded: both classes carry the traces of the same codec."""
    encoded = np.frombuffer(jpeg_bytes(picture, quality), np.uint8)
    decoded = np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB), np.uint8)
