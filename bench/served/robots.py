"""Made-up robots, and the reports that they deliver."""

import gzip
import http.client
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import numpy as np

from crackmap import ids
from crackmap.messages import (
    Analysis,
    Camera,
    Capture,
    Evidence,
    Frame,
    Image,
    Inspection,
    Placed,
    Pose,
    PoseSolution,
    Report,
    ReportBatch,
    Scan,
    ScoreMap,
    TileGeometry,
    TimeSource,
)
from crackmap.surfaces import Surface
from crackmap.tile_grid import TileGrid

WIDTH_PX, HEIGHT_PX, TILE_PX, MM_PER_PX = 4086, 3178, 227, 0.25
GRID = TileGrid(WIDTH_PX, HEIGHT_PX, TILE_PX, TILE_PX)
TILES = GRID.columns * GRID.rows
ROWS = 20
"""Of detections, in about, that a report makes: so many of its tiles are over the server's floor."""
PERIOD_S, ROW_M = 2, 0.75
"""Between a photograph and the next, and between rows of them on the wall."""
BEGAN_UTC = datetime(2026, 5, 1, 8, tzinfo=UTC)


class Robot:
    """One camera over one wall of its own, in rows of `across` photographs. `logit`: of most tiles, in about."""

    def __init__(self, number: int, *, across: int = 100, logit: float = -5.5) -> None:
        self._across, self._logit = across, logit
        structure, surface, inspection = "bench", Surface(name=f"wall {number}"), Inspection(name="bench")
        structure_id = ids.structure_id(structure)
        scan_id = ids.recorded_scan_id(
            ids.inspection_id(structure_id, inspection.name), ids.surface_id(structure_id, surface.name)
        )
        self._random = np.random.default_rng(number)
        self._scan = Scan(
            scan_id=scan_id,
            kind="recording",
            structure=structure,
            surface=surface,
            inspection=inspection,
            software="bench",
        )
        self._analysis = Analysis(
            analysis_id=ids.analysis_id(scan_id, "a" * 64, TILE_PX, TILE_PX, 1),
            scan_id=scan_id,
            model="bench",
            model_sha256="a" * 64,
            tile_px=TILE_PX,
            stride_px=TILE_PX,
            threshold=0.5,
        )
        self._poses = PoseSolution(
            pose_solution_id=ids.pose_solution_id(scan_id, "b" * 64, "c" * 64),
            scan_id=scan_id,
            source="bench",
            poses_sha256="b" * 64,
            camera_sha256="c" * 64,
            camera=Camera(
                name="bench",
                width_px=WIDTH_PX,
                height_px=HEIGHT_PX,
                fx_px=4000,
                fy_px=4000,
                cx_px=(WIDTH_PX - 1) / 2,
                cy_px=(HEIGHT_PX - 1) / 2,
            ),
        )

    @property
    def scan_id(self) -> str:
        return str(self._scan.scan_id)

    @property
    def surface_id(self) -> str:
        return str(self._scan.surface_id)

    def report(self, number: int) -> Report:
        """Of photograph `number`. Scores as a net gives them: most tiles far under the floor, a few over it."""
        scan_id, name = self._scan.scan_id, sha256(f"{self._scan.scan_id} {number}".encode()).hexdigest()
        logits = self._random.normal(self._logit, 1.8, GRID.columns * GRID.rows)
        scores = np.clip(np.round(128 + 10 * logits), 1, 255).astype(np.uint8)
        middle = np.array([number % self._across, number // self._across * ROW_M])
        size_m = np.array([WIDTH_PX, HEIGHT_PX]) * MM_PER_PX / 1000
        first = GRID.corners_px() * MM_PER_PX / 1000
        around = np.array([[0, 0], [1, 0], [1, 1], [0, 1]]) * TILE_PX * MM_PER_PX / 1000
        corners = middle + (first[:, None, :] + around - size_m / 2) * [1, -1]
        return Report(
            frame=Frame(
                frame_id=ids.frame_id(scan_id, name),
                scan_id=scan_id,
                source_key=name,
                label=f"{number:06}.jpg",
                image=Image(
                    sha256=name, size_bytes=4_000_000, media_type="image/jpeg", width_px=WIDTH_PX, height_px=HEIGHT_PX
                ),
                capture=Capture(
                    time_source=TimeSource.SENSOR, captured_utc=BEGAN_UTC + timedelta(seconds=PERIOD_S * number)
                ),
            ),
            analysis_id=self._analysis.analysis_id,
            score_map=ScoreMap(columns=GRID.columns, rows=GRID.rows, scores=scores.tobytes()),
            placement=Placed(
                pose_solution_id=self._poses.pose_solution_id,
                pose=Pose(
                    position_m=(*middle.tolist(), 1.0),
                    orientation_xyzw=(1.0, 0.0, 0.0, 0.0),
                    covariance=tuple(np.diag([1e-6] * 6).ravel().tolist()),
                ),
                mm_per_px=MM_PER_PX,
                footprint_m=tuple(
                    (float(u), float(v))
                    for u, v in middle + np.array([[-1, 1], [1, 1], [1, -1], [-1, -1]]) * size_m / 2
                ),
                tiles=TileGeometry.pack(corners.mean(axis=1), corners, np.tile([4e-6, 1e-6, 1e-6], (len(first), 1))),
            ),
            evidence=Evidence(frame=False),
        )

    def body(self, reports: Sequence[Report]) -> bytes:
        """As a robot sends it."""
        batch = ReportBatch(
            scans=(self._scan,), analyses=(self._analysis,), pose_solutions=(self._poses,), reports=tuple(reports)
        )
        return gzip.compress(batch.model_dump_json().encode(), compresslevel=1)


def delivered(connection: http.client.HTTPConnection, body: bytes) -> list[str]:
    """The answers' statuses. Raises OSError, HTTPException where none came."""
    connection.request("POST", "/v1/reports", body, {"Content-Encoding": "gzip", "Content-Type": "application/json"})
    with connection.getresponse() as response:
        content = response.read()
    if response.status != 200:
        raise http.client.HTTPException(f"{response.status} {content.decode()}")
    return [answer["status"] for answer in json.loads(content)["answers"]]
