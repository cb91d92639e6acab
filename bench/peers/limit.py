"""The limit: only what cannot be avoided, one decode and the bare `invoke()` calls. Nothing is cut, kept or logged."""

import sys
import time
from pathlib import Path

import cv2
import numpy as np

from contestant import Scores, TileModel, serve

MODEL = TileModel(Path(sys.argv[1]))


def work(photo: Path) -> tuple[float, Scores]:
    """Seconds of one decode and of the bare `invoke()` calls."""
    content = np.frombuffer(photo.read_bytes(), np.uint8)
    start = time.perf_counter()
    frame = np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR_RGB), np.uint8)
    seconds = time.perf_counter() - start
    side = MODEL.tile_px
    scores = []
    for y in range(0, frame.shape[0], side):
        for x in range(0, frame.shape[1], side):
            scores.append((x, y, MODEL.score(frame[y : y + side, x : x + side])))
            start = time.perf_counter()
            MODEL.invoke()
            seconds += time.perf_counter() - start
    return seconds, scores


serve(work)
