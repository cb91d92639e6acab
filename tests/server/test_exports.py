"""The file for GIS: a local frame in metres, never longitude and latitude."""

import itertools
import json
from typing import Any

import pytest


def export(server: Any, wall: Any, **query: Any) -> Any:
    response = server.client.get(f"/v1/surfaces/{wall.scan.surface_id}/detections.geojson", params=query)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/geo+json"
    return json.loads(response.content)


def test_the_file_holds_the_detections_with_a_place(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(*(wall.report(n) for n in range(50)), wall.report(50, wall.no_pose())))
    for threshold in (None, 0.01, 0.9):
        query = {} if threshold is None else {"threshold": threshold}
        placed = [item for item in server.every("/v1/detections", **query) if item["placement"] == "placed"]
        collection = export(server, wall, **query)
        assert [feature["id"] for feature in collection["features"]] == [item["detection_id"] for item in placed]
        assert [feature["properties"]["score"] for feature in collection["features"]] == [
            item["score"] for item in placed
        ]


def test_no_coordinate_can_be_taken_for_longitude_and_latitude(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1)))
    collection = export(server, wall)
    assert collection["coordRefSys"]["type"] == "PROJJSON"
    assert collection["coordRefSys"]["value"]["type"] == "EngineeringCRS"
    assert {axis["unit"] for axis in collection["coordRefSys"]["value"]["coordinate_system"]["axis"]} == {"metre"}
    assert any(name.endswith("/conf/core") for name in collection["conformsTo"])
    for feature in collection["features"]:
        assert feature["geometry"] is None
        assert feature["place"]["type"] == "Polygon"


def test_outlines_are_closed_and_counterclockwise(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(3, scores=bytes([255] + [1] * 11))))
    (feature,) = export(server, wall)["features"]
    (ring,) = feature["place"]["coordinates"]
    assert len(ring) == 5
    assert ring[0] == ring[-1]
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in itertools.pairwise(ring)) / 2
    assert area == pytest.approx(0.032**2, rel=1e-4)


def test_an_empty_file_is_a_file(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.unplaced(1)))
    assert export(server, wall)["features"] == []
    assert export(server, wall, threshold=1)["features"] == []


def test_names_may_hold_any_letter(server: Any, wall: Any) -> None:
    odd = wall.but(structure='Süd-"Tunnel"', name="Ulme\u2028rechts \\ 2")
    server.deliver(odd.batch(odd.report(1)))
    assert 'Süd-"Tunnel": Ulme' in export(server, odd)["coordRefSys"]["value"]["name"]


def test_a_box_cuts_the_file(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(*(wall.report(n) for n in range(4))))
    features = export(server, wall, bbox="0.5,0,1.5,1")["features"]
    assert features
    assert {round(feature["properties"]["u_m"]) for feature in features} == {1}


def test_a_surface_that_is_not_stored(server: Any, wall: Any) -> None:
    assert server.client.get(f"/v1/surfaces/{wall.scan.scan_id}/detections.geojson").status_code == 404
