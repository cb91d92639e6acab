"""One `crackmap robot calibrate`: photographs in, camera file and report out."""

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import track

from crackmap.errors import InputError, StorageError
from crackmap_robot.calibrating.board import Board, SeenBoard
from crackmap_robot.calibrating.camera_yaml import camera_yaml
from crackmap_robot.calibrating.report import report
from crackmap_robot.calibrating.solution import solve
from crackmap_robot.calibration import PARAMETERS
from crackmap_robot.cameras.camera import Refused
from crackmap_robot.cameras.folder import open_folder
from crackmap_robot.cameras.photograph import decode

MOST_NAMED = 5


def run_calibrate(photographs: Path, board: Board, to: Path, name: str, page: Path | None) -> Iterator[str]:
    """Write camera file and report; yields what people want to know. Raises InputError, StorageError."""
    seen, unseen, size = _seen(photographs, board)
    if size is None:
        raise InputError(f"{photographs}: no photograph could be read: {'; '.join(unseen.values())}")
    if not seen:
        why = "; ".join(f"{label}: {reason}" for label, reason in list(unseen.items())[:MOST_NAMED])
        raise InputError(
            f"{photographs}: the board is in no photograph ({why}). Do --board, --columns, --rows and --family "
            "say what it is? Count squares, not corners."
        )
    try:
        solution = solve(seen, *size)
    except InputError as error:
        raise InputError(f"{photographs}: {error}") from error
    _write(to, camera_yaml(solution, name))
    yield f"{'photographs':<14}{len(solution.views)} of {len(seen) + len(unseen)}"
    for key, value, sigma in zip(PARAMETERS, solution.values, solution.sigmas, strict=True):
        yield f"{key:<14}{value:.5g} ± {sigma:.2g}"
    yield f"{'misfit':<14}{solution.rms_px:.3f} px"
    yield f"{'camera file':<14}{to}"
    if page is not None:
        _write(page, report(solution, name, unseen))
        yield f"{'report':<14}{page}"
    for label, why in list(unseen.items())[:MOST_NAMED]:
        yield f"not used      {label}: {why}"
    for doubt in solution.doubts():
        yield f"warning: {doubt}."


def _seen(photographs: Path, board: Board) -> tuple[list[SeenBoard], dict[str, str], tuple[int, int] | None]:
    """Boards that were found, why others were not, and the size that all photographs have."""
    folder = open_folder(photographs)
    seen: list[SeenBoard] = []
    unseen: dict[str, str] = {}
    size, first = None, ""
    console = Console(stderr=True)
    count = len(folder.photographs)
    for item in track(folder.frames(), "photographs", total=count, console=console, disable=not console.is_terminal):
        if isinstance(item, Refused):
            unseen[item.label] = str(item.error)
            continue
        here = (item.image.width_px, item.image.height_px)
        if size is not None and here != size:
            raise InputError(
                f"{photographs}: {item.label} has {here[0]} × {here[1]} pixels, {first} has {size[0]} × {size[1]}. A "
                "calibration is for one camera at one resolution: take the others out."
            )
        size, first = here, first or item.label
        try:
            found = board.find(decode(item.content, item.image, item.label), item.label)
        except InputError as error:
            found = str(error)
        if isinstance(found, str):
            unseen[item.label] = found
        else:
            seen.append(found)
    return seen, unseen, size


def _write(path: Path, text: str) -> None:
    """The whole file or nothing. Raises StorageError."""
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror}).") from error
