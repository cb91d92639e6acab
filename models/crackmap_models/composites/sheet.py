"""A contact sheet of what is drawn in training: `python -m crackmap_models.composites.sheet TILES PICTURE`.

TILES is a folder of crack-free tiles (PNG or JPEG); the picture in the documentation shows rendered ones.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from crackmap_models.composites.crack import draw_crack
from crackmap_models.composites.look_alike import draw_look_alike
from crackmap_models.data.fit import fit
from crackmap_models.data.tiles import Pixels, decode, read_bytes

COLUMNS, ROWS, TILE_PX, GAP_PX = 8, 4, 150, 4


def sheet(tiles: Sequence[Pixels], rng: np.random.Generator) -> Pixels:
    """ROWS x COLUMNS tiles as one RGB picture: cracks in the upper half, look-alikes in the lower."""
    step = TILE_PX + GAP_PX
    picture = np.full((ROWS * step - GAP_PX, COLUMNS * step - GAP_PX, 3), 255, np.uint8)
    for place in range(ROWS * COLUMNS):
        row, column = divmod(place, COLUMNS)
        draw = draw_crack if row < ROWS // 2 else draw_look_alike
        drawn = fit(draw(tiles[place % len(tiles)], rng), TILE_PX)
        picture[row * step : row * step + TILE_PX, column * step : column * step + TILE_PX] = drawn
    return picture


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder, target = map(Path, sys.argv[1:])
    files = sorted(file for file in folder.iterdir() if file.suffix in {".png", ".jpg"})
    random = np.random.default_rng(3)
    chosen = [files[k] for k in random.choice(len(files), ROWS * COLUMNS)]
    result = sheet([decode(file, read_bytes(file)) for file in chosen], random)
    cv2.imwrite(str(target), cv2.cvtColor(result, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 80])
