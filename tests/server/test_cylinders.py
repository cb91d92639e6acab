"""Surfaces that begin again: stored as they are sent, and covered as they are."""

from typing import Any

import numpy as np
import pytest

from crackmap_server.coverage import Footprint, parts
from crackmap_server.sights import ORDER, Sight

from .databases import BOTH

ROUND = {"shape": "cylinder", "radius_m": 2.5, "facing": "inside"}
SQUARE = np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)])
SHOWN, DARK = ORDER.index(Sight.SHOWN), ORDER.index(Sight.DARK)


@BOTH
def test_a_cylinder_is_shown_as_it_was_sent(server: Any, wall: Any) -> None:
    tunnel = wall.but(surface_facts=ROUND)
    assert server.deliver(tunnel.batch(tunnel.report(1))) == ["stored"]
    (surface,) = server.get("/v1/surfaces")["items"]
    assert {name: surface[name] for name in ROUND} == ROUND
    told = server.get(f"/v1/surfaces/{surface['surface_id']}/detections.geojson")
    assert "cylinder of 2.5 m unrolled" in told["coordRefSys"]["value"]["name"]


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        ({}, ROUND, "as a plane drawn as_seen, not as a cylinder of 2.5 m seen from inside, drawn as_seen"),
        (
            ROUND,
            ROUND | {"radius_m": 2.6},
            "a cylinder of 2.5 m seen from inside, drawn as_seen, not as a cylinder of 2.6",
        ),
        (
            ROUND,
            ROUND | {"facing": "outside"},
            "seen from inside, drawn as_seen, not as a cylinder of 2.5 m seen from out",
        ),
    ],
)
def test_another_shape_under_the_same_name_is_a_conflict(
    server: Any, wall: Any, first: dict[str, Any], then: dict[str, Any], said: str
) -> None:
    one, other = wall.but(surface_facts=first), wall.but(surface_facts=then)
    server.deliver(one.batch(one.report(1)))
    (answer,) = server.answers(other.batch(other.report(2)))
    assert answer.status == "conflict"
    assert said in answer.message


def strip(u: float, wide: float, sight: int = SHOWN) -> Footprint:
    outline = SQUARE * [wide, 1] + [u, 0]
    return Footprint(outline.tolist(), outline[None], np.array([sight]))


def test_what_goes_over_the_seam_is_seen_once() -> None:
    around_m = 10.0
    whole, _ = parts([strip(4.5, 1.0), strip(-5.0, 0.5)], around_m)
    assert whole.area_m2 == pytest.approx(1.0), "half of the first lies where the second is"
    us = [u for polygon in whole.outline for ring in polygon for u, _ in ring]
    assert min(us) == pytest.approx(-5)
    assert max(us) == pytest.approx(5)
    _, found = parts([strip(4.0, 2.0, DARK), strip(-5.5, 1.0)], around_m)
    assert {part.sight: part.area_m2 for part in found} == {
        Sight.SHOWN: pytest.approx(1.0),
        Sight.DARK: pytest.approx(1.0),
    }


def test_a_frame_over_the_seam_whose_tiles_lie_on_both_ends() -> None:
    """Tiles have their middles on the chart, the outline goes on."""
    tiles = np.array([np.add(SQUARE, (4.2, 0)), np.add(SQUARE, (-4.8, 0))])
    frame = Footprint([(4.2, 0), (6.2, 0), (6.2, 1), (4.2, 1)], tiles, np.array([DARK, SHOWN]))
    _, found = parts([frame], 10.0)
    assert {part.sight: part.area_m2 for part in found} == {
        Sight.SHOWN: pytest.approx(1.0),
        Sight.DARK: pytest.approx(1.0),
    }


def test_more_than_once_around_is_the_whole_chart() -> None:
    whole, _ = parts([strip(-7.0, 14.0)], 10.0)
    assert whole.area_m2 == pytest.approx(10.0)
