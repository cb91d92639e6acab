"""A sheet of the mistakes that a model is surest of, per surface kind: what no table of figures shows.

The tiles are METU's and SDNET2018's (both CC BY 4.0: the card credits them), shrunk and compressed.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from crackmap.manifest import Manifest
from crackmap_models.data.fit import fit
from crackmap_models.data.tiles import LabelledTile, Pixels, decode, read_bytes
from crackmap_models.evaluation.kinds import Kind, Scored
from crackmap_models.evaluation.threshold import logit

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Sheet

EACH = 4
TILE_PX = 112
MOST_BYTES = 150_000
BY_EYE = " by eye"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A tile on the wrong side of the threshold."""

    tile: LabelledTile
    crack: bool
    probability: float


def mistakes(
    kind: Kind, scored: Scored, threshold_logit: float, most: int = EACH
) -> tuple[list[Mistake], list[Mistake]]:
    """At most `most` missed cracks and as many false tiles, the surest first, one for each group of tiles."""
    wrong = (scored.logits >= threshold_logit) != scored.labels
    found: dict[bool, list[Mistake]] = {True: [], False: []}
    seen: set[tuple[bool, str]] = set()
    for k in np.argsort(-np.abs(scored.logits - threshold_logit), kind="stable"):
        crack, group = bool(scored.labels[k]), str(scored.groups[k])
        if wrong[k] and (crack, group) not in seen and len(found[crack]) < most:
            seen.add((crack, group))
            found[crack].append(Mistake(kind.tiles[k], crack, float(1 / (1 + np.exp(-scored.logits[k])))))
    return found[True], found[False]


def failures(manifest: Manifest, kinds: Sequence[Kind], scored: Sequence[Scored]) -> bytes:
    """The sheet as the bytes of a JPEG file of at most MOST_BYTES; labels by eye are used where there are any."""
    named = {kind.data for kind in kinds}
    pairs = [pair for pair in zip(kinds, scored, strict=True) if pair[0].data + BY_EYE not in named]
    real = [pair for pair in pairs if pair[0].tiles[0].source != "rendered"] or pairs
    rows = [(kind.data, *mistakes(kind, answers, logit(manifest.threshold))) for kind, answers in real]
    sheet = _draw(manifest, rows)
    return next(content for content in _encoded(sheet) if len(content) <= MOST_BYTES)


def _encoded(sheet: "Sheet") -> Iterator[bytes]:
    for quality in range(85, 0, -7):
        stream = io.BytesIO()
        sheet.savefig(stream, format="jpeg", dpi=100, pil_kwargs={"quality": quality, "optimize": True})
        yield stream.getvalue()


def _draw(manifest: Manifest, rows: Sequence[tuple[str, list[Mistake], list[Mistake]]]) -> "Sheet":
    """One row for each kind: missed cracks on the left, false tiles on the right."""
    from matplotlib.figure import Figure as Sheet  # noqa: PLC0415 - a second's import, for those who ship

    side, gap, left, top, under = TILE_PX / 100, 0.07, 1.15, 0.74, 0.23
    width, height = left + 2 * EACH * (side + gap) + 0.25, top + len(rows) * (side + under) + 0.05
    sheet = Sheet(figsize=(width, height), facecolor="white")

    def column_in(k: int) -> float:
        return left + k * (side + gap) + (0.18 if k >= EACH else 0.0)

    def write(x_in: float, y_in: float, text: str, **how: Any) -> None:
        sheet.text(x_in / width, 1 - y_in / height, text, **{"va": "center", "fontsize": 8, "color": "#222"} | how)

    write(0.08, 0.2, f"{manifest.name}: where it is surest and wrong", fontsize=11, weight="bold")
    write(width - 0.08, 0.2, f"test tiles; threshold {manifest.threshold:.2f}", ha="right", color="#666")
    write(column_in(0), 0.56, "labelled crack, scored low", color="#a33", weight="bold")
    write(column_in(EACH), 0.56, "labelled no crack, scored high", color="#a33", weight="bold")
    for row, (data, missed, false) in enumerate(rows):
        y_in = top + row * (side + under)
        name = data.removeprefix("sdnet2018 ").removesuffix(BY_EYE)
        labels = "labels by eye" if data.endswith(BY_EYE) else "published labels"
        write(0.08, y_in + side / 2 - 0.08, name.upper() if name == "metu" else name, fontsize=9, weight="bold")
        write(0.08, y_in + side / 2 + 0.1, labels, fontsize=7, color="#666")
        for first, found in ((0, missed), (EACH, false)):
            if not found:
                write(column_in(first), y_in + side / 2, "none", color="#999", style="italic")
            for k, mistake in enumerate(found, start=first):
                axes = sheet.add_axes((column_in(k) / width, 1 - (y_in + side) / height, side / width, side / height))
                axes.imshow(_thumbnail(mistake.tile), interpolation="nearest")
                axes.set_axis_off()
                text = f"{'crack' if mistake.crack else 'no crack'} · {mistake.probability:.2f}"
                write(column_in(k) + side / 2, y_in + side + 0.09, text, ha="center", fontsize=7.5)
    return sheet


def _thumbnail(tile: LabelledTile) -> Pixels:
    return fit(decode(tile.path, read_bytes(tile.path)), TILE_PX)
