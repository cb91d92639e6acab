"""What a file is, without its pixels: content, format, size, and a perceptual hash that knows its own mirror images.

The hash is pHash (Zauner 2010, "Implementation and benchmarking of perceptual image hash functions"): the signs of the
low frequencies of the cosine transform of the small grey picture, blind to brightness, contrast, scale and compression.
Mirroring a picture left to right turns the sign of its odd horizontal frequencies, top to bottom of the odd vertical
ones, and a half-turn does both: all four share one transform, and comparing two pictures in all four ways costs no
more than in one (`crackmap_models.data.twins`). No library gives that: imagehash hashes each mirror image anew.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from crackmap_models.data.progress import Progress
from crackmap_models.data.tiles import LabelledTile, Pixels, decode, read_bytes

SMALL_PX = 64
FREQUENCIES = 16
FILES_AHEAD = 64
# First bytes of a file → format; a suffix may say something else.
FORMATS = {b"\xff\xd8": "JPEG", b"\x89PNG": "PNG", b"BM": "BMP", b"II*\0": "TIFF", b"MM\0*": "TIFF", b"RIFF": "WebP"}

Signs = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One image file: SHA-256 of its bytes, format by content, size, and hash [FREQUENCIES, FREQUENCIES] of ±1.

    Rows of the hash are vertical frequencies, columns horizontal ones; the mean [0, 0] is 0.
    """

    sha256: str
    format: str
    width_px: int
    height_px: int
    signs: Signs


def fingerprint(tile: LabelledTile) -> Fingerprint:
    """The fingerprint of a tile's file. Raises UnreadableImage."""
    content = read_bytes(tile.path)
    pixels = decode(tile.path, content)
    known = (name for start, name in FORMATS.items() if content.startswith(start))
    height_px, width_px = pixels.shape[:2]
    return Fingerprint(
        hashlib.sha256(content).hexdigest(), next(known, "other"), width_px, height_px, perceptual_hash(pixels)
    )


def perceptual_hash(pixels: Pixels) -> Signs:
    """RGB [h, w, 3] → signs [FREQUENCIES, FREQUENCIES] of the low frequencies; that of the mean, [0, 0], is 0."""
    low = cv2.dct(small_grey(pixels))[:FREQUENCIES, :FREQUENCIES]
    signs = np.where(low >= 0, 1, -1).astype(np.int8)
    signs[0, 0] = 0
    return signs


def small_grey(pixels: Pixels) -> npt.NDArray[np.float32]:
    """RGB [h, w, 3] → grey [SMALL_PX, SMALL_PX], 0 to 255."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return cv2.resize(grey, (SMALL_PX, SMALL_PX), interpolation=cv2.INTER_AREA).astype(np.float32)


def fingerprints(tiles: Sequence[LabelledTile], *, say: Callable[[str], None] = print) -> list[Fingerprint]:
    """The fingerprints of `tiles`, in order; says how long it will take. Raises UnreadableImage."""
    found: list[Fingerprint] = []
    progress = Progress(f"{len(tiles)} files read", len(tiles), say)
    for one in _ahead(tiles):
        found.append(one)
        progress.reached(len(found))
    return found


def _ahead(tiles: Sequence[LabelledTile]) -> Iterator[Fingerprint]:
    """OpenCV decodes without holding Python's lock, so two threads read twice as fast."""
    with ThreadPoolExecutor(2, "fingerprints") as pool:
        for start in range(0, len(tiles), FILES_AHEAD):
            yield from pool.map(fingerprint, tiles[start : start + FILES_AHEAD])
