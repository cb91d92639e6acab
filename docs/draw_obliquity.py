"""Draws docs/pictures/obliquity.jpg: one wall from three angles, and how narrow a crack each of them shows.

    .venv/bin/python docs/draw_obliquity.py

Above what the camera sees, with a tile; below what that tile covers of the wall. All of it is rendered, and the figures
are those that a scan would state.
"""

import math
from pathlib import Path
from uuid import UUID

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from crackmap.manifest import read_manifest
from crackmap.messages import Camera
from crackmap.messages import Pose as Placed
from crackmap.tile_grid import TileGrid
from crackmap_robot.classifier import shipped_model
from crackmap_robot.projection import place
from crackmap_robot.quality.visible import narrowest, visible_widths
from crackmap_robot.renderer import CrackStyle, SimulatedCamera, Wall, looking_at, make_wall, render

TO = Path(__file__).parent / "pictures" / "obliquity.jpg"
ANGLES_DEG = (0, 40, 65)
CAMERA = SimulatedCamera(681, 454, 1600, 1600, 340, 226.5, blur_px=1.15, shot_noise=0.01, read_noise=0.003)
DISTANCE_M, TARGET_MM = 0.4, 0.25
SHOWN, HIDDEN, INK, PAPER = (47, 134, 197), (208, 108, 43), (27, 35, 41), (255, 255, 255)
TILE_PX, COLUMNS, MIDDLE = 227, 3, 1
WALL_PX, GAP_PX, TEXT_PX = 300, 14, 74


def main() -> None:
    """Write the picture."""
    wall = make_wall(11, 3.6, 0.8, 0.15, cracks=1, style=CrackStyle(width_mm=(0.4, 0.6), length_m=(0.5, 0.7)))
    middle = wall.cracks[0].polyline_m[len(wall.cracks[0].polyline_m) // 2]
    width_px, height_px = CAMERA.width_px, CAMERA.height_px
    sheet = Image.new(
        "RGB",
        (len(ANGLES_DEG) * (width_px + GAP_PX) - GAP_PX, height_px + GAP_PX + WALL_PX + TEXT_PX),
        PAPER,
    )
    for number, angle_deg in enumerate(ANGLES_DEG):
        sheet.paste(_panel(wall, (float(middle[0]), float(middle[1])), angle_deg), (number * (width_px + GAP_PX), 0))
    sheet.resize((sheet.width * 2 // 3, sheet.height * 2 // 3), Image.Resampling.LANCZOS).save(TO, quality=88)


def _panel(wall: Wall, middle_m: tuple[float, float], angle_deg: float) -> Image.Image:
    pose = looking_at(middle_m, DISTANCE_M, (0.0, math.radians(angle_deg), 0.0))
    pixels = render(wall, CAMERA, pose, np.random.default_rng(1))
    grid = TileGrid(CAMERA.width_px, CAMERA.height_px, TILE_PX, TILE_PX)
    camera = Camera(
        name="simulated",
        width_px=CAMERA.width_px,
        height_px=CAMERA.height_px,
        fx_px=CAMERA.fx,
        fy_px=CAMERA.fy,
        cx_px=CAMERA.cx,
        cy_px=CAMERA.cy,
        distortion=CAMERA.lens,
    )
    there = Placed(position_m=pose.position_m, orientation_xyzw=pose.orientation_xyzw)
    placement = place(camera, there, grid, UUID(int=1))
    widths = visible_widths(pixels, grid, read_manifest(shipped_model())[0].visible_width)
    assert widths is not None
    found = narrowest(placement, widths.tobytes(), TILE_PX)
    assert found is not None
    shows = found.seen_mm <= TARGET_MM
    tint = SHOWN if shows else HIDDEN
    panel = Image.new("RGB", (CAMERA.width_px, CAMERA.height_px + GAP_PX + WALL_PX + TEXT_PX), PAPER)
    panel.paste(Image.fromarray(pixels), (0, 0))
    pen = ImageDraw.Draw(panel)
    left = MIDDLE * TILE_PX
    pen.rectangle((left, 0, left + TILE_PX - 1, TILE_PX - 1), outline=tint, width=5)
    top = CAMERA.height_px + GAP_PX
    panel.paste(_wall_with(wall, placement.tiles.corners_m()[MIDDLE], middle_m, tint), (0, top))
    width = f"cracks from {found.seen_mm:.2f} mm on" if math.isfinite(found.seen_mm) else "no crack counts as shown"
    squarely = "; squarely it would" if found.square_mm <= TARGET_MM else ""
    verdict = f"shows {TARGET_MM} mm" if shows else f"does not show {TARGET_MM} mm{squarely}"
    for line, text in enumerate((f"{angle_deg:.0f}° from square: {width}", verdict)):
        pen.text((2, top + WALL_PX + 6 + 34 * line), text, INK if line == 0 else tint, ImageFont.load_default(28))
    return panel


def _wall_with(
    wall: Wall, corners_m: np.ndarray, middle_m: tuple[float, float], tint: tuple[int, int, int]
) -> Image.Image:
    """The wall squarely, and what the tile covers of it."""
    square = SimulatedCamera(CAMERA.width_px, WALL_PX, 1600, 1600, CAMERA.cx, WALL_PX / 2 - 0.5, blur_px=0.7)
    seen = Image.fromarray(render(wall, square, looking_at(middle_m, 2 * DISTANCE_M), np.random.default_rng(2)))
    scale = square.fx / (2 * DISTANCE_M)
    places = [
        (square.cx + (u - middle_m[0]) * scale, square.cy - (v - middle_m[1]) * scale) for u, v in corners_m.tolist()
    ]
    ImageDraw.Draw(seen).polygon(places, outline=tint, width=5)
    return seen


if __name__ == "__main__":
    main()
