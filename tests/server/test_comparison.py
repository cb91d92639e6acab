"""What a re-scoring changed, against counts by hand from the score maps."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap.scores import byte_at_least
from crackmap.tile_grid import TileGrid
from crackmap_server.registry.comparison import covered

from .databases import BOTH
from .rescoring import claim, deliver, made_up, order, registered, scanned, scores_of


@BOTH
def test_detections_and_areas_at_both_thresholds(server: Any, wall: Any) -> None:
    scanned(server, wall)
    sha256 = registered(server, threshold=0.8)
    order(server, wall, sha256)
    before, after = [], []
    for number, frame in enumerate(claim(server)["frames"], start=1):
        deliver(server, 1, scores_of(frame))
        before.append(np.frombuffer(wall.scores(number), np.uint8))
        after.append(np.frombuffer(made_up(frame)[1], np.uint8))
    old, new = np.array(before), np.array(after)
    found = server.get("/v1/rescores/1/comparison")
    (scan,) = found["scans"]
    assert (found["model"], scan["model_before"], scan["surface"]) == ("darkness-int8", "crack-32", "north face")
    assert (scan["frames"], scan["same_grid"]) == (5, True)
    assert [(row["of"], row["threshold"]) for row in scan["at"]] == [("before", 0.5), ("after", 0.8)]
    for row in scan["at"]:
        lowest = byte_at_least(row["threshold"])
        was, now = old >= lowest, new >= lowest
        assert (row["before"]["detections"], row["after"]["detections"]) == (was.sum(), now.sum())
        assert (row["new"], row["lost"]) == ((now & ~was).sum(), (was & ~now).sum())
        for side, seen in (("before", was), ("after", now)):
            # A frame's tiles overlap at its edges; frames hang a metre apart.
            painted = 0
            for tiles in seen:
                mask = np.zeros((70, 100), bool)
                for x, y in wall.grid.corners_px()[tiles]:
                    mask[y : y + 32, x : x + 32] = True
                painted += mask.sum()
            assert row[side]["area_m2"] == pytest.approx(painted * 1e-6, rel=1e-4)


def test_while_it_is_under_way_only_what_both_scored_is_compared(server: Any, wall: Any) -> None:
    scanned(server, wall)
    order(server, wall, registered(server))
    taken = claim(server, 2)["frames"]
    assert server.get("/v1/rescores/1/comparison")["scans"][0]["frames"] == 0
    for frame in taken:
        deliver(server, 1, scores_of(frame))
    assert server.get("/v1/rescores/1/comparison")["scans"][0]["frames"] == 2


@given(
    st.integers(60, 200), st.integers(60, 200), st.sampled_from([16, 32, 33, 57]), st.sampled_from([16, 32, 33, 57]),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_a_tile_is_covered_where_a_detection_holds_its_middle(
    width: int, height: int, one: int, two: int, chance: Any
) -> None:
    tiles, others = TileGrid(width, height, one, one), TileGrid(width, height, two, two)
    found = np.array([chance.random() < 0.3 for _ in range(others.columns * others.rows)])
    shown = covered(tiles, others, found)
    if one == two:
        assert (shown == found).all()
        return
    for (x, y), said in zip(tiles.corners_px().tolist(), shown.tolist(), strict=True):
        middle = x + one // 2, y + one // 2
        by_hand = any(
            left <= middle[0] < left + two and top <= middle[1] < top + two
            for (left, top), is_found in zip(others.corners_px().tolist(), found.tolist(), strict=True)
            if is_found
        )
        assert said == by_hand
