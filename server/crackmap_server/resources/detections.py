"""What the API shows of tiles over the threshold."""

from uuid import UUID

from pydantic import Field

from crackmap_server.additions.masks import MaskKind
from crackmap_server.resources.base import Resource, like
from crackmap_server.resources.frames import PlacementKind
from crackmap_server.resources.reviews import DetectionReview


class Detection(Resource):
    """A tile whose score is at or over the threshold.

    Of an unplaced frame, u_m, v_m and corners_m are metres inside the picture (u right, v up, origin bottom left).
    """

    model_config = like(
        {
            "detection_id": "db544436-9601-5286-b020-04ebe2ab00a7",
            "frame_id": "9a8fb8b3-fc2b-5c6c-98a6-1eea108a51a3",
            "scan_id": "16339570-f7ad-5d54-954d-a3328d32bcaa",
            "analysis_id": "8815d2a1-6032-5e17-b343-037f8cff8de3",
            "tile": 1,
            "x_px": 227,
            "y_px": 0,
            "width_px": 227,
            "height_px": 227,
            "score": 0.97,
            "placement": "placed",
            "u_m": 0.085,
            "v_m": 0.722,
            "corners_m": [(0.057, 0.75), (0.114, 0.75), (0.114, 0.693), (0.057, 0.693)],
            "covariance_m2": (4e-06, 0.0, 4e-06),
            "sigma_m": 0.002,
            "flags": [],
            "masked": None,
            "review": None,
        }
    )

    detection_id: UUID
    frame_id: UUID
    scan_id: UUID
    analysis_id: UUID
    tile: int = Field(description="number of the tile in its frame, row by row")
    x_px: int = Field(description="first column of the tile in the stored raster")
    y_px: int = Field(description="first row of the tile in the stored raster")
    width_px: int
    height_px: int
    score: float = Field(description="probability of a crack in this tile")
    placement: PlacementKind
    u_m: float | None = Field(description="middle of the tile; null without a pose")
    v_m: float | None
    corners_m: list[tuple[float, float]] | None = Field(
        description="top left, top right, bottom right, bottom left of the tile in the image"
    )
    covariance_m2: tuple[float, float, float] | None = Field(description="uu, uv, vv of the middle; null: unknown")
    sigma_m: float | None = Field(description="root of the covariance's larger eigenvalue")
    flags: list[str]
    masked: MaskKind | None = Field(
        description="the known thing that the middle of the tile lies in; a crack may be there all the same"
    )
    review: DetectionReview | None = Field(description="what people said of the place; null: nothing yet")
