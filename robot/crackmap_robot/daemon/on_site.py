"""What whoever drives the robot must know on the spot: where pictures show enough, what to do better, when to leave.

It follows the frames as they are kept. The covered surface is a grid of cells, so memory does not grow with the drive.
"""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from threading import Lock
from typing import Any

import numpy as np

from crackmap.manifest import Range
from crackmap.messages import NoPose, Placed, Reason, Report
from crackmap_robot.keyframes import Cells, cell_side_m, cells_in
from crackmap_robot.quality.visible import Narrowest, narrowest
from crackmap_robot.scan import LONG_QUIET_S

RECENT = 8
"""Frames that advice is drawn from."""
MOST_CELLS = 40_000
QUIET_S = LONG_QUIET_S + 2
"""A frame that waits for the next one is kept by then."""


class Look(StrEnum):
    """What one frame is worth, best first."""

    SHOWN = "shown"
    NOT_KNOWN = "not_known"
    TOO_OBLIQUE = "too_oblique"
    BLURRED = "blurred"
    TOO_FAR = "too_far"
    TOO_NEAR = "too_near"
    BRIGHT = "bright"
    DARK = "dark"
    NO_POSE = "no_pose"


ADVICE = {
    Look.TOO_OBLIQUE: "Turn the camera square to the surface",
    Look.BLURRED: "Slow down, or focus: the pictures are too blurred, or the surface is too rough",
    Look.TOO_FAR: "Go nearer",
    Look.TOO_NEAR: "Go farther away",
    Look.BRIGHT: "Less light: the pictures are burned out",
    Look.DARK: "More light: the pictures are black",
    Look.NO_POSE: "The pictures have no place on the surface",
}
ORDER = tuple(Look)


def look_of(report: Report, scale: Range, target_width_mm: float | None, tile_px: int) -> tuple[Look, float | None]:
    """What a frame is worth, and how narrow a crack half of its tiles would show, in mm; None where not known."""
    if isinstance(report.placement, NoPose):
        return Look.NO_POSE, None
    mm_per_px, tiles = report.placement.mm_per_px, report.score_map
    blind = {group.reason: len(group.tiles) for group in tiles.unscored}
    for reason, look in ((Reason.DARK, Look.DARK), (Reason.BRIGHT, Look.BRIGHT)):
        if 2 * blind.get(reason, 0) > len(tiles.scores):
            return look, None
    found = narrowest(report.placement, tiles.visible_widths, tile_px)
    width_mm = None if found is None else found.seen_mm
    if mm_per_px > scale.high or (target_width_mm is not None and mm_per_px > target_width_mm):
        return Look.TOO_FAR, width_mm
    if mm_per_px < scale.low:
        return Look.TOO_NEAR, width_mm
    return _width_look(found, target_width_mm), width_mm


def _width_look(found: Narrowest | None, target_width_mm: float | None) -> Look:
    if found is None or target_width_mm is None:
        return Look.NOT_KNOWN
    if found.seen_mm <= target_width_mm:
        return Look.SHOWN
    return Look.TOO_OBLIQUE if found.square_mm <= target_width_mm else Look.BLURRED


@dataclass
class OnSite:
    """Written by the thread that keeps frames, read by the one that answers."""

    scale: Range
    target_width_mm: float | None
    tile_px: int
    _lock: Lock = field(default_factory=Lock, init=False)
    _recent: deque[Look] = field(default_factory=lambda: deque(maxlen=RECENT), init=False)
    _cells: dict[tuple[int, int], Look] = field(default_factory=dict, init=False)
    _side_m: float = field(default=0.0, init=False)
    _gap: bool = field(default=False, init=False)
    _last: dict[str, Any] = field(default_factory=dict, init=False)

    def frame(self, report: Report) -> None:
        """A frame is in the outbox."""
        look, width_mm = look_of(report, self.scale, self.target_width_mm, self.tile_px)
        placement = report.placement
        with self._lock:
            self._recent.append(look)
            self._last = {
                "frame": report.frame.label,
                "look": look.value,
                "visible_width_mm": None if width_mm is None or not np.isfinite(width_mm) else round(width_mm, 3),
                "mm_per_px": None if isinstance(placement, NoPose) else round(placement.mm_per_px, 4),
                "cause": placement.cause if isinstance(placement, NoPose) else None,
            }
            if isinstance(placement, Placed):
                self._side_m = self._side_m or cell_side_m(placement.footprint_m)
                self._cover(cells_in(placement.footprint_m, self._side_m), look)

    def _cover(self, cells: Cells, look: Look) -> None:
        if self._cells and cells:
            self._gap = not any(
                (column + right, row + up) in self._cells
                for column, row in cells
                for right, up in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1))
            )
        for cell in cells:
            self._cells[cell] = _better(look, self._cells.get(cell, look))
        while len(self._cells) > MOST_CELLS:
            coarser: dict[tuple[int, int], Look] = {}
            for (column, row), found in self._cells.items():
                place = column // 2, row // 2
                coarser[place] = _better(found, coarser.get(place, found))
            self._cells, self._side_m = coarser, 2 * self._side_m

    def advice(self) -> list[str]:
        """What to do better, the most pressing first; nothing where all is well."""
        return [text for _, text in self.advised()]

    def advised(self) -> list[tuple[Look | None, str]]:
        """The same, each with the look that it mends; None: there is a gap."""
        with self._lock:
            recent, gap, last = tuple(self._recent), self._gap, dict(self._last)
        found: list[tuple[Look | None, str]] = []
        worst = Counter(look for look in recent if look in ADVICE).most_common(1)
        if worst and 2 * worst[0][1] >= len(recent):
            look = worst[0][0]
            cause = f": {last['cause']}" if look is Look.NO_POSE and last.get("cause") else ""
            found.append((look, ADVICE[look] + cause))
        if gap:
            found.append((None, "Gap: the last picture does not join what was photographed before. Go back"))
        return found

    def shown(self) -> Mapping[str, Any]:
        """For the page: the cells with their looks, and the last frame."""
        with self._lock:
            return {
                "side_m": self._side_m,
                "looks": [look.value for look in ORDER],
                "cells": [[column, row, ORDER.index(look)] for (column, row), look in self._cells.items()],
                "last": dict(self._last),
                "target_width_mm": self.target_width_mm,
            }


def _better(one: Look, other: Look) -> Look:
    return min(one, other, key=ORDER.index)


def parting(quiet_for_s: float, waiting: int, server: str | None, troubles: list[str]) -> tuple[bool, str]:
    """Whether it is safe to leave, and in which words."""
    if troubles:
        return False, troubles[0]
    if quiet_for_s < QUIET_S:
        return False, "Pictures are coming in"
    if server is None:
        return True, "Safe to leave: all that came is in the outbox on the robot"
    if waiting:
        return True, f"Safe to leave: all is kept on the robot; {waiting} reports and pictures wait for the server"
    return True, "Safe to leave: all that came is on the server"
