"""Each of the three truths would notice a projection that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from crackmap.messages import Camera
from crackmap_robot.projection import NoView, lens, lines, placement, plane

from .projection_truths import (
    check_against_opencv,
    check_by_hand,
    check_painted_dots,
)


@pytest.fixture
def fresh_cache() -> None:
    """Points of cameras are kept between frames; a mutation must not meet yesterday's."""
    placement._points.cache_clear()


def flip_k1(patch: pytest.MonkeyPatch) -> None:
    right = lens.distorted

    def wrong(points: np.ndarray, camera: Camera) -> tuple[np.ndarray, np.ndarray]:
        k1, *others = camera.distortion
        return right(points, camera.model_copy(update={"distortion": (-k1, *others)}))

    patch.setattr(lens, "distorted", wrong)


def swap_u_and_v(patch: pytest.MonkeyPatch) -> None:
    right = plane.Plane.hits
    patch.setattr(plane.Plane, "hits", lambda self, lines: right(self, lines)[:, ::-1])


def mirror(patch: pytest.MonkeyPatch) -> None:
    right = plane.Plane.hits
    patch.setattr(
        plane.Plane,
        "hits",
        lambda self, lines: 2 * lines.starts_m[:2] - right(self, lines) * [1, 1],
    )


def turn_backwards(patch: pytest.MonkeyPatch) -> None:
    right = lines.rotation
    patch.setattr(lines, "rotation", lambda quaternion: right(quaternion).T)


CHECKS: list[Callable[[], None]] = [check_against_opencv, check_by_hand, check_painted_dots]


@pytest.mark.usefixtures("fresh_cache")
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("mutate", [flip_k1, swap_u_and_v, mirror], ids=lambda mutate: mutate.__name__)
def test_each_truth_notices_a_wrong_projection(
    mutate: Callable[[pytest.MonkeyPatch], None], check: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutate(monkeypatch)
    with pytest.raises(AssertionError):
        check()
    placement._points.cache_clear()


@pytest.mark.usefixtures("fresh_cache")
@pytest.mark.parametrize("check", [check_against_opencv, partial(check_by_hand, "up 45°"), check_painted_dots])
def test_each_truth_notices_a_rotation_the_wrong_way_round(
    check: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_backwards(monkeypatch)
    with pytest.raises((AssertionError, NoView)):
        check()
