"""What the formwork left behind: panel joints and tie holes. Known things that look like cracks and are none."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from crackmap_robot.renderer.arrays import Picture, SmallFloatArray
from crackmap_robot.renderer.noise import wander
from crackmap_robot.renderer.strokes import Stroke, coverage, darken


@dataclass(frozen=True)
class Joint:
    """A straight joint between two panels."""

    start_m: tuple[float, float]
    end_m: tuple[float, float]
    width_mm: float
    depth: float
    """Share of light that the joint takes, in linear light; negative for a bright burr."""


@dataclass(frozen=True)
class TieHole:
    """Where a formwork tie went through the wall: an open cone or a mortar plug."""

    centre_m: tuple[float, float]
    radius_mm: float
    plugged: bool


@dataclass(frozen=True)
class Formwork:
    """The panels a wall was cast in."""

    panel_width_m: float = 1.25
    panel_height_m: float = 0.9
    first_joint_u_m: float = 0.35
    first_joint_v_m: float = 0.45
    joint_width_mm: float = 1.6
    tie_hole_radius_mm: float = 11.0
    tone_contrast: float = 0.02
    """How much the panels differ in brightness: each was oiled, filled and stripped in its own way."""


def random_formwork(rng: np.random.Generator) -> Formwork:
    """Panels with joints anywhere, wide or narrow."""
    return Formwork(
        panel_width_m=float(rng.uniform(0.4, 2.4)),
        panel_height_m=float(rng.uniform(0.3, 1.5)),
        first_joint_u_m=float(rng.uniform(0.0, 0.4)),
        first_joint_v_m=float(rng.uniform(0.0, 0.4)),
        joint_width_mm=float(rng.uniform(0.5, 4.0)),
        tie_hole_radius_mm=float(rng.uniform(8, 16)),
        tone_contrast=float(rng.uniform(0.0, 0.06)),
    )


def panel_tones(
    rng: np.random.Generator, formwork: Formwork, shape: tuple[int, int], mm_per_cell: float
) -> SmallFloatArray:
    """(rows, columns) float32 around 1: each panel's own brightness on a wall whose row 0 is the top."""
    rows, columns = shape
    u = (np.arange(columns) + 0.5) * mm_per_cell / 1000 - formwork.first_joint_u_m
    v = (rows - np.arange(rows) - 0.5) * mm_per_cell / 1000 - formwork.first_joint_v_m
    across = np.floor(u / formwork.panel_width_m).astype(int) + 1
    up = np.floor(v / formwork.panel_height_m).astype(int) + 1
    tones = 1 + formwork.tone_contrast * rng.standard_normal((max(1, up.max() + 1), max(1, across.max() + 1)))
    return np.asarray(tones[np.maximum(up, 0)[:, None], np.maximum(across, 0)], np.float32)


def lay_joints(rng: np.random.Generator, formwork: Formwork, width_m: float, height_m: float) -> tuple[Joint, ...]:
    """Joints across the whole wall, upright ones first; none exactly straight or alike."""
    joints = []
    for u in np.arange(formwork.first_joint_u_m, width_m, formwork.panel_width_m):
        lean = rng.normal(0, 0.001, 2)
        joints.append(_joint(rng, formwork, (float(u + lean[0]), 0.0), (float(u + lean[1]), height_m)))
    for v in np.arange(formwork.first_joint_v_m, height_m, formwork.panel_height_m):
        lean = rng.normal(0, 0.001, 2)
        joints.append(_joint(rng, formwork, (0.0, float(v + lean[0])), (width_m, float(v + lean[1]))))
    return tuple(joints)


def _joint(rng: np.random.Generator, formwork: Formwork, start: tuple[float, float], end: tuple[float, float]) -> Joint:
    width_mm = formwork.joint_width_mm * float(rng.uniform(0.6, 1.5))
    shallowest = 0.12 + 0.08 * min(width_mm, 3)  # wide ones are deep
    return Joint(start, end, width_mm, float(rng.uniform(shallowest, shallowest + 0.42)))


def lay_tie_holes(rng: np.random.Generator, formwork: Formwork, width_m: float, height_m: float) -> tuple[TieHole, ...]:
    """Two per panel height and width, at the fifths, as far as they are on the wall."""
    holes = []
    across = formwork.first_joint_u_m + formwork.panel_width_m * (np.arange(-1, 40)[:, None] + [0.2, 0.8]).ravel()
    up = formwork.first_joint_v_m + formwork.panel_height_m * (np.arange(-1, 40) + 0.5)
    plugged = bool(rng.uniform() < 0.4)
    for u in across[(across > 0) & (across < width_m)]:
        for v in up[(up > 0) & (up < height_m)]:
            place = (float(u + rng.normal(0, 0.003)), float(v + rng.normal(0, 0.003)))
            holes.append(TieHole(place, formwork.tie_hole_radius_mm * float(rng.uniform(0.92, 1.08)), plugged))
    return tuple(holes)


