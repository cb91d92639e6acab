"""`crackmap robot check`: tries all that `crackmap robot run` needs, before the robot is out of reach."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, perf_counter, sleep

import httpx2
import numpy as np
import numpy.typing as npt

from crackmap.checks import Checked
from crackmap.errors import CrackmapError, SettingError
from crackmap.messages import NoPose, Placement, Pose
from crackmap.tile_grid import TileGrid
from crackmap_robot.cameras.camera import Photo, Quiet
from crackmap_robot.cameras.folder import open_folder
from crackmap_robot.cameras.grabbed import Poses, Still
from crackmap_robot.cameras.live import LiveCamera
from crackmap_robot.cameras.photograph import decode
from crackmap_robot.cameras.recorder import CLOCK_SET
from crackmap_robot.daemon.light import Light
from crackmap_robot.daemon.pose_stream import listen, mount_of
from crackmap_robot.daemon.proof import DaysProof
from crackmap_robot.daemon.recording import POSE_PATIENCE_S
from crackmap_robot.daemon.settings import RobotSettings
from crackmap_robot.daemon.signals import Signal
from crackmap_robot.dense import open_classifier
from crackmap_robot.outbox import Outbox
from crackmap_robot.outbox.file import locked
from crackmap_robot.placing import by_book
from crackmap_robot.poses.book import PoseBook
from crackmap_robot.poses.file import Missing
from crackmap_robot.poses.track import PoseTrack
from crackmap_robot.quality.visible import narrowest, visible_widths
from crackmap_robot.reports import out_of_range
from crackmap_robot.scan_run import scan_of, scanner_for

TILES_PER_SIDE = 5
BLINKS_S = 1.5
NOW, POLL_S = "now", 0.05
PATIENCE_S = 30.0
"""What a camera may take to give its first frame, a simulated one to paint its wall."""
COMMITS = 5
SYNCHRONISED = Path("/run/systemd/timesync")
"""systemd-timesyncd puts a file `synchronized` there once it has asked a time server."""


def check(settings: RobotSettings) -> Iterator[Checked]:
    """Each check by itself: what one finds stops none of the others."""
    for subject, look in (
        ("model", _model),
        ("source", _source),
        ("proof", _proof),
        ("outbox", _outbox),
        ("disk", _disk),
        ("clock", _clock),
        ("server", _server),
    ):
        yield _tried(subject, look, settings)
    if settings.light.wanted:
        yield _tried("light", _light, settings)


Look = Callable[[RobotSettings], tuple[bool | None, str]]


def _tried(subject: str, look: Look, settings: RobotSettings) -> Checked:
    try:
        return Checked(subject, *look(settings))
    except CrackmapError as error:
        return Checked(subject, False, str(error))


def _model(settings: RobotSettings) -> tuple[bool, str]:
    model = settings.model
    with open_classifier(model.file, model.threads, model.runtime, overlap=model.overlap) as classifier:
        tile_px, stride_px = classifier.manifest.tile_px, settings.scan_settings().stride(classifier.manifest)
        side_px = tile_px + (TILES_PER_SIDE - 1) * stride_px
        grid = TileGrid(side_px, side_px, tile_px, stride_px)
        frame = np.random.default_rng(0).integers(0, 256, (side_px, side_px, 3), np.uint8)
        classifier.score(frame, grid)
        began_s = perf_counter()
        classifier.score(frame, grid)
        ms = 1000 * (perf_counter() - began_s) / TILES_PER_SIDE**2
        scale = classifier.manifest.mm_per_px
        said = f"{classifier.manifest.name}: {ms:.2f} ms a tile, threads {model.threads}, made for "
        return True, f"{said}{scale.low:g} to {scale.high:g} mm per pixel"


def _source(settings: RobotSettings) -> tuple[bool, str]:
    with ExitStack() as opened:
        classifier = opened.enter_context(
            open_classifier(settings.model.file, 1, settings.model.runtime, overlap=settings.model.overlap)
        )
        now = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        placing = None
        if not settings.records:
            scanner = scanner_for(settings.scan_settings(), classifier)
            if settings.folder.is_dir() and not any(settings.folder.iterdir()):
                return True, f"{settings.folder}: is empty; photographs are scanned as they arrive"
            folder = open_folder(settings.folder)
        else:
            listener = None
            if settings.camera.pose_stream is not None:
                listener = opened.enter_context(listen(settings.camera))
            camera = LiveCamera(replace(settings.grab, replay_speed=0.0), settings.live.stale_s, _Patience().over)
            stills = opened.enter_context(closing(camera.stills()))  # a simulated one tells poses while it is open
            still = _one_frame(settings, stills, listener)
            if isinstance(still, str):
                return False, still
            name = f"{NOW}{still.ending}"
            (now / name).write_bytes(still.content)
            if listener is not None and settings.camera.calibration is not None:
                book = PoseBook(now)
                book.write(name, Missing(still.no_pose) if still.no_pose else _pose(listener, still.taken_unix_s))
                placing = by_book(
                    scan_of(settings.scan_settings()),
                    book,
                    listener.name,
                    settings.camera.calibration,
                    flatness_mm=settings.scan.flatness_mm,
                    mount=mount_of(settings.camera),
                )
            scanner = scanner_for(settings.scan_settings(), classifier, placing)
            folder = open_folder(now)
        first = next(folder.frames())
        if not isinstance(first, Photo):
            return False, str(first.error)
        name = settings.camera.source if settings.records else f"{len(folder.photographs)} photographs; {first.label}"
        said = f"{name}: {first.image.width_px} × {first.image.height_px} px"
        pixels, grid = decode(first.content, first.image, first.label), scanner.headers.grid(first)
        placement = scanner.placing.placement(first, grid, pixels)
        if isinstance(placement, NoPose):
            return False, f"{said}, no place on the surface: {placement.cause}"
        said = f"{said}, {placement.mm_per_px:.3g} mm per pixel"
        scale = classifier.manifest.mm_per_px
        if out_of_range(placement, scale):
            way = "farther away" if placement.mm_per_px < scale.low else "nearer"
            return False, f"{said}; the model was made for {scale.low:g} to {scale.high:g}: go {way}"
        if unknown := scanner.placing.unknown_errors:
            said = f"{said}, position error without that of {' and '.join(unknown)}"
        return _sharp_enough(said, visible_widths(pixels, grid, scanner.visible), placement, grid, settings)


def _sharp_enough(
    said: str, widths: npt.NDArray[np.uint8] | None, placement: Placement, grid: TileGrid, settings: RobotSettings
) -> tuple[bool, str]:
    """Whether half of the picture would show a crack of the target width."""
    if widths is None:
        return True, said
    found, target_mm = narrowest(placement, widths.tobytes(), grid.tile_px), settings.scan.target_width_mm
    if found is None:
        return True, f"{said}; too smooth to tell whether it is sharp"
    said = f"{said}, shows cracks from {found.seen_mm:.2g} mm on"
    if target_mm is None or found.seen_mm <= target_mm:
        return True, said
    oblique = found.square_mm <= target_mm
    advice = "turn the camera square to the surface" if oblique else "focus, go nearer, or light it better"
    return False, f"{said}, not of scan.target_width_mm {target_mm:g}: {advice}"


class _Patience:
    """With a camera's first frame."""

    def __init__(self) -> None:
        self._end_s = monotonic() + PATIENCE_S

    def over(self, seconds: float) -> bool:
        """Whether it will be after so many seconds."""
        return monotonic() + seconds > self._end_s


