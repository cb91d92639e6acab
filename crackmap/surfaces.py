"""Surfaces and their coordinates.

Body frame of a plane: right-handed, metres; u to the right and v across as the viewer sees it (v is up on walls),
w = u × v out of the surface towards the camera. Chart: (u_m, v_m) with w = 0.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

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


class Surface(BaseModel):
    """One inspected plane face of a structure."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    shape: Literal["plane"] = "plane"
    drawing: Drawing = Field(default=Drawing.AS_SEEN, description="whether the chart is drawn as seen or reflected")
