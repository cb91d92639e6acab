"""Where a placed chart lies in the world: what PROJ itself says of it, and the way back; parts of it in boxes."""

import math
from typing import Any

import numpy as np
import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap.surfaces import Facing
from crackmap_server.additions.surface_placements import LocalEnu, Projected
from crackmap_server.chart import Box
from crackmap_server.placed_charts import SAGITTA_M, PlacedChart
from crackmap_server.placed_outlines import on_earth, on_grid
from crackmap_server.regions import WorldBox, of_world

WITHIN = Box(-6.0, -1.0, 6.0, 3.0)
ORIGINS = {  # within the area of use of each
    "EPSG:25832": (565000.0, 5930000.0),
    "EPSG:2193": (1748000.0, 5428000.0),
    "EPSG:31467": (3565000.0, 5932000.0),
    "EPSG:27700": (530000.0, 180000.0),
    "EPSG:2056": (2600000.0, 1200000.0),
}
NORTHING_FIRST = {"EPSG:2193", "EPSG:31467"}
metres = st.floats(-50, 50)
angles = st.floats(-math.pi, math.pi)


@st.composite
def axes(draw: Any) -> dict[str, Any]:
    """Any two at a right angle."""
    turn, rise, roll = draw(angles), draw(st.floats(-math.pi / 2, math.pi / 2)), draw(angles)
    along = np.array([math.cos(turn) * math.cos(rise), math.sin(turn) * math.cos(rise), math.sin(rise)])
    level = np.array([-math.sin(turn), math.cos(turn), 0.0])
    across = math.cos(roll) * level + math.sin(roll) * np.cross(along, level)
    return {"u_axis": tuple(along.tolist()), "v_axis": tuple(across.tolist())}


@st.composite
def charts(draw: Any) -> PlacedChart:
    radius_m = draw(st.one_of(st.none(), st.floats(0.5, 30)))
    facing = None if radius_m is None else draw(st.sampled_from(Facing))
    if draw(st.booleans()):
        code = draw(st.sampled_from(sorted(ORIGINS)))
        origin = (*ORIGINS[code], draw(metres))
        placement: Any = Projected(frame="projected", crs=code, origin_m=origin, **draw(axes()))
    else:
        place = {"latitude_deg": draw(st.floats(-80, 80)), "longitude_deg": draw(st.floats(-180, 180))}
        origin = tuple(draw(metres) for _ in range(3))
        placement = LocalEnu(frame="enu", height_m=draw(metres), origin_m=origin, **place, **draw(axes()))
    return PlacedChart(placement, radius_m, facing)


def back_in_the_grid(chart: PlacedChart, points: Any) -> Any:
    """From longitude, latitude and height, by PROJ."""
    placement = chart.placement
    if isinstance(placement, Projected):
        east, north = pyproj.Transformer.from_crs("OGC:CRS84", placement.crs, always_xy=True).transform(
            points[:, 0], points[:, 1]
        )
        return np.stack([east, north, points[:, 2]], axis=-1)
    geocentric = pyproj.Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    there = np.stack(geocentric.transform(*points.T), axis=-1)
    here = geocentric.transform(placement.longitude_deg, placement.latitude_deg, placement.height_m)
    lon, lat = np.radians([placement.longitude_deg, placement.latitude_deg])
    east = [-np.sin(lon), np.cos(lon), 0]
    north = [-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)]
    up = [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]
    return (there - here) @ np.array([east, north, up]).T


def there_and_back(chart: PlacedChart, grid: Any) -> Any:
    """What PROJ makes of points of a projected CRS on its way to Earth and back; a local frame loses nothing."""
    if isinstance(chart.placement, LocalEnu):
        return grid
    transformer = pyproj.Transformer.from_crs(chart.placement.crs, "OGC:CRS84", always_xy=True)
    earth = np.stack([*transformer.transform(grid[:, 0], grid[:, 1]), grid[:, 2]], axis=-1)
    return back_in_the_grid(chart, earth)


