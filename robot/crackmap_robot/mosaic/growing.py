"""A first guess of all poses: from one photograph on, each from one whose pose is known. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from crackmap_robot.mosaic.adjustment import Adjustment
from crackmap_robot.mosaic.features import Features
from crackmap_robot.mosaic.hold import Hold
from crackmap_robot.mosaic.links import Link
from crackmap_robot.mosaic.normal_equations import Adjusted
from crackmap_robot.mosaic.sightings import Cameras, IntArray, Sightings
from crackmap_robot.mosaic.tracks import sightings_of
from crackmap_robot.poses.transform import FloatArray

FACING = np.diag([1.0, -1.0, -1.0])
SCALE_SIGMA = 1e-4
WORST_PX = 40.0
"""How far two photographs may disagree that no adjustment has brought together yet."""


def grown(features: Sequence[Features], links: Sequence[Link]) -> tuple[Cameras, list[Link], list[Link]]:
    """Poses of all photographs, which links must join, in a frame and a scale of its own; links to use, and others.

    The photograph with the most matches and its neighbours are solved first, from square views: they tell how the
    surface leans. The others follow along the tree of links with the most matches, each by the points that it shares
    with one before. Links that are not of the tree and contradict it are the others.
    """
    order, tree = _tree(len(features), links)
    root = order[0]
    hold = Hold(root, (0.0, 0.0), 1.0, SCALE_SIGMA)
    cameras = Cameras(np.tile([0.0, 0.0, 1.0], (len(features), 1)), np.tile(FACING, (len(features), 1, 1)))
    around = [each for each in tree if root in {each.first, each.second}]
    for each in around:
        other, here, there = _ends(each, root)
        place, turn = _square(features[root].rays[here], features[other].rays[there])
        cameras.places_m[other], cameras.turns[other] = place, turn
    near = sorted({root, *(number for each in around for number in (each.first, each.second))})
    found = _adjusted_part(features, around, cameras, near, hold)
    cameras.places_m[near], cameras.turns[near] = found.places_m, found.turns
    parents = {order[0]: order[0]}
    for each, number in zip(tree, order[1:], strict=True):
        parent = each.first if each.second == number else each.second
        parents[number] = parent
        if number in near:
            continue
        _, here, there = _ends(each, parent)
        points = cameras.hits_m(np.full(len(here), parent), features[parent].rays[here])
        cameras.places_m[number], cameras.turns[number] = _resected(
            points, features[number].rays[there], cameras.turns[parent]
        )
    adjusted = adjusted_all(sightings_of(features, tree), cameras, hold).cameras
    used: list[Link] = list(tree)
    others: list[Link] = []
    in_tree = {(each.first, each.second) for each in tree}
    for each in links:
        if (each.first, each.second) not in in_tree:
            (used if _agrees(each, features, adjusted) else others).append(each)
    return adjusted, used, others


def adjusted_all(sightings: Sightings, cameras: Cameras, hold: Hold | None) -> Adjusted:
    """The adjustment, with points where the first photograph that sees each has them."""
    return Adjustment(sightings, len(cameras.places_m), hold).solved(cameras, first_points(sightings, cameras))


def first_points(sightings: Sightings, cameras: Cameras) -> FloatArray:
    """(p, 2): where points are, as known, or else as seen by one photograph each."""
    points = np.where(sightings.known[:, None], sightings.known_m, 0.0)
    hits = cameras.hits_m(sightings.photographs, sightings.rays)
    free = ~sightings.known[sightings.points]
    points[sightings.points[free][::-1]] = hits[free][::-1]
    return np.asarray(points)


def _tree(count: int, links: Sequence[Link]) -> tuple[list[int], list[Link]]:
    """Photographs in the order in which they are reached, and the link to each but the first (Prim's algorithm)."""
    matches = np.zeros(count)
    for each in links:
        matches[[each.first, each.second]] += each.matches
    order, tree = [int(matches.argmax())], []
    inside = {order[0]}
    by_end: dict[int, list[Link]] = {}
    for each in links:
        by_end.setdefault(each.first, []).append(each)
        by_end.setdefault(each.second, []).append(each)
    open_links = list(by_end.get(order[0], []))
    while len(order) < count:
        open_links = [each for each in open_links if not {each.first, each.second} <= inside]
        best = max(open_links, key=lambda each: each.matches)
        number = best.second if best.first in inside else best.first
        order.append(number)
        tree.append(best)
        inside.add(number)
        open_links += by_end[number]
    return order, tree


def _ends(each: Link, number: int) -> tuple[int, IntArray, IntArray]:
    """The other photograph, the features of this one, and those of the other."""
    if each.first == number:
        return each.second, each.in_first, each.in_second
    return each.first, each.in_second, each.in_first


def _square(known: FloatArray, rays: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Place and turn of a camera square to the surface, whose rays see what those of one at (0, 0, 1) see."""
    flip = np.array([1.0, -1.0])
    there, here = known * flip, rays * flip
    a, b = here - here.mean(axis=0), there - there.mean(axis=0)
    scale = float((a**2).sum())
    cosine, sine = float((a * b).sum()) / scale, float((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) / scale
    turn = np.array([[cosine, -sine], [sine, cosine]])
    distance = float(np.hypot(cosine, sine))
    place = np.array([*(there.mean(axis=0) - turn @ here.mean(axis=0)), distance])
    full = np.eye(3)
    full[:2, :2] = turn / distance
    return place, full @ FACING


def _adjusted_part(
    features: Sequence[Features], links: Sequence[Link], cameras: Cameras, numbers: Sequence[int], hold: Hold
) -> Cameras:
    """The adjustment of some photographs."""
    new = {number: place for place, number in enumerate(numbers)}
    renamed = [Link(new[each.first], new[each.second], each.in_first, each.in_second) for each in links]
    part = Cameras(cameras.places_m[list(numbers)], cameras.turns[list(numbers)])
    sightings = sightings_of([features[number] for number in numbers], renamed)
    return adjusted_all(sightings, part, Hold(new[hold.number], hold.ray, hold.metres, hold.scale_sigma)).cameras


def _resected(points_m: FloatArray, rays: FloatArray, like: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Place and turn of a camera whose rays (k, 2) see points (k, 2) of the surface; of two that do, the one that is
    turned more like `like`."""
    middle = np.array([*points_m.mean(axis=0), 0.0])
    body = np.column_stack([points_m, np.zeros(len(points_m))]) - middle
    turns, shifts = cv2.solvePnPGeneric(body, rays, np.eye(3), None, flags=cv2.SOLVEPNP_IPPE)[1:3]
    found = []
    for turn, shift in zip(turns, shifts, strict=True):
        to_body = np.asarray(cv2.Rodrigues(turn)[0], np.float64).T
        place = middle - to_body @ np.asarray(shift, np.float64).ravel()
        seen = Cameras(place[None], to_body[None]).rays_of(np.zeros(len(rays), np.int64), points_m)
        misfit = float(np.nanmedian(np.abs(seen - rays))) if place[2] > 0 else np.inf
        found.append((misfit, -float(np.trace(to_body @ like.T)), place, to_body))
    best = min(misfit for misfit, *_ in found)
    _, _, place, to_body = min((each for each in found if each[0] <= 1.5 * best), key=lambda each: each[1])
    return place, to_body


def _agrees(each: Link, features: Sequence[Features], cameras: Cameras) -> bool:
    one, two = features[each.first], features[each.second]
    points = cameras.hits_m(np.full(each.matches, each.first), one.rays[each.in_first])
    seen = cameras.rays_of(np.full(each.matches, each.second), points)
    apart = np.hypot(*(seen - two.rays[each.in_second]).T)
    return bool(np.median(np.nan_to_num(apart, nan=np.inf)) < WORST_PX * two.pixel)
