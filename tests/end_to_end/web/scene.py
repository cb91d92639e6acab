"""What the browser tests look at: a wall with the letter F on it, the same on a soffit, and unplaced photographs.

Frames are 600 × 400 px at 1 mm/px with tiles of 100 px, two beside and three above each other: 1.2 × 1.2 m of wall in
12 × 12 tiles of 0.1 m. The tiles of the F have high scores, a few others scores in the middle, the rest low ones.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image as Picture
from PIL import ImageDraw

from crackmap import ids
from crackmap.messages import (
    Analysis,
    Camera,
    Evidence,
    Flag,
    Frame,
    Image,
    Inspection,
    NoPose,
    Placed,
    Placement,
    Pose,
    PoseSolution,
    Report,
    ReportBatch,
    Scan,
    ScoreMap,
    TileGeometry,
    Unplaced,
)
from crackmap.surfaces import Drawing, Surface
from crackmap.visible_widths import bytes_from_px

WIDTH_PX, HEIGHT_PX, TILE_PX = 600, 400, 100
M_PER_PX = 0.001
COLUMNS, ROWS = WIDTH_PX // TILE_PX, HEIGHT_PX // TILE_PX
LOW, MIDDLE, HIGH = 40, 118, 190  # score bytes: probabilities 0.0002, 0.27 and 0.998
STANDARD = 0.62
STRUCTURE = "Test bridge"
MODEL = "0" * 64
VISIBLE_PX = (2.0, 4.0, float("nan"))  # how narrow a crack each row of frames shows; the target is 3 mm, that is 3 px
SIGMAS_M = (0.03, 0.01)  # along and across the longer half axis, which is turned by 30° from u

# Rows of tiles from the top, as one sees the wall: an F, and four doubtful tiles.
WALL = (
    "............",
    "..FFFFFFF...",
    "..F.........",
    "..F.......?.",
    "..F.........",
    "..FFFFF.....",
    "..F.........",
    "..F...?.....",
    "..F.........",
    "..F.....?...",
    "?...........",
    "............",
)


@dataclass(frozen=True)
class Scene:
    """A batch for `POST /v1/reports`, and the pictures that its frames name."""

    batch: ReportBatch
    pictures: dict[str, bytes]  # by SHA-256


def wall_scores() -> npt.NDArray[np.uint8]:
    """Score bytes of the wall, shape (12, 12), row 0 on top."""
    scores = {".": LOW, "?": MIDDLE, "F": HIGH}
    wall = np.array([[scores[cell] for cell in row] for row in WALL], np.uint8)
    high = np.flatnonzero(wall == HIGH)
    wall.flat[high] = HIGH + np.arange(len(high))  # all different, so that their order is known
    return wall


def covariance_m2() -> tuple[float, float, float]:
    """(uu, uv, vv) of the covariance with SIGMAS_M, turned by 30°."""
    cosine, sine = np.cos(np.pi / 6), np.sin(np.pi / 6)
    along, across = SIGMAS_M[0] ** 2, SIGMAS_M[1] ** 2
    return (
        along * cosine**2 + across * sine**2,
        (along - across) * cosine * sine,
        along * sine**2 + across * cosine**2,
    )


SURFACES = {"Wall": Drawing.AS_SEEN, "Soffit": Drawing.REFLECTED, "Photographs": Drawing.AS_SEEN}


def build(structure: str = STRUCTURE, surfaces: Iterable[str] = SURFACES) -> Scene:
    """Those surfaces of the scene in one batch."""
    pictures: dict[str, bytes] = {}
    scans, analyses, solutions, reports = [], [], [], []
    for name in surfaces:
        scan = _scan(name, SURFACES[name], structure)
        analysis = _analysis(scan)
        scans.append(scan)
        analyses.append(analysis)
        if name == "Photographs":
            frames = list(_photographs(scan, analysis, pictures))
        else:
            solution = _pose_solution(scan)
            solutions.append(solution)
            frames = list(_wall_frames(scan, analysis, solution, pictures))
        reports.extend(frames)
    batch = ReportBatch(
        scans=tuple(scans), analyses=tuple(analyses), pose_solutions=tuple(solutions), reports=tuple(reports)
    )
    return Scene(batch, pictures)


def _scan(surface: str, drawing: Drawing, structure: str = STRUCTURE) -> Scan:
    structure_id = ids.structure_id(structure)
    inspection = ids.inspection_id(structure_id, "2026")
    return Scan(
        scan_id=ids.recorded_scan_id(inspection, ids.surface_id(structure_id, surface)),
        kind="recording",
        structure=structure,
        surface=Surface(name=surface, drawing=drawing),
        inspection=Inspection(name="2026", target_width_mm=3.0),
        software="browser tests",
    )


def _analysis(scan: Scan) -> Analysis:
    return Analysis(
        analysis_id=ids.analysis_id(scan.scan_id, MODEL, TILE_PX, TILE_PX, 1),
        scan_id=scan.scan_id,
        model="letters",
        model_sha256=MODEL,
        tile_px=TILE_PX,
        stride_px=TILE_PX,
        threshold=STANDARD,
    )


def _pose_solution(scan: Scan) -> PoseSolution:
    return PoseSolution(
        pose_solution_id=ids.pose_solution_id(scan.scan_id, "1" * 64, "2" * 64),
        scan_id=scan.scan_id,
        source="file poses.jsonl",
        poses_sha256="1" * 64,
        camera_sha256="2" * 64,
        camera=Camera(
            name="test", width_px=WIDTH_PX, height_px=HEIGHT_PX, fx_px=1000, fy_px=1000, cx_px=300, cy_px=200
        ),
    )


def _wall_frames(
    scan: Scan, analysis: Analysis, solution: PoseSolution, pictures: dict[str, bytes]
) -> Iterator[Report]:
    wall = wall_scores()
    for row in range(3):  # from the top
        for column in range(2):
            cells = wall[row * ROWS : (row + 1) * ROWS, column * COLUMNS : (column + 1) * COLUMNS]
            left_m, top_m = column * 0.6, 1.2 - row * 0.4
            known = (row, column) != (2, 1)  # nobody knows how well the last frame is placed
            placement = _placed(solution, left_m, top_m, known)
            label = f"wall-{row}-{column}.jpg"
            report = _report(scan, analysis, label, cells, placement, pictures)
            yield report.model_copy(update={"score_map": _showing(report.score_map, VISIBLE_PX[row])})
    lost = NoPose(pose_solution_id=solution.pose_solution_id, cause="poses.jsonl has no row for this file")
    yield _report(scan, analysis, "lost.jpg", np.full((ROWS, COLUMNS), LOW, np.uint8), lost, pictures)


def _showing(score_map: ScoreMap, width_px: float) -> ScoreMap:
    widths = bytes_from_px(np.full(COLUMNS * ROWS, width_px))
    return score_map.model_copy(update={"visible_widths": widths.tobytes()})


def _photographs(scan: Scan, analysis: Analysis, pictures: dict[str, bytes]) -> Iterator[Report]:
    cells = np.full((ROWS, COLUMNS), LOW, np.uint8)
    cells[0, 5], cells[1, 4], cells[2, 0] = 230, 200, MIDDLE
    yield _report(scan, analysis, "level.jpg", cells, Unplaced(mm_per_px=0.23), pictures)
    yield _report(
        scan, analysis, "turned.jpg", np.roll(cells, 1, axis=0), Unplaced(mm_per_px=0.25), pictures, exif_orientation=6
    )


def _placed(solution: PoseSolution, left_m: float, top_m: float, covariance_known: bool) -> Placed:
    u, v = np.meshgrid(left_m + 0.1 * np.arange(COLUMNS), top_m - 0.1 * np.arange(ROWS))
    corners = np.stack([u, v, u + 0.1, v, u + 0.1, v - 0.1, u, v - 0.1], axis=-1).reshape(-1, 4, 2)
    covariances = np.tile(covariance_m2(), (COLUMNS * ROWS, 1)) if covariance_known else None
    right_m, bottom_m = left_m + 0.6, top_m - 0.4
    return Placed(
        pose_solution_id=solution.pose_solution_id,
        pose=Pose(position_m=((left_m + right_m) / 2, (top_m + bottom_m) / 2, 1.0), orientation_xyzw=(1, 0, 0, 0)),
        mm_per_px=1.0,
        footprint_m=((left_m, top_m), (right_m, top_m), (right_m, bottom_m), (left_m, bottom_m)),
        tiles=TileGeometry.pack(corners.mean(axis=1), corners, covariances),
    )


def _report(  # noqa: PLR0917  the frame's own facts, in the order of a report
    scan: Scan,
    analysis: Analysis,
    label: str,
    cells: npt.NDArray[np.uint8],
    placement: Placement,
    pictures: dict[str, bytes],
    *,
    exif_orientation: int = 1,
) -> Report:
    content = _photograph(f"{scan.surface.name} {label}", cells.tobytes(), exif_orientation)
    sha256 = hashlib.sha256(content).hexdigest()
    pictures[sha256] = content
    image = Image(
        sha256=sha256,
        size_bytes=len(content),
        media_type="image/jpeg",
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        exif_orientation=exif_orientation,
    )
    frame = Frame(
        frame_id=ids.frame_id(scan.scan_id, sha256), scan_id=scan.scan_id, source_key=sha256, label=label, image=image
    )
    return Report(
        frame=frame,
        analysis_id=analysis.analysis_id,
        score_map=ScoreMap(columns=COLUMNS, rows=ROWS, scores=cells.tobytes()),
        placement=placement,
        evidence=Evidence(frame=True),
        flags=(Flag.OUT_OF_RANGE,) if exif_orientation != 1 else (),
    )


@cache
def _photograph(seed: str, scores: bytes, exif_orientation: int) -> bytes:
    """Grey noise, a dark stroke in each tile with a high score; the same for the same seed."""
    noise = np.random.default_rng(list(seed.encode())).normal(165, 9, (HEIGHT_PX, WIDTH_PX, 1))
    picture = Picture.fromarray(np.repeat(noise.clip(0, 255).astype(np.uint8), 3, axis=2))
    pen = ImageDraw.Draw(picture)
    cells = np.frombuffer(scores, np.uint8).reshape(ROWS, COLUMNS)
    for row, column in np.argwhere(cells >= HIGH).tolist():
        x, y = column * TILE_PX, row * TILE_PX
        pen.line([(x + 10, y + 5), (x + 45, y + 50), (x + 40, y + 70), (x + 88, y + 96)], fill=(55, 52, 50), width=3)
    exif = Picture.Exif()
    exif[0x0112] = exif_orientation
    stored = BytesIO()
    picture.save(stored, "JPEG", quality=85, exif=exif)
    return stored.getvalue()


def crowd() -> ReportBatch:
    """One photograph of 20,800 tiles: 8,000 with score byte 190, the others with 150."""
    scan = _scan("Crowd", Drawing.AS_SEEN)
    analysis = Analysis(
        analysis_id=ids.analysis_id(scan.scan_id, MODEL, 10, 10, 1),
        scan_id=scan.scan_id,
        model="letters",
        model_sha256=MODEL,
        tile_px=10,
        stride_px=10,
        threshold=STANDARD,
    )
    sha256 = "c" * 64
    image = Image(sha256=sha256, size_bytes=1, media_type="image/jpeg", width_px=1600, height_px=1300)
    frame = Frame(
        frame_id=ids.frame_id(scan.scan_id, sha256),
        scan_id=scan.scan_id,
        source_key=sha256,
        label="crowd.jpg",
        image=image,
    )
    report = Report(
        frame=frame,
        analysis_id=analysis.analysis_id,
        score_map=ScoreMap(columns=160, rows=130, scores=bytes([150] * 12_800 + [190] * 8_000)),
        placement=Unplaced(mm_per_px=1.0),
        evidence=Evidence(frame=False),
    )
    return ReportBatch(scans=(scan,), analyses=(analysis,), reports=(report,))
