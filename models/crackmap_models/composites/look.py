"""What a crack does to the light that falls on it: depth, lit lip, broken borders, stains, filling."""

from dataclasses import dataclass, replace

import numpy as np

from crackmap_models.composites.fields import Plane, blurred, cloud, log_uniform, shifted
from crackmap_models.composites.paint import Colour

GREY: Colour = (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Look:
    """Shares of the background's brightness.

    `floor` is left in the depth, per channel, and `wall` more of it on the side that the light reaches; `lip` is
    the lit edge, `flank` the broken border's loss, `halo` the stain along the crack, with an exponent per channel.
    A crack may be full of something (`filling`, RGB).
    """

    floor: Colour
    light_rad: float
    wall: float = 0.0
    lip: float = 0.0
    flank: float = 0.0
    halo: float = 0.0
    halo_tint: Colour = GREY
    filling: Colour | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Three planes [h, w] of gains and perhaps three of offsets that put a crack at its full strength on a tile."""

    gains: list[Plane]
    offsets: list[Plane] | None

    def at(self, strength: float) -> tuple[list[Plane], list[Plane] | None]:
        """The gains and offsets of a fainter crack; `strength` 0..1."""
        faint = np.float32(strength)
        offsets = None if self.offsets is None else [faint * offset for offset in self.offsets]
        return [1 + faint * (gain - 1) for gain in self.gains], offsets

    def grey(self, grey: Plane) -> Plane:
        """About what becomes of the luma [h, w]: green stands for all channels."""
        return grey * self.gains[1] + (0 if self.offsets is None else self.offsets[1])


def random_look(width_px: float, ground: float, rng: np.random.Generator) -> Look:
    """A look for a crack of some width on ground of some brightness (0..255)."""
    dark = log_uniform(0.06, 0.3, rng) if width_px > 3 else rng.uniform(0.2, 0.5)
    warm = rng.normal(0.0, 0.03)
    look = Look((dark * (1 + warm), dark, dark * (1 - warm)), rng.uniform(0, 2 * np.pi))
    if rng.random() < 0.5:
        look = replace(look, lip=rng.uniform(0.05, 0.35 if width_px < 3 else 0.6))
    if width_px > 3:
        look = replace(look, wall=rng.uniform(0, 0.6))
    if width_px > 2 and rng.random() < 0.7:
        look = replace(look, flank=rng.uniform(-0.1, 0.6))
    if rng.random() < 0.2:
        if rng.random() < 0.5:
            look = replace(look, halo=rng.uniform(-0.1, 0.25))
        else:  # rust and dirty water are brown
            look = replace(
                look, halo=rng.uniform(0.05, 0.3), halo_tint=(rng.uniform(0.4, 0.9), 1.0, rng.uniform(1, 1.4))
            )
    if ground < 30:
        look = replace(look, filling=lime(ground, rng))
    elif width_px < 6 and rng.random() < 0.12:
        look = replace(look, filling=lime(ground, rng) if width_px < 2 and rng.random() < 0.25 else _dirt(ground, rng))
    return look


def lime(ground: float, rng: np.random.Generator) -> Colour:
    """Paler than ground of some brightness (0..255), a little warm or cold."""
    white = ground + rng.uniform(0.25, 0.8) * (250 - ground)
    return white, white * rng.uniform(0.98, 1.0), white * rng.uniform(0.94, 1.02)


def change(depth: Plane, width_px: float, ground: float, look: Look, rng: np.random.Generator) -> Change:
    """What a crack of a look does to a tile of brightness `ground`, where `depth` [h, w] 0..1 is its coverage."""
    height, width = depth.shape
    right, down = np.cos(look.light_rad), np.sin(look.light_rad)
    light = np.ones_like(depth)
    if look.flank:
        far = 0.5 * width_px
        wide = shifted(
            blurred(depth, 0.5 * width_px), far * np.cos(look.light_rad + 2), far * np.sin(look.light_rad + 2)
        )
        broken = np.clip(3 * wide - 0.6 + 0.6 * cloud(height, width, 24, rng), 0, 1)
        light -= np.float32(look.flank) * blurred(broken, rng.uniform(0.5, 0.8 + 0.15 * width_px))
    if look.lip:
        away = 0.8 + 0.12 * width_px
        edge = np.maximum(shifted(depth, away * right, away * down) - depth, 0)
        light += np.float32(look.lip) * edge * np.clip(0.6 + cloud(height, width, 20, rng), 0, 1.5)
    floors = [np.float32(floor) for floor in look.floor]
    if look.wall:
        reach = 0.3 * width_px
        wall = np.maximum(depth - shifted(depth, reach * right, reach * down), 0)
        wall *= np.float32(look.wall) * np.clip(0.5 + cloud(height, width, 30, rng), 0, 2)
        floors = [floor + wall for floor in floors]
    if look.filling is None:
        gains, offsets = [light * (1 - depth * (1 - floor)) for floor in floors], None
    else:  # the texture shows through what fills the crack
        gains = [light * (1 - 0.6 * depth)] * 3
        offsets = [depth * np.float32(channel - 0.4 * ground) for channel in look.filling]
    if look.halo:
        near = blurred(depth, 3 + 1.5 * width_px)
        near *= np.float32(look.halo / max(float(near.max()), 1e-3)) * (1 + 0.5 * cloud(height, width, 5, rng))
        loss = np.clip(1 - near, 0.3, 1.5)
        gains = [gain * loss ** np.float32(tint) for gain, tint in zip(gains, look.halo_tint, strict=True)]
    return Change(gains, offsets)


def _dirt(ground: float, rng: np.random.Generator) -> Colour:
    dark = ground * rng.uniform(0.15, 0.5)
    return dark * 1.05, dark, dark * rng.uniform(0.7, 1.0)
