"""What a scan did, for people."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from statistics import median

from crackmap.errors import ServerUnavailable
from crackmap.messages import Flag, NoPose, Report
from crackmap_robot.cameras.camera import Refused
from crackmap_robot.headers import Key
from crackmap_robot.outbox import Counts
from crackmap_robot.proving.standing import TO_DO, Standing
from crackmap_robot.quality.visible import narrowest
from crackmap_robot.reports import detections
from crackmap_robot.settings import ScanSettings, default_outbox

MOST_NAMES = 5


@dataclass
class Tally:
    """What a run has done so far."""

    new: int = 0
    known: int = 0
    tiles: int = 0
    detections: int = 0
    no_pose: int = 0
    out_of_range: int = 0
    unscored: int = 0
    narrowest_mm: list[float] = field(default_factory=list)
    """How narrow a crack each frame would show, of those that know."""
    square_mm: list[float] = field(default_factory=list)
    """The same, had the camera looked squarely."""
    refused: list[Refused] = field(default_factory=list)
    frames: list[tuple[str, Key]] = field(default_factory=list)
    """Label and key of each frame, for the table of scores."""
    days: set[date] = field(default_factory=set)
    """On which the frames were taken, by this machine's time zone, as far as they know their time."""

    def count(self, label: str, key: Key, report: Report, *, lowest: int, tile_px: int) -> None:
        self.frames.append((label, key))
        if (taken := report.frame.capture.captured_utc) is not None:
            self.days.add(taken.astimezone().date())
        self.tiles += len(report.score_map.scores)
        self.detections += detections(report, lowest)
        self.no_pose += isinstance(report.placement, NoPose)
        self.out_of_range += Flag.OUT_OF_RANGE in report.flags
        self.unscored += sum(len(group.tiles) for group in report.score_map.unscored)
        if (found := narrowest(report.placement, report.score_map.visible_widths, tile_px)) is not None:
            self.narrowest_mm.append(found.seen_mm)
            self.square_mm.append(found.square_mm)


@dataclass(frozen=True)
class Summary:
    """What a run did, for people and for the exit code."""

    settings: ScanSettings
    tally: Tally
    threshold: float
    unknown_errors: tuple[str, ...]
    proofs: tuple[Standing, ...]
    """One for each day of the photographs; none where nobody said where they are."""
    left_out: tuple[str, ...]
    counts: Counts
    elapsed_s: float
    tiles_per_s: float
    stopped: bool
    unavailable: ServerUnavailable | None

    @property
    def exit_code(self) -> int:
        """130 after Ctrl-C, 2 when something was refused or could not be sent, else 0."""
        if self.stopped:
            return 130
        return 2 if self.tally.refused or self.counts.refused or self.unavailable else 0

    def lines(self) -> Iterator[str]:
        """The summary, a line each."""
        tally, counts, server = self.tally, self.counts, self.settings.server
        before = f", {tally.known} of them scanned before" if tally.known else ""
        yield f"photographs  {tally.new + tally.known}{before}"
        yield f"tiles        {tally.tiles:,}"
        yield f"detections   {tally.detections:,} with a probability of {self.threshold:.2f} or more"
        for count, what in (
            (tally.unscored, "tiles without a score: black, burned out, or the model failed on them"),
            (
                tally.no_pose,
                "photographs without a place (no pose, or one that does not see the surface): not on the map",
            ),
            (tally.out_of_range, "photographs whose scale the model was not made for: marked out of range"),
        ):
            if count:
                yield f"             {count:,} {what}"
        if tally.narrowest_mm:
            yield f"visible      {self._visible()}"
        yield from self._proved()
        if self.unknown_errors:
            yield f"ellipses     without the error of {' and '.join(self.unknown_errors)}, which is not known"
        speed = f", {self.tiles_per_s:,.0f} tiles/s" if self.tiles_per_s else ""
        yield f"time         {self.elapsed_s:.1f} s{speed}"
        if self.left_out:
            names = ", ".join(self.left_out[:MOST_NAMES]) + (", …" if len(self.left_out) > MOST_NAMES else "")
            yield f"left out     {len(self.left_out)} files or sub-folders that are not photographs here: {names}"
        yield f"outbox       {self.settings.outbox}"
        if server is not None:
            yield f"on server    {counts.reports_stored:,} reports and {counts.pictures_stored:,} pictures, {server}"
        yield f"waiting      {counts.reports_waiting:,} reports and {counts.pictures_waiting:,} pictures"
        if server is None:
            yield f"No --server was given: all stays in the outbox. To send it: {self._upload('http://SERVER:8321')}"
        for refused in tally.refused:
            yield f"refused      {refused.error}"
        if counts.refused:
            yield f"{counts.refused} reports or pictures were not taken; why: {self._command('show')}"
        if self.stopped:
            yield "Stopped. What was scanned is kept; the same command goes on with the next photograph."
        if self.unavailable:
            yield f"To send what waits when the server is back: {self._upload(server or '')}"

    def _proved(self) -> Iterator[str]:
        """What cards show of the photographs' days."""
        said = [found.said for found in self.proofs] or [f"none is known: {TO_DO} and --proofs FOLDER"]
        yield from (f"proof        {one}" for one in said)

    def _visible(self) -> str:
        widths_mm, target_mm = self.tally.narrowest_mm, self.settings.target_width_mm
        said = f"cracks from about {median(widths_mm):.2g} mm on, by the sharpness and the angle of the photographs"
        if target_mm is None:
            return said
        hidden = sum(width > target_mm for width in widths_mm)
        oblique = hidden - sum(width > target_mm for width in self.tally.square_mm)
        why = f", {oblique:,} of them only because they are too oblique" if oblique else ""
        return f"{said}; {hidden:,} of {len(widths_mm):,} would not show one of {target_mm:g} mm{why}"

    def _upload(self, server: str) -> str:
        access = self.settings.access
        files = {"--key-file": access.key_file, "--ca-file": access.ca_file}
        more = "".join(f" {flag} {file}" for flag, file in files.items() if file is not None)
        return f"{self._command('upload')} --server {server}{more}"

    def _command(self, what: str) -> str:
        outbox = self.settings.outbox
        return f"crackmap robot outbox {what}" + ("" if outbox == default_outbox() else f" --outbox {outbox}")