def back_on_the_chart(chart: PlacedChart, grid: Any) -> Any:
    """By the definition of the body frame, from the grid."""
    first, second = np.array(chart.placement.u_axis), np.array(chart.placement.v_axis)
    along, across, out = ((grid - chart.placement.origin_m) @ np.array([first, second, np.cross(first, second)]).T).T
    if chart.radius_m is None:
        assert out == pytest.approx(0, abs=1e-5)
        return np.stack([along, across], axis=-1)
    assert np.hypot(along, out) == pytest.approx(chart.radius_m, abs=1e-5)
    side = -1 if chart.facing is Facing.INSIDE else 1
    return np.stack([chart.radius_m * np.arctan2(along, side * out), across], axis=-1)


@given(chart=charts(), points=st.lists(st.tuples(st.floats(-0.99, 0.99), metres), min_size=1, max_size=5))
def test_from_the_chart_to_earth_and_back(chart: PlacedChart, points: list[tuple[float, float]]) -> None:
    """As far as PROJ itself comes back: the inverse of a change of datum is off by some tenths of a millimetre."""
    reach_m = 50.0 if chart.radius_m is None else math.pi * chart.radius_m
    there = np.array([(u * reach_m, v) for u, v in points])
    assert chart.on_earth
    grid = chart.grid_m(there)
    back = back_in_the_grid(chart, chart.geographic(there))
    assert back == pytest.approx(there_and_back(chart, grid), abs=1e-6)
    assert back == pytest.approx(grid, abs=0.005)
    assert back_on_the_chart(chart, grid) == pytest.approx(there, abs=1e-6)


@given(u=st.floats(-5, 5), v=metres)
def test_what_pyproj_says_of_a_point_is_what_is_said(u: float, v: float) -> None:
    """Worked out by hand for a wall along a bearing, upright."""
    placement = Projected(
        frame="projected",
        crs="EPSG:25832",
        vertical_crs="EPSG:7837",
        origin_m=(565000, 5930000, 4.2),
        u_axis=(0.6, 0.8, 0),
        v_axis=(0, 0, 1),
    )
    (found,) = PlacedChart(placement).geographic(np.array([[u, v]])).tolist()
    transformer = pyproj.Transformer.from_crs("EPSG:25832", "OGC:CRS84", always_xy=True)
    wanted = transformer.transform(565000 + 0.6 * u, 5930000 + 0.8 * u)
    assert found[:2] == pytest.approx(wanted, abs=1e-11)  # a micrometre
    assert found[2] == pytest.approx(4.2 + v)


