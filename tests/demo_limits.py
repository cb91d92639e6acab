"""Run by CI on the figures that `crackmap demo --once --json FILE` wrote: a demo that finds little is a broken one.

The wall is always the same, so the limits leave room for another model, not for luck.
"""

import json
import sys
from pathlib import Path
from typing import Any

LIMITS: dict[str, tuple[float, float]] = {
    "recall_cracks": (0.8, 1.0),
    "recall_length": (0.7, 1.0),
    "false_clusters_per_m2": (0.0, 2.0),
    "false_tiles_per_m2": (0.0, 4.0),
    # The poses are off by 3 mm and 4 mrad at 0.55 m.
    "position_error_mm.median": (1.0, 7.0),
    "position_error_mm.p95": (3.0, 15.0),
    # 2 and 0.95 where the covariances are honest; 30 photographs are 30 draws.
    "nees": (1.0, 3.5),
    "inside_ellipse_95": (0.8, 1.0),
    "seconds.total": (0.0, 300.0),
}


def _figure(figures: dict[str, Any], name: str) -> float:
    """NaN, which is inside no limits, where nothing was detected."""
    value: Any = figures
    for part in name.split("."):
        value = None if value is None else value[part]
    return float("nan") if value is None else float(value)


figures = json.loads(Path(sys.argv[1]).read_text())
print(json.dumps(figures, indent=2))
broken = [
    f"{name} is {_figure(figures, name):g}, not {low:g} to {high:g}"
    for name, (low, high) in LIMITS.items()
    if not low <= _figure(figures, name) <= high
]
if figures["photographs_placed"] != figures["photographs"]:
    broken.append(f"{figures['photographs'] - figures['photographs_placed']} photographs have no place")
if abs(figures["area_m2"] / figures["true_area_m2"] - 1) > 0.02:
    broken.append(f"{figures['area_m2']} m² photographed, {figures['true_area_m2']} m² is true")
sys.exit("; ".join(broken) or 0)
