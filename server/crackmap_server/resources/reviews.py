"""What the API shows of what people said."""

from uuid import UUID

from pydantic import Field

from crackmap_server.opinions import ReviewState
from crackmap_server.resources.base import Resource
from crackmap_server.reviews import Review


class DetectionReview(Resource):
    """What people said of the place of a tile."""

    state: ReviewState = Field(description="needs_review: they disagree, or a newer analysis speaks against them")
    cause: str | None = Field(description="why it needs review")
    carried: bool = Field(description="none of the reviews is of this frame in this analysis; they are of its place")
    crack: bool | None = Field(description="whether there is one, as people say; null where that is open")
    review_ids: list[UUID] = Field(description="the oldest first")


class ReviewItem(Resource):
    """One review, with what the person had before them."""

    review_id: UUID
    surface_id: UUID
    inspection_id: UUID
    image_sha256: str
    x_px: int = Field(description="first column of the tile in the stored raster")
    y_px: int = Field(description="first row of the tile in the stored raster")
    width_px: int
    height_px: int
    corners_m: list[tuple[float, float]] | None = Field(description="of the tile on the chart; null: it had no place")
    score: float | None = Field(description="probability that the analysis gave; null where the tile was not scored")
    author: str | None
    made_utc: str
    received_utc: str
    content: Review
    place: DetectionReview | None = Field(description="what all reviews of the place come to, by the current analysis")


class Imported(Resource):
    """What became of the items of an import."""

    stored: int = Field(description="reviews and findings that are new")
    already_there: int
    invalid: int = Field(description="items of which nothing was taken")
    messages: list[str] = Field(description="why, by the place of the item; the first hundred")
