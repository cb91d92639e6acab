"""One group of photographs that overlap: their poses on the surface, and what is to be said of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crackmap.errors import InputError
from crackmap.messages import Camera, Pose
from crackmap_robot.mosaic.anchors import Anchor, with_anchors
from crackmap_robot.mosaic.features import Features
from crackmap_robot.mosaic.growing import grown
from crackmap_robot.mosaic.hold import Hold
from crackmap_robot.mosaic.links import Link
from crackmap_robot.mosaic.refining import Refined, refined
from crackmap_robot.mosaic.sightings import Cameras
from crackmap_robot.mosaic.tracks import sightings_of
from crackmap_robot.poses.misfit import largest_ratio
from crackmap_robot.poses.transform import FloatArray, quaternion

MIRRORED = 0.25
"""Places that fit better by this factor when one side is mirrored have u or v the wrong way round."""
ASIDE = 1e-3


@dataclass(frozen=True)
class Solution:
    """Poses of a group's photographs, in its order, with their covariances.

    `sigma_px` is what features were found to be exact by, in pixels of the photograph as it was shrunk. `contradicting`
    are links that were not used. `anchor_misfits_m` says by name how far known places are off; `doubtful`: farther than
    their sigmas allow, so that the covariances were enlarged.
    """

    poses: tuple[Pose, ...]
    used: int
    contradicting: tuple[Link, ...]
    sigma_px: float
    anchor_misfits_m: Mapping[str, float]
    doubtful: bool


def fixed(anchors: Mapping[int, Sequence[Anchor]]) -> bool:
    """Whether anchors say where a group is, how it is turned and how large: two places do."""
    places = {each.place_m for some in anchors.values() for each in some}
    return len(places) > 1


def solve(
    features: Sequence[Features],
    links: Sequence[Link],
    camera: Camera,
    anchors: Mapping[int, Sequence[Anchor]],
    hold: Hold | None,
) -> Solution:
    """Of photographs that links join. `hold`, or else anchors by photograph, fix the frame. Raises InputError."""
    cameras, used, others = grown(features, links)
    sightings = with_anchors(sightings_of(features, used), anchors, camera)
    known = sightings.known[sightings.points]
    if hold is None:
        seen = cameras.hits_m(sightings.photographs[known], sightings.rays[known])
        to = sightings.known_m[sightings.points[known]]
    else:
        rays = np.array([hold.ray, (hold.ray[0] + ASIDE, hold.ray[1])])
        seen = cameras.hits_m(np.array([hold.number] * 2), rays)
        to = np.array([[0.0, 0.0], [ASIDE * hold.metres, 0.0]])
    found = refined(sightings, _moved(cameras, seen, to), hold)
    ratio, freedom = _anchor_ratio(found)
    doubtful = freedom > 0 and ratio > largest_ratio(freedom)
    covariances = found.covariances * (ratio if doubtful else 1.0)
    guess = sightings_of(features, used).sigmas / np.array([each.pixel for each in features]).mean()
    return Solution(
        poses=tuple(map(_pose, found.adjusted.cameras.places_m, found.adjusted.cameras.turns, covariances)),
        used=len(used),
        contradicting=tuple(others),
        sigma_px=found.share * float(np.median(guess)),
        anchor_misfits_m=_anchor_misfits(found, anchors),
        doubtful=doubtful,
    )


def _moved(cameras: Cameras, seen: FloatArray, to: FloatArray) -> Cameras:
    """All cameras by the similarity that brings places `seen` (k, 2) nearest to where they are, `to` (k, 2)."""
    flip = np.array([1.0, -1.0])
    scale, angle, misfit = _similarity(seen, to)
    if len(seen) > 2 and _similarity(seen * flip, to)[2] < MIRRORED * misfit:
        raise InputError(
            "the known places are mirrored to what the photographs show. Look whether u and v are mixed up: u to the "
            "right and v across as seen by the viewer."
        )
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    places = scale * (cameras.places_m - [*seen.mean(axis=0), 0.0]) @ turn.T + [*to.mean(axis=0), 0.0]
    return Cameras(np.asarray(places), turn @ cameras.turns)


def _similarity(seen: FloatArray, to: FloatArray) -> tuple[float, float, float]:
    """Scale, angle and what is left over (Umeyama, IEEE PAMI 13 (1991), in two dimensions as complex numbers)."""
    here, there = ((each - each.mean(axis=0)) @ np.array([1, 1j]) for each in (seen, to))
    factor = complex((here.conj() @ there) / (here.conj() @ here).real)
    return abs(factor), float(np.angle(factor)), float(np.linalg.norm(factor * here - there))


def _anchor_ratio(found: Refined) -> tuple[float, int]:
    """How much worse known places fit than was stated, as chi-square over its degrees of freedom, and those."""
    known = found.sightings.known[found.sightings.points]
    freedom = 2 * int(known.sum()) - 4
    total = float((found.adjusted.misfits[known] ** 2).sum() + (found.adjusted.known_misfits**2).sum())
    return total / max(freedom, 1), freedom


def _anchor_misfits(found: Refined, anchors: Mapping[int, Sequence[Anchor]]) -> dict[str, float]:
    names = list(dict.fromkeys(each.name for some in anchors.values() for each in some))
    known = np.flatnonzero(found.sightings.known)
    apart = np.hypot(*(found.adjusted.points_m - found.sightings.known_m)[known].T)
    return dict(zip(names, apart.tolist(), strict=True))


def _pose(place: FloatArray, turn: FloatArray, covariance: FloatArray) -> Pose:
    left, _, right = np.linalg.svd(turn)  # many small turns one after the other leave it a little off
    x_m, y_m, z_m = place.tolist()
    even = (covariance + covariance.T) / 2
    return Pose(
        position_m=(x_m, y_m, z_m), orientation_xyzw=quaternion(left @ right), covariance=tuple(even.ravel().tolist())
    )
