"""Surfaces and their coordinates.

Body frame of a plane: right-handed, metres; u to the right and v across as the viewer sees it (v is up on walls),
w = u × v out of the surface towards the camera. Chart: (u_m, v_m) with w = 0.

Body frame of a cylinder: its axis is the second axis, and v runs along it. The surface is seen from outside (a pier) at
(r sin a, v, r cos a), from inside (a tunnel) at (r sin a, v, −r cos a); the chart is unrolled: u = r a, growing to the
right as the viewer sees it, from −π r to π r, where it begins again. At u = 0 the axes are those of a plane there.
"""

import math
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Name = Annotated[
    str,
    # A name is shown in lists and becomes part of an id: no control characters, no blanks at the ends.
    StringConstraints(
        min_length=1, max_length=200, pattern=r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$"
    ),
]


class Drawing(StrEnum):
    """How a chart is drawn: as the viewer sees the surface, or reflected as ceilings are on plans."""

    AS_SEEN = "as_seen"
    REFLECTED = "reflected"


class Facing(StrEnum):
    """From where a cylinder is seen."""

    OUTSIDE = "outside"
    INSIDE = "inside"


class Surface(BaseModel):
    """One inspected face of a structure: a plane, or a cylinder unrolled."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    shape: Literal["plane", "cylinder"] = "plane"
    drawing: Drawing = Field(default=Drawing.AS_SEEN, description="whether the chart is drawn as seen or reflected")
    radius_m: float | None = Field(default=None, gt=0, le=1e6, allow_inf_nan=False, description="of a cylinder")
    facing: Facing | None = Field(default=None, description="from where a cylinder is seen")

    @model_validator(mode="after")
    def _round_or_not(self) -> Self:
        if {self.radius_m is not None, self.facing is not None} != {self.shape == "cylinder"}:
            raise ValueError("a cylinder has radius_m and facing, a plane neither")
        return self

    @property
    def around_m(self) -> float | None:
        """The length after which u begins again; None where it never does."""
        return around_m(self.radius_m)


def around_m(radius_m: float | None) -> float | None:
    """How far it is around a cylinder of that radius; None for a plane, which has none."""
    return None if radius_m is None else 2 * math.pi * radius_m
