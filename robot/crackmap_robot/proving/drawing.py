"""The card on paper: a PDF of exact millimetres, or a picture of it."""

from __future__ import annotations

import io
import zlib
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from crackmap.errors import SettingError, StorageError
from crackmap_robot.poses.tag_layout import FAMILIES
from crackmap_robot.poses.transform import FloatArray
from crackmap_robot.proving.card import FAMILY, HEIGHT_MM, TAG_MM, WIDTH_MM, Card
from crackmap_robot.renderer.strokes import Stroke, coverage

POINTS_PER_MM = 72 / 25.4
PICTURE_DOTS_PER_MM = 10
LABEL_MM, LETTER_MM = 39.5, 3.0
"""From the middle of a line to what is written of it, towards the card's middle: outside of a tile around the line."""
FINE = 3
"""Dots along each side of a picture's dot, when squares are drawn."""


def write_card(card: Card, path: Path) -> None:
    """A .pdf to print at 100 %, or a .png to look at. Raises SettingError, StorageError."""
    if path.suffix.lower() == ".pdf":
        content = pdf(card)
    elif path.suffix.lower() == ".png":
        grey = np.round(255 * reflectance(card, PICTURE_DOTS_PER_MM)).astype(np.uint8)
        stream, dpi = io.BytesIO(), 25.4 * PICTURE_DOTS_PER_MM
        Image.fromarray(grey).save(stream, "PNG", dpi=(dpi, dpi))
        content = stream.getvalue()
    else:
        raise SettingError(f"{path}: the card is written as .pdf, to be printed, or as .png, to be looked at.")
    try:
        path.write_bytes(content)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror}).") from error


def squares_mm(card: Card) -> FloatArray:
    """(n, 4): left, top, width and height of all black squares: of tags and speckles."""
    dictionary = cv2.aruco.getPredefinedDictionary(FAMILIES[FAMILY])
    cells = dictionary.markerSize + 2
    side = TAG_MM / cells
    found = []
    for number, (x_mm, y_mm) in card.tags_mm.items():
        rows, columns = np.nonzero(cv2.aruco.generateImageMarker(dictionary, number, cells) == 0)
        corner = (x_mm - TAG_MM / 2, y_mm - TAG_MM / 2)
        sides = np.full((2, len(rows)), side)
        found.append(np.column_stack([columns * side + corner[0], rows * side + corner[1], *sides]))
    x, y, sides = card.speckles_mm.T
    found.append(np.column_stack([x - sides / 2, y - sides / 2, sides, sides]))
    return np.concatenate(found)


def reflectance(card: Card, dots_per_mm: float) -> npt.NDArray[np.float32]:
    """(h, w): 1 where nothing is printed, 0 where a dot is all black, and between as it is covered."""
    size = round(HEIGHT_MM * dots_per_mm), round(WIDTH_MM * dots_per_mm)
    fine = np.full((size[0] * FINE, size[1] * FINE), 255, np.uint8)
    for left, top, width, height in np.round(squares_mm(card) * dots_per_mm * FINE).astype(int).tolist():
        fine[max(top, 0) : top + max(height, 1), max(left, 0) : left + max(width, 1)] = 0
    picture = cv2.resize(fine, size[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    for line in card.lines:
        if line.width_mm is None:
            continue
        half = np.full(len(line.points_mm), line.width_mm * dots_per_mm / 2)
        covered = coverage(Stroke(line.points_mm * dots_per_mm - 0.5, half, half), size)
        picture.reshape(-1)[covered.index] *= 1 - covered.share
    return np.asarray(picture)


def pdf(card: Card) -> bytes:
    """One page of vectors, black on nothing, so that a line is as wide as the printer can make it.

    Written by hand (ISO 32000-1): one page, one stream of paths, Helvetica, which every reader has.
    """
    height = HEIGHT_MM * POINTS_PER_MM
    said = [f"1 0 0 -1 0 {height:.3f} cm {POINTS_PER_MM:.6f} 0 0 {POINTS_PER_MM:.6f} 0 0 cm 1 J 1 j"]
    said += [f"{x:.3f} {y:.3f} {w:.3f} {h:.3f} re" for x, y, w, h in squares_mm(card).tolist()]
    said.append("f")
    for line in card.lines:
        x, y = line.middle_mm
        below = LABEL_MM if y < HEIGHT_MM / 2 else LETTER_MM - LABEL_MM
        text = "no line" if line.width_mm is None else f"{line.width_mm:g} mm"
        said.append(f"BT /F {LETTER_MM:g} Tf 1 0 0 -1 {x - 4:.2f} {y + below:.2f} Tm ({text}) Tj ET")
        if line.width_mm is None:
            continue
        path = [f"{a:.3f} {b:.3f} {'l' if number else 'm'}" for number, (a, b) in enumerate(line.points_mm.tolist())]
        said.append(f"{line.width_mm:g} w {' '.join(path)} S")
    stream = zlib.compress("\n".join(said).encode("ascii"))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH_MM * POINTS_PER_MM:.3f} {height:.3f}] "
        "/Resources << /Font << /F 5 0 R >> >> /Contents 4 0 R >>".encode("ascii"),
        f"<< /Length {len(stream)} /Filter /FlateDecode >>\nstream\n".encode("ascii") + stream + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    content, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(content))
        content += f"{number} 0 obj\n".encode("ascii") + each + b"\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    count = len(objects) + 1
    end = f"xref\n0 {count}\n0000000000 65535 f \n{table}trailer\n<< /Size {count} /Root 1 0 R >>\n"
    return content + f"{end}startxref\n{len(content)}\n%%EOF\n".encode("ascii")
