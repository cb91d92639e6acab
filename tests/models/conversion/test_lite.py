"""Files of any number type, against what a hand computes: dtype and scales are read from the file."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="TensorFlow is not installed: make test-models")
from crackmap_models.conversion.lite import LiteModel, check_contract
from crackmap_models.errors import RunError

TINY = Path(__file__).parents[2] / "robot" / "models"  # their logit is (128 − mean brightness) / 10


@pytest.mark.parametrize("kind", ["int8", "uint8", "float32", "bytes"])
def test_any_number_type_means_the_same(kind: str) -> None:
    lite = LiteModel((TINY / f"darkness-{kind}.tflite").read_bytes())
    rng = np.random.default_rng(1)
    for low, high in ((0, 256), (0, 40), (200, 256)):
        pixels = rng.integers(low, high, (32, 32, 3)).astype(np.uint8)
        assert lite.logit(pixels) == pytest.approx((128 - pixels.mean()) / 10, abs=lite.output.scale + 1e-4)


@pytest.mark.parametrize("kind", ["int8", "uint8", "float32"])
def test_only_bytes_in_and_an_int8_logit_out_is_what_ships(kind: str) -> None:
    with pytest.raises(RunError, match="it must be"):
        check_contract(LiteModel((TINY / f"darkness-{kind}.tflite").read_bytes()))
    check_contract(LiteModel((TINY / "darkness-bytes.tflite").read_bytes()))
