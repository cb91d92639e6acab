"""One `crackmap robot run`: the stages of a scan over a source that never ends, until SIGTERM.

Everything that counts is in the outbox before the next frame, so it may be killed at any moment: started again, it
goes through the source once more and takes up what is not there yet.
"""

import logging
import shutil
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from crackmap import scores
from crackmap.messages import Flag, NoPose
from crackmap_robot.cameras.camera import Quiet, Refused
from crackmap_robot.cameras.seen import Seen, seen_path
from crackmap_robot.cameras.watched_folder import WatchedFolder
from crackmap_robot.daemon.condition import Condition
from crackmap_robot.daemon.light import Light
from crackmap_robot.daemon.notifier import Notifier
from crackmap_robot.daemon.on_site import OnSite
from crackmap_robot.daemon.pipeline import Pipeline
from crackmap_robot.daemon.pose_stream import listen, mount_of
from crackmap_robot.daemon.proof import DaysProof
from crackmap_robot.daemon.recording import Recording
from crackmap_robot.daemon.settings import KeepSection, RobotSettings
from crackmap_robot.daemon.signals import said
from crackmap_robot.daemon.status import Status
from crackmap_robot.daemon.turns import Turns
from crackmap_robot.headers import Headers
from crackmap_robot.interrupts import stop_on_signal
from crackmap_robot.outbox import Outbox
from crackmap_robot.outbox.file import locked
from crackmap_robot.placing import by_book
from crackmap_robot.poses.book import PoseBook
from crackmap_robot.registry.followed import Followed
from crackmap_robot.reports import detections
from crackmap_robot.scan import Known, Scanner, Scored
from crackmap_robot.scan_run import scan_of
from crackmap_robot.upload import BackgroundUpload

UPLINK_PATIENCE_S = 3.0
"""What a request may still take when the daemon stops; systemd waits longer."""
ROOM_EVERY_S = 1.0

_log = logging.getLogger(__name__)


def run_daemon(settings: RobotSettings) -> Condition:
    """Scan until SIGTERM or Ctrl-C. Raises a CrackmapError for what no waiting can mend.

    A source or a server that is away, refused photographs and a full disk are logged and waited for.
    """
    keep, scan_settings = settings.keep, settings.scan_settings()
    condition, notifier = Condition(settings.camera.source, keep.server), Notifier()
    followed = Followed(settings.models_folder) if settings.model.pinned else None
    with ExitStack() as opened:
        opened.enter_context(locked(keep.outbox))
        models = opened.enter_context(Turns(settings, followed, condition))
        poses, placing, readout_s = None, None, None
        if settings.camera.pose_stream is not None and settings.camera.calibration is not None:
            listener = opened.enter_context(listen(settings.camera))
            poses = listener, PoseBook(settings.live.recordings, comes_again=settings.replays)
            placing = by_book(
                scan_of(scan_settings),
                poses[1],
                listener.name,
                settings.camera.calibration,
                flatness_mm=scan_settings.flatness_mm,
                mount=mount_of(settings.camera),
            )
            readout_s = placing.scene.readout_s
        scanner, proof = models.first(placing), DaysProof(settings)
        proof.look(condition)
        outbox = opened.enter_context(Outbox(keep.outbox))
        stop = opened.enter_context(stop_on_signal())
        on_site = OnSite(scanner.scale, settings.scan.target_width_mm, scanner.headers.analysis.tile_px)
        status = opened.enter_context(Status(settings.status, condition, on_site, keep.outbox))
        uplink = None
        if keep.server is not None:
            uplink = opened.enter_context(
                BackgroundUpload(keep.outbox, keep.server, settings.access, patience_s=UPLINK_PATIENCE_S)
            )
        if settings.light.wanted:
            opened.enter_context(Light(settings.light, lambda: said(condition, on_site, keep.outbox).signal))
        if settings.records:
            opened.enter_context(Recording(settings, condition, stop, poses, readout_s))
        models.follow(opened)
        extra = {"source": settings.camera.source, "status": status.address, "server": keep.server}
        _log.info("started", extra=extra | {"model": condition.model, "proof": condition.proof.said})
        notifier.ready()
        turn = _Turn(keep, condition, notifier, on_site, outbox, uplink, proof, stop)
        while turn.scan(models.scanner, settings.folder, models):
            scanner = models.change()
            on_site.scale, on_site.tile_px = scanner.scale, scanner.headers.analysis.tile_px
        notifier.stopping()
        proof.look(condition)
        counts = {"frames": condition.frames_new, "waiting": outbox.waiting()}
        _log.info("stopping", extra=counts | {"proof": condition.proof.said})
    return condition


