"""Rendered tiles as a folder of images: exact labels, every scale, and the things on walls that only look like cracks.

The walls' seeds begin far over those of the demo, so that the demo's wall is never seen in training; train, val and
test have walls of their own.
"""

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import cv2

from crackmap_models.data.tiles import LabelledTile, Split
from crackmap_models.errors import MissingImages

FIRST_SEED: dict[Split, int] = {"train": 10_000, "val": 20_000, "test": 30_000}
WALLS: dict[Split, int] = {"train": 200, "val": 30, "test": 30}
TILES_PER_WALL = 40
TILE_PX = 256
# The renderer's tiles have been through a JPEG encoder already; this one must not add to it.
JPEG_QUALITY = 97


def render_folder(folder: Path, walls: dict[Split, int] | None = None, say: Callable[[str], None] = print) -> None:
    """Write `{split}/{crack,no_crack}/{seed}-{number}.jpg`; walls that are there already are not rendered again."""
    from crackmap_robot.renderer import render_tiles  # noqa: PLC0415 - OpenCV and a second, for those who render

    for split, count in (walls or WALLS).items():
        for name in ("crack", "no_crack"):
            (folder / split / name).mkdir(parents=True, exist_ok=True)
        for seed in range(FIRST_SEED[split], FIRST_SEED[split] + count):
            done = folder / split / f"{seed}.done"
            if done.exists():
                continue
            tiles = render_tiles(seed, TILES_PER_WALL, TILE_PX)
            for number, (pixels, label) in enumerate(zip(tiles.images, tiles.labels, strict=True)):
                path = folder / split / ("crack" if label else "no_crack") / f"{seed}-{number}.jpg"
                bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
                path.write_bytes(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes())
            done.touch()
            if (seed + 1) % 10 == 0:
                say(f"{split}: {seed + 1 - FIRST_SEED[split]} of {count} walls")


def read_rendered(folder: Path) -> list[LabelledTile]:
    """The rows of a folder that `render_folder` wrote; a tile's group is its wall.

    Raises MissingImages when there are none.
    """
    rows = [
        LabelledTile(path, name == "crack", "rendered", "rendered", f"rendered {path.stem.split('-')[0]}", split)
        for split in get_args(Split)
        for name in ("crack", "no_crack")
        for path in sorted((folder / split / name).glob("*.jpg"))
    ]
    if not rows:
        raise MissingImages(f"{folder}: holds no rendered tiles; make them with `crackmap models render {folder}`.")
    return rows
