"""supervision's InferenceSlicer drives the same model file over the same tiles. It logs nothing."""

import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import supervision

from contestant import Scores, TileModel, serve, timed
from crackmap.scores import probability

MODEL, THRESHOLD = TileModel(Path(sys.argv[1])), float(sys.argv[2])


def work(photo: Path) -> tuple[float, Scores]:
    """Decode, slice, score, merge."""
    side = MODEL.tile_px
    bytes_in_order: list[int] = []

    def score(tile: Any) -> Any:
        byte = MODEL.score(tile)
        bytes_in_order.append(byte)
        if probability(byte) < THRESHOLD:
            return supervision.Detections.empty()
        return supervision.Detections(
            xyxy=np.array([[0, 0, side, side]], np.float32),
            confidence=np.array([probability(byte)], np.float32),
            class_id=np.array([0]),
        )

    slicer = supervision.InferenceSlicer(callback=score, slice_wh=side, overlap_wh=0, thread_workers=1)

    def scores() -> Scores:
        frame = cv2.imdecode(np.frombuffer(photo.read_bytes(), np.uint8), cv2.IMREAD_COLOR_RGB)
        slicer(frame)
        columns = frame.shape[1] // side
        return [(i % columns * side, i // columns * side, byte) for i, byte in enumerate(bytes_in_order)]

    return timed(scores)


serve(work)
