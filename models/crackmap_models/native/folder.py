"""From a model file to a folder that can be carried to a small device: sources, program, library, README, figures."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from crackmap_models.conversion.lite import LiteModel
from crackmap_models.data.fit import fit
from crackmap_models.data.tiles import LabelledTile, decode, of_split, read_bytes
from crackmap_models.native.build import build
from crackmap_models.native.comparison import compare
from crackmap_models.native.readme import readme, table

SEED = 1


def compile_model(model: Path, folder: Path, labelled: Sequence[LabelledTile], most: int) -> str:
    """Build `model` into `folder`, compare it with LiteRT on at most `most` test tiles; what is to be said about it.

    Raises RunError, CannotCompile and UnreadableImage.
    """
    built = build(model, folder)
    tile_px = LiteModel(model.read_bytes()).tile_px
    test = of_split(labelled, "test")
    chosen = [test[k] for k in np.random.default_rng(SEED).permutation(len(test))[:most]]
    tiles = [fit(decode(tile.path, read_bytes(tile.path)), tile_px) for tile in chosen]
    comparison = compare(model, built.program, tiles) if tiles else None
    (folder / "README.md").write_text(readme(model, tile_px, built.memory_bytes, comparison))
    if comparison is None:
        return f"{built.program}: built, and not compared: give --metu, --sdnet2018 and --splits, or --rendered."
    (folder / "comparison.json").write_text(json.dumps(asdict(comparison), indent=1) + "\n")
    return f"{built.program}\n\n{table(comparison)}"
