"""From a surface's chart into the world: along the axes of its placement, on a cylinder along its shell.

PROJ says how coordinates of one frame of reference are to be had in another. It works with what it brings along and
asks no other host; where it knows no such operation but a rough guess, there is no longitude and latitude.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyproj

from crackmap.surfaces import Facing
from crackmap_server.additions.surface_placements import LocalEnu, Projected

Points = npt.NDArray[np.float64]

SAGITTA_M = 0.001
"""How far a straight edge may pass inside of the shell that it lies on."""
_EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
_FROM_LOCAL = (
    "+proj=pipeline +step +inv +proj=topocentric +ellps=WGS84 +lat_0={0.latitude_deg!r} +lon_0={0.longitude_deg!r} "
    "+h_0={0.height_m!r} +step +inv +proj=cart +ellps=WGS84 +step +proj=unitconvert +xy_in=rad +xy_out=deg"
)

pyproj.network.set_network_enabled(active=False)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class PlacedChart:
    """A surface's chart and where it stands. `radius_m` and `facing` are a cylinder's."""

    placement: Projected | LocalEnu
    radius_m: float | None = None
    facing: Facing | None = None

    @property
    def grid_uris(self) -> tuple[str, ...]:
        """Of the placement's own projected CRS, then of its vertical one; none of a local frame, which has no name."""
        if isinstance(self.placement, LocalEnu):
            return ()
        codes = (self.placement.crs, self.placement.vertical_crs)
        return tuple(_EPSG + code.removeprefix("EPSG:") for code in codes if code is not None)

    @property
    def northing_first(self) -> bool:
        """Whether the projected CRS itself names its northing before its easting."""
        return isinstance(self.placement, Projected) and _northing_first(self.placement.crs)

    @property
    def ellipsoidal(self) -> bool:
        """Whether heights are over the ellipsoid of longitude and latitude."""
        return isinstance(self.placement, LocalEnu)

    @property
    def on_earth(self) -> bool:
        """Whether its place has a longitude and a latitude."""
        return bool(np.isfinite(self.geographic(np.zeros((1, 2)))).all())

    @property
    def longest_m(self) -> float | None:
        """Of an edge along u that is to be straight; None on a plane."""
        return None if self.radius_m is None else 2 * self.radius_m * math.acos(max(1 - SAGITTA_M / self.radius_m, 0))

    def body_m(self, chart_m: Points) -> Points:
        """(n, 2) points of the chart → (n, 3) in the surface's body frame, as `crackmap.surfaces` defines it."""
        u, v = np.asarray(chart_m, np.float64).T
        if self.radius_m is None:
            return np.stack([u, v, np.zeros_like(u)], axis=-1)
        angle, side = u / self.radius_m, -1 if self.facing is Facing.INSIDE else 1
        return np.stack([self.radius_m * np.sin(angle), v, side * self.radius_m * np.cos(angle)], axis=-1)

    def grid_m(self, chart_m: Points) -> Points:
        """(n, 2) points of the chart → (n, 3): easting, northing and height in the placement's frame."""
        first, second = np.array(self.placement.u_axis), np.array(self.placement.v_axis)
        axes = np.stack([first, second, np.cross(first, second)])
        return np.asarray(self.body_m(chart_m) @ axes + self.placement.origin_m)

    def geographic(self, chart_m: Points) -> Points:
        """(n, 2) points of the chart → (n, 3): longitude and latitude in degrees (WGS 84), height in metres.

        The height of a projected placement stays what it is there: no geoid is at hand. What PROJ cannot say is NaN.
        """
        there = self.grid_m(chart_m)
        if isinstance(self.placement, LocalEnu):
            return np.stack(_from_local(self.placement).transform(*there.T), axis=-1)
        transformer = _from_projected(self.placement.crs)
        if transformer is None:
            return np.full_like(there, np.nan)
        longitude, latitude = transformer.transform(there[:, 0], there[:, 1])
        found = np.stack([longitude, latitude, there[:, 2]], axis=-1)
        return np.where(np.isfinite(found).all(axis=-1, keepdims=True), found, np.nan)


@lru_cache(maxsize=64)
def _from_projected(code: str) -> pyproj.Transformer | None:
    try:
        return pyproj.Transformer.from_crs(code, "OGC:CRS84", always_xy=True, allow_ballpark=False)
    except pyproj.exceptions.ProjError:
        return None


@lru_cache(maxsize=64)
def _from_local(placement: LocalEnu) -> pyproj.Transformer:
    return pyproj.Transformer.from_pipeline(_FROM_LOCAL.format(placement))


@lru_cache(maxsize=64)
def _northing_first(code: str) -> bool:
    return [axis.direction for axis in pyproj.CRS.from_user_input(code).axis_info][:2] == ["north", "east"]
