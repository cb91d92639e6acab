"""How narrow a crack a model still finds, by the blur of the tile and the texture of the surface.

Cracks of known width are drawn on tiles that show none, the whole is blurred, and it is counted how many are found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from crackmap.manifest import VisibleWidth
from crackmap.tile_grid import TileGrid
from crackmap_models import style
from crackmap_models.composites.path import Paths, alone, displaced
from crackmap_models.composites.profile import Opening, outlines, widths_px
from crackmap_models.data.by_eye import Reading
from crackmap_models.data.fit import fit
from crackmap_models.data.tiles import LabelledTile, Pixels, by_data, decode, of_split, read_bytes
from crackmap_models.evaluation.disturbances import blur
from crackmap_models.evaluation.scorers import Say, Scorer
from crackmap_robot.quality.sharpness import sharpness

WIDTHS_PX = (0.15, 0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0, 6.0, 8.0)
BLURS_PX = (0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
WIDE_PX = 4.0
REFLECTS = 0.4
"""Of the light around it: what hairlines and cracks of a millimetre reflect in SDNET2018's walls, about."""
SHARE = 0.8
TILES = 80
FEWEST_POINTS = 6
START = (15.0, 2.5, 1.4)
WITHIN_MARGIN = 5 / 6
FINE = 16
"""A drawn crack is this many times finer than pixels: 0.15 px are 2.4 of its own."""
FRACTION_BITS = 3
SEED = 4


@dataclass(frozen=True, slots=True)
class Seen:
    """What became of the drawn cracks of one kind of data under one added blur.

    `blur_px` and `texture` are medians of what `crackmap_robot.quality.sharpness` says of the tiles, `found` the shares
    (one for each of WIDTHS_PX), `width_px` the narrowest from which on SHARE of those are found that are found when
    they are WIDE_PX wide and sharp; None where none of WIDTHS_PX is.
    """

    data: str
    added_px: float
    blur_px: float
    texture: float
    found: tuple[float, ...]
    width_px: float | None
    count: int


def bare_tiles(tiles: Sequence[LabelledTile], readings: Mapping[Path, Reading]) -> list[LabelledTile]:
    """The val tiles that are published as no_crack and that no eye called anything else."""
    return [
        tile
        for tile in of_split(tiles, "val")
        if not tile.crack and (tile.path not in readings or readings[tile.path].crack is False)
    ]


def promised(
    scorer: Scorer, tiles: Sequence[LabelledTile], readings: Mapping[Path, Reading], say: Say
) -> VisibleWidth | None:
    """What a manifest says of a model with a threshold. Raises UnreadableImage."""
    assert scorer.threshold_logit is not None, "the threshold is chosen first"
    return fitted(measure(scorer, bare_tiles(tiles, readings), scorer.threshold_logit, say=say))


def measure(
    scorer: Scorer, tiles: Sequence[LabelledTile], threshold_logit: float, *, most: int = TILES, say: Say = print
) -> list[Seen]:
    """For each kind of data under each of BLURS_PX, on at most `most` of the tiles that are not called cracked.
    They must show no crack (`bare_tiles`).

    Always the same cracks on the same tiles. Raises UnreadableImage.
    """
    seen: list[Seen] = []
    for data, members in by_data(tiles).items():
        rng = np.random.default_rng(SEED)
        found, sharp, rough = [], [], []
        for at in rng.permutation(len(members))[:most]:
            path, seed = members[at].path, int(rng.integers(1 << 31))
            pixels = fit(decode(path, read_bytes(path)), scorer.tile_px)
            ground = [_blurred(pixels, added) for added in BLURS_PX]
            if scorer.logits(ground[:1])[0] >= threshold_logit:
                continue
            grid = TileGrid(scorer.tile_px, scorer.tile_px, scorer.tile_px, scorer.tile_px)
            looks = [sharpness(one, grid) for one in ground]
            sharp.append([look.blur_px[0] for look in looks])
            rough.append([look.texture[0] for look in looks])
            cracked = [_cracked(pixels, width, seed) for width in WIDTHS_PX]
            logits = scorer.logits([_blurred(one, added) for one in cracked for added in BLURS_PX])
            found.append(logits.reshape(len(WIDTHS_PX), len(BLURS_PX)) >= threshold_logit)
        if found:
            seen += _seen(data, np.array(found), np.array(sharp), np.array(rough))
            say(f"  {scorer.name}: how narrow a crack it finds on {data}, {len(found)} tiles")
    return seen


