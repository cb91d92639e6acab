"""One worker: takes frames from a server, scores them again, gives the scores back, until nothing waits.

Any number of them may run at once, anywhere. One that dies costs nothing but its frames' lease: another gets them.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic
from types import TracebackType
from typing import Self, TypeVar

from crackmap.errors import InputError
from crackmap.failpoints import failpoint
from crackmap.manifest import Range
from crackmap.messages import Flag, NoPose
from crackmap.messages.registry import Claim, FrameToScore, NewScores
from crackmap.tile_grid import TileGrid
from crackmap_robot.cameras.photograph import decode
from crackmap_robot.classifier import Classifier
from crackmap_robot.projection import place
from crackmap_robot.quality.visible import visible_widths
from crackmap_robot.registry.client import Refusal, RegistryAway, RegistryClient
from crackmap_robot.registry.kept_models import write_model
from crackmap_robot.reports import score_map
from crackmap_robot.runtimes import Runtime
from crackmap_robot.scan import score_tiles
from crackmap_robot.server_answers import wait_s

MOST_FAILURES = 10
"""In a row, with longer and longer waits: a server may be away for about two minutes."""
LOOK_AGAIN_S = 2.0
"""When only other workers have frames: one of them may not come back."""
FRAMES_AT_ONCE = 4
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Worker:
    """How to score."""

    name: str
    threads: int
    runtime: Runtime
    say: Callable[[str], None]


@dataclass
class Worked:
    """What one worker did."""

    frames: int = 0
    failed: int = 0
    tiles: int = 0
    elapsed_s: float = 0.0
    rescores: list[int] = field(default_factory=list)

    @property
    def tiles_per_s(self) -> float:
        return self.tiles / self.elapsed_s if self.elapsed_s else 0.0


def work(client: RegistryClient, worker: Worker, only: int | None, stop: Event) -> Worked:
    """Score until nothing waits and no other worker has frames, or `stop` is set.

    Raises RegistryAway when the server stays away, InputError for a model that cannot be used here.
    """
    with _Shift(client, worker, stop) as shift:
        shift.work(only)
        return shift.done


class _Shift:
    """One worker's time at one server. A context manager."""

    def __init__(self, client: RegistryClient, worker: Worker, stop: Event) -> None:
        self._client, self._worker, self._stop = client, worker, stop
        self._folder = tempfile.TemporaryDirectory(prefix="crackmap-models-")
        self._classifier: tuple[str, Classifier] | None = None
        self._began_s = monotonic()
        self.done = Worked()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._put_away()
        self._folder.cleanup()

    def work(self, only: int | None) -> None:
        """See `work`."""
        asked = Claim(worker=self._worker.name, most=FRAMES_AT_ONCE)
        while not self._stop.is_set():
            claimed = self._patiently(lambda: self._client.claim(asked, only))
            if claimed is None or (not claimed.frames and not claimed.with_others):
                return
            if claimed.rescore is None or claimed.model_sha256 is None:
                self._stop.wait(LOOK_AGAIN_S)
                continue
            if claimed.rescore not in self.done.rescores:
                self.done.rescores.append(claimed.rescore)
            failpoint("rescore.after_claim")
            classifier = self._model(claimed.model_sha256)
            if classifier is not None:
                for frame in claimed.frames:
                    self._frame(classifier, claimed.rescore, frame)
                self._say(claimed.rescore)

    def _frame(self, classifier: Classifier, rescore: int, frame: FrameToScore) -> None:
        new = self._scored(classifier, frame)
        if new is None:
            return
        failpoint("rescore.before_deliver")
        self._patiently(lambda: self._client.deliver(rescore, new))
        failpoint("rescore.after_deliver")
        if new.score_map is None:
            self.done.failed += 1
            self._worker.say(f"{frame.label}: {new.failed}")
            return
        self.done.frames += 1
        self.done.tiles += len(new.score_map.scores)
        self.done.elapsed_s = monotonic() - self._began_s

    def _scored(self, classifier: Classifier, frame: FrameToScore) -> NewScores | None:
        """A frame's new scores, or why there are none; None when it is time to stop."""
        try:
            content = self._patiently(lambda: self._client.picture(frame.image.sha256))
            return None if content is None else rescored(classifier, frame, content)
        except (InputError, Refusal) as error:
            return NewScores(frame_id=frame.frame_id, failed=str(error)[:1000])

    def _model(self, sha256: str) -> Classifier | None:
        """The classifier of a registered model, fetched once; None when it is time to stop."""
        if self._classifier is not None and self._classifier[0] == sha256:
            return self._classifier[1]
        self._put_away()
        manifest = self._patiently(lambda: self._client.manifest(sha256))
        content = self._patiently(lambda: self._client.file(sha256))
        if manifest is None or content is None:
            return None
        path = write_model(Path(self._folder.name), sha256, manifest, content)
        classifier = Classifier(path, self._worker.threads, self._worker.runtime)
        self._classifier = sha256, classifier
        return classifier

    def _put_away(self) -> None:
        if self._classifier is not None:
            self._classifier[1].__exit__(None, None, None)
            self._classifier = None

    def _patiently(self, call: Callable[[], Answer]) -> Answer | None:
        """The call's answer; a server that is away is asked again a few times. None when it is time to stop."""
        failures = 0
        while not self._stop.is_set():
            try:
                return call()
            except RegistryAway as away:
                failures += 1
                if failures == MOST_FAILURES:
                    raise
                self._stop.wait(wait_s(failures, away.retry_after_s))
        return None

    def _say(self, rescore: int) -> None:
        shown = self._patiently(lambda: self._client.progress(rescore))
        if shown is not None:
            frames = shown["frames"]
            left = frames["waiting"] + frames["taken"]
            self._worker.say(
                f"re-scoring {rescore}: {frames['done']} of {frames['total']} frames done, {left} left "
                f"({self.done.frames} by this worker, {self.done.tiles_per_s:,.0f} tiles/s)"
            )


def rescored(classifier: Classifier, frame: FrameToScore, content: bytes) -> NewScores:
    """The same stages as in a scan. Raises InputError for a picture or a pose that cannot be used."""
    manifest = classifier.manifest
    image = frame.image
    grid = TileGrid(image.width_px, image.height_px, frame.tile_px, frame.stride_px)
    pixels = decode(content, image, frame.label)
    scored, blind = score_tiles(classifier.score, pixels, grid)
    tiles = None
    if frame.view is not None:
        view = frame.view
        placement = place(view.camera, view.pose, grid, view.pose_solution_id, view.surface)
        if isinstance(placement, NoPose):
            raise InputError(f"{frame.label}: {placement.cause}")
        tiles = placement.tiles
    return NewScores(
        frame_id=frame.frame_id,
        score_map=score_map(grid, scored, blind, visible_widths(pixels, grid, manifest.visible_width)),
        flags=_flags(frame.mm_per_px, manifest.mm_per_px),
        tiles=tiles,
    )


def _flags(mm_per_px: float | None, scale: Range) -> tuple[Flag, ...]:
    out = mm_per_px is not None and not scale.low <= mm_per_px <= scale.high
    return (Flag.OUT_OF_RANGE,) if out else ()