def test_nobody_guesses_where_a_place_is_that_proj_does_not_know() -> None:
    nowhere = Projected(frame="projected", crs="EPSG:25832", origin_m=(9e7, 9e7, 0), u_axis=(1, 0, 0), v_axis=(0, 0, 1))
    chart = PlacedChart(nowhere)
    assert not chart.on_earth
    assert on_earth({"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}, chart) is None
    assert not pyproj.network.is_network_enabled()  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", sorted(ORIGINS))
def test_the_order_of_axes_is_that_of_the_crs(code: str) -> None:
    placement = Projected(
        frame="projected", crs=code, origin_m=(*ORIGINS[code], 7.0), u_axis=(1, 0, 0), v_axis=(0, 1, 0)
    )
    found = on_grid({"type": "LineString", "coordinates": [[0, 0], [1, 2]]}, PlacedChart(placement))
    east, north = ORIGINS[code]
    wanted = [[east, north, 7.0], [east + 1, north + 2, 7.0]]
    if code in NORTHING_FIRST:
        wanted = [[first, second, third] for second, first, third in wanted]
    assert found["coordinates"] == wanted


@given(chart=charts().filter(lambda chart: chart.radius_m is not None), low=st.floats(-3, 3), wide=st.floats(0.01, 3))
def test_edges_keep_to_the_shell(chart: PlacedChart, low: float, wide: float) -> None:
    outline = {"type": "Polygon", "coordinates": [[[low, 0], [low + wide, 0], [low + wide, 1], [low, 1], [low, 0]]]}
    placement = chart.placement
    first, second = np.array(placement.u_axis), np.array(placement.v_axis)
    body = np.stack([first, second, np.cross(first, second)])
    (ring,) = on_grid(outline, chart)["coordinates"]
    points = np.array(ring)[:, [1, 0, 2]] if chart.northing_first else np.array(ring)
    middles = (points[1:] + points[:-1]) / 2
    along, _, out = ((middles - placement.origin_m) @ body.T).T
    assert chart.radius_m is not None
    assert (np.hypot(along, out) > chart.radius_m - SAGITTA_M - 1e-6).all()


@given(chart=charts(), data=st.data(), heights=st.booleans(), earth=st.booleans())
def test_what_of_a_chart_lies_in_a_box_of_the_world(chart: PlacedChart, data: Any, heights: bool, earth: bool) -> None:
    """Against many points: those well inside of the box lie in the region, those well outside do not."""
    move = chart.geographic if earth else chart.grid_m
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    points = rng.uniform([WITHIN.low_u_m, WITHIN.low_v_m], [WITHIN.high_u_m, WITHIN.high_v_m], (300, 2))
    there = move(points)[:, : 3 if heights else 2]
    if earth:  # 180° is −180°
        there[:, 0] = there[0, 0] + (there[:, 0] - there[0, 0] + 180) % 360 - 180
    corners = np.sort(there[:2], axis=0)
    west = (corners[:, 0] + 180) % 360 - 180 if earth else corners[:, 0]
    low, high = ((float(edge), *rest) for edge, rest in zip(west, corners[:, 1:].tolist(), strict=True))
    region = of_world(WorldBox(low, high, turns=earth), WITHIN, move, chart.longest_m)
    slack = np.array([4e-7, 4e-7, 0.02] if earth else [0.02] * 3)[: there.shape[1]]  # near the poles degrees are short
    slack[0] = slack[0] / math.cos(math.radians(min(abs(there[0, 1]), 85))) if earth else slack[0]
    inside = ((there > corners[0] + slack) & (there < corners[1] - slack)).all(axis=1)
    outside = ((there < corners[0] - slack) | (there > corners[1] + slack)).any(axis=1)
    touched = [region.touches({"type": "Point", "coordinates": point}) for point in points.tolist()]
    assert all(touched[place] for place in np.flatnonzero(inside))
    assert not any(touched[place] for place in np.flatnonzero(outside))


def test_a_wall_across_180_degrees_is_found_by_both_names() -> None:
    placement = LocalEnu(
        frame="enu",
        latitude_deg=-17,
        longitude_deg=180,
        height_m=0,
        origin_m=(0, 0, 0),
        u_axis=(1, 0, 0),
        v_axis=(0, 0, 1),
    )
    chart = PlacedChart(placement)
    for west, east, low_u_m, high_u_m in (
        (179.9, -179.9, -6, 6),
        (-180.0, -179.9, 0, 6),
        (179.9, 180.0, -6, 0),
        (-180, 180, -6, 6),
    ):
        bounds = of_world(WorldBox((west, -18.0), (east, -16.0), turns=True), WITHIN, chart.geographic).bounds
        assert bounds is not None
        assert (bounds.low_u_m, bounds.high_u_m) == pytest.approx((low_u_m, high_u_m), abs=1e-3)


def test_a_box_beside_the_wall_holds_nothing_and_an_empty_chart_is_in_no_box() -> None:
    placement = Projected(
        frame="projected", crs="EPSG:25832", origin_m=(565000, 5930000, 0), u_axis=(1, 0, 0), v_axis=(0, 0, 1)
    )
    chart = PlacedChart(placement)
    beside = of_world(WorldBox((564990.0, 5930001.0), (565010.0, 5930002.0)), WITHIN, chart.grid_m)
    assert beside.bounds is None
    assert not beside.touches({"type": "Point", "coordinates": [0, 0]})
    assert of_world(WorldBox((0.0, 0.0), (1e9, 1e9)), None, chart.grid_m).bounds is None
    above = of_world(WorldBox((0.0, 0.0, 1.0), (1e9, 1e9, 2.0)), WITHIN, chart.grid_m)
    assert above.bounds == Box(WITHIN.low_u_m, 1.0, WITHIN.high_u_m, 2.0)
