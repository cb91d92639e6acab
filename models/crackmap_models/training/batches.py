"""One epoch's tiles and their targets, drawn in balance, decoded and augmented while the network works.

The files are small (10 kB), so their bytes stay in memory and are decoded anew for every batch: an epoch is bound
by the network, not by the disk, and no cache of pixels must be kept in step with anything.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from crackmap_models.composites import draw_crack, draw_look_alike
from crackmap_models.data.fit import fit
from crackmap_models.data.tiles import LabelledTile, Pixels, decode, read_bytes
from crackmap_models.training.augmentation import Augmentation, photograph, place
from crackmap_models.training.labels import SURE, Targets

Batch = tuple[Pixels, Targets, Targets]
BATCHES_AHEAD = 3
# Kinds of tiles to draw on: what of them shows no crack.
PHOTOGRAPHED = ("metu", "sdnet2018", "folder", "looked_at")
# A drawn crack passes through a cell when it changes at least so many of its pixels by so many grey levels.
CELL_LEAST_PIXELS = 4
CELL_LEAST_STEP = 8
# How often what is drawn on is a blend of two surfaces, and how much of it is the first.
BLENDED_SHARE = 0.3
FIRST_SURFACE = (0.5, 0.85)


@dataclass(frozen=True, slots=True)
class Mix:
    """How many tiles of each kind make one epoch. All of a kind are seen before one is seen again.

    `looked_at_no_crack` are the tiles that somebody looked at because their label or a network said crack, and that
    show none: the hardest there are, so they come as often as cracks do. `drawn_crack` and `drawn_look_alike` are
    crack-free tiles of all photographed sources with something drawn on them: a crack (half of the time beside a
    look-alike), or look-alikes only.
    """

    metu_crack: int = 3200
    metu_no_crack: int = 3200
    sdnet2018_crack: int = 4000
    sdnet2018_no_crack: int = 4200
    looked_at_no_crack: int = 1200
    folder_crack: int = 2000
    folder_no_crack: int = 2000
    rendered_crack: int = 800
    rendered_no_crack: int = 800
    drawn_crack: int = 2600
    drawn_look_alike: int = 2000

    def count(self, kind: str) -> int:
        """How many tiles of a kind an epoch holds."""
        number: int = getattr(self, kind)
        return number


def _kind(tile: LabelledTile) -> str:
    source = "looked_at" if tile.looked_at and not tile.crack else tile.source
    return f"{source}_{'crack' if tile.crack else 'no_crack'}"


@dataclass(slots=True)
class TrainingBatches:
    """An endless, seeded stream of batches: epoch k is the same on every run, whichever epoch one starts from.

    `targets` [n] are the answers asked for; tiles whose target is NaN are left out. `cells` is how many cells per
    side say where a drawn crack is (0: none are asked for).
    """

    tiles: Sequence[LabelledTile]
    targets: Targets
    mix: Mix
    canvas_px: int
    batch_size: int
    seed: int
    change: Augmentation | None = field(default_factory=Augmentation)
    cells: int = 0
    _content: dict[int, bytes] = field(default_factory=dict, init=False)
    _kinds: dict[str, npt.NDArray[np.int64]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        kinds: dict[str, list[int]] = {}
        for index, (tile, target) in enumerate(zip(self.tiles, self.targets, strict=True)):
            if not np.isnan(target):
                kinds.setdefault(_kind(tile), []).append(index)
        plain = [k for source in PHOTOGRAPHED for k in kinds.get(f"{source}_no_crack", [])]
        if plain:
            kinds |= {"drawn_crack": plain, "drawn_look_alike": plain}
        self._kinds = {kind: np.array(kinds[kind], np.int64) for kind in sorted(kinds) if self.mix.count(kind)}

    @property
    def steps(self) -> int:
        """Batches per epoch."""
        return max(1, sum(map(self.mix.count, self._kinds)) // self.batch_size)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yields `steps` batches, a few made ahead.

        Each is pixels [b, canvas_px, canvas_px, 3], targets [b, 1], and where cracks are [b, cells, cells, 1]: 1 where
        a drawn one passes, 0 elsewhere and on tiles without a crack, NaN on photographed cracks.
        """
        order = self.order(number)
        chunks = [order[k * self.batch_size : (k + 1) * self.batch_size] for k in range(self.steps)]
        with ThreadPoolExecutor(2, "batches") as pool:
            ahead: list[Future[Batch]] = []
            for step, chunk in enumerate(chunks):
                ahead.append(pool.submit(self._batch, chunk, (self.seed, number, step)))
                if len(ahead) > BATCHES_AHEAD:
                    yield ahead.pop(0).result()
            for batch in ahead:
                yield batch.result()

    def order(self, number: int) -> list[tuple[str, int]]:
        """Kinds and tile indices of epoch `number`, shuffled: from each kind the next ones of its own endless round."""
        parts = [(kind, index) for kind in self._kinds for index in self._next(kind, number).tolist()]
        turn = np.random.default_rng((self.seed, number)).permutation(len(parts))
        return [parts[k] for k in turn.tolist()]

    def _next(self, kind: str, number: int) -> npt.NDArray[np.int64]:
        count, members = self.mix.count(kind), self._kinds[kind]
        first_lap, skip = divmod(number * count, len(members))
        laps = range(first_lap, first_lap + -(-(skip + count) // len(members)))
        return np.concatenate([self._lap(kind, lap) for lap in laps])[skip : skip + count]

    def _lap(self, kind: str, lap: int) -> npt.NDArray[np.int64]:
        """One shuffled pass over all tiles of a kind."""
        return np.random.default_rng((self.seed, lap, *kind.encode())).permutation(self._kinds[kind])

    def _batch(self, chunk: Sequence[tuple[str, int]], seed: tuple[int, ...]) -> Batch:
        rng = np.random.default_rng(seed)
        pixels = np.empty((len(chunk), self.canvas_px, self.canvas_px, 3), np.uint8)
        answers = np.empty((len(chunk), 1), np.float32)
        places = np.empty((len(chunk), self.cells, self.cells, 1), np.float32)
        for row, (kind, index) in enumerate(chunk):
            pixels[row], places[row] = self._pixels(kind, index, rng)
            answers[row] = SURE if kind == "drawn_crack" else self.targets[index]
        return pixels, answers, places

    def _pixels(self, kind: str, index: int, rng: np.random.Generator) -> tuple[Pixels, Targets | float]:
        """The tile as the network sees it, and where a crack is: everywhere the same, or [cells, cells, 1]."""
        nowhere = np.nan if self.tiles[index].crack else 0.0
        if self.change is None:
            return fit(self._decoded(index), self.canvas_px), nowhere
        drawn = kind.startswith("drawn")
        pixels = place(self._decoded(index), self.canvas_px, self.change, rng, drawn=drawn)
        if not drawn:
            return photograph(pixels, self.change, rng), nowhere
        if rng.random() < BLENDED_SHARE:
            other = int(rng.choice(self._kinds[kind]))
            beneath = place(self._decoded(other), self.canvas_px, self.change, rng, drawn=True)
            share = rng.uniform(*FIRST_SURFACE)
            pixels = np.asarray(cv2.addWeighted(pixels, share, beneath, 1 - share, 0), np.uint8)
        if kind == "drawn_look_alike" or rng.random() < 0.5:
            pixels = draw_look_alike(pixels, rng)
        if kind == "drawn_look_alike":
            return photograph(pixels, self.change, rng), nowhere
        cracked = draw_crack(pixels, rng)
        return photograph(cracked, self.change, rng), cells_of(pixels, cracked, self.cells) if self.cells else nowhere

    def _decoded(self, index: int) -> Pixels:
        tile = self.tiles[index]
        if index not in self._content:
            self._content[index] = read_bytes(tile.path)
        return decode(tile.path, self._content[index])


def cells_of(before: Pixels, after: Pixels, cells: int) -> Targets:
    """Where what was drawn passes: 1 or 0 [cells, cells, 1] for two pictures [s, s, 3] of the same surface."""
    changed = cv2.absdiff(before, after).max(axis=2) >= CELL_LEAST_STEP
    # The mean over a cell times its area is how many of its pixels changed.
    mean = cv2.resize(changed.astype(np.float32), (cells, cells), interpolation=cv2.INTER_AREA)
    area = (before.shape[0] / cells) ** 2
    return np.asarray(mean * area >= CELL_LEAST_PIXELS, np.float32)[..., None]