def paint_joint(texture: Picture, joint: Joint, height_m: float, mm_per_px: float, rng: np.random.Generator) -> None:
    """A dark line with a bright burr at one side and gaps where the panels met well, in place."""
    scale = 1000 / mm_per_px
    start, end = np.array(joint.start_m), np.array(joint.end_m)
    count = max(3, int(np.hypot(*(end - start)) * 1000 / 1.5))
    line = start + np.linspace(0, 1, count)[:, None] * (end - start)
    direction = (end - start) / np.hypot(*(end - start))
    normal = np.array([-direction[1], direction[0]])
    line = line + np.outer(0.0002 * wander(rng, count, 25) + 0.0001 * wander(rng, count, 4), normal)
    points = np.column_stack([line[:, 0] * scale - 0.5, (height_m - line[:, 1]) * scale - 0.5])
    fading = np.clip(0.9 + 0.2 * wander(rng, count, 60) + 0.15 * wander(rng, count, 9), 0.1, 2)
    half = joint.width_mm / mm_per_px / 2 * fading
    rest = 1 - joint.depth
    burr = np.clip(0.8 + 0.6 * wander(rng, count, 30) + 0.4 * wander(rng, count, 6), 0, 2) / mm_per_px
    shape = texture.shape[:2]
    darken(texture, coverage(Stroke(points, half + burr, -half * 0.8), shape), (1.13, 1.13, 1.12))
    darken(texture, coverage(Stroke(points, half, half), shape), (rest, rest, rest * 1.02))
    # A lip throws a thin shadow along one side.
    lip = np.clip(0.25 + 0.15 * wander(rng, count, 40), 0.02, 0.6) / mm_per_px
    deep = 1 - 0.6 * joint.depth
    darken(texture, coverage(Stroke(points, -half + lip, half), shape), (deep, deep, deep))


def paint_tie_hole(
    texture: Picture, hole: TieHole, height_m: float, mm_per_px: float, rng: np.random.Generator
) -> None:
    """A cone, its upper part in its own shadow, or a plug of another grey with a dark rim, in place."""
    scale = 1000 / mm_per_px
    radius = hole.radius_mm / mm_per_px
    column, row = hole.centre_m[0] * scale - 0.5, (height_m - hole.centre_m[1]) * scale - 0.5
    reach = int(np.ceil(radius * 1.25 + 3))
    top, left = max(0, int(row) - reach), max(0, int(column) - reach)
    part = texture[top : int(row) + reach + 1, left : int(column) + reach + 1]
    if part.size == 0:
        return
    y, x = np.mgrid[: part.shape[0], : part.shape[1]]
    x, y = (x + left - column) / radius, (y + top - row) / radius
    angle = np.arctan2(y, x)
    edge = 1 + 0.012 * np.cos(5 * angle + rng.uniform(0, 6)) + 0.015 * np.cos(11 * angle + rng.uniform(0, 6))
    distance = np.hypot(x, y)
    inside = np.clip((edge - distance) * radius + 0.5, 0, 1)
    grain = cv2.GaussianBlur(rng.normal(0, 1, distance.shape), (0, 0), max(0.6, 0.5 / mm_per_px)) * 0.15
    if hole.plugged:
        tone = rng.uniform(0.75, 1.08) * (1 + 0.4 * grain)
        seam = np.clip(1 - np.abs(distance - edge) * radius / max(1.0, 0.5 / mm_per_px), 0, 1)
        seam = seam * rng.uniform(0.1, 0.5) * np.clip(0.7 + 0.5 * np.sin(angle * 2), 0, 1)
        factor = (1 + inside * (tone - 1)) * (1 - seam)
    else:
        # The shadow's edge is the upper rim again, thrown down and aside on the cone's wall.
        drop, aside = rng.uniform(0.35, 1.1), rng.uniform(-0.4, 0.4)
        shade = np.clip((1 - np.hypot(x - aside, y + drop)) * radius / (0.8 / mm_per_px) + 0.5, 0, 1)
        tone = rng.uniform(0.5, 0.85) * (1 + 0.15 * y) * (1 - rng.uniform(0.35, 0.7) * shade) * (1 + grain)
        if rng.uniform() < 0.4:
            # The sleeve is open: its bore is black.
            bore = np.clip((rng.uniform(0.3, 0.5) - np.hypot(x, y + 0.15)) * radius / (0.6 / mm_per_px), 0, 1)
            tone *= 1 - 0.75 * bore
        lip = np.clip(1 - np.abs(distance - edge - 0.04) * radius / (0.7 / mm_per_px), 0, 1) * (1 - inside)
        factor = (1 + inside * (tone - 1)) * (1 + 0.10 * lip)
    part[:] = np.clip(part * factor[..., None] + 0.5, 0, 255).astype(np.uint8)
