"""What a calibration rests on, as one HTML page that opens without a connection. Pure."""

import math
from collections.abc import Iterator
from html import escape

import numpy as np

from crackmap_robot.calibrating.solution import Solution
from crackmap_robot.calibration import PARAMETERS

WIDTH_PX = 880
ARROW = 60
"""How much misfits are drawn enlarged, at a picture of `WIDTH_PX`."""
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:920px;margin:2rem auto;padding:0 1rem;color:#1b1f24}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .8rem;text-align:right;border-bottom:1px solid "
    "#d5d9de}td:first-child,th:first-child{text-align:left}.doubt{background:#fff3d6;padding:.6rem 1rem;margin:.4rem 0}"
    ".good{background:#e2f4e5;padding:.6rem 1rem}svg{max-width:100%;height:auto;background:#f3f5f7}"
)


def report(solution: Solution, name: str, unseen: dict[str, str]) -> str:
    """The page. `unseen` says why the board was not found, by photograph."""
    return "\n".join(_page(solution, name, unseen)) + "\n"


def _page(solution: Solution, name: str, unseen: dict[str, str]) -> Iterator[str]:
    title = f"Calibration of {escape(name)}"
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
    yield f"<h1>{title}</h1>"
    yield (
        f"<p>{solution.width_px} × {solution.height_px} px, {len(solution.views)} photographs; a corner misses by "
        f"{solution.rms_px:.3f} px (root mean square).</p>"
    )
    doubts = solution.doubts()
    yield from (f'<p class="doubt">{escape(doubt)}.</p>' for doubt in doubts)
    if not doubts:
        yield '<p class="good">Nothing speaks against relying on it, for this focus and this resolution.</p>'
    yield "<h2>The camera</h2><table><tr><th></th><th>value</th><th>standard deviation</th></tr>"
    for key, value, sigma in zip(PARAMETERS, solution.values, solution.sigmas, strict=True):
        unit, digits = (" px", 2) if len(key) == 2 and key[0] in "fc" else ("", 5)
        yield f"<tr><td>{key}</td><td>{value:.{digits}f}{unit}</td><td>{sigma:.{digits + 1}f}</td></tr>"
    yield "</table><h2>Where the board was seen, and how corners miss</h2>"
    yield (
        f"<p>Each dot is a corner, in {100 * solution.coverage:.0f} % of the picture's fields; lines are misfits, "
        f"{ARROW} times as long. They should point everywhere alike: a pattern means a bent board or a lens of "
        "another kind.</p>"
    )
    yield from _picture(solution)
    yield "<h2>The photographs</h2><table><tr><th>photograph</th><th>corners</th><th>tilt</th><th>misfit, px</th></tr>"
    for view in sorted(solution.views, key=lambda view: -view.rms_px):
        yield (
            f"<tr><td>{escape(view.label)}</td><td>{len(view.pixels_px)}</td>"
            f"<td>{math.degrees(view.tilt_rad):.0f}°</td><td>{view.rms_px:.3f}</td></tr>"
        )
    yield "</table>"
    if unseen:
        yield "<h2>Not used</h2><table>"
        yield from (f"<tr><td>{escape(label)}</td><td>{escape(why)}</td></tr>" for label, why in unseen.items())
        yield "</table>"
    yield "</html>"


def _picture(solution: Solution) -> Iterator[str]:
    scale = WIDTH_PX / solution.width_px
    height = round(solution.height_px * scale)
    yield f'<svg viewBox="0 0 {WIDTH_PX} {height}" width="{WIDTH_PX}" role="img" aria-label="corners and misfits">'
    for number, view in enumerate(solution.views):
        colour = f"hsl({round(number * 360 / len(solution.views))} 60% 40%)"
        dots = np.round(view.pixels_px * scale, 1).tolist()
        ends = np.round(view.pixels_px * scale + view.misfits_px * ARROW * scale, 1).tolist()
        yield f'<g stroke="{colour}" fill="{colour}">'
        for (x, y), (end_x, end_y) in zip(dots, ends, strict=True):
            yield f'<path d="M{x} {y}L{end_x} {end_y}"/><circle cx="{x}" cy="{y}" r="1.5"/>'
        yield "</g>"
    yield "</svg>"
