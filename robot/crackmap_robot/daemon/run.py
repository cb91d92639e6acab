"""One `crackmap robot run`: the stages of a scan over a source that never ends, until SIGTERM.

Everything that counts is in the outbox before the next frame, so it may be killed at any moment: started again, it
goes through the source once more and takes up what is not there yet.
"""

import logging
import shutil
from contextlib import ExitStack
from threading import Event

from crackmap import scores
from crackmap.messages import Flag, NoPose
from crackmap_robot.cameras.camera import Quiet, Refused
from crackmap_robot.cameras.watched_folder import WatchedFolder
from crackmap_robot.daemon.condition import Condition
from crackmap_robot.daemon.notifier import Notifier
from crackmap_robot.daemon.on_site import OnSite
from crackmap_robot.daemon.pipeline import Pipeline
from crackmap_robot.daemon.pose_stream import listen
from crackmap_robot.daemon.recording import Recording
from crackmap_robot.daemon.settings import KeepSection, RobotSettings
from crackmap_robot.daemon.status import Status
from crackmap_robot.dense import open_classifier
from crackmap_robot.headers import Headers
from crackmap_robot.interrupts import stop_on_signal
from crackmap_robot.outbox import Outbox
from crackmap_robot.outbox_file import locked
from crackmap_robot.placing import by_book
from crackmap_robot.poses.book import PoseBook
from crackmap_robot.reports import detections
from crackmap_robot.scan import Known, Scored
from crackmap_robot.scan_run import scan_of, scanner_for
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
    with ExitStack() as opened:
        classifier = opened.enter_context(
            open_classifier(
                settings.model.file, settings.model.threads, settings.model.runtime, overlap=settings.model.overlap
            )
        )
        poses, placing = None, None
        if settings.camera.pose_stream is not None and settings.camera.calibration is not None:
            listener = opened.enter_context(listen(settings.camera))
            poses = listener, PoseBook(settings.live.recordings)
            placing = by_book(scan_of(scan_settings), poses[1], listener.name, settings.camera.calibration)
        scanner = scanner_for(scan_settings, classifier, placing)
        opened.enter_context(locked(keep.outbox))
        outbox = opened.enter_context(Outbox(keep.outbox))
        stop = opened.enter_context(stop_on_signal())
        on_site = OnSite(scanner.scale, settings.scan.target_width_mm)
        status = opened.enter_context(Status(settings.status, condition, on_site, keep.outbox))
        uplink = None
        if keep.server is not None:
            uplink = opened.enter_context(BackgroundUpload(keep.outbox, keep.server, UPLINK_PATIENCE_S))
        if settings.records:
            opened.enter_context(Recording(settings, condition, stop, poses))
        _log.info("started", extra={"source": settings.camera.source, "status": status.address, "server": keep.server})
        notifier.ready()
        source = WatchedFolder(settings.folder, stop.wait)
        headers = scanner.headers
        lowest = scores.byte_at_least(headers.analysis.threshold)
        pipeline = Pipeline(scanner, keep.outbox)
        for result in pipeline.results(source.frames()):
            if not _room(keep, condition, notifier, stop):
                break
            _settle(result, headers, outbox, lowest, condition)
            if isinstance(result, Scored | Known):
                on_site.frame(result.report)
            if isinstance(result, Scored):
                pipeline.kept(headers.key(result.photo))
                if uplink is not None:
                    uplink.wake()
            if uplink is not None:
                uplink.check()
                condition.tell("server_trouble", "" if uplink.away is None else str(uplink.away.error))
            condition.step()
            notifier.alive(condition.sentence)
            if stop.is_set():
                break
        notifier.stopping()
        _log.info("stopping", extra={"frames": condition.frames_new, "waiting": outbox.waiting()})
    return condition


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
