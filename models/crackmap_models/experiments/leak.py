"""What leaking is worth: one network, once on a split by file at random, once on a split that keeps spots together.

Both trainings get as many tiles of each class, the same settings and the same seed, and each is tested on its own
test rows. METU is thinned by whole content groups: its copies are few per spot, and single files left out would take
the leak away with them. SDNET2018's photographs have hundreds of tiles; of each, some stay.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path

import numpy as np

from crackmap_models.data.random_split import has_mate, part_of, random_split, shares, with_fewer_train_tiles
from crackmap_models.data.tiles import LabelledTile, check_trainable, of_split
from crackmap_models.evaluation.intervals import Interval, with_intervals
from crackmap_models.evaluation.kinds import resampling_units
from crackmap_models.evaluation.metrics import Measure, Tally, Values
from crackmap_models.evaluation.scorers import logits_of, open_scorer
from crackmap_models.networks.catalogue import network
from crackmap_models.training.batches import Mix
from crackmap_models.training.run import Settings
from crackmap_models.training.train import train

Say = Callable[[str], None]
# As in a tutorial: the class whose probability is over one half, 32 tiles to a step.
THRESHOLD_LOGIT = 0.0
BATCH_SIZE = 32


@dataclass(frozen=True, slots=True)
class Arm:
    """One side of the comparison: a data set with one of its splits; `name` is that of the run folder."""

    name: str
    data: str
    split: str
    tiles: tuple[LabelledTile, ...]


@dataclass(frozen=True, slots=True)
class Leak:
    """What one training came to on its own test rows, or on some: `with_mates` is the part with a mate in train."""

    data: str
    split: str
    train_tiles: int
    test_tiles: int
    test_crack: int
    with_mates: float
    epochs: int
    best_epoch: int
    figures: dict[str, Interval]


def arms(
    tiles: Sequence[LabelledTile], with_copies: Sequence[LabelledTile], most: int, *, whole_groups: bool, seed: int
) -> tuple[Arm, Arm]:
    """A random split and the leak-free one of about the same tiles, with at most about `most` train tiles each.

    `tiles` are one data set in its leak-free split; `with_copies` the same and its copies, for the random one.
    Raises EmptyClass when there are no train tiles of one class.
    """
    check_trainable(of_split(tiles, "train"))
    share = min(1.0, most / len(of_split(tiles, "train")))

    def unit(tile: LabelledTile) -> str:
        return tile.group if whole_groups else str(tile.path)

    distinct = {tile.path for tile in tiles}
    everything = part_of(with_copies, share, unit, seed)
    leak_free = [tile for tile in everything if tile.path in distinct]
    by_chance = random_split(everything, shares(tiles), seed)
    held = [Counter(tile.crack for tile in of_split(rows, "train")) for rows in (by_chance, leak_free)]
    counts = {crack: min(count[crack] for count in held) for crack in (True, False)}
    data = tiles[0].data
    return tuple(  # type: ignore[return-value]  # there are two
        Arm(f"{data.replace(' ', '-')}-{name}", data, name, tuple(with_fewer_train_tiles(rows, counts, seed)))
        for name, rows in (("random", by_chance), ("leak-free", leak_free))
    )


def settings_of(arm: Arm, name: str, *, canvas_px: int, epochs: int, seed: int, threads: int) -> Settings:
    """Plain tiles, labels as published, the network's own rate and patience; an epoch is each train tile once."""
    chosen, source = network(name), arm.tiles[0].source
    held = Counter(tile.crack for tile in of_split(arm.tiles, "train"))
    none = dict.fromkeys((field.name for field in fields(Mix)), 0)
    return Settings(
        network=name,
        noise="published",
        mix=Mix(**none | {f"{source}_crack": held[True], f"{source}_no_crack": held[False]}),
        augmentation=None,
        canvas_px=canvas_px,
        batch_size=BATCH_SIZE,
        epochs=epochs,
        patience=chosen.patience,
        rate=chosen.rate,
        constant_rate=True,
        cells_weight=0.0,
        average_decay=0.0,
        seed=seed,
        threads=threads,
    )


def run(arm: Arm, folder: Path, settings: Settings, *, say: Say = print) -> list[Leak]:
    """Train in `folder`/arm.name, or go on there, and measure the best weights on the arm's test rows.

    Where some of these have a mate in train and others have none, both are measured by themselves too.
    Raises OneClassSet, UnreadableImage, and RunError when the run was begun with other settings.
    """
    place = folder / arm.name
    state = train(arm.tiles, place, settings, say=say)
    test = of_split(arm.tiles, "test")
    labels, units, mates = np.array([tile.crack for tile in test]), resampling_units(test), has_mate(arm.tiles)
    logits = logits_of(open_scorer(place), test, say=say)
    parts = {"": np.ones(len(test), np.bool_), ": with a mate": mates, ": without": ~mates}
    return [
        Leak(
            data=arm.data,
            split=arm.split + part,
            train_tiles=len(of_split(arm.tiles, "train")),
            test_tiles=int(rows.sum()),
            test_crack=int(labels[rows].sum()),
            with_mates=float(mates[rows].mean()),
            epochs=state.epochs,
            best_epoch=state.best_epoch,
            figures=with_intervals(MEASURES, labels[rows], logits[rows], units[rows]),
        )
        for part, rows in parts.items()
        if not part or (labels[rows].any() and not labels[rows].all() and not rows.all())
    ]


def accuracy(tally: Tally, threshold: float) -> Values:
    """The part of the tiles that are called what their label says."""
    called = tally.scores >= threshold
    right = (tally.cracks * called + tally.others * ~called).sum(-1)
    return np.asarray(right / (tally.cracks + tally.others).sum(-1), np.float64)


MEASURES: dict[str, Measure] = {
    "accuracy": partial(accuracy, threshold=THRESHOLD_LOGIT),
    "AUROC": Tally.auroc,
    "AUPRC": Tally.auprc,
    "F1": partial(Tally.f1, threshold=THRESHOLD_LOGIT),
}


def markdown(found: Sequence[Leak], name: str) -> str:
    """A table with a row for each training."""
    columns = ["train tiles", "test tiles (crack)", "with a mate in train", *MEASURES]
    lines = [f"| {name} on | split | " + " | ".join(columns) + " |", "|---|---|" + "---|" * len(columns)]
    for row in found:
        tiles = f"{row.train_tiles:,} | {row.test_tiles:,} ({row.test_crack / row.test_tiles:.0%})"
        cells = [f"{one.value:.4f} ({one.low:.4f}–{one.high:.4f})" for one in row.figures.values()]
        lines.append(f"| {row.data} | {row.split} | {tiles} | {row.with_mates:.0%} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "Accuracy and F1 at probability ½; labels as published; 95 % intervals from resampling groups. A mate is a "
        "tile of the same group: the same spot, a copy of it, or an overlapping photograph.",
    ]
    return "\n".join(lines) + "\n"


def as_json(found: Sequence[Leak]) -> list[dict[str, object]]:
    """The rows for a program."""
    return [asdict(row) for row in found]