def fitted(seen: Sequence[Seen]) -> VisibleWidth | None:
    """The formula with the least squares of the logarithms of the widths; None for too few of them."""
    points = [one for one in seen if one.width_px is not None and np.isfinite(one.blur_px)]
    if len(points) < FEWEST_POINTS:
        return None
    from scipy.optimize import least_squares  # noqa: PLC0415 - half a second's import

    widths = np.array([one.width_px for one in points])
    blurs, textures = np.array([one.blur_px for one in points]), np.array([one.texture for one in points])

    def said(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        per_texture, per_blur, sharp_px = values
        return np.asarray(per_texture * textures * blurs + per_blur * np.maximum(blurs - sharp_px, 0) + 1e-3)

    found = least_squares(lambda values: np.log(said(values) / widths), START, bounds=(0, np.inf)).x
    margin = max(1.0, float(np.quantile(widths / said(found), WITHIN_MARGIN)))
    per_texture, per_blur, sharp_px = np.round(found, 2).tolist()
    return VisibleWidth(per_texture=per_texture, per_blur=per_blur, sharp_px=sharp_px, margin=round(margin, 2))


def plot(seen: Sequence[Seen], promise: VisibleWidth | None, path: Path, title: str) -> None:
    """Left: found by width for one kind and blur; right: the narrowest width against the blur, with the formula."""
    kinds = list(dict.fromkeys(one.data for one in seen))
    with style.plot(path, 1, 2, panel=(4.6, 3.6), title=title) as (left, right):
        for position, data in enumerate(kinds):
            look = style.line_of(data, position)
            of_kind = [one for one in seen if one.data == data]
            for one in of_kind:
                if one.added_px in {BLURS_PX[0], 2.0}:
                    dashes = "-" if one.added_px == BLURS_PX[0] else ":"
                    label = data if one.added_px == BLURS_PX[0] else None
                    left.plot(WIDTHS_PX, one.found, color=look["color"], linestyle=dashes, label=label)
            known = [one for one in of_kind if one.width_px is not None]
            blurs = [one.blur_px for one in known]
            right.plot(blurs, [one.width_px for one in known], "o", color=look["color"], label=data)
            if promise and known:
                textures = np.array([one.texture for one in known])
                right.plot(blurs, promise.px(np.array(blurs), textures), color=look["color"], linewidth=1)
        left.set(title="found; dotted: 2 px more blur", xlabel="width, px", ylabel="share", xscale="log", ylim=(0, 1))
        right.set(title="narrowest that is found", xlabel="blur, sigma in px", ylabel="width, px", yscale="log")
        for axis, ticks in ((left.xaxis, (0.2, 0.5, 1, 2, 4, 8)), (right.yaxis, (0.2, 0.5, 1, 2, 4, 8))):
            axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
            axis.set_minor_locator(_none())
        left.legend()


def _none() -> object:
    from matplotlib.ticker import NullLocator  # noqa: PLC0415 - as in style

    return NullLocator()


def _seen(
    data: str, found: npt.NDArray[np.bool_], sharp: npt.NDArray[np.float64], rough: npt.NDArray[np.float64]
) -> list[Seen]:
    """From found [tiles, widths, blurs], blur and texture [tiles, blurs]."""
    shares = found.mean(axis=0)
    enough = SHARE * shares[WIDTHS_PX.index(WIDE_PX), 0]
    blurs = np.nanmedian(np.where(np.isnan(sharp).all(axis=0), np.inf, sharp), axis=0)
    return [
        Seen(
            data,
            added,
            float(blurs[k]),
            float(np.median(rough[:, k])),
            tuple(shares[:, k].tolist()),
            _narrowest(shares[:, k], enough),
            len(found),
        )
        for k, added in enumerate(BLURS_PX)
    ]


def _narrowest(shares: npt.NDArray[np.float64], enough: float) -> float | None:
    """Where the shares reach `enough` for good, between two widths by the logarithm."""
    under = np.flatnonzero(shares < enough)
    last = int(under[-1]) if len(under) else -1
    if last == len(shares) - 1 or enough == 0:
        return None
    if last < 0:
        return WIDTHS_PX[0]
    part = (enough - shares[last]) / (shares[last + 1] - shares[last])
    return float(WIDTHS_PX[last] * (WIDTHS_PX[last + 1] / WIDTHS_PX[last]) ** part)


def _blurred(pixels: Pixels, sigma_px: float) -> Pixels:
    return blur(pixels, sigma_px) if sigma_px else pixels


def _cracked(pixels: Pixels, width_px: float, seed: int) -> Pixels:
    """With one crack across the tile; the same course for every width."""
    height, width = pixels.shape[:2]
    rng = np.random.default_rng(seed)
    course, opening = _across(height, width, rng), Opening(width_px, 0.2, 0.15, 0.0)
    fine = np.zeros((height * FINE, width * FINE), np.uint8)
    for outline in outlines(course.points, widths_px(course, opening, rng), opening.ragged, rng):
        corners = np.round(((outline + 0.5) * FINE - 0.5) * (1 << FRACTION_BITS)).astype(np.int32)
        cv2.fillPoly(fine, [corners], 255, shift=FRACTION_BITS)
    covered = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / np.float32(255)
    return np.asarray(np.round(pixels * (1 - np.float32(1 - REFLECTS) * covered)[..., None]), np.uint8)


def _across(height: int, width: int, rng: np.random.Generator) -> Paths:
    angle_rad = rng.uniform(0, 2 * np.pi)
    middle = np.array([width, height]) * (0.5 + rng.uniform(-0.2, 0.2, 2))
    reach = np.array([np.cos(angle_rad), np.sin(angle_rad)]) * max(height, width)
    ends = np.array([middle - reach, middle + reach], np.float32)
    return alone(displaced(ends, rng.uniform(0.04, 0.12), 0.95, rng))
