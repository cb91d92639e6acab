"""Whether tiles can be trusted, as one value, as text, and as a folder of JSON, Markdown and pictures."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crackmap_models.data.fingerprints import fingerprints
from crackmap_models.data.inventory import Holding, inventory, torn_groups
from crackmap_models.data.label_errors import Probabilities, Suspect, suspects, worst
from crackmap_models.data.sheets import SHOWN, suspects_sheet, twins_sheet
from crackmap_models.data.tiles import LabelledTile
from crackmap_models.data.twins import Twins, twins
from crackmap_models.errors import TileInTwoSplits

LISTED = 8
JUDGED_NOTE = (
    "By confident learning: tiles that the model contradicts more surely than is usual for their label. Of tiles that "
    "it was trained on it has learnt the wrong labels too, so it finds fewer there. A list to look at, not a verdict."
)
TWINS_NOTE = (
    "Pairs of files that show one picture as it is, mirrored or turned by half; crops that overlap are not among them."
)


@dataclass(frozen=True, slots=True)
class Check:
    """What was found. `torn` are groups in several splits; `suspects` is None when no model judged the labels."""

    holdings: tuple[Holding, ...]
    torn: tuple[str, ...]
    twins: tuple[Twins, ...]
    suspects: Mapping[str, Sequence[Suspect]] | None

    @property
    def crossing(self) -> list[Twins]:
        """The twins in different splits."""
        return [pair for pair in self.twins if pair.cross_splits]


def check(
    tiles: Sequence[LabelledTile],
    crack_probability: Probabilities | None = None,
    *,
    say: Callable[[str], None] = print,
) -> Check:
    """Read all files, compare all pairs, and hold the labels against a model's probabilities of a crack [n].

    Raises UnreadableImage.
    """
    prints = fingerprints(tiles, say=say)
    found = twins(tiles, prints, say=say)
    doubted = None if crack_probability is None else suspects(tiles, crack_probability)
    return Check(tuple(inventory(tiles, prints)), torn_groups(tiles), tuple(found), doubted)


def refuse_crossing(checked: Check) -> None:
    """Raises TileInTwoSplits when twins are in different splits."""
    if checked.crossing:
        pair = checked.crossing[0]
        raise TileInTwoSplits(
            f"{len(checked.crossing)} pairs of files show one picture in two splits, the first is {_pair(pair)}. Move "
            "or remove one of each; or accept them with --allow-twins, knowing that figures are a little too good."
        )


def text(checked: Check) -> str:
    """The whole check for a terminal."""
    lines = [
        f"{h.data} {h.split}: {h.crack} crack and {h.no_crack} no_crack tiles ({h.crack_share:.1%} cracks), "
        f"{h.groups} groups; {_counted(h.sizes)}; {_counted(h.formats)}"
        for h in checked.holdings
    ]
    lines += ["", _torn(checked), _twins_counted(checked)]
    lines += [f"  {_pair(pair)}" for pair in checked.twins[:LISTED]]
    for data, rows in (checked.suspects or {}).items():
        lines += ["", f"{data}: {len(rows)} labels are probably wrong, {sum(r.tile.crack for r in rows)} of them crack"]
        lines += [f"  {_suspect(row)}" for row in worst(rows, LISTED)]
    return "\n".join(lines)


def write(checked: Check, folder: Path, *, say: Callable[[str], None] = print) -> None:
    """Write `folder` (made when it is not there): data.json with everything, data.md, twins.png, labels-KIND.png."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "data.json").write_text(json.dumps(as_json(checked), indent=1) + "\n")
    sheets = {}
    if checked.twins:
        sheets["Near-duplicates"] = twins_sheet(checked.twins, folder / "twins.png")
    for data, rows in (checked.suspects or {}).items():
        if rows:
            sheets[data] = suspects_sheet(data, rows, folder / f"labels-{data.replace(' ', '-')}.png")
    (folder / "data.md").write_text(markdown(checked, sheets))
    say(f"{folder}: data.json, data.md and {len(sheets)} sheets")


