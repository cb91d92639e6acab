"""Contact sheets of what a check found: twins side by side, and tiles whose labels are probably wrong."""

from collections.abc import Sequence
from pathlib import Path

from crackmap_models.data.label_errors import Suspect, worst
from crackmap_models.data.tiles import LabelledTile, Pixels, decode, read_bytes
from crackmap_models.data.twins import TURNS, Twins
from crackmap_models.style import CRACK, NO_CRACK, plot

SHOWN = 32
COLUMNS = 8
PANEL_INCHES = (1.45, 1.75)
LETTERS = 7


def suspects_sheet(data: str, rows: Sequence[Suspect], path: Path) -> Path:
    """The worst SHOWN of `rows`, half of each label, with label and probability, as PNG; returns `path`."""
    shown = worst(rows, SHOWN)
    title = f"{data}: the {len(shown)} worst of {len(rows)} probable label errors"
    with plot(path, -(-len(shown) // COLUMNS), COLUMNS, panel=PANEL_INCHES, title=title) as axes:
        for one, row in zip(axes, shown, strict=False):
            said = f"{'crack' if row.tile.crack else 'no_crack'}, model {row.crack_probability:.2f}"
            _show(one, _pixels(row.tile), f"{said}\n{row.tile.split} {row.tile.path.name}", _colour(row.tile))
    return path


def twins_sheet(pairs: Sequence[Twins], path: Path) -> Path:
    """The first SHOWN // 2 of `pairs`, the second tile as it lies over the first, as PNG; returns `path`."""
    shown = pairs[: SHOWN // 2]
    title = f"{len(shown)} of {len(pairs)} pairs of near-duplicates, those across splits first"
    with plot(path, -(-2 * len(shown) // COLUMNS), COLUMNS, panel=PANEL_INCHES, title=title) as axes:
        for k, pair in enumerate(shown):
            down, across = TURNS[pair.turn]
            first, second = _pixels(pair.first), _pixels(pair.second)[::down, ::across]
            _show(axes[2 * k], first, f"{pair.first.split} {pair.first.path.name}\n", _colour(pair.first))
            said = f"{pair.second.split} {pair.second.path.name}\n{pair.turn}, {pair.correlation:.2f}"
            _show(axes[2 * k + 1], second, said, _colour(pair.second))
    return path


def _show(axes, pixels: Pixels, said: str, colour: str) -> None:  # type: ignore[no-untyped-def]  # matplotlib's Axes
    axes.imshow(pixels)
    axes.set(xticks=(), yticks=())
    axes.set_title(said, fontsize=LETTERS, fontweight="normal", color=colour)


def _colour(tile: LabelledTile) -> str:
    return CRACK if tile.crack else NO_CRACK


def _pixels(tile: LabelledTile) -> Pixels:
    return decode(tile.path, read_bytes(tile.path))
