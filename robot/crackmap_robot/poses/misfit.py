"""When measurements fit each other worse than chance allows."""

import math

SIGMAS = 3.09
"""Of a standard normal: more comes by chance once in a thousand times."""


def largest_ratio(freedom: int) -> float:
    """The chi-square over its degrees of freedom that chance exceeds once in a thousand times.

    Wilson and Hilferty, "The distribution of chi-square", PNAS 17 (1931).
    """
    spread = 2 / (9 * freedom)
    return (1 - spread + SIGMAS * math.sqrt(spread)) ** 3
