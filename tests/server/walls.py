"""A made-up wall, and the reports of a scan of it."""

import hashlib
import io
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
from PIL import Image as Pillow

from crackmap import ids
from crackmap.messages import (
    Analysis,
    Camera,
    Capture,
    Crop,
    Evidence,
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
    TimeSource,
    Unplaced,
    Unscored,
)
from crackmap.surfaces import Surface
from crackmap.tile_grid import TileGrid

WIDTH_PX, HEIGHT_PX, TILE_PX = 100, 70, 32
M_PER_PX = 0.001


@cache
def picture(number: int, width_px: int = WIDTH_PX, height_px: int = HEIGHT_PX) -> bytes:
    """A small JPEG of noise; the same bytes for the same number."""
    noise = np.random.default_rng(number).integers(0, 255, (height_px, width_px, 3), np.uint8)
    content = io.BytesIO()
    Pillow.fromarray(noise).save(content, "JPEG", quality=70)
    return content.getvalue()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Wall:
    """One surface in one inspection. Frames hang in a row, a metre apart, squarely in front of it."""

    name: str = "north face"
    inspection: str = "2026 spring"
    structure: str = "Mill bridge"
    model_sha256: str = "a" * 64
    poses_sha256: str = "b" * 64
    threshold: float = 0.5
    stride_px: int = TILE_PX
    target_width_mm: float | None = 0.3
    surface_facts: dict[str, Any] = field(default_factory=dict)

    picture = staticmethod(picture)
    sha256 = staticmethod(sha256)

    def but(self, **changes: Any) -> "Wall":
        """The same with other facts."""
        return replace(self, **changes)

    @property
    def scan(self) -> Scan:
        structure = ids.structure_id(self.structure)
        return Scan(
            scan_id=ids.recorded_scan_id(
                ids.inspection_id(structure, self.inspection), ids.surface_id(structure, self.name)
            ),
            kind="recording",
            structure=self.structure,
            surface=Surface(name=self.name, **self.surface_facts),
            inspection=Inspection(name=self.inspection, target_width_mm=self.target_width_mm),
            software="crackmap-robot 0.1.0",
        )

    @property
    def analysis(self) -> Analysis:
        scan_id = self.scan.scan_id
        return Analysis(
            analysis_id=ids.analysis_id(scan_id, self.model_sha256, TILE_PX, self.stride_px, 1),
            scan_id=scan_id,
            model="crack-32",
            model_sha256=self.model_sha256,
            tile_px=TILE_PX,
            stride_px=self.stride_px,
            threshold=self.threshold,
        )

    @property
    def poses(self) -> PoseSolution:
        scan_id = self.scan.scan_id
        return PoseSolution(
            pose_solution_id=ids.pose_solution_id(scan_id, self.poses_sha256, "c" * 64),
            scan_id=scan_id,
            source="file poses.jsonl",
            poses_sha256=self.poses_sha256,
            camera_sha256="c" * 64,
            camera=Camera(
                name="cam", width_px=WIDTH_PX, height_px=HEIGHT_PX, fx_px=100, fy_px=100, cx_px=49.5, cy_px=34.5
            ),
        )

    @property
    def grid(self) -> TileGrid:
        return TileGrid(WIDTH_PX, HEIGHT_PX, TILE_PX, self.stride_px)

    def placed(self, number: int, covariance: bool = True) -> Placed:
        """Squarely in front of (number, 0.5), one millimetre per pixel."""
        middle = np.array([float(number), 0.5])
        first = self.grid.corners_px().astype(float) - 0.5
        around = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * TILE_PX
        pixels = first[:, None, :] + around - [(WIDTH_PX - 1) / 2, (HEIGHT_PX - 1) / 2]
        corners = middle + pixels * [M_PER_PX, -M_PER_PX]
        half = np.array([WIDTH_PX, HEIGHT_PX]) / 2 * M_PER_PX
        covariances = np.tile([4e-6, 1e-6, 1e-6], (len(first), 1)) if covariance else None
        pose_covariance = tuple(np.diag([1e-6] * 6).ravel().tolist()) if covariance else None
        return Placed(
            pose_solution_id=self.poses.pose_solution_id,
            pose=Pose(
                position_m=(*middle.tolist(), 0.1), orientation_xyzw=(1.0, 0.0, 0.0, 0.0), covariance=pose_covariance
            ),
            mm_per_px=1.0,
            footprint_m=tuple(
                (float(middle[0] + x * half[0]), float(middle[1] + y * half[1]))
                for x, y in [(-1, 1), (1, 1), (1, -1), (-1, -1)]
            ),
            tiles=TileGeometry.pack(corners.mean(axis=1), corners, covariances),
        )

    def no_pose(self) -> NoPose:
        return NoPose(pose_solution_id=self.poses.pose_solution_id, cause="poses.jsonl has no row for it")

    def scores(self, number: int) -> bytes:
        """Pseudo-random, every byte from 1 to 255 as likely."""
        count = self.grid.columns * self.grid.rows
        return np.random.default_rng(number).integers(1, 256, count, np.uint8).tobytes()

    def report(
        self,
        number: int,
        placement: Placement | None = None,
        *,
        scores: bytes | None = None,
        keep: str = "frame",
        image: dict[str, Any] | None = None,
        capture: Capture | None = None,
        flags: tuple[Any, ...] = (),
    ) -> Report:
        """Of frame `number`. `keep`: frame, crops (of all tiles over the threshold's byte 128) or nothing."""
        content, scan_id = picture(number), self.scan.scan_id
        scores = self.scores(number) if scores is None else scores
        unscored = tuple(tile for tile, score in enumerate(scores) if score == 0)
        crops = tuple(
            Crop(tile=tile, sha256=sha256(picture(1000 * number + tile, TILE_PX, TILE_PX)), size_bytes=500)
            for tile, score in enumerate(scores)
            if score >= 128 and keep == "crops"
        )
        facts = {
            "sha256": sha256(content),
            "size_bytes": len(content),
            "media_type": "image/jpeg",
            "width_px": WIDTH_PX,
            "height_px": HEIGHT_PX,
        }
        return Report(
            frame=Frame(
                frame_id=ids.frame_id(scan_id, sha256(content)),
                scan_id=scan_id,
                source_key=sha256(content),
                label=f"{number:04}.jpg",
                image=Image(**facts | (image or {})),
                capture=capture
                or Capture(
                    time_source=TimeSource.SENSOR, captured_utc=datetime(2026, 5, 1, 8, number % 60, tzinfo=UTC)
                ),
            ),
            analysis_id=self.analysis.analysis_id,
            score_map=ScoreMap(
                columns=self.grid.columns,
                rows=self.grid.rows,
                scores=scores,
                unscored=(Unscored(reason="blurred", tiles=unscored),) if unscored else (),
            ),
            placement=placement or self.placed(number),
            evidence=Evidence(frame=keep == "frame", crops=crops),
            flags=flags,
        )

    def unplaced(self, number: int, mm_per_px: float = 1.0, **more: Any) -> Report:
        return self.report(number, Unplaced(mm_per_px=mm_per_px), **more)

    def batch(self, *reports: Report, headers: bool = True) -> ReportBatch:
        return ReportBatch(
            scans=(self.scan,) if headers else (),
            analyses=(self.analysis,) if headers else (),
            pose_solutions=(self.poses,) if headers and any(report.pose_solution_id for report in reports) else (),
            reports=reports,
        )
