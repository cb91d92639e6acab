"""The frames of reference of a surface's collections, and the URIs that name them. Pure."""

from enum import Enum, auto
from uuid import UUID

from crackmap_server.ogc.conformance import CRS84, CRS84H
from crackmap_server.surface_names import SurfaceName


class Frame(Enum):
    """In what coordinates are."""

    EARTH = auto()
    """Longitude and latitude, and a height."""
    GRID = auto()
    """The projected CRS that the surface was placed in, and a height."""
    OWN = auto()
    """Metres on the surface's chart."""


def local_crs(base: str, surface_id: UUID) -> str:
    """The URI of a surface's own frame; there is its description as PROJJSON."""
    return f"{base}/crs/{surface_id}"


def frames(surface: SurfaceName, base: str) -> dict[str, Frame]:
    """By the URIs that name them; the first is the default. CRS84h is what has heights over the ellipsoid."""
    earth = {CRS84: Frame.EARTH}
    grid: dict[str, Frame] = {}
    if surface.chart is not None:
        if surface.chart.ellipsoidal:
            earth = {CRS84H: Frame.EARTH, CRS84: Frame.EARTH}
        grid = dict.fromkeys(surface.chart.grid_uris[:1], Frame.GRID)
    return earth | grid | {local_crs(base, surface.surface_id): Frame.OWN}


def storage_crs(surface: SurfaceName, base: str) -> str:
    """The frame that programs should ask for: the one that the surface was placed in."""
    of = {frame: uri for uri, frame in reversed(frames(surface, base).items())}
    if surface.chart is not None and surface.chart.ellipsoidal:
        return of[Frame.EARTH]
    return of.get(Frame.GRID, of[Frame.OWN])