@dataclass(frozen=True)
class _Turn:
    """What the frames of one model pass through."""

    keep: KeepSection
    condition: Condition
    notifier: Notifier
    on_site: OnSite
    outbox: Outbox
    uplink: BackgroundUpload | None
    proof: DaysProof
    stop: Event

    def scan(self, scanner: Scanner, folder: Path, models: Turns) -> bool:
        """Go through the folder until there is another model (True), or it is time to stop."""
        condition, headers = self.condition, scanner.headers
        lowest = scores.byte_at_least(headers.analysis.threshold)
        known = self.outbox.keys(headers)
        pipeline = Pipeline(scanner, self.keep.outbox, known)
        with (
            Seen(seen_path(self.keep.outbox), lambda photo: headers.key(photo) in known) as seen,
            closing(pipeline.results(WatchedFolder(folder, self.stop.wait, seen=seen).frames())) as results,
        ):
            for result in results:
                if not _room(self.keep, condition, self.notifier, self.stop):
                    return False
                _settle(result, headers, self.outbox, lowest, condition)
                if isinstance(result, Scored | Known):
                    self.on_site.frame(result.report)
                if isinstance(result, Scored):
                    pipeline.kept(headers.key(result.photo))
                    if self.uplink is not None:
                        self.uplink.wake()
                if self.uplink is not None:
                    self.uplink.check()
                    condition.tell("server_trouble", "" if self.uplink.away is None else str(self.uplink.away.error))
                self.proof.look(condition)
                condition.step()
                self.notifier.alive(condition.sentence)
                if self.stop.is_set():
                    return False
                if models.ready:
                    return True
        return False


def _settle(
    result: Scored | Known | Refused | Quiet, headers: Headers, outbox: Outbox, lowest: int, condition: Condition
) -> None:
    """Keep what is to be kept, and write down what became of it."""
    if isinstance(result, Quiet):
        condition.quiet_for_s = result.for_s
        condition.tell("folder_trouble", result.why)
        return
    condition.frame()
    if isinstance(result, Refused):
        condition.frames_refused += 1
        _log.warning("refused", extra={"frame": result.label, "why": str(result.error)})
        return
    report, label = result.report, result.photo.label
    if isinstance(result, Known):
        outbox.found(result.photo.image.sha256, result.photo.path)
        condition.frames_known += 1
        return
    outbox.add(headers, headers.key(result.photo), report, result.pictures)
    condition.frames_new += 1
    condition.frames_without_place += isinstance(report.placement, NoPose)
    condition.frames_out_of_range += Flag.OUT_OF_RANGE in report.flags
    condition.tiles += len(report.score_map.scores)
    condition.tiles_unscored += sum(len(group.tiles) for group in report.score_map.unscored)
    found = detections(report, lowest)
    condition.detections += found
    extra = {"frame": label, "tiles": len(report.score_map.scores), "detections": found}
    if isinstance(report.placement, NoPose):
        extra["no_place"] = report.placement.cause
    _log.info("kept", extra=extra)


def _room(settings: KeepSection, condition: Condition, notifier: Notifier, stop: Event) -> bool:
    """Waits until the outbox has room: a full disk costs a wait, not a frame. False when it is time to stop."""
    folder, least_bytes = settings.outbox.parent, settings.least_free_mb * 1_000_000
    while (free_bytes := shutil.disk_usage(folder).free) < least_bytes:
        why = f"{folder}: {free_bytes // 1_000_000} MB free, keep.least_free_mb is {settings.least_free_mb}"
        condition.tell("disk_trouble", f"{why}. Free space there: scanning goes on by itself")
        condition.step()
        notifier.alive(condition.sentence)
        if stop.wait(ROOM_EVERY_S):
            return False
    condition.tell("disk_trouble", "")
    low = free_bytes < 2 * least_bytes
    if low and not condition.disk_low:
        _log.warning("disk low", extra={"folder": str(folder), "free_mb": free_bytes // 1_000_000})
    condition.disk_low = low
    return True
