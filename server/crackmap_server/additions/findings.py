"""What people saw by themselves and drew by hand: a crack that the model missed, a spall, rust."""

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, select

from crackmap_server import tables
from crackmap_server.additions.addition import Addition, Note, like
from crackmap_server.errors import BadRequest
from crackmap_server.shapes import Line, Rings, check_on_chart
from crackmap_server.sites import Face, check_inspection, face, sites_of

FindingKind = Literal["crack", "spall", "rust", "efflorescence", "leakage"]
_Pixel = Annotated[int, Field(ge=0, le=100_000)]
_Side = Annotated[int, Field(ge=1, le=100_000)]


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Polyline(_Shape):
    """A line on the chart."""

    type: Literal["polyline"]
    line_m: Line


class Polygon(_Shape):
    """An area on the chart."""

    type: Literal["polygon"]
    rings_m: Rings


class Rectangle(_Shape):
    """Pixels of one photograph, of the stored raster; the only way to show something in one without a place."""

    type: Literal["rectangle"]
    frame_id: UUID
    x_px: _Pixel
    y_px: _Pixel
    width_px: _Side
    height_px: _Side


ChartShape = Annotated[Polyline | Polygon, Field(discriminator="type")]


class Finding(Addition):
    """Drawn by a person in one inspection."""

    model_config = ConfigDict(
        **like(
            {
                "surface_id": "46480394-9463-5076-a023-12179c6ed197",
                "inspection_id": "73412194-2af6-5abf-8792-40bc185f0499",
                "kind": "crack",
                "shape": {"type": "polyline", "line_m": [(0.4, 0.2), (0.55, 0.34), (0.6, 0.61)]},
                "width_mm": 0.4,
                "note": "seen with the loupe; the photograph is too dark there",
            }
        )
    )
    kind_name: ClassVar[str] = "finding"

    surface_id: UUID
    inspection_id: UUID
    kind: FindingKind
    shape: Annotated[Polyline | Polygon | Rectangle, Field(discriminator="type")]
    width_mm: float | None = Field(default=None, gt=0, le=1000, description="of a crack, as measured by hand")
    note: Note = ""

    @property
    def owner_id(self) -> UUID:
        return self.surface_id

    def check(self, connection: Connection, _own_id: UUID, /) -> None:
        there = face(connection, self.surface_id)
        check_inspection(connection, self.inspection_id, there.structure_id, "inspection_id")
        if isinstance(self.shape, Rectangle):
            self._check_in_frame(connection, self.shape)
        else:
            check_shape(self.shape, there, "shape")

    def _check_in_frame(self, connection: Connection, cut: Rectangle) -> None:
        frames = tables.frames.c
        frame = connection.execute(
            select(frames.scan_id, frames.width_px, frames.height_px).where(frames.frame_id == cut.frame_id)
        ).one_or_none()
        site = None if frame is None else sites_of(connection, [frame.scan_id])[frame.scan_id]
        if (
            frame is None
            or site is None
            or (site.face.surface_id, site.inspection_id)
            != (
                self.surface_id,
                self.inspection_id,
            )
        ):
            raise BadRequest(f"shape: that inspection of the surface has no frame {cut.frame_id}")
        if cut.x_px + cut.width_px > frame.width_px or cut.y_px + cut.height_px > frame.height_px:
            raise BadRequest(f"shape: the rectangle goes beyond the picture of {frame.width_px} × {frame.height_px} px")


def check_shape(shape: Polyline | Polygon, there: Face, what: str) -> None:
    """Raises BadRequest for one that does not fit on the surface's chart."""
    points = shape.line_m if isinstance(shape, Polyline) else shape.rings_m[0]
    check_on_chart(points, there.around_m, what)
