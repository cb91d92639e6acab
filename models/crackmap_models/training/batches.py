"""One epoch's tiles and their targets, drawn in balance, decoded and augmented while the network works.

The files are small (10 kB), so their bytes stay in memory and are decoded anew for every batch: an epoch is bound
by the network, not by the disk, and no cache of pixels must be kept in step with anything.

SDNET2018 marks many tiles "crack" on which none can be seen. A tile's target is therefore how far its label is to
be trusted (by eye, about 0.7 on walls, 0.45 on decks and 0.85 on pavements), not 1: this costs nothing, does not
change the order inside a surface kind, and keeps the worst labels from shouting the loudest.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from crackmap_models.data.tiles import LabelledTile, Pixels, decode, read_bytes
from crackmap_models.training.augmentation import Augmentation, augment

Batch = tuple[Pixels, npt.NDArray[np.float32]]

# Probability that a crack is there, given the label "crack".
CRACK_TRUST: Mapping[str, float] = {
    "metu": 0.98,
    "rendered": 0.98,
    "sdnet2018 walls": 0.75,
    "sdnet2018 decks": 0.5,
    "sdnet2018 pavements": 0.88,
}
# Probability that a crack is there, given the label "no_crack".
NO_CRACK_DOUBT = 0.02


@dataclass(frozen=True, slots=True)
class Mix:
    """How many tiles of each kind make one epoch. All of a kind are seen before one is seen again."""

    metu_crack: int = 2400
    metu_no_crack: int = 2400
    sdnet2018_crack: int = 4186
    sdnet2018_no_crack: int = 5800
    rendered_crack: int = 1200
    rendered_no_crack: int = 1200

    def count(self, tile: LabelledTile) -> int:
        """How many tiles of this tile's kind an epoch holds."""
        number: int = getattr(self, _kind(tile))
        return number


def _kind(tile: LabelledTile) -> str:
    return f"{tile.source}_{'crack' if tile.crack else 'no_crack'}"


def target(tile: LabelledTile) -> float:
    """The probability of a crack that the network is asked to answer for this tile."""
    return CRACK_TRUST[tile.data] if tile.crack else NO_CRACK_DOUBT


@dataclass(slots=True)
class TrainingBatches:
    """An endless, seeded stream of batches: epoch k is the same on every run, whichever epoch one starts from."""

    tiles: Sequence[LabelledTile]
    mix: Mix
    canvas_px: int
    batch_size: int
    seed: int
    change: Augmentation = field(default_factory=Augmentation)
    _content: dict[int, bytes] = field(default_factory=dict, init=False)
    _kinds: dict[str, list[int]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for index, tile in enumerate(self.tiles):
            self._kinds.setdefault(_kind(tile), []).append(index)

    @property
    def steps(self) -> int:
        """Batches per epoch."""
        first = [self.tiles[members[0]] for members in self._kinds.values()]
        return max(1, sum(map(self.mix.count, first)) // self.batch_size)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yields `steps` pairs of pixels [b, canvas_px, canvas_px, 3] and targets [b, 1]; one batch is made ahead."""
        order = self._order(number)
        chunks = [order[k * self.batch_size : (k + 1) * self.batch_size] for k in range(self.steps)]
        with ThreadPoolExecutor(1, "batches") as pool:
            ahead = pool.submit(self._batch, chunks[0], (self.seed, number, 0))
            for step in range(1, len(chunks) + 1):
                batch = ahead.result()
                if step < len(chunks):
                    ahead = pool.submit(self._batch, chunks[step], (self.seed, number, step))
                yield batch

    def _order(self, number: int) -> npt.NDArray[np.int64]:
        """The indices of epoch `number`, shuffled: from each kind the next ones of its own endless round."""
        parts = []
        for kind, members in sorted(self._kinds.items()):
            count = self.mix.count(self.tiles[members[0]])
            first_lap, skip = divmod(number * count, len(members))
            laps = range(first_lap, first_lap + -(-(skip + count) // len(members)))
            round_ = np.concatenate([self._lap(kind, lap) for lap in laps] or [np.empty(0, np.int64)])
            parts.append(round_[skip : skip + count])
        return np.random.default_rng((self.seed, number)).permutation(np.concatenate(parts))

    def _lap(self, kind: str, lap: int) -> npt.NDArray[np.int64]:
        """One shuffled pass over all tiles of a kind."""
        rng = np.random.default_rng((self.seed, lap, *kind.encode()))
        return rng.permutation(np.array(self._kinds[kind], np.int64))

    def _batch(self, indices: npt.NDArray[np.int64], seed: tuple[int, ...]) -> Batch:
        rng = np.random.default_rng(seed)
        pixels = np.empty((len(indices), self.canvas_px, self.canvas_px, 3), np.uint8)
        targets = np.empty((len(indices), 1), np.float32)
        for row, index in enumerate(indices.tolist()):
            tile = self.tiles[index]
            if index not in self._content:
                self._content[index] = read_bytes(tile.path)
            pixels[row] = augment(decode(tile.path, self._content[index]), self.canvas_px, self.change, rng)
            targets[row] = target(tile)
        return pixels, targets
