"""A tile's score as one byte: a quantised logit, so that sure tiles do not pile up at 255.

    byte 0        not scored; the score map says why
    byte 1..255   logit = (byte − 128) / 10, that is −12.7 … +12.7 in tenths

A probability of 0.5 is byte 128. People see probabilities; the wire and the database hold bytes.
"""

import math
from bisect import bisect_left

import numpy as np
import numpy.typing as npt

NOT_SCORED = 0
LOWEST, HIGHEST = 1, 255
ZERO_LOGIT = 128
STEPS_PER_LOGIT = 10


def bytes_from_logits(logits: npt.ArrayLike) -> npt.NDArray[np.uint8]:
    """Logits of any shape → score bytes of the same shape; logits beyond ±12.7 saturate.

    Raises ValueError on NaN: a model that answers NaN has not scored the tile.
    """
    values = np.asarray(logits, np.float64)
    if np.isnan(values).any():
        raise ValueError("a logit is NaN")
    steps = np.rint(np.clip(values, -100, 100) * STEPS_PER_LOGIT) + ZERO_LOGIT
    return np.asarray(np.clip(steps, LOWEST, HIGHEST), np.uint8)


def logits_from_bytes(scores: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Score bytes → logits; tiles that were not scored become NaN."""
    logits = (scores.astype(np.float64) - ZERO_LOGIT) / STEPS_PER_LOGIT
    return np.where(scores == NOT_SCORED, np.nan, logits)


def probabilities_from_bytes(scores: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Score bytes → probabilities of "crack" in (0, 1); tiles that were not scored become NaN."""
    return np.asarray(1.0 / (1.0 + np.exp(-logits_from_bytes(scores))))


def probability(score: int) -> float:
    """One score byte (1..255) → its probability."""
    return 1.0 / (1.0 + math.exp(-(score - ZERO_LOGIT) / STEPS_PER_LOGIT))


def byte_at_least(threshold: float) -> int:
    """The lowest score byte whose probability is at or over `threshold` (0..1).

    0 gives the lowest scored byte. A threshold that no byte reaches gives 256, which selects nothing.
    """
    if not 0.0 <= threshold <= 1.0:
        raise ValueError(f"a threshold lies in 0..1, not {threshold}")
    # A threshold printed from a byte (six digits) must select that byte again.
    return LOWEST + bisect_left(_PROBABILITIES, threshold - 1e-9)


_PROBABILITIES = [probability(score) for score in range(LOWEST, HIGHEST + 1)]
