"""How well are the tiles of real photographs told apart?

    python bench/photographs.py            the eight SDNET2018 photographs under CRACKMAP_DATA (default ../shared/data)
    python bench/photographs.py --quick    the same; it takes seconds

Runs `crackmap scan --scores` with the shipped 256-px model, whose tiles are exactly those that the labels speak of, and
prints for each photograph the AUROC of its tiles against the labels as published. They are noisy: by eye only two
thirds of the wall tiles and two fifths of the deck tiles labelled "crack" show one. A figure over all photographs would
mix surfaces of different difficulty, so there is none.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

DATA = Path(os.environ.get("CRACKMAP_DATA", Path(__file__).parent.parent.parent / "shared/data"))
MODEL = "crack-256"
TILE_PX = 256
MM_PER_PX = 0.23


def scores(folder: Path) -> dict[str, dict[tuple[int, int], float]]:
    """Score of each tile (x_px, y_px) of each photograph, by the command that users run."""
    with tempfile.TemporaryDirectory() as work:
        table = Path(work, "scores.csv")
        crackmap = Path(sys.executable).with_name("crackmap")
        scan = f"scan {folder} --surface bench --inspection bench --mm-per-px {MM_PER_PX}"
        outputs = f"--model {MODEL} --scores {table} --outbox {work}/outbox.sqlite"
        subprocess.run([crackmap, *scan.split(), *outputs.split()], check=True, capture_output=True)
        found: dict[str, dict[tuple[int, int], float]] = defaultdict(dict)
        with table.open(newline="") as rows:
            for row in csv.DictReader(rows):
                found[row["photo"]][int(row["x_px"]), int(row["y_px"])] = float(row["score"])
    return found


def auroc(labels: npt.NDArray[np.bool_], values: npt.NDArray[np.float64]) -> float:
    """The chance that a tile with a crack scores over one without; ties count half (Mann and Whitney 1947)."""
    positive, negative = values[labels][:, None], values[~labels][None, :]
    return float(((positive > negative) + 0.5 * (positive == negative)).mean())


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.parse_args()
    folder = DATA / "photos"
    if not folder.is_dir():
        print(f"bench/photographs.py: left out, no photographs at {folder} (set CRACKMAP_DATA)")
        return
    print("| photograph | tiles | labelled crack | AUROC |\n|---|---|---|---|")
    for photo, tiles in sorted(scores(folder).items()):
        grid = np.loadtxt(folder / photo.replace(".jpg", ".labels.csv"), delimiter=",", dtype=bool)
        assert len(tiles) == grid.size, f"{photo}: {len(tiles)} tiles, {grid.size} labels"
        order = [(x * TILE_PX, y * TILE_PX) for y in range(grid.shape[0]) for x in range(grid.shape[1])]
        labels = grid.ravel()
        values = np.array([tiles[place] for place in order])
        known = 0 < labels.sum() < labels.size
        figure = f"{auroc(labels, values):.3f}" if known else "one class only"
        print(f"| {photo} | {labels.size} | {labels.sum()} | {figure} |")


if __name__ == "__main__":
    main()