def as_json(checked: Check) -> dict[str, Any]:
    """Everything that was found: all twins, all suspects."""
    return {
        "holdings": [
            {"data": h.data, "split": h.split, "crack": h.crack, "no_crack": h.no_crack, "groups": h.groups}
            | {"sizes": dict(h.sizes), "formats": dict(h.formats)}
            for h in checked.holdings
        ],
        "groups_in_several_splits": list(checked.torn),
        "twins_crossing_splits": len(checked.crossing),
        "twins": [
            {"first": _tile(pair.first), "second": _tile(pair.second), "turn": pair.turn}
            | {"correlation": round(pair.correlation, 3), "same_bytes": pair.same_bytes}
            for pair in checked.twins
        ],
        "probable_label_errors": None
        if checked.suspects is None
        else {
            data: [
                _tile(row.tile) | {"crack_probability": round(row.crack_probability, 4), "margin": round(row.margin, 4)}
                for row in rows
            ]
            for data, rows in checked.suspects.items()
        },
    }


def markdown(checked: Check, sheets: Mapping[str, Path]) -> str:
    """For people: a table, the twins, the worst labels, and the pictures in `sheets`."""
    lines = ["# Data", "", "| data | split | crack | no_crack | cracks | groups | sizes | formats |", "|" + "---|" * 8]
    lines += [
        f"| {h.data} | {h.split} | {h.crack} | {h.no_crack} | {h.crack_share:.1%} | {h.groups} | {_counted(h.sizes)} "
        f"| {_counted(h.formats)} |"
        for h in checked.holdings
    ]
    lines += ["", _torn(checked), "", "## Near-duplicates", "", f"{TWINS_NOTE} {_twins_counted(checked)}", ""]
    lines += [f"- {_pair(pair)}" for pair in checked.twins[:SHOWN]]
    if "Near-duplicates" in sheets:
        lines += ["", f"![Near-duplicates]({sheets['Near-duplicates'].name})"]
    if checked.suspects is not None:
        lines += ["", "## Probable label errors", "", JUDGED_NOTE]
    for data, rows in (checked.suspects or {}).items():
        lines += ["", f"### {data}: {len(rows)}", "", *(f"- {_suspect(row)}" for row in worst(rows, LISTED))]
        if data in sheets:
            lines += ["", f"![{data}]({sheets[data].name})"]
    return "\n".join(lines) + "\n"


def _torn(checked: Check) -> str:
    if not checked.torn:
        return "no group (photograph) is in several splits"
    return (
        f"{len(checked.torn)} groups (photographs) are in several splits, and one spot perhaps learnt and tested on: "
        + ", ".join(checked.torn[:LISTED])
    )


def _twins_counted(checked: Check) -> str:
    contradictions = sum(pair.contradict for pair in checked.twins)
    return (
        f"{len(checked.twins)} pairs of files show one picture: {len(checked.crossing)} across splits, "
        f"{contradictions} under both labels, {sum(pair.same_bytes for pair in checked.twins)} the same byte for byte"
    )


def _tile(tile: LabelledTile) -> dict[str, Any]:
    return {"file": str(tile.path), "data": tile.data, "split": tile.split, "label": _label(tile)}


def _label(tile: LabelledTile) -> str:
    return "crack" if tile.crack else "no_crack"


def _pair(pair: Twins) -> str:
    first, second = (f"{tile.path} ({tile.split}, {_label(tile)})" for tile in (pair.first, pair.second))
    return f"{first} and {second}: {'the same file' if pair.same_bytes else pair.turn}, {pair.correlation:.2f}"


def _suspect(row: Suspect) -> str:
    return f"{row.tile.path} ({row.tile.split}): {_label(row.tile)}, probability of a crack {row.crack_probability:.3f}"


def _counted(counts: Sequence[tuple[str, int]]) -> str:
    """The three most frequent, as "227 × 227 px" or "JPEG (90), PNG (3)"."""
    if len(counts) == 1:
        return counts[0][0]
    rest = f" and {len(counts) - 3} more" if len(counts) > 3 else ""
    return ", ".join(f"{name} ({count})" for name, count in counts[:3]) + rest
