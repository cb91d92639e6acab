"""What the API shows of pictures."""

from typing import Literal

from crackmap_server.resources.base import Resource, like

EvidenceState = Literal["held", "expected", "none", "removed"]


class EvidenceItem(Resource):
    """A picture that is held."""

    model_config = like(
        {
            "sha256": "9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c9c",
            "size_bytes": 61417,
            "media_type": "image/jpeg",
            "width_px": 400,
            "height_px": 227,
        }
    )

    sha256: str
    size_bytes: int
    media_type: str
    width_px: int
    height_px: int
