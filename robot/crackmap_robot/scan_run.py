"""One `crackmap scan` from its settings to its summary: here the stages meet files, the outbox and the server."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from threading import Event

from crackmap import scores
from crackmap.errors import ServerUnavailable
from crackmap.manifest import read_manifest
from crackmap.messages import Flag, NoPose, Scan
from crackmap_robot import score_table
from crackmap_robot.access import Access, checked_address
from crackmap_robot.cameras.camera import Quiet, Refused
from crackmap_robot.cameras.folder import Folder, open_folder
from crackmap_robot.classifier import TileScorer
from crackmap_robot.dense import open_classifier
from crackmap_robot.headers import Headers, analysis, recording
from crackmap_robot.interrupts import stop_on_signal
from crackmap_robot.outbox import Outbox
from crackmap_robot.outbox.file import locked
from crackmap_robot.placing import ByPoses, ByScale, Placing, by_poses, by_tags, rows_without_photograph
from crackmap_robot.progress import ScanProgress, UploadProgress
from crackmap_robot.proving.standing import Setup, Standing, standing
from crackmap_robot.reports import detections
from crackmap_robot.scan import Known, Scanner, Scored
from crackmap_robot.settings import ScanSettings
from crackmap_robot.summary import Summary, Tally
from crackmap_robot.uplink import Sent, Uplink
from crackmap_robot.upload import BackgroundUpload, drain


def run_scan(settings: ScanSettings) -> Summary:
    """Scan, keep, upload. Raises a CrackmapError for what stops the whole run before its first frame or a full disk.

    Photographs that are refused and a server that is away do not stop it; they are in the summary.
    """
    server = None if settings.server is None else checked_address(settings.server)
    settings.access.headers()
    folder = open_folder(settings.source)
    with ExitStack() as opened:
        classifier = opened.enter_context(
            open_classifier(settings.model, settings.threads, settings.runtime, overlap=settings.overlap)
        )
        scanner = scanner_for(settings, classifier)
        opened.enter_context(locked(settings.outbox))
        outbox = opened.enter_context(Outbox(settings.outbox))
        stop = opened.enter_context(stop_on_signal())
        tally = Tally()
        with ScanProgress(len(folder.photographs)) as progress:
            _note_poses(scanner.placing, folder, progress)
            with ExitStack() as uploading:
                background = None
                if server is not None:
                    background = uploading.enter_context(BackgroundUpload(settings.outbox, server, settings.access))
                for label in _scan(scanner, folder, outbox, tally, progress):
                    if background:
                        background.wake()
                    if stop.is_set():
                        progress.note(f"stopping after {label}")
                        break
        unavailable = None if server is None or stop.is_set() else _drain(outbox, server, settings.access, stop)
        if settings.scores is not None:
            _write_scores(settings, scanner.headers, outbox, tally)
        return Summary(
            settings=settings,
            tally=tally,
            threshold=scanner.headers.analysis.threshold,
            unknown_errors=scanner.placing.unknown_errors,
            proofs=_proofs(settings, tally),
            left_out=folder.left_out,
            counts=outbox.counts(server),
            elapsed_s=progress.elapsed_s,
            tiles_per_s=progress.tiles_per_s,
            stopped=stop.is_set(),
            unavailable=unavailable,
        )


def _proofs(settings: ScanSettings, tally: Tally) -> tuple[Standing, ...]:
    """What is proved of each day of the photographs; of today where none knows its time."""
    if settings.proofs is None:
        return ()
    setup = Setup.of(read_manifest(settings.model)[0].sha256, settings.camera, settings.mm_per_px)
    days = sorted(tally.days) or [datetime.now().astimezone().date()]
    return tuple(standing(settings.proofs, day, setup) for day in days)


def scanner_for(settings: ScanSettings, classifier: TileScorer, placing: Placing | None = None) -> Scanner:
    """The stages that the settings ask for; with `placing` in place of what they say of places.

    Raises InputError for poses, tags or a camera file that cannot be used.
    """
    manifest = classifier.manifest
    scan = scan_of(settings)
    threshold = manifest.threshold if settings.threshold is None else settings.threshold
    placing = placing or _placing(settings, scan)
    headers = Headers(scan, analysis(scan, manifest, settings.stride(manifest), threshold), placing.pose_solution)
    return Scanner(headers, placing, settings.frames, classifier.score, manifest.mm_per_px, manifest.visible_width)


def scan_of(settings: ScanSettings) -> Scan:
    """The scan that the settings name."""
    return recording(settings.structure, settings.scanned_surface, settings.inspection, settings.target_width_mm)


def _placing(settings: ScanSettings, scan: Scan) -> Placing:
    if settings.poses is not None and settings.camera is not None:
        return by_poses(scan, settings.poses, settings.camera, settings.flatness_mm)
    if settings.tags is not None and settings.camera is not None:
        return by_tags(scan, settings.tags, settings.camera, settings.flatness_mm)
    assert settings.mm_per_px is not None, "ScanSettings asks for one of the three"
    return ByScale(settings.mm_per_px)


def _scan(scanner: Scanner, folder: Folder, outbox: Outbox, tally: Tally, progress: ScanProgress) -> Iterator[str]:
    """Run the stages and keep their reports; yields the label of each frame that is done."""
    headers = scanner.headers
    lowest = scores.byte_at_least(headers.analysis.threshold)
    warned = False
    for result in scanner.reports(folder.frames(), outbox.keys(headers), outbox.report):
        if isinstance(result, Quiet):
            continue  # only live sources are
        if isinstance(result, Refused):
            tally.refused.append(result)
            progress.passed(f"refused: {result.error}")
            yield result.label
            continue
        label, key = result.photo.label, headers.key(result.photo)
        if isinstance(result, Scored):
            outbox.add(headers, key, result.report, result.pictures)
        else:
            outbox.found(result.photo.image.sha256, result.photo.path)
        tally.count(label, key, result.report, lowest=lowest, tile_px=headers.analysis.tile_px)
        if Flag.OUT_OF_RANGE in result.report.flags and not warned:
            progress.note(_scale_warning(scanner, result))
            warned = True
        if isinstance(result, Known):
            tally.known += 1
            progress.passed(None)
        else:
            tally.new += 1
            progress.scored(
                label,
                len(result.report.score_map.scores),
                detections(result.report, lowest),
                outbox.waiting(),
            )
        yield label


def _scale_warning(scanner: Scanner, result: Scored | Known) -> str:
    placement = result.report.placement
    assert not isinstance(placement, NoPose), "a scale out of range is known"
    return (
        f"warning: {result.photo.label} has {placement.mm_per_px:.3g} mm per pixel; {scanner.headers.analysis.model} "
        f"was made for {scanner.scale.low:g} to {scanner.scale.high:g}. They are scored but marked out of range: "
        "do not rely on them."
    )


def _note_poses(placing: Placing, folder: Folder, progress: ScanProgress) -> None:
    if isinstance(placing, ByPoses) and len(folder.photographs) > 1:
        unused = rows_without_photograph(placing.poses, [path.name for path in folder.photographs])
        if unused:
            progress.note(
                f"note: {placing.poses.path.name} has poses for {len(unused)} photographs that are not here, "
                f"as {unused[0]}"
            )


def _drain(outbox: Outbox, server: str, access: Access, stop: Event) -> ServerUnavailable | None:
    waiting = outbox.counts(server)
    with Uplink(outbox, server, access) as uplink, UploadProgress(waiting.waiting, server) as progress:

        def sent(step: Sent) -> None:
            progress.sent(step.reports + step.pictures)

        try:
            drain(uplink, stop, sent)
        except ServerUnavailable as error:
            return error
    return None


def _write_scores(settings: ScanSettings, headers: Headers, outbox: Outbox, tally: Tally) -> None:
    assert settings.scores is not None
    tile_px, stride_px = headers.analysis.tile_px, headers.analysis.stride_px

    def table() -> Iterator[score_table.Row]:
        for label, key in tally.frames:
            report = outbox.report(key)
            assert report is not None, "it was kept in this run or before"
            yield from score_table.rows(label, report, tile_px, stride_px)

    score_table.write(settings.scores, table())
