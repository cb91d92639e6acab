"""`crackmap robot outbox show` and `upload`."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from crackmap.errors import SettingError
from crackmap_robot.access import Access, checked_address
from crackmap_robot.interrupts import stop_on_signal
from crackmap_robot.outbox import Outbox
from crackmap_robot.outbox.file import locked, refuse_missing
from crackmap_robot.progress import UploadProgress
from crackmap_robot.uplink import Sent, Uplink
from crackmap_robot.upload import drain


def show(path: Path) -> Iterator[str]:
    """What is in the outbox, a line each. Raises InputError when there is none."""
    refuse_missing(path)
    with Outbox(path) as outbox:
        yield f"outbox {path}"
        for scan, waiting, stored, refused in outbox.scans():
            yield f"{scan.structure} · {scan.surface.name} · {scan.inspection.name}"
            yield f"    reports   {waiting:,} waiting, {stored:,} stored, {refused:,} refused"
        counts = outbox.counts()
        yield (
            f"pictures      {counts.pictures_waiting:,} waiting, "
            f"{counts.pictures_stored:,} stored, {counts.pictures_refused:,} refused"
        )
        for server, words, count in outbox.kept_out():
            yield f"kept out {count:,} that wait, by {server}: {words}"
        for refusal in outbox.refusals():
            yield f"refused {refusal.kind} {refusal.label}, by {refusal.server}: {refusal.words}"


def upload(
    path: Path, server: str | None, access: Access, *, again: bool, everything: bool
) -> Iterator[tuple[str, int]]:
    """Send what waits; yields lines for people, each with the exit code so far.

    Raises SettingError without a server, InputError without an outbox, ServerUnavailable when the server is away.
    """
    if server is None:
        raise SettingError("where to? Give the server's address with --server http://host:8321 or CRACKMAP_SERVER.")
    address = checked_address(server)
    refuse_missing(path)
    with ExitStack() as opened:
        opened.enter_context(locked(path))
        outbox = opened.enter_context(Outbox(path))
        stop = opened.enter_context(stop_on_signal())
        if again or everything:
            yield f"{outbox.offer_again(stored=everything):,} reports and pictures are offered again", 0
        uplink = opened.enter_context(Uplink(outbox, address, access))
        with UploadProgress(outbox.counts(address).waiting, address) as progress:

            def sent(step: Sent) -> None:
                progress.sent(step.reports + step.pictures)

            drain(uplink, stop, sent)
        counts = outbox.counts(address)
    if stop.is_set():
        yield f"Stopped. {counts.waiting:,} reports and pictures still wait; the same command goes on.", 130
        return
    yield f"on server     {counts.reports_stored:,} reports and {counts.pictures_stored:,} pictures, {address}", 0
    yield f"waiting       {counts.reports_waiting:,} reports and {counts.pictures_waiting:,} pictures", 0
    if counts.refused:
        yield f"refused       {counts.refused:,}; `crackmap robot outbox show` says why, --again offers them again", 2
