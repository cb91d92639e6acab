"""What a re-scoring changed, as lines for people. Pure."""

from collections.abc import Iterator
from typing import Any


def lines(comparison: dict[str, Any] | None, progress: dict[str, Any]) -> Iterator[str]:
    """How far one re-scoring is, and its before/after table, scan by scan; None: who asks may not see it."""
    frames = progress["frames"]
    yield (
        f"re-scoring {progress['rescore']} by {progress['model']}: {frames['done']} of {frames['total']} frames "
        f"have new scores{', which are current' if progress['current'] else ''}"
    )
    for cause, count in frames["causes"].items():
        yield f"  {count} not: {cause}"
    if comparison is None:
        yield "  what that changes is not for a worker to see"
        return
    for scan in comparison["scans"]:
        yield f"{scan['surface']}: {scan['frames']} frames, {scan['model_before'] or 'nothing'} → {comparison['model']}"
        if not scan["at"]:
            continue
        yield f"  {'threshold':<22}{'detections':>18}{'area m²':>22}{'new':>8}{'lost':>8}"
        for row in scan["at"]:
            whose = scan["model_before"] if row["of"] == "before" else comparison["model"]
            before, after = row["before"], row["after"]
            name = f"{row['threshold']:.4g} of {whose}"
            yield (
                f"  {name:<22}{before['detections']:>8,} → {after['detections']:<7,}"
                f"{_area(before['area_m2']):>10} → {_area(after['area_m2']):<9}{row['new']:>8,}{row['lost']:>8,}"
            )


def _area(area_m2: float | None) -> str:
    return "?" if area_m2 is None else f"{area_m2:.4f}"
