"""What the API shows of what was photographed."""

from pydantic import Field

from crackmap_server.resources.base import Resource, like
from crackmap_server.sights import Sight


class CoveragePart(Resource):
    """Where a crack of the inspection's target width would have been seen, or why it would not."""

    sight: Sight
    area_m2: float
    outline: list[list[list[tuple[float, float]]]] = Field(description="coordinates of a MultiPolygon in metres")


class Coverage(Resource):
    """What of a surface was photographed, and where a crack of the target width would have been seen."""

    model_config = like(
        {
            "area_m2": 0.75,
            "boundary_m2": None,
            "frames_placed": 1,
            "frames_no_pose": 0,
            "frames_unplaced": 0,
            "outline": [[[(0.0, 0.0), (1.0, 0.0), (1.0, 0.75), (0.0, 0.75), (0.0, 0.0)]]],
            "parts": [
                {
                    "sight": "shown",
                    "area_m2": 0.75,
                    "outline": [[[(0.0, 0.0), (1.0, 0.0), (1.0, 0.75), (0.0, 0.75), (0.0, 0.0)]]],
                }
            ],
        }
    )

    area_m2: float = Field(
        description="area of the union of the placed frames' footprints, within the boundary; 0 without any"
    )
    boundary_m2: float | None = Field(description="area within the surface's boundary; null where none was given")
    frames_placed: int
    frames_no_pose: int
    frames_unplaced: int
    outline: list[list[list[tuple[float, float]]]] = Field(
        description="coordinates of a MultiPolygon in metres: polygons, each an outer ring and its holes"
    )
    parts: list[CoveragePart] = Field(
        description="what was photographed, by what it shows of a crack as wide as the inspection's target: `shown`, "
        "or why not. No part overlaps another; where several frames show one place the best holds. `masked`: something "
        "known is there. `never_seen`: within the boundary, in no photograph; it is not in `area_m2`"
    )
