"""What conversion costs is measured kind by kind, and refused where it is too much."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: make test-models")
from crackmap_models.conversion.lite import LiteModel
from crackmap_models.data.tiles import of_split
from crackmap_models.errors import PrecisionLost
from crackmap_models.shipping.parity import Parity, as_figures, check_precision, parity


def test_a_float32_file_loses_nothing(converted: dict[str, bytes], network: Any, tiles: list[Any]) -> None:
    (found,) = parity(network, LiteModel(converted["float32"]), of_split(tiles, "val"), 0.0)
    assert (found.data, found.tiles, found.auroc_lost, found.same_side) == ("rendered", 80, 0.0, 1.0)
    assert found.mean_difference <= found.largest_difference < 1e-3


def test_a_file_of_another_network_loses_much(tiles: list[Any], network: Any) -> None:
    """A file that says the opposite."""

    class Backwards:
        tile_px = 71

        def logits(self, rows: list[Any]) -> np.ndarray:
            return np.array([-1.0 if row.crack else 1.0 for row in rows])

    found = parity(network, Backwards(), of_split(tiles, "val"), 0.0)  # type: ignore[arg-type]
    with pytest.raises(PrecisionLost, match=r"rendered: conversion costs 0\.\d{4} AUROC on 80 validation tiles"):
        check_precision(found)


@pytest.mark.parametrize(("lost", "allowed"), [(0.0030, True), (0.0031, False), (-0.2, True)])
def test_the_limit(lost: float, allowed: bool) -> None:
    found = [Parity("metu", 1000, 0.0, 0.1, 1.0, 0.99), Parity("sdnet2018 walls", 1000, lost, 0.1, 1.0, 0.99)]
    if allowed:
        check_precision(found)
    else:
        with pytest.raises(PrecisionLost, match="sdnet2018 walls"):
            check_precision(found)


def test_figures_of_parity_have_no_interval_and_no_minus_zero() -> None:
    figures = as_figures([Parity("metu", 1200, -0.00001, 0.12345, 0.9, 0.995)])
    assert {figure.measure: figure.value for figure in figures} == {
        "AUROC lost by conversion": 0.0,
        "mean change of logit by conversion": 0.1235,
        "largest change of logit by conversion": 0.9,
        "same side of the threshold by conversion": 0.995,
    }
    assert all(f.low == f.value == f.high and f.count == 1200 and f.data == "metu val" for f in figures)
    assert "-0.0" not in figures[0].model_dump_json()
