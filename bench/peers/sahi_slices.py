"""SAHI's sliced prediction drives the same model file over the same tiles. It logs nothing."""

import sys
from pathlib import Path
from typing import Any

from sahi.models.base import DetectionModel
from sahi.predict import get_sliced_prediction
from sahi.prediction import ObjectPrediction

from contestant import Scores, TileModel, serve, timed
from crackmap.scores import probability

MODEL, THRESHOLD = TileModel(Path(sys.argv[1])), float(sys.argv[2])


class Adapter(DetectionModel):  # type: ignore[misc]
    """A classifier as SAHI wants a detector: a tile over the threshold is a box as large as the tile."""

    def __init__(self) -> None:
        self.scores: Scores = []
        super().__init__(confidence_threshold=THRESHOLD, category_mapping={"0": "crack"}, load_at_init=False)

    def perform_inference(self, image: Any) -> None:
        self._original_predictions = MODEL.score(image)

    def _create_object_prediction_list_from_original_predictions(
        self, shift_amount_list: Any = None, full_shape_list: Any = None
    ) -> None:
        byte, side = int(self._original_predictions), MODEL.tile_px
        shift = shift_amount_list[0] if isinstance(shift_amount_list[0], list) else shift_amount_list
        full = full_shape_list[0] if isinstance(full_shape_list[0], list) else full_shape_list
        self.scores.append((int(shift[0]), int(shift[1]), byte))
        found = []
        if probability(byte) >= self.confidence_threshold:
            found = [
                ObjectPrediction(
                    bbox=[0, 0, side, side],
                    category_id=0,
                    category_name="crack",
                    score=probability(byte),
                    shift_amount=shift,
                    full_shape=full,
                )
            ]
        self._object_prediction_list_per_image = [found]


ADAPTER = Adapter()


def work(photo: Path) -> tuple[float, Scores]:
    """Decode, slice, score, merge."""
    ADAPTER.scores = []

    def scores() -> Scores:
        get_sliced_prediction(
            str(photo),
            ADAPTER,
            slice_height=MODEL.tile_px,
            slice_width=MODEL.tile_px,
            overlap_height_ratio=0,
            overlap_width_ratio=0,
            perform_standard_pred=False,
            postprocess_type="NMS",
            verbose=0,
        )
        return ADAPTER.scores

    return timed(scores)


serve(work)
