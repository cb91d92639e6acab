"""All figures of one demo, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from crackmap_robot.demo.answers import Analysis
from crackmap_robot.demo.figures import FALSE_BEYOND_M, FOUND_SHARE, CrackFigures, PositionFigures


@dataclass(frozen=True)
class Seconds:
    """How long the stages took."""

    render: float
    scan: float
    total: float


@dataclass(frozen=True)
class Result:
    """What the demo measured."""

    seed: int
    analysis: Analysis
    photographs: int
    placed: int
    tiles: int
    detections: int
    cracks: tuple[CrackFigures, ...]
    false_tiles: int
    false_clusters: int
    position: PositionFigures | None
    area_m2: float
    true_area_m2: float
    seconds: Seconds

    @property
    def recall_cracks(self) -> float:
        """Share of the cracks that were photographed and found."""
        seen = [crack for crack in self.cracks if crack.photographed_m > 0]
        return sum(crack.found for crack in seen) / len(seen) if seen else 0.0

    @property
    def recall_length(self) -> float:
        """Share of the photographed length that lies in detections."""
        seen_m = sum(crack.photographed_m for crack in self.cracks)
        return sum(crack.found_m for crack in self.cracks) / seen_m if seen_m else 0.0

    @property
    def tiles_per_s(self) -> float:
        """Of the whole scanner process: start, decoding, classifying, outbox and upload."""
        return self.tiles / self.seconds.scan

    def as_json(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {
            "seed": self.seed,
            "model": self.analysis.model,
            "model_sha256": self.analysis.model_sha256,
            "threshold": self.analysis.threshold,
            "photographs": self.photographs,
            "photographs_placed": self.placed,
            "tiles": self.tiles,
            "tiles_per_s": round(self.tiles_per_s, 1),
            "detections": self.detections,
            "recall_cracks": round(self.recall_cracks, 4),
            "recall_length": round(self.recall_length, 4),
            "false_tiles": self.false_tiles,
            "false_clusters": self.false_clusters,
            "false_tiles_per_m2": round(self.false_tiles / self.true_area_m2, 3),
            "false_clusters_per_m2": round(self.false_clusters / self.true_area_m2, 3),
            "position_error_mm": None
            if self.position is None
            else {"median": round(self.position.median_mm, 3), "p95": round(self.position.p95_mm, 3)},
            "nees": None if self.position is None else self.position.nees,
            "inside_ellipse_95": None if self.position is None else self.position.inside_ellipse_95,
            "area_m2": round(self.area_m2, 4),
            "true_area_m2": round(self.true_area_m2, 4),
            "seconds": {
                "render": round(self.seconds.render, 2),
                "scan": round(self.seconds.scan, 2),
                "total": round(self.seconds.total, 2),
            },
            "cracks": [
                {
                    "crack_id": crack.crack_id,
                    "length_m": round(crack.length_m, 3),
                    "width_mm": round(crack.width_mm, 2),
                    "photographed_m": round(crack.photographed_m, 3),
                    "found_m": round(crack.found_m, 3),
                    "found": crack.found,
                }
                for crack in self.cracks
            ],
        }

    def shown(self) -> Iterator[RenderableType]:
        """A table of the cracks, and the other figures below it."""
        table = Table(title="Known cracks", title_justify="left", title_style="bold")
        table.add_column("crack")
        for heading in ("width mm", "length m", "photographed m", "found m", "share"):
            table.add_column(heading, justify="right")
        table.add_column("")
        for crack in self.cracks:
            verdict = "found" if crack.found else "missed"
            table.add_row(
                crack.crack_id,
                f"{crack.width_mm:.2f}",
                f"{crack.length_m:.2f}",
                f"{crack.photographed_m:.2f}",
                f"{crack.found_m:.2f}",
                f"{crack.share:.0%}",
                f"[green]{verdict}" if crack.found else f"[red]{verdict}",
            )
        yield table
        yield (
            f"A crack is found when {FOUND_SHARE:.0%} of its photographed length lies in detections; a detection is "
            f"false when no crack comes within {1000 * FALSE_BEYOND_M:g} mm of it."
        )
        yield ""
        rows = Table.grid(padding=(0, 2))
        for name, value in self._lines():
            rows.add_row(name, value)
        yield rows

    def _lines(self) -> Iterator[tuple[str, str]]:
        found = sum(crack.found for crack in self.cracks)
        yield "cracks found", f"{found} of {len(self.cracks)}; {self.recall_length:.0%} of the photographed length"
        yield (
            "false detections",
            f"{self.false_tiles} of {self.detections} tiles, {self.false_tiles / self.true_area_m2:.1f} per m² "
            f"({self.false_clusters} clusters, {self.false_clusters / self.true_area_m2:.1f} per m²)",
        )
        if self.position is None:
            yield "position error", "nothing was detected"
        else:
            yield "position error", f"median {self.position.median_mm:.1f} mm, 95 % under {self.position.p95_mm:.1f} mm"
            if self.position.nees is not None and self.position.inside_ellipse_95 is not None:
                yield (
                    "stated 95 % ellipse",
                    f"holds the true place of {self.position.inside_ellipse_95:.0%} "
                    f"(NEES {self.position.nees:.2f}, 2 is honest)",
                )
        yield "photographed", f"{self.area_m2:.3f} m² says the server, {self.true_area_m2:.3f} m² is true"
        yield (
            "scanned",
            f"{self.photographs} photographs, {self.tiles} tiles in {self.seconds.scan:.1f} s "
            f"({self.tiles_per_s:.0f} tiles/s, start and upload included)",
        )
        yield "model", f"{self.analysis.model}, threshold {self.analysis.threshold:.2f}"
