"""One point of the surface in several photographs: matches that lead from one to the next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crackmap_robot.mosaic.features import Features
from crackmap_robot.mosaic.links import Link
from crackmap_robot.mosaic.sightings import Sightings

FEATURE_SIGMA_PX = 0.5
"""Of a feature's coordinates, in pixels of the photograph in which it was looked for; a first guess, later measured."""


def sightings_of(features: Sequence[Features], links: Sequence[Link]) -> Sightings:
    """All matches as sightings of points. A chain of matches that leads to two places of one photograph is no point."""
    starts = np.cumsum([0, *(len(each.rays) for each in features)])
    ends = np.arange(starts[-1])

    def end(number: int) -> int:
        while ends[number] != number:
            ends[number] = number = int(ends[ends[number]])
        return number

    for each in links:
        for one, two in zip(
            (starts[each.first] + each.in_first).tolist(), (starts[each.second] + each.in_second).tolist(), strict=True
        ):
            ends[end(two)] = end(one)
    used = np.unique(
        np.concatenate(
            [
                np.zeros(0, np.int64),
                *(starts[each.first] + each.in_first for each in links),
                *(starts[each.second] + each.in_second for each in links),
            ]
        )
    )
    points = np.array([end(number) for number in used.tolist()], np.int64)
    photographs = np.searchsorted(starts, used, side="right") - 1
    _, place, times = np.unique(
        np.stack([points, photographs], axis=1), axis=0, return_inverse=True, return_counts=True
    )
    twice = points[times[place.ravel()] > 1]
    kept = ~np.isin(points, twice)
    used, photographs = used[kept], photographs[kept]
    rays = np.concatenate([np.zeros((0, 2)), *(each.rays for each in features)])[used]
    names, points = np.unique(points[kept], return_inverse=True)
    pixels = np.array([each.pixel for each in features])[photographs]
    return Sightings(
        photographs=photographs,
        points=points.ravel(),
        rays=rays,
        sigmas=FEATURE_SIGMA_PX * pixels,
        known_m=np.full((len(names), 2), np.nan),
        known_sigmas_m=np.full(len(names), np.nan),
    )
