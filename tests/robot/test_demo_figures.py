"""How the demo compares detections with the truth, by hand-made ones."""

from __future__ import annotations

import os
import signal
from uuid import UUID

import numpy as np
import pytest

from crackmap_robot.demo.answers import Detection
from crackmap_robot.demo.figures import (
    crack_figures,
    false_detections,
    photographed,
    photographed_m2,
    position_figures,
)
from crackmap_robot.demo.footprints import cluster_count, distances_m, near
from crackmap_robot.demo.held_signals import HeldSignals, endings_as_interrupt
from crackmap_robot.renderer import Pose, SimulatedCamera, TrueCrack

# 1 mm per pixel from 1 m: sees 0.4 × 0.3 m around its place.
CAMERA = SimulatedCamera(width_px=400, height_px=300, fx=1000, fy=1000, cx=199.5, cy=149.5)
UNIT = np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 0.0]])


def at(u_m: float, v_m: float) -> Pose:
    return Pose((u_m, v_m, 1.0))


def detection(u_m: float, v_m: float, side_m: float = 0.1, **changes: object) -> Detection:
    """A square tile with its middle at (u, v)."""
    corners = [(u_m + x * side_m / 2, v_m + y * side_m / 2) for x, y in ((-1, 1), (1, 1), (1, -1), (-1, -1))]
    values = {
        "frame_id": UUID(int=1),
        "x_px": 100,
        "y_px": 50,
        "width_px": 100,
        "height_px": 100,
        "score": 0.9,
        "u_m": u_m,
        "v_m": v_m,
        "corners_m": corners,
        "covariance_m2": None,
    }
    return Detection.model_validate(values | changes)


def crack(*points_m: tuple[float, float]) -> TrueCrack:
    return TrueCrack("crack-01", np.array(points_m), np.full(len(points_m), 0.7))


def test_distances_to_a_footprint_whichever_way_it_goes_round() -> None:
    points = np.array([[0.5, 0.5], [2.0, 0.5], [1.3, 1.4], [0.5, -0.25], [0.0, 0.0]])
    wanted = [0.0, 1.0, 0.5, 0.25, 0.0]
    assert distances_m(points, UNIT) == pytest.approx(wanted)
    assert distances_m(points, UNIT[::-1]) == pytest.approx(wanted)
    assert near(points, UNIT, 0.3).tolist() == [True, False, False, True, True]


def test_clusters_are_chains_of_near_tiles() -> None:
    chain = [UNIT + np.array([shift, 0.0]) for shift in (0.0, 1.2, 2.4, 9.0)]
    assert cluster_count(np.array(chain), 1.5) == 2
    assert cluster_count(np.array(chain), 0.1) == 4


def test_length_counts_only_where_it_was_photographed() -> None:
    known = crack((0.0, 0.5), (1.0, 0.5))
    poses = [at(0.2, 0.5), at(0.5, 0.5)]  # u from 0 to 0.7 m
    (figures,) = crack_figures([known], [detection(0.05, 0.5), detection(0.3, 0.5), detection(0.9, 0.5)], CAMERA, poses)
    assert figures.length_m == pytest.approx(1.0)
    assert figures.photographed_m == pytest.approx(0.7, abs=0.002)
    assert figures.found_m == pytest.approx(0.2, abs=0.002)  # the third tile lies where nobody looked
    assert figures.width_mm == pytest.approx(0.7)
    assert not figures.found
    (figures,) = crack_figures([known], [detection(0.2, 0.5, 0.4)], CAMERA, poses)
    assert figures.share == pytest.approx(0.4 / 0.7, abs=0.005)
    assert figures.found


def test_a_detection_is_false_beyond_ten_millimetres() -> None:
    known = [crack((0.0, 0.5), (1.0, 0.5))]
    assert false_detections(known, [detection(0.5, 0.5 + 0.05 + 0.009)]) == (0, 0)
    assert false_detections(known, [detection(0.5, 0.5 + 0.05 + 0.011)]) == (1, 1)
    beside = [detection(0.5, 0.7), detection(0.6, 0.7), detection(0.1, 0.9)]
    assert false_detections(known, beside) == (3, 2)
    assert false_detections([], beside) == (3, 2)
    assert false_detections(known, []) == (0, 0)


def test_position_errors_by_hand() -> None:
    # The tile's middle is pixel (149.5, 99.5): 50 px left of and 50 px above the middle, so (-0.05, +0.05) m.
    covariance = (4e-6, 0.0, 1e-6)
    off = detection(0.5 - 0.05 + 0.003, 0.5 + 0.05 + 0.004, covariance_m2=covariance)
    figures = position_figures([off], CAMERA, [at(0.5, 0.5)])
    assert figures is not None
    assert (figures.median_mm, figures.p95_mm) == pytest.approx((5.0, 5.0))
    assert figures.nees == pytest.approx(9 / 4 + 16 / 1)
    assert figures.inside_ellipse_95 == 0.0
    unknown = position_figures([detection(0.45, 0.55)], CAMERA, [at(0.5, 0.5)])
    assert unknown is not None
    assert unknown.nees is None
    assert unknown.median_mm == pytest.approx(0.0, abs=1e-9)
    assert position_figures([], CAMERA, []) is None


def test_photographed_area_is_a_union() -> None:
    assert photographed_m2(CAMERA, [at(0.5, 0.5)]) == pytest.approx(0.12, rel=0.03)
    assert photographed_m2(CAMERA, [at(0.5, 0.5), at(0.5, 0.5), at(0.7, 0.5)]) == pytest.approx(0.18, rel=0.03)
    assert photographed(np.array([[0.5, 0.5], [0.8, 0.5]]), CAMERA, [at(0.5, 0.5)]).tolist() == [True, False]


def test_a_lens_that_folds_back_photographs_nothing_far_away() -> None:
    barrel = SimulatedCamera(width_px=400, height_px=300, fx=1000, fy=1000, cx=199.5, cy=149.5, k1=-0.3)
    far = np.array([[0.5 + u, 0.5] for u in (1.6, 1.8, 1.83, 2.0)])
    assert not photographed(far, barrel, [at(0.5, 0.5)]).any()


def test_endings_wait_until_a_child_is_in_safe_hands() -> None:
    steps = []

    def start_a_child() -> None:
        with endings_as_interrupt(), HeldSignals() as held:
            os.kill(os.getpid(), signal.SIGTERM)
            steps.append("started")
            held.release()
            steps.append("never")

    with pytest.raises(KeyboardInterrupt):
        start_a_child()
    assert steps == ["started"]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
