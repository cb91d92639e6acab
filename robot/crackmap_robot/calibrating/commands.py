"""`crackmap robot board` and `crackmap robot calibrate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from crackmap_robot.calibrating.board import Board

Kind = Annotated[
    Literal["charuco", "chessboard"],
    typer.Option("--board", help="charuco: may be partly outside the picture; chessboard: must be seen whole."),
]
Columns = Annotated[int, typer.Option(metavar="N", help="Squares from left to right.")]
Rows = Annotated[int, typer.Option(metavar="N", help="Squares from top to bottom.")]
SquareMm = Annotated[float, typer.Option(metavar="MM", help="A square's side, measured on the print.")]
TagMm = Annotated[
    float | None, typer.Option(metavar="MM", help="A ChArUco tag's side.", show_default="3/4 of the square's")
]
Family = Annotated[str, typer.Option(metavar="NAME", help="ChArUco tags, as OpenCV names them.")]


def _board(  # noqa: PLR0917 - a board's options
    kind: str, columns: int, rows: int, square_mm: float, tag_mm: float | None, family: str
) -> "Board":
    from crackmap_robot.calibrating.board import Board

    tag_m = None if kind == "chessboard" else (0.75 * square_mm if tag_mm is None else tag_mm) / 1000
    return Board(columns, rows, square_mm / 1000, tag_m, family.lower())


def board(  # noqa: PLR0917 - options, not positions
    to: Annotated[Path, typer.Argument(metavar="FILE", help="Where it goes: .png, .tif or .pdf.")],
    kind: Kind = "charuco",
    columns: Columns = 11,
    rows: Rows = 8,
    square_mm: SquareMm = 24,
    tag_mm: TagMm = None,
    family: Family = "4x4_50",
) -> None:
    """Draw a board for `crackmap robot calibrate`, to be printed at 100 % (as it is, it fills a sheet of A4).

    Glue the print onto something flat, as glass or aluminium, and measure a square on it.
    """
    drawn = _board(kind, columns, rows, square_mm, tag_mm, family)
    width, height = drawn.write(to)
    width_mm, height_mm = (1000 * side for side in drawn.size_m)
    print(f"{to}: {columns} × {rows} squares, {width_mm:g} × {height_mm:g} mm, {width} × {height} dots at 300 dpi")


def calibrate(  # noqa: PLR0917 - options, not positions
    photographs: Annotated[Path, typer.Argument(help="A folder of photographs of the board.")],
    to: Annotated[Path, typer.Option(metavar="FILE", help="Where the camera file goes, as ROS camera_info YAML.")],
    name: Annotated[str, typer.Option(metavar="NAME", help="The camera's name, with its focus.")] = "camera",
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Also a page with all that it rests on.")
    ] = None,
    kind: Kind = "charuco",
    columns: Columns = 11,
    rows: Rows = 8,
    square_mm: SquareMm = 24,
    tag_mm: TagMm = None,
    family: Family = "4x4_50",
) -> None:
    """Calibrate a camera from photographs of a board: focal lengths, centre and distortion, each with its error.

    With the focus locked where it will be used, take 15 to 30 photographs: the board in the middle and in every corner
    of the picture, filling a third of it or more, squarely and tilted by up to 45 degrees each way.

        crackmap robot board board.pdf
        crackmap robot calibrate photos/ --to camera.yaml --square-mm 23.9 --report calibration.html
    """
    from crackmap_robot.calibrating.command import run_calibrate

    for line in run_calibrate(photographs, _board(kind, columns, rows, square_mm, tag_mm, family), to, name, report):
        print(line)
