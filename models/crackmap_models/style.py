"""How every plot looks: quiet axes, one colour per kind of data, readable at the width of a README.

Colours are Okabe and Ito's ("Color universal design", 2008), which people with colour blindness can tell apart.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PURPLE, GREY = (
    *("#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"),
    "#7F7F7F",
)
CRACK, NO_CRACK = RED, BLUE
COLOURS = {
    "metu": BLACK,
    "sdnet2018 walls": RED,
    "sdnet2018 pavements": BLUE,
    "sdnet2018 decks": GREEN,
    "rendered": GREY,
}
OTHERS = (ORANGE, PURPLE, SKY, YELLOW)
BY_EYE = " by eye"
DOTS_PER_INCH = 140
STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#555555",
    "axes.grid": True,
    "grid.color": "#E3E3E3",
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "lines.linewidth": 1.8,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "figure.constrained_layout.use": True,
}


def line_of(data: str, position: int) -> dict[str, Any]:
    """Colour and dashes of a kind of data: by eye in its surface's colour, solid; as published beside it dashed."""
    base = data.removesuffix(BY_EYE)
    dashed = base.startswith("sdnet2018") and not data.endswith(BY_EYE)
    return {"color": COLOURS.get(base, OTHERS[position % len(OTHERS)]), "linestyle": "--" if dashed else "-"}


@contextmanager
def plot(path: Path, rows: int = 1, columns: int = 1, *, panel: tuple[float, float], title: str) -> Iterator[list[Any]]:
    """`rows` × `columns` axes, `panel` inches each, as a list; written to `path` as PNG when all went well.

    matplotlib.figure.Figure without pyplot: nothing global, no window, no display needed.
    """
    from matplotlib import rc_context  # noqa: PLC0415 - a second's import, for those who plot
    from matplotlib.figure import Figure  # noqa: PLC0415

    with rc_context(STYLE):
        figure = Figure(figsize=(panel[0] * columns, panel[1] * rows + 0.35))
        axes = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
        figure.suptitle(title, x=0.01, ha="left", fontsize=12)
        yield axes
        for unused in (one for one in axes if not one.has_data() and not one.texts):
            unused.set_visible(False)
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, dpi=DOTS_PER_INCH)