def _one_frame(
    settings: RobotSettings, stills: Iterator[Still | Poses | Quiet], track: PoseTrack | None
) -> Still | str:
    """What the camera sees now, or why there is nothing. Poses that come with it go to the track."""
    for item in stills:
        match item:
            case Still():
                return item
            case Poses() if track is not None:
                track.take(item.content)
            case Quiet() if item.why:
                return item.why
    return f"{settings.camera.source}: gives no frame in {PATIENCE_S:g} s"


def _pose(listener: PoseTrack, time_s: float) -> Pose | Missing:
    """The pose at that time, or why there is none."""
    end_s = monotonic() + POSE_PATIENCE_S
    while monotonic() < end_s:
        pose = listener.at(time_s, 0.0)
        if pose is not None:
            return pose
        sleep(POLL_S)
    return Missing(f"{listener.name}: no pose came in {POSE_PATIENCE_S:g} s")


def _proof(settings: RobotSettings) -> tuple[bool | None, str]:
    found = DaysProof(settings).now()
    return found.stands, found.said


def _light(settings: RobotSettings) -> tuple[bool, str]:
    with Light(settings.light, lambda: Signal.LOOK):
        sleep(BLINKS_S)
    return True, "blinked three times: look whether it did"


def _outbox(settings: RobotSettings) -> tuple[bool, str]:
    path = settings.keep.outbox
    with locked(path), Outbox(path) as outbox, tempfile.TemporaryFile(dir=path.parent) as file:
        waiting = outbox.waiting()
        began_s = perf_counter()
        for _ in range(COMMITS):
            file.write(b"crackmap")
            file.flush()
            os.fsync(file.fileno())
        ms = 1000 * (perf_counter() - began_s) / COMMITS
        return True, f"{path}: {waiting} reports and pictures wait; the disk takes {ms:.1f} ms to keep something"


def _disk(settings: RobotSettings) -> tuple[bool, str]:
    folder, least_mb = settings.keep.outbox.parent, settings.keep.least_free_mb
    with suppress(OSError):
        free_mb = shutil.disk_usage(folder).free // 1_000_000
        said = f"{folder}: {free_mb:,} MB free, keep.least_free_mb is {least_mb:,}"
        return free_mb >= least_mb, said if free_mb >= least_mb else f"{said}. Free space there"
    return False, f"{folder}: cannot be read"


def _clock(settings: RobotSettings) -> tuple[bool, str]:  # noqa: ARG001 - every check is given them
    now = datetime.now(UTC)
    said = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now < CLOCK_SET:
        return False, f"{said}: was never set. Connect to a network with a time server, or fit a clock"
    if SYNCHRONISED.is_dir() and not (SYNCHRONISED / "synchronized").exists():
        return False, f"{said}: no time server has answered since the start. Connect to a network for a minute"
    return True, said


def _server(settings: RobotSettings) -> tuple[bool, str]:
    server = settings.keep.server
    if server is None:
        return True, "none given: all stays in the outbox until `crackmap robot outbox upload`"
    began_s = perf_counter()
    try:
        with settings.access.client(5.0) as client:
            answer = client.get(f"{server}v1/log", headers=settings.access.headers())
    except SettingError as error:
        return False, f"{server}: {error}"
    except httpx2.HTTPError as error:
        return (
            False,
            f"{server}: does not answer ({str(error) or type(error).__name__}). What is found waits in the outbox",
        )
    ms = 1000 * (perf_counter() - began_s)
    if answer.status_code == httpx2.codes.UNAUTHORIZED:
        return False, f"{server}: does not know this robot's key. Give keep.key_file what `key add` printed"
    if answer.status_code != httpx2.codes.OK:
        return False, f"{server}: answers {answer.status_code} {answer.reason_phrase}. Is the address right?"
    return True, f"{server}: answers in {ms:.0f} ms"
