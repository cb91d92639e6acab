"""The board that is photographed: a chessboard, or a ChArUco board, whose squares hold numbered tags."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from crackmap.errors import SettingError, StorageError
from crackmap_robot.cameras.camera import Pixels
from crackmap_robot.poses.tag_layout import FAMILIES

FloatArray = npt.NDArray[np.float64]

FEWEST_CORNERS = 8
"""Of a board that is partly in the picture; with fewer its pose says nothing about the lens."""
REFINING_SHARE = 0.6
"""How far around a corner its edges are followed: of the way to the nearest tag. With the edges of tags inside, corners
are worse: 0.06 px from the camera's own with 0.6, 0.15 with 1, 0.1 with OpenCV's choice (simulated photographs)."""
MARGIN_SQUARES = 0.5
DOTS_PER_INCH = 300
MM_PER_INCH = 25.4
LARGEST_SIDE_DOTS = 20_000


@dataclass(frozen=True)
class SeenBoard:
    """Corners that were found in one photograph: `pixels_px` (n, 2), and where they are on the board, (n, 3) metres."""

    label: str
    pixels_px: FloatArray
    places_m: FloatArray


@dataclass(frozen=True)
class Board:
    """`columns` × `rows` squares of `square_m`; a ChArUco board's tags have a side of `tag_m`, a chessboard's none.

    Raises SettingError for a board that cannot be.
    """

    columns: int
    rows: int
    square_m: float
    tag_m: float | None = None
    family: str = "4x4_50"

    def __post_init__(self) -> None:
        if min(self.columns, self.rows) < 4:
            raise SettingError(f"--columns {self.columns}, --rows {self.rows}: a board has 4 squares or more each way.")
        if not 0 < self.square_m < 10:
            raise SettingError(f"--square-mm {1000 * self.square_m:g}: give millimetres over 0, and under 10 metres.")
        if self.tag_m is None:
            return
        if not 0 < self.tag_m < self.square_m:
            raise SettingError(f"--tag-mm {1000 * self.tag_m:g}: must be over 0 and less than a square's side.")
        if self.family not in FAMILIES:
            raise SettingError(f"--family {self.family}: is not known; it is one of {', '.join(sorted(FAMILIES))}.")
        there = self._dictionary().bytesList.shape[0]
        if there < self.columns * self.rows // 2:
            raise SettingError(
                f"--family {self.family}: has {there} tags, the board needs {self.columns * self.rows // 2}. "
                "Take a larger family, as 4x4_100."
            )

    def _dictionary(self) -> cv2.aruco.Dictionary:
        return cv2.aruco.getPredefinedDictionary(FAMILIES[self.family])

    def _charuco(self) -> cv2.aruco.CharucoBoard:
        assert self.tag_m is not None
        return cv2.aruco.CharucoBoard((self.columns, self.rows), self.square_m, self.tag_m, self._dictionary())

    @property
    def size_m(self) -> tuple[float, float]:
        """Width and height of the squares together."""
        return self.columns * self.square_m, self.rows * self.square_m

    def find(self, pixels: Pixels, label: str) -> SeenBoard | str:
        """Its corners in a photograph (h, w, 3), to a part of a pixel; or why there are too few."""
        grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        seen = self._find_squares(grey, label) if self.tag_m is None else self._find_tags(grey, label)
        if seen is None:
            return "the board is not seen as a whole" if self.tag_m is None else "no tag of the board is seen"
        if len(seen.pixels_px) < FEWEST_CORNERS:
            return f"only {len(seen.pixels_px)} of the board's corners are seen"
        return seen

    def _find_squares(self, grey: npt.NDArray[np.uint8], label: str) -> SeenBoard | None:
        inner = (self.columns - 1, self.rows - 1)
        found, corners = cv2.findChessboardCornersSB(grey, inner, flags=cv2.CALIB_CB_ACCURACY | cv2.CALIB_CB_EXHAUSTIVE)
        if not found:
            return None
        right, down = np.meshgrid(np.arange(1, self.columns), np.arange(1, self.rows))
        places = self.square_m * np.stack([right.ravel(), down.ravel(), np.zeros(right.size)], axis=1).astype(
            np.float64
        )
        return SeenBoard(label, np.asarray(corners, np.float64).reshape(-1, 2), places)

    def _find_tags(self, grey: npt.NDArray[np.uint8], label: str) -> SeenBoard | None:
        board = self._charuco()
        corners, numbers = cv2.aruco.CharucoDetector(board).detectBoard(grey)[:2]
        if numbers is None or not len(numbers):
            return None
        places = np.asarray(board.getChessboardCorners(), np.float64)[np.asarray(numbers).ravel()]
        rough = np.asarray(corners, np.float32).reshape(-1, 1, 2)
        assert self.tag_m is not None
        share = REFINING_SHARE * (1 - self.tag_m / self.square_m) / 2
        window_px = round(share * _spacing_px(rough.reshape(-1, 2).astype(np.float64), places, self.square_m))
        window = (max(window_px, 2), max(window_px, 2))
        fine = cv2.cornerSubPix(
            grey, rough, window, (-1, -1), (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 50, 1e-4)
        )
        return SeenBoard(label, np.asarray(fine, np.float64).reshape(-1, 2), places)

    def drawn(self, dots_per_square: int) -> npt.NDArray[np.uint8]:
        """The board in grey, with a white margin of half a square; (rows + 1) × (columns + 1) squares."""
        size = (self.columns * dots_per_square, self.rows * dots_per_square)
        if self.tag_m is None:
            right, down = np.meshgrid(np.arange(size[0]) // dots_per_square, np.arange(size[1]) // dots_per_square)
            picture = np.where((right + down) % 2, 255, 0).astype(np.uint8)
        else:
            picture = np.asarray(self._charuco().generateImage(size, marginSize=0, borderBits=1), np.uint8)
        return np.pad(picture, round(MARGIN_SQUARES * dots_per_square), constant_values=255)

    def write(self, path: Path) -> tuple[int, int]:
        """A picture to print at 100 %, PNG or what else the name's ending says; its size in dots.

        Raises SettingError for a board that is too large, StorageError.
        """
        dots_per_square = round(self.square_m * 1000 / MM_PER_INCH * DOTS_PER_INCH)
        dots_per_inch = dots_per_square * MM_PER_INCH / (1000 * self.square_m)  # squares are whole dots, and their size
        if max(self.columns, self.rows) * dots_per_square > LARGEST_SIDE_DOTS:
            raise SettingError(f"--square-mm {1000 * self.square_m:g}: the board is too large to print in one piece.")
        picture = Image.fromarray(self.drawn(dots_per_square))
        try:
            picture.save(path, dpi=(dots_per_inch, dots_per_inch))
        except OSError as error:
            raise StorageError(f"{path}: cannot be written ({error.strerror or error}).") from error
        except ValueError as error:
            raise SettingError(f"{path}: pictures are written as .png, .tif or .pdf.") from error
        return picture.size


def _spacing_px(pixels_px: FloatArray, places_m: FloatArray, square_m: float) -> float:
    """The shortest side of a square in the picture; 0 where no two neighbours were seen."""
    apart_m = np.linalg.norm(places_m[:, None] - places_m[None], axis=2)
    apart_px = np.linalg.norm(pixels_px[:, None] - pixels_px[None], axis=2)
    neighbours = apart_px[np.abs(apart_m - square_m) < 0.01 * square_m]
    return float(neighbours.min()) if len(neighbours) else 0.0
