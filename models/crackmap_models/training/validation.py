"""How well a network in training does on validation tiles, always the same ones."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from crackmap_models.data.fit import fit
from crackmap_models.data.tiles import LabelledTile, by_data, check_evaluable, decode, of_split, read_bytes
from crackmap_models.evaluation.metrics import auroc


def validation_rows(tiles: Sequence[LabelledTile], most: int, seed: int) -> dict[str, list[LabelledTile]]:
    """At most `most` val tiles of each class for each data set and surface kind, always the same ones.

    Raises OneClassSet.
    """
    rows = by_data(of_split(tiles, "val"))
    chosen: dict[str, list[LabelledTile]] = {}
    for data, members in rows.items():
        check_evaluable(np.array([tile.crack for tile in members]), f"{data} val")
        order = np.random.default_rng(seed).permutation(len(members))
        chosen[data] = [
            members[k] for crack in (True, False) for k in [k for k in order if members[k].crack == crack][:most]
        ]
    if not chosen:
        check_evaluable(np.zeros(0, np.bool_), "val")
    return chosen


def validate(model: Any, rows: Mapping[str, Sequence[LabelledTile]], canvas_px: int) -> dict[str, float]:
    """AUROC of the Keras model for each data set and surface kind, their mean, and loss and accuracy over all.

    The loss is the mean binary cross-entropy against the labels as they are; accuracy is at probability ½.
    """
    figures, losses, right = {}, [], []
    for data, members in rows.items():
        labels, answers = np.array([tile.crack for tile in members]), logits(model, members, canvas_px)
        figures[f"{data} AUROC"] = auroc(labels, answers)
        losses.append(np.logaddexp(0, np.where(labels, -answers, answers)))
        right.append((answers >= 0) == labels)
    return {
        "val loss": float(np.concatenate(losses).mean()),
        "val accuracy": float(np.concatenate(right).mean()),
        "mean AUROC": float(np.mean(list(figures.values()))),
    } | figures


def logits(model: Any, tiles: Sequence[LabelledTile], tile_px: int, batch_size: int = 64) -> npt.NDArray[np.float64]:
    """The Keras model's logits [n] for `tiles`, fitted to `tile_px`."""
    parts = []
    for start in range(0, len(tiles), batch_size):
        batch = [fit(decode(t.path, read_bytes(t.path)), tile_px) for t in tiles[start : start + batch_size]]
        parts.append(model.predict_on_batch(np.stack(batch).astype(np.float32))[:, 0])
    return np.concatenate(parts).astype(np.float64)
