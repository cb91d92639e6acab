"""How fast and how large is our network, beside the tutorial's?

    python bench/models/speed.py            227-pixel tiles, int8 and float32, fifteen rounds of 100 tiles
    python bench/models/speed.py --quick    one short round: does it convert and run, and is the work equal?

The peer is `cainvas` (two times convolution, convolution, pooling with 8 and 16 filters, then three dense layers), as
it was compiled for small devices. Both networks are built from the catalogue and converted by what converts the
shipped models; their weights are random, for speed and size do not depend on them. The shipped file of that tile size
is in the table as it is, so that this can be seen.

All score the same decoded tiles, from RGB bytes to logit, on LiteRT, one thread, pinned to one core, in turn within
each round. Seconds are those of the processor, all threads together, so that other programs disturb little. Ratios are
medians over rounds, against `cainvas int8` in the same round. Before any time counts, all take the same tiles, and
each converted file answers as its Keras network does.
"""

import argparse
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from crackmap_models.conversion.convert import Numbers, to_tflite
from crackmap_models.conversion.lite import LiteModel
from crackmap_models.data.fit import fit
from crackmap_models.data.tiles import Pixels, decode
from crackmap_models.networks.catalogue import network

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("CRACKMAP_DATA", ROOT.parent / "shared/data"))
TILE_PX = 227
NETWORKS = ("cainvas", "crack_net")
# Of the spread of the answers: rounding in float32, and eight bits in every layer of a network that learnt nothing.
LARGEST_ERROR: dict[Numbers, float] = {"float32": 1e-4, "int8": 0.15}


@dataclass
class Contestant:
    """A model file that scores tiles; the seconds of each round."""

    name: str
    content: bytes
    seconds: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.model = LiteModel(self.content, threads=1)
        assert self.model.tile_px == TILE_PX, f"{self.name} takes other tiles"

    def score(self, tiles: Sequence[Pixels]) -> list[float]:
        """Logits; the time that they took is kept."""
        began_s = time.process_time()
        answers = [self.model.logit(tile) for tile in tiles]
        self.seconds.append(time.process_time() - began_s)
        return answers


def photographed(count: int) -> list[Pixels]:
    """Tiles of real surfaces where they are at hand, else noise around some grey."""
    paths, rng = sorted((DATA / "metu/train").glob("*/*.jpg")), np.random.default_rng(0)
    if not paths:
        return [
            rng.integers(k % 150, k % 150 + 100, (TILE_PX, TILE_PX, 3)).astype(np.uint8) for k in range(0, 7 * count, 7)
        ]
    chosen = rng.permutation(len(paths))[:count]
    return [fit(decode(paths[k], paths[k].read_bytes()), TILE_PX) for k in chosen.tolist()]


def contestants(tiles: Sequence[Pixels]) -> list[Contestant]:
    """Each network in each number type, checked against itself in Keras, and the shipped file."""
    import keras

    made = []
    for name in NETWORKS:
        keras.utils.set_random_seed(1)
        model = network(name).build(TILE_PX)
        exact = model.predict(np.stack(tiles).astype(np.float32), verbose=0)[:, 0]
        for numbers, error in LARGEST_ERROR.items():
            one = Contestant(f"{name} {numbers}", to_tflite(model, numbers, tiles))
            apart = np.abs(np.array([one.model.logit(tile) for tile in tiles]) - exact).max() / np.ptp(exact)
            assert apart <= error, f"{one.name} differs from its network by {apart:.2%} of the spread of the answers"
            made.append(one)
    shipped = ROOT / "models/shipped" / f"crack-{TILE_PX}.tflite"
    return [*made, Contestant(f"{shipped.stem}, as shipped", shipped.read_bytes())]


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # the converter tells its steps
    rounds, count = (1, 10) if options.quick else (options.rounds, 100)
    tiles = photographed(count)
    models = contestants(tiles)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # not before: TensorFlow's converter may use all cores
    for _ in range(rounds + 1):  # the first round warms up and is not counted
        for model in models:
            model.score(tiles)
    peer = next(model for model in models if model.name == "cainvas int8")
    print(f"{TILE_PX} px tiles, one thread, median of {rounds} rounds of {count} tiles (lowest–highest)")
    print("| | tiles/s | times the tiles/s of cainvas int8 | kB | of its size |\n|---|---|---|---|---|")
    for model in models:
        per_s = sorted(count / seconds for seconds in model.seconds[1:])
        ratios = sorted(floor / mine for mine, floor in zip(model.seconds[1:], peer.seconds[1:], strict=True))
        print(
            f"| {model.name} | {statistics.median(per_s):.0f} ({per_s[0]:.0f}–{per_s[-1]:.0f}) | "
            f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f}) | "
            f"{len(model.content) / 1e3:,.0f} | 1/{len(peer.content) / len(model.content):.1f} |"
        )


if __name__ == "__main__":
    main()
