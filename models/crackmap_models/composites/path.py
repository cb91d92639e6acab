"""Where cracks run: broken lines by midpoint displacement, alone, branched, side by side or as a network.

Midpoint displacement after Fournier, Fussell, Carpenter, "Computer rendering of stochastic models", CACM 25 (1982).
"""

from dataclasses import dataclass

import cv2
import numpy as np

from crackmap_models.composites.fields import Plane, Points, log_uniform

SPACING_PX = 2.5
LEAST_LENGTH_PX = 48.0


@dataclass(frozen=True, slots=True)
class Paths:
    """Lines [m, n, 2] (x, y in px), their shares [m] of the system's width, and whether they thin out at their ends."""

    points: Points
    share: Plane
    taper_start: bool = False
    taper_end: bool = False


def system(height: int, width: int, rng: np.random.Generator, network_share: float = 0.1) -> list[Paths]:
    """The paths of one crack system; more than LEAST_LENGTH_PX of them lie on the tile. Some are networks."""
    kind = rng.random()
    for _ in range(6):
        paths = [_network(height, width, rng)] if kind < network_share else _lines(height, width, rng, kind)
        if length_px(paths, height, width) >= LEAST_LENGTH_PX * 1.3:
            return paths
    ends = np.array([[-5, height * 0.4], [width + 5, height * 0.6]], np.float32)
    return [alone(displaced(ends, 0.06, 0.9, rng))]


def length_px(paths: list[Paths], height: int, width: int) -> float:
    """How much of the paths lies on the tile, px."""
    return sum(float(steps_px(each.points, height, width).sum()) for each in paths)


def steps_px(points: Points, height: int, width: int) -> Plane:
    """The lengths [..., n - 1] of a line's steps, 0 for those that end outside the tile."""
    step = np.diff(points, axis=-2)
    x, y = points[..., 1:, 0], points[..., 1:, 1]
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    return np.asarray(np.hypot(step[..., 0], step[..., 1]) * inside, np.float32)


def displaced(ends: Points, rough: float, keep: float, rng: np.random.Generator) -> Points:
    """Midpoint displacement along the points [..., k, 2] of one line or several: [..., n, 2] at about SPACING_PX.

    Each round moves midpoints sideways by `rough` of their segment's length; `keep` < 1 calms finer rounds.
    """
    points = ends
    longest = float(np.linalg.norm(np.diff(ends, axis=-2), axis=-1).max())
    for _ in range(max(1, int(np.ceil(np.log2(max(2.0, longest / SPACING_PX)))))):
        step = points[..., 1:, :] - points[..., :-1, :]
        side = step[..., ::-1] * np.array([-1, 1], np.float32)
        moves = np.float32(rough) * rng.standard_normal((*step.shape[:-1], 1), np.float32)
        grown = np.empty((*points.shape[:-2], 2 * points.shape[-2] - 1, 2), np.float32)
        grown[..., ::2, :] = points
        grown[..., 1::2, :] = points[..., :-1, :] + step * np.float32(0.5) + side * moves
        points, rough = grown, rough * keep
    return points


def _lines(height: int, width: int, rng: np.random.Generator, kind: float) -> list[Paths]:
    rough, keep = log_uniform(0.035, 0.2, rng), rng.uniform(0.85, 1.08)
    main = _main(height, width, rough, keep, rng)
    paths = [main]
    if kind < 0.2:
        paths += _beside(main, rough, keep, rng)
    elif kind < 0.5:
        paths += [_branch(main, rough, keep, rng) for _ in range(rng.integers(1, 4))]
        if rng.random() < 0.3:
            paths.append(_loop(main, rough, keep, rng))
    return paths


def _main(height: int, width: int, rough: float, keep: float, rng: np.random.Generator) -> Paths:
    side = min(height, width)
    kind = rng.random()
    if kind < 0.5:  # across the tile
        sides = rng.permutation(4)[:2]
        ends = np.array([_on_side(int(k), height, width, rng) for k in sides], np.float32)
        taper = False, False
    elif kind < 0.65:  # over a corner
        along, down = rng.uniform(max(30.0, 0.12 * side), max(36.0, 0.45 * side), 2)
        ends = np.array([[along, -6.0], [-6.0, down]], np.float32)
        if rng.random() < 0.5:
            ends[:, 0] = width - 1 - ends[:, 0]
        if rng.random() < 0.5:
            ends[:, 1] = height - 1 - ends[:, 1]
        taper = False, False
    else:  # ends inside; begins at a border or inside
        end = rng.uniform(0.15, 0.85, 2) * (width, height)
        if kind < 0.88:
            start, taper = _on_side(int(rng.integers(4)), height, width, rng), (False, True)
        else:
            angle = rng.uniform(0, 2 * np.pi)
            length = rng.uniform(max(56.0, 0.25 * side), max(60.0, 0.8 * side))
            start, taper = (end + length * np.array([np.cos(angle), np.sin(angle)])).astype(np.float32), (True, True)
        ends = np.array([start, end], np.float32)
    return alone(displaced(ends, rough, keep, rng), 1.0, *taper)


