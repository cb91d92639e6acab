"""What do overlapping tiles cost, from the JPEG to the durable outbox?

    python bench/dense.py            a 12-megapixel photograph, five rounds
    python bench/dense.py --quick    a small one, one round: does it run, and is the work equal?

Three whole scans of the same photographs with the same model, one thread, pinned to one core, in turn within each
round: tiles that touch, as `crackmap scan` cuts them; tiles that overlap by half or a little more in one pass
(`--overlap`); and the same overlapping tiles one by one (`--stride`). The ratio is the median over rounds of seconds to
those of tiles that touch in the same round. Before any time counts, both overlapping scans must have scored the same
tiles, and their scores must agree about as decision 18 states; how far they are apart on these photographs is printed.
"""

import argparse
import json
import statistics
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from scan import DATA, contestant, photographs

from crackmap.scores import byte_at_least
from crackmap.tile_grid import TileGrid
from crackmap_robot.classifier import shipped_model

# Far under what decision 18 says of photographs: with --quick they are shrunk out of the range of scales, or noise.
LEAST_EQUAL_DECISIONS = 0.9
LEAST_WITHIN_TWO_LOGITS = 0.9
Scores = dict[tuple[int, int], int]


def agreement(dense: Scores, single: Scores, lowest: int) -> tuple[int, float, float, float]:
    """Tiles; shares of equal decisions, within one logit, within two. Exits when they are less than stated."""
    assert dense.keys() == single.keys(), "the two scans cut other tiles"
    apart = np.array([[dense[place], single[place]] for place in single])
    steps = np.abs(apart[:, 0] - apart[:, 1])
    equal = float(((apart >= lowest)[:, 0] == (apart >= lowest)[:, 1]).mean())
    one, two = float((steps <= 10).mean()), float((steps <= 20).mean())
    assert equal >= LEAST_EQUAL_DECISIONS, f"only {equal:.1%} of the tiles are decided as by themselves"
    assert two >= LEAST_WITHIN_TWO_LOGITS, f"only {two:.1%} of the scores are within two logits"
    return len(single), equal, one, two


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", default="crack-227")
    options = parser.parse_args()
    model = shipped_model(f"{options.model}.tflite")
    manifest = json.loads(model.with_suffix(".json").read_text())
    tile_px, stride_px = manifest["tile_px"], manifest["dense"]["stride_px"]
    lowest = byte_at_least(manifest["threshold"])
    columns, rows, rounds = (4, 3, 1) if options.quick else (18, 13, options.rounds)
    grid = TileGrid(columns * tile_px, rows * tile_px, tile_px, stride_px)
    found: list[tuple[int, float, float, float]] = []
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, ExitStack() as running:

        def start(name: str, *how: str):  # type: ignore[no-untyped-def]
            arguments = (str(model), "1", *how)
            return running.enter_context(contestant(name, sys.executable, "crackmap_scan.py", *arguments))

        plain = start("tiles that touch")
        dense = start(f"a tile every {stride_px} px, in one pass", "--overlap")
        single = start(f"a tile every {stride_px} px, one by one", str(stride_px))
        for photo in photographs(Path(folder), tile_px, columns, rows, rounds + 1):  # the first round warms up
            assert len(plain.score(photo)) == columns * rows
            scores = dense.score(photo), single.score(photo)
            assert len(scores[0]) == grid.columns * grid.rows
            found.append(agreement(*scores, lowest))
    real = "" if (DATA / "photos").is_dir() else " of noise"
    print(f"{grid.width_px * grid.height_px / 1e6:.1f} megapixels{real}, {options.model}, median of {rounds} rounds")
    print("| | tiles | s per photograph | against tiles that touch | peak memory, MiB |\n|---|---|---|---|---|")
    for one, count in ((plain, columns * rows), (dense, grid.columns * grid.rows), (single, grid.columns * grid.rows)):
        times = one.seconds[1:]
        ratios = sorted(mine / bare for mine, bare in zip(times, plain.seconds[1:], strict=True))
        middle = statistics.median(times)
        print(
            f"| {one.name} | {count} | {middle:.3f} ({min(times):.3f}–{max(times):.3f}) | "
            f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f}) | {one.peak_mib:.0f} |"
        )
    equal, one_logit, two = (float(np.mean([row[k] for row in found])) for k in (1, 2, 3))
    print(f"in one pass: {equal:.1%} of tiles decided as by themselves; logits within 1: {one_logit:.1%}, 2: {two:.1%}")


if __name__ == "__main__":
    main()
