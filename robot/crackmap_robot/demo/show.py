"""The demo from beginning to end: render, serve, scan, compare, show."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.progress import Progress

from crackmap import ids
from crackmap.errors import SettingError, StorageError
from crackmap.tile_grid import TileGrid
from crackmap_robot.demo import figures, processes
from crackmap_robot.demo.answers import Answers
from crackmap_robot.demo.held_signals import endings_as_interrupt
from crackmap_robot.demo.result import Result, Seconds
from crackmap_robot.demo.stage import Stage, photograph, set_stage

STRUCTURE, SURFACE = "Simulated wall", "north face"
TARGET_WIDTH_MM = 0.3


@dataclass(frozen=True)
class DemoSettings:
    """One `crackmap demo`. Raises SettingError."""

    once: bool
    json: Path | None
    seed: int
    folder: Path | None
    width_m: float
    height_m: float

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise SettingError(f"--seed {self.seed}: give a whole number from 0.")
        for flag, length in (("--width-m", self.width_m), ("--height-m", self.height_m)):
            if not 0.6 <= length <= 10.0:
                raise SettingError(f"{flag} {length}: give 0.6 to 10 metres.")
        if self.json is not None and not self.json.parent.is_dir():
            raise SettingError(f"--json {self.json}: there is no folder {self.json.parent}.")

    @property
    def inspection(self) -> str:
        return f"demo {self.seed}"


def run_demo(settings: DemoSettings) -> None:
    """Show it all. Raises CrackmapError; Ctrl-C ends it at any moment, and every process with it."""
    console = Console(highlight=False)
    with endings_as_interrupt(), _workplace(settings.folder) as folder, processes.server(folder) as (address, process):
        result = measure(settings, folder, address, console)
        for part in ("", *result.shown(), ""):
            console.print(part)
        if settings.json is not None:
            _write(settings.json, json.dumps(result.as_json(), indent=1) + "\n")
        if settings.once:
            return
        _, surface, inspection = _ids(settings)
        console.print(f"[bold]Open {address}/?surface={surface}&inspection={inspection}", soft_wrap=True)
        console.print("The server runs until you press Ctrl-C.")
        processes.stay(process, folder / "server.log")


def measure(settings: DemoSettings, folder: Path, address: str, console: Console) -> Result:
    """Render, scan and compare with the truth. The server at `address` is running."""
    begin = time.monotonic()
    console.print(f"The server answers at {address}; everything lies in {folder}", soft_wrap=True)
    console.print(
        f"Rendering a wall of {settings.width_m:g} × {settings.height_m:g} m with known cracks (seed {settings.seed}) …"
    )
    stage = set_stage(settings.seed, settings.width_m, settings.height_m)
    photographs = folder / "photographs"
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task("Photographing it along a lawn-mower path", total=len(stage.path))
        photograph(stage, photographs, settings.seed, lambda done, _all: bar.update(task, completed=done))
    rendered = time.monotonic()
    console.print(f"{len(stage.path)} photographs of {len(stage.wall.cracks)} cracks. Scanning them as a robot would:")
    processes.run(_scan_arguments(settings, folder, address), folder)
    scanned = time.monotonic()
    _, surface, inspection = _ids(settings)
    with Answers(address, surface, inspection) as answers:
        return _compare(
            settings, stage, answers, Seconds(rendered - begin, scanned - rendered, time.monotonic() - begin)
        )


def _scan_arguments(settings: DemoSettings, folder: Path, address: str) -> list[str]:
    photographs = folder / "photographs"
    arguments = ["scan", str(photographs), "--server", address, "--outbox", str(folder / "outbox.sqlite")]
    arguments += ["--poses", str(photographs / "poses.jsonl"), "--camera", str(photographs / "camera.yaml")]
    arguments += ["--target-width-mm", str(TARGET_WIDTH_MM)]
    return [*arguments, "--structure", STRUCTURE, "--surface", SURFACE, "--inspection", settings.inspection]


def _compare(settings: DemoSettings, stage: Stage, answers: Answers, seconds: Seconds) -> Result:
    detections, frames, analysis, coverage = (
        answers.detections(),
        answers.frames(),
        answers.analysis(),
        answers.coverage(),
    )
    true_poses = [pose.true for pose in stage.path]
    by_name = dict(zip(stage.names, true_poses, strict=True))
    by_frame = {frame.frame_id: by_name[frame.label] for frame in frames}
    cracks, camera = stage.wall.cracks, stage.camera
    false_tiles, false_clusters = figures.false_detections(cracks, detections)
    grid = TileGrid(camera.width_px, camera.height_px, analysis.tile_px, analysis.stride_px)
    return Result(
        seed=settings.seed,
        analysis=analysis,
        photographs=len(frames),
        placed=coverage.frames_placed,
        tiles=grid.rows * grid.columns * len(frames),
        detections=len(detections),
        cracks=figures.crack_figures(cracks, detections, camera, true_poses),
        false_tiles=false_tiles,
        false_clusters=false_clusters,
        position=figures.position_figures(
            detections, camera, [by_frame[detection.frame_id] for detection in detections]
        ),
        area_m2=coverage.area_m2,
        true_area_m2=figures.photographed_m2(camera, true_poses),
        seconds=seconds,
    )


def _ids(settings: DemoSettings) -> tuple[UUID, UUID, UUID]:
    structure = ids.structure_id(STRUCTURE)
    return structure, ids.surface_id(structure, SURFACE), ids.inspection_id(structure, settings.inspection)


@contextmanager
def _workplace(folder: Path | None) -> Iterator[Path]:
    """The folder to keep, new or empty, or a temporary one that is gone afterwards."""
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="crackmap-demo-", ignore_cleanup_errors=True) as made:
            yield Path(made)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        filled = any(folder.iterdir())
    except OSError as error:
        raise StorageError(f"--folder {folder}: cannot be made ({error.strerror}); name another one.") from error
    if filled:
        raise SettingError(f"--folder {folder}: is not empty; name a new folder.")
    yield folder.absolute()


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"--json {file}: cannot be written ({error.strerror}).") from error