def _on_side(side: int, height: int, width: int, rng: np.random.Generator) -> Points:
    """A point a little outside the top, bottom, left or right border."""
    x, y = rng.uniform(0.04, 0.96, 2) * (width, height)
    places = [(x, -8.0), (x, height + 8.0), (-8.0, y), (width + 8.0, y)]
    return np.array(places[side], np.float32)


def _branch(main: Paths, rough: float, keep: float, rng: np.random.Generator) -> Paths:
    """A side arm that leaves at 20° to 80° and thins out."""
    points = main.points[0]
    at = int(rng.uniform(0.1, 0.9) * (len(points) - 1))
    ahead = points[min(at + 6, len(points) - 1)] - points[max(at - 6, 0)]
    turn = rng.uniform(0.35, 1.4) * (1 if rng.random() < 0.5 else -1)
    angle = np.arctan2(ahead[1], ahead[0]) + turn + (np.pi if rng.random() < 0.3 else 0.0)
    span = float(np.linalg.norm(points[-1] - points[0]))
    length = log_uniform(0.12, 0.8, rng) * max(span, 40.0)
    end = points[at] + length * np.array([np.cos(angle), np.sin(angle)], np.float32)
    line = displaced(np.stack([points[at], end]), rough, keep, rng)
    return alone(line, rng.uniform(0.25, 0.8), False, True)


def _loop(main: Paths, rough: float, keep: float, rng: np.random.Generator) -> Paths:
    """An arm that leaves and comes back, so that an island of concrete stands between."""
    points = main.points[0]
    first, last = np.sort(rng.choice(len(points), 2, replace=False))
    ends = points[[first, last]]
    step = ends[1] - ends[0]
    bulge = ends.mean(0) + rng.choice([-1, 1]) * rng.uniform(0.1, 0.4) * np.array([-step[1], step[0]])
    knots = np.array([ends[0], bulge, ends[1]], np.float32)
    return alone(displaced(knots, rough, keep, rng), rng.uniform(0.3, 0.9))


def _beside(main: Paths, rough: float, keep: float, rng: np.random.Generator) -> list[Paths]:
    """One or two further cracks that run about parallel to the main one."""
    ends = main.points[0, [0, -1]]
    step = ends[1] - ends[0]
    side = np.array([-step[1], step[0]]) / max(1.0, float(np.linalg.norm(step)))
    paths = []
    for _ in range(rng.integers(1, 3)):
        away = log_uniform(10.0, 90.0, rng) * (1 if rng.random() < 0.5 else -1)
        wobble = rng.normal(0.0, 8.0, (2, 2))
        moved = (ends + side * away + wobble).astype(np.float32)
        paths.append(alone(displaced(moved, rough, keep, rng), rng.uniform(0.4, 1.0), True, True))
    return paths


def _network(height: int, width: int, rng: np.random.Generator) -> Paths:
    """Map cracking: the borders of Voronoi cells, some of them missing."""
    cell = log_uniform(max(28.0, 0.12 * min(height, width)), max(60.0, 0.6 * min(height, width)), rng)
    margin = 1.5 * cell
    across, down = (np.arange(-margin, side + margin, cell) for side in (width, height))
    seeds = np.stack(np.meshgrid(across, down), -1).reshape(-1, 2)
    seeds = (seeds + rng.uniform(-0.45, 0.45, seeds.shape) * cell).astype(np.float32)
    low = np.floor(seeds.min(0)).astype(int) - 2
    size = np.ceil(seeds.max(0)).astype(int) + 2 - low
    mesh = cv2.Subdiv2D((int(low[0]), int(low[1]), int(size[0]), int(size[1])))
    mesh.insert(seeds.tolist())
    facets, _ = mesh.getVoronoiFacetList([])
    edges = set()
    for facet in facets:
        corners = [(round(x), round(y)) for x, y in np.asarray(facet).tolist()]
        edges |= {(min(pair), max(pair)) for pair in zip(corners, [*corners[1:], corners[0]], strict=True)}
    ends = np.array(sorted(edges), np.float32)
    middles = ends.mean(1)
    near = ((middles > -20) & (middles < np.array([width + 20, height + 20]))).all(1)
    ends = ends[near & (rng.random(len(ends)) >= rng.uniform(0.0, 0.35))]
    lines = displaced(ends, rng.uniform(0.05, 0.14), 1.0, rng) if len(ends) else np.zeros((1, 2, 2), np.float32)
    return Paths(lines, rng.uniform(0.4, 1.0, len(lines)).astype(np.float32))


def alone(line: Points, share: float = 1.0, taper_start: bool = False, taper_end: bool = False) -> Paths:
    """One line [n, 2] as Paths."""
    return Paths(line[None], np.array([share], np.float32), taper_start, taper_end)
