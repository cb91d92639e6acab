"""What people leave on walls: letters and digits, sprayed or stencilled, and tape."""

import cv2
import numpy as np

from crackmap_models.composites.fields import Plane, blurred, cloud, log_uniform, plane
from crackmap_models.composites.lines import band, straight
from crackmap_models.composites.paint import Colour, cover, filled, shade
from crackmap_models.data.tiles import Pixels

LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789+-/.:"
FACES = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_COMPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX)
PAINTS: tuple[Colour, ...] = (
    (20, 20, 22),
    (235, 235, 230),
    (200, 40, 35),
    (40, 60, 170),
    (40, 120, 60),
    (235, 120, 30),
    (240, 205, 50),
)


def draw_letters(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """One or two words of letters and digits, 12 px high to larger than the tile, painted, sprayed or worn."""
    height, width = pixels.shape[:2]
    fine = np.zeros((height * 2, width * 2), np.uint8)
    high = log_uniform(12, 220, rng) * 2
    thick = max(1, round(high * rng.uniform(0.04, 0.2)))
    place = rng.uniform(-0.3, 0.8, 2) * fine.shape[::-1]
    for line in range(rng.integers(1, 3)):
        word = "".join(LETTERS[k] for k in rng.integers(len(LETTERS), size=rng.integers(1, 8)))
        corner = (round(place[0]), round(place[1] + 0.4 * fine.shape[0] + 1.5 * line * high))
        cv2.putText(fine, word, corner, int(rng.choice(FACES)), high / 22, 255, thick)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.normal(0, 12) + 90 * rng.integers(4), 1.0)
    ink = cv2.warpAffine(cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA), turn, (width, height))
    return _painted(pixels, blurred(plane(ink) / np.float32(255), log_uniform(0.3, 2.5, rng)), rng)


def draw_tape(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """A strip of tape or a painted line: straight, of one colour, with clean edges."""
    height, width = pixels.shape[:2]
    ends = straight(height, width, rng)
    if rng.random() < 0.4:
        ends[1] = ends[0] + (ends[1] - ends[0]) * np.float32(rng.uniform(0.4, 0.6))
    strip = filled(height, width, [band(ends, log_uniform(4, 60, rng))])
    return _painted(pixels, blurred(strip, rng.uniform(0.3, 1.0)), rng)


def _painted(pixels: Pixels, ink: Plane, rng: np.random.Generator) -> Pixels:
    height, width = ink.shape
    worn = np.clip(rng.uniform(0.5, 1.2) + rng.uniform(0, 0.6) * cloud(height, width, 24, rng), 0.05, 1)
    if rng.random() < 0.25:
        return shade(pixels, 1 - np.float32(rng.uniform(0.2, 0.7)) * ink * worn)
    return cover(pixels, ink * worn, PAINTS[rng.integers(len(PAINTS))], rng.uniform(0.2, 0.9))
