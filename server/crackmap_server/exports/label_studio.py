"""Tasks for Label Studio: one for each picture, with the detections as predictions. Boxes are percent of the picture.

A task carries in `data` what it was made of, so that its result can be read without asking anybody.
"""

from collections.abc import Sequence
from typing import Any

from crackmap_server.resources import Detection

FROM_NAME, TO_NAME = "label", "image"


def task(
    image: str, width_px: int, height_px: int, model_version: str, detections: Sequence[Detection]
) -> dict[str, Any]:
    """Of one picture and all its detections by one analysis; `image` is its address."""
    first = detections[0]
    return {
        "data": {
            "image": image,
            "frame_id": str(first.frame_id),
            "analysis_id": str(first.analysis_id),
            "tiles": [
                {
                    "tile": each.tile,
                    "region": str(each.detection_id),
                    "x_px": each.x_px,
                    "y_px": each.y_px,
                    "width_px": each.width_px,
                    "height_px": each.height_px,
                }
                for each in detections
            ],
        },
        "predictions": [
            {
                "model_version": model_version,
                "score": max(each.score for each in detections),
                "result": [_region(each, width_px, height_px) for each in detections],
            }
        ],
    }


def _region(detection: Detection, width_px: int, height_px: int) -> dict[str, Any]:
    return {
        "id": str(detection.detection_id),
        "from_name": FROM_NAME,
        "to_name": TO_NAME,
        "type": "rectanglelabels",
        "original_width": width_px,
        "original_height": height_px,
        "image_rotation": 0,
        "score": detection.score,
        "value": {
            "x": 100 * detection.x_px / width_px,
            "y": 100 * detection.y_px / height_px,
            "width": 100 * detection.width_px / width_px,
            "height": 100 * detection.height_px / height_px,
            "rotation": 0,
            "rectanglelabels": ["crack"],
        },
    }
