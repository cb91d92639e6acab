"""Frames in, reports out. Pure: what it reads and where its reports go is handed in.

photographs ─▶ decoded, one ahead in a thread ─▶ placed ─▶ keyframe or not ─▶ scored ─▶ report
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from crackmap import scores
from crackmap.errors import InputError
from crackmap.manifest import Range, VisibleWidth
from crackmap.messages import Placed, Placement, Reason, Report, Unplaced
from crackmap.tile_grid import TileGrid
from crackmap_robot.cameras.camera import Photo, Pixels, Quiet, Refused, Shot
from crackmap_robot.cameras.photograph import decode
from crackmap_robot.evidence import Frames, Picture, crops, whole_frame
from crackmap_robot.headers import Headers, Key
from crackmap_robot.keyframes import Cells, Keyframes, cell_side_m, cells_in
from crackmap_robot.placing import ByScale, Placing
from crackmap_robot.quality.blind import blind_tiles
from crackmap_robot.quality.visible import visible_widths
from crackmap_robot.reports import report

LONG_QUIET_S = 10.0
"""So long does a frame wait for the next one, which decides whether it is a keyframe."""

Score = Callable[[Pixels, TileGrid], npt.NDArray[np.uint8]]
Stored = Callable[[Key], Report | None]
Item = TypeVar("Item")


@dataclass(frozen=True)
class Known:
    """A frame whose report exists already; it was not decoded again."""

    photo: Photo
    report: Report


@dataclass(frozen=True)
class Scored:
    """A new report, and the pictures that go with it."""

    photo: Photo
    report: Report
    pictures: tuple[Picture, ...] = field(repr=False)


@dataclass(frozen=True)
class _Read:
    """A photograph and its pixels; None where its report exists already."""

    photo: Photo
    grid: TileGrid
    pixels: Pixels | None = field(repr=False)


@dataclass(frozen=True)
class _Ready:
    """A frame with its place, before it is scored."""

    read: _Read
    placement: Placement
    known: Report | None


@dataclass(frozen=True)
class Scanner:
    """The stages of one run over photographs."""

    headers: Headers
    placing: Placing
    frames: Frames
    score: Score
    scale: Range
    """Millimetres per pixel at which the model may be used."""
    visible: VisibleWidth | None = None
    """How narrow a crack the model finds."""

    def reports(
        self, photographs: Iterator[Shot], known: frozenset[Key], stored: Stored
    ) -> Iterator[Scored | Known | Refused | Quiet]:
        """One result for each photograph, in order (but a frame that waits for the next one may come after it).

        What a live source says of its own quiet passes through.

        `known` are the keys of the reports that exist already, `stored` gives a report that was made in an earlier run
        or by the consumer since: it must have kept each report before it asks for the next.
        """
        ready = (self._placed(item, stored) for item in one_ahead(self._read(photographs, known)))
        for item, keyframe in self._with_keyframes(ready):
            if not isinstance(item, _Ready):
                yield item
            elif item.known is not None:
                yield Known(item.read.photo, item.known)
            else:
                # A copy of a photograph of this very run was decoded for nothing; its report was made a moment ago.
                again = stored(self.headers.key(item.read.photo))
                yield self._scored(item, keyframe) if again is None else Known(item.read.photo, again)

    def _read(self, photographs: Iterator[Shot], known: frozenset[Key]) -> Iterator[_Read | Refused | Quiet]:
        for item in photographs:
            if not isinstance(item, Photo):
                yield item
                continue
            try:
                grid = self.headers.grid(item)
                there = self.headers.key(item) in known
                yield _Read(item, grid, None if there else decode(item.content, item.image, item.label))
            except InputError as error:
                yield Refused(item.label, error)

    def _placed(self, item: _Read | Refused | Quiet, stored: Stored) -> _Ready | Refused | Quiet:
        if not isinstance(item, _Read):
            return item
        try:
            if item.pixels is None:
                known = stored(self.headers.key(item.photo))
                assert known is not None, "what is known is stored"
                _refuse_other_scale(item.photo, known.placement, self.placing)
                return _Ready(item, known.placement, known)
            return _Ready(item, self.placing.placement(item.photo, item.grid, item.pixels), None)
        except InputError as error:
            return Refused(item.photo.label, error)

    def _with_keyframes(
        self, items: Iterator[_Ready | Refused | Quiet]
    ) -> Iterator[tuple[_Ready | Refused | Quiet, bool]]:
        """Each item and whether its whole frame is kept. Only keyframes need to know the next frame first."""
        if self.frames is not Frames.KEYFRAMES:
            for item in items:
                yield item, self.frames is Frames.ALL
            return
        chooser = Keyframes()
        side_m: float | None = None
        waiting: _Ready | None = None
        shown: Cells = frozenset()
        for item in items:
            if isinstance(item, Quiet):
                if waiting is not None and item.for_s >= LONG_QUIET_S:
                    yield waiting, chooser.choose(shown, None, _decided(waiting))
                    waiting = None
                yield item, False
                continue
            if isinstance(item, Refused) or not isinstance(item.placement, Placed):
                yield item, True  # nobody knows what it shows: only the picture can tell
                continue
            footprint_m = item.placement.footprint_m
            side_m = side_m or cell_side_m(footprint_m)
            cells = cells_in(footprint_m, side_m)
            if waiting is not None:
                yield waiting, chooser.choose(shown, cells, _decided(waiting))
            waiting, shown = item, cells
        if waiting is not None:
            yield waiting, chooser.choose(shown, None, _decided(waiting))

    def _scored(self, item: _Ready, keyframe: bool) -> Scored:
        photo, grid, pixels = item.read.photo, item.read.grid, item.read.pixels
        assert pixels is not None, "only known frames are not decoded"
        scored, blind = score_tiles(self.score, pixels, grid)
        if keyframe:
            evidence, pictures = whole_frame(photo)
        else:
            lowest = scores.byte_at_least(self.headers.analysis.threshold)
            evidence, pictures = crops(photo, pixels, grid, scored, lowest)
        made = report(
            headers=self.headers,
            photo=photo,
            grid=grid,
            scored=scored,
            blind=blind,
            placement=item.placement,
            evidence=evidence,
            scale=self.scale,
            visible=visible_widths(pixels, grid, self.visible),
        )
        return Scored(photo, made, pictures)


def score_tiles(
    score: Score, pixels: Pixels, grid: TileGrid
) -> tuple[npt.NDArray[np.uint8], Mapping[Reason, list[int]]]:
    """A score byte for each tile of a frame, and the tiles that show nothing, by reason: they are not scored."""
    scored, blind = score(pixels, grid), blind_tiles(pixels, grid)
    scored[[tile for tiles in blind.values() for tile in tiles]] = scores.NOT_SCORED
    return scored, blind


def _decided(item: _Ready) -> bool | None:
    return None if item.known is None else item.known.evidence.frame


def _refuse_other_scale(photo: Photo, before: Placement, now: Placing) -> None:
    if isinstance(before, Unplaced) and isinstance(now, ByScale) and before.mm_per_px != now.mm_per_px:
        raise InputError(
            f"{photo.label}: was already scanned in this inspection with {before.mm_per_px} mm per pixel, now "
            f"--mm-per-px says {now.mm_per_px}. One photograph has one scale: give the same, or another --inspection."
        )


def one_ahead(items: Iterator[Item]) -> Generator[Item]:
    """The same items; the next one is made in a thread while the caller works on this one."""
    end = object()
    with ThreadPoolExecutor(1, thread_name_prefix="reader") as reader:
        coming = reader.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = reader.submit(next, items, end)
            yield item  # type: ignore[misc]
