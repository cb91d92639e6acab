"""Where a surface stands in the world: the origin and the axes of its body frame in a metric frame of reference."""

from functools import cache
from typing import Annotated, Literal, Self

import numpy as np
import pyproj
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from crackmap_server.shapes import Metres

_LARGEST_SLIP = 1e-6

Epsg = Annotated[str, Field(pattern=r"^EPSG:[1-9][0-9]{0,6}$", max_length=20)]
_Unit = Annotated[float, Field(ge=-1.000001, le=1.000001, allow_inf_nan=False)]
Axis = tuple[_Unit, _Unit, _Unit]
Coordinate = Annotated[float, Field(ge=-1e8, le=1e8, allow_inf_nan=False)]


@cache
def _crs(code: str) -> pyproj.CRS:
    try:
        return pyproj.CRS.from_user_input(code)
    except pyproj.exceptions.CRSError:
        raise ValueError(f"{code} is not known to PROJ") from None


def _metric(crs: pyproj.CRS, code: str) -> None:
    units = {axis.unit_name for axis in crs.axis_info}
    if units != {"metre"}:
        raise ValueError(f"{code} ({crs.name}) is in {' and '.join(sorted(units))}, not in metres")


def _projected(code: str) -> str:
    crs = _crs(code)
    if not crs.is_projected or crs.is_compound:
        raise ValueError(f"{code} ({crs.name}) is not a projected CRS; name one as EPSG:25832")
    _metric(crs, code)
    return code


def _vertical(code: str) -> str:
    crs = _crs(code)
    if not crs.is_vertical or crs.is_compound:
        raise ValueError(f"{code} ({crs.name}) is not a vertical CRS; name one as EPSG:7837")
    _metric(crs, code)
    return code


class _Oriented(BaseModel):
    """Origin and axes of the surface's body frame; its third axis is their cross product."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    u_axis: Axis = Field(description="unit vector (east, north, up) of the body frame's first axis: of a plane, u")
    v_axis: Axis = Field(description="unit vector (east, north, up) of v")

    @model_validator(mode="after")
    def _orthonormal(self) -> Self:
        axes = np.array([self.u_axis, self.v_axis])
        slip = np.abs(axes @ axes.T - np.eye(2))
        if slip.max() > _LARGEST_SLIP:
            raise ValueError(
                "u_axis and v_axis must be unit vectors at a right angle: their products are off by "
                f"{slip.max():.2g}, at most {_LARGEST_SLIP:g} is taken"
            )
        return self


class Projected(_Oriented):
    """In a projected metric CRS."""

    frame: Literal["projected"]
    crs: Annotated[Epsg, AfterValidator(_projected)] = Field(description="projected, in metres")
    vertical_crs: Annotated[Epsg, AfterValidator(_vertical)] | None = Field(
        default=None, description="in metres; without it the height is that of the drawings, of no stated datum"
    )
    origin_m: tuple[Coordinate, Coordinate, Coordinate] = Field(
        description="easting, northing and height of the body frame's origin, whatever the CRS's own order of axes is"
    )


class LocalEnu(_Oriented):
    """In a local frame: east, north, up at a point on the ellipsoid."""

    frame: Literal["enu"]
    latitude_deg: float = Field(ge=-90, le=90, allow_inf_nan=False, description="of the local frame's origin, WGS84")
    longitude_deg: float = Field(ge=-180, le=180, allow_inf_nan=False)
    height_m: float = Field(ge=-1e4, le=1e5, allow_inf_nan=False, description="over the ellipsoid")
    origin_m: tuple[Metres, Metres, Metres] = Field(
        description="east, north and up of the body frame's origin in the local frame"
    )


SurfacePlacement = Annotated[Projected | LocalEnu, Field(discriminator="frame")]
