"""Elements, what is said of surfaces and inspections: checked against what is stored, and against itself."""

from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from .databases import BOTH

PLACED = {
    "frame": "projected",
    "crs": "EPSG:25832",
    "vertical_crs": "EPSG:7837",
    "origin_m": [565000.0, 5930000.0, 4.2],
    "u_axis": [0.6, 0.8, 0],
    "v_axis": [0, 0, 1],
}
ENU = {
    "frame": "enu",
    "latitude_deg": 53.5,
    "longitude_deg": 10,
    "height_m": 40,
    "origin_m": [1, 2, 3],
    "u_axis": [1, 0, 0],
    "v_axis": [0, 0, 1],
}


@pytest.fixture
def stored(server: Any, wall: Any) -> Any:
    server.deliver(wall.batch(wall.report(1), wall.report(2)))
    return server


@BOTH
def test_elements_are_a_tree_with_one_number_each(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1)))
    structure = {"structure_id": str(wall.scan.structure_id)}
    span, bearing, third = (f"/v1/elements/{uuid4()}" for _ in range(3))
    of_span = structure | {"parent_id": span.rpartition("/")[2]}
    assert server.write(span, structure | {"number": "S2", "name": "span 2"}).status_code == 201
    assert server.write(bearing, of_span | {"number": "S2.12", "name": "bearing"}).status_code == 201
    twice = server.write(third, structure | {"number": "S2", "name": "another"})
    assert (twice.status_code, "span 2" in twice.json()["detail"]) == (409, True)
    for parent in (third, str(uuid4())):
        nowhere = structure | {"number": "9", "name": "x", "parent_id": parent.rpartition("/")[2]}
        assert server.write(third, nowhere).status_code == 422
    circle = structure | {"number": "S2", "name": "span 2", "parent_id": bearing.rpartition("/")[2]}
    assert server.write(span, circle, version=1).status_code == 422
    assert server.client.delete(span, headers={"If-Match": '"1"'}).status_code == 409
    assert server.client.delete(bearing, headers={"If-Match": '"1"'}).status_code == 200
    assert server.client.delete(span, headers={"If-Match": '"1"'}).status_code == 200
    assert server.every("/v1/elements", structure_id=structure["structure_id"]) == []
    elsewhere = {"structure_id": str(uuid4()), "number": "1", "name": "x"}
    assert server.write(f"/v1/elements/{uuid4()}", elsewhere).status_code == 404


def test_a_surface_belongs_to_an_element(stored: Any, wall: Any) -> None:
    element = f"/v1/elements/{uuid4()}"
    path = f"/v1/surfaces/{wall.scan.surface_id}/description"
    content = {"surface_id": str(wall.scan.surface_id), "element_id": element.rpartition("/")[2]}
    assert stored.write(path, content).status_code == 422
    stored.write(element, {"structure_id": str(wall.scan.structure_id), "number": "P3", "name": "pier 3"})
    assert stored.write(path, content).status_code == 201
    assert stored.client.delete(element, headers={"If-Match": '"1"'}).status_code == 409
    assert stored.write(path, content | {"element_id": None}, version=1).status_code == 200
    assert stored.client.delete(element, headers={"If-Match": '"1"'}).status_code == 200
    assert [each["version"] for each in stored.get(f"{path}/versions")] == [1, 2]


def test_a_description_stands_under_its_own_id(stored: Any, wall: Any) -> None:
    one, other = str(wall.scan.surface_id), str(uuid4())
    assert stored.write(f"/v1/surfaces/{one}/description", {"surface_id": other}).status_code == 422
    assert stored.write(f"/v1/surfaces/{other}/description", {"surface_id": other}).status_code == 404
    assert stored.client.get(f"/v1/surfaces/{one}/description").status_code == 404


@pytest.mark.parametrize(
    ("boundary", "said"),
    [
        ([[[0, 0], [1, 1], [1, 0], [0, 1]]], "not simple"),
        ([[[0, 0], [1, 0], [2, 0]]], "not simple"),
        ([[[0, 0], [1, 0], [1, 1], [0, 1]], [[2, 2], [3, 2], [3, 3]]], "not simple"),
        ([[[0, 0], [1e-5, 0], [1e-5, 1e-5]]], "no area"),
        ([[[0, 0], [1, 0]]], "boundary"),
        ([], "boundary"),
    ],
)
def test_a_boundary_must_be_a_polygon(stored: Any, wall: Any, boundary: Any, said: str) -> None:
    path = f"/v1/surfaces/{wall.scan.surface_id}/description"
    answer = stored.write(path, {"surface_id": str(wall.scan.surface_id), "boundary": boundary})
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_a_boundary_is_kept_closed_and_oriented_and_sent_again_is_the_same(stored: Any, wall: Any) -> None:
    path = f"/v1/surfaces/{wall.scan.surface_id}/description"
    clockwise = [[0, 0], [0, 2], [4, 2], [4, 0]]
    hole = [[1, 0.5], [2, 0.5], [2, 1.5], [1, 1.5], [1, 0.5]]
    content = {"surface_id": str(wall.scan.surface_id), "boundary": [clockwise, hole]}
    kept = stored.write(path, content).json()["content"]["boundary"]
    areas = [sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring)) / 2 for ring in kept]
    assert areas == [8, -1]
    assert all(ring[0] == ring[-1] for ring in kept)
    assert stored.write(path, content | {"boundary": kept}).json()["version"] == 1


def test_what_goes_round_a_cylinder_ends_within_one_turn(server: Any, wall: Any) -> None:
    tunnel = wall.but(surface_facts={"shape": "cylinder", "radius_m": 1.0, "facing": "inside"})
    server.deliver(tunnel.batch(tunnel.report(1)))
    path = f"/v1/surfaces/{tunnel.scan.surface_id}/description"

    def band(left: float, right: float) -> Any:
        boundary = [[[left, 0], [right, 0], [right, 1], [left, 1]]]
        return server.write(path, {"surface_id": str(tunnel.scan.surface_id), "boundary": boundary})

    assert band(-3.2, 3.2).status_code == 422
    assert band(6.0, 7.0).status_code == 422
    assert band(2.0, 4.0).status_code == 201, "over the seam"
    covered = server.get(f"/v1/surfaces/{tunnel.scan.surface_id}/coverage")
    assert covered["boundary_m2"] == pytest.approx(2)
    us = [u for part in covered["parts"] for rings in part["outline"] for ring in rings for u, _ in ring]
    assert (min(us), max(us)) == pytest.approx((-3.14159, 3.14159), abs=1e-3)


@pytest.mark.parametrize("placement", [PLACED, PLACED | {"vertical_crs": None}, ENU])
def test_a_placement_is_kept_as_it_was_sent(stored: Any, wall: Any, placement: Any) -> None:
    path = f"/v1/surfaces/{wall.scan.surface_id}/description"
    answer = stored.write(path, {"surface_id": str(wall.scan.surface_id), "placement": placement})
    assert answer.status_code == 201, answer.text
    assert answer.json()["content"]["placement"] == placement


@pytest.mark.parametrize(
    ("placement", "said"),
    [
        (PLACED | {"crs": "EPSG:4326"}, "not a projected CRS"),
        (PLACED | {"crs": "EPSG:2263"}, "not in metres"),  # New York, in feet
        (PLACED | {"crs": "EPSG:999999"}, "not known"),
        (PLACED | {"crs": "UTM 32"}, "pattern"),
        (PLACED | {"vertical_crs": "EPSG:25832"}, "not a vertical CRS"),
        (PLACED | {"vertical_crs": "EPSG:6360"}, "not in metres"),  # NAVD88 in feet
        (PLACED | {"u_axis": [0.6, 0.81, 0]}, "unit vectors"),
        (PLACED | {"v_axis": [0.6, 0.8, 0]}, "unit vectors"),
        (PLACED | {"v_axis": [0, 0.01, 1]}, "unit vectors"),
        (ENU | {"latitude_deg": 91}, "latitude"),
        (ENU | {"frame": "moon"}, "placement"),
    ],
)
def test_a_placement_that_cannot_be_is_named(stored: Any, wall: Any, placement: Any, said: str) -> None:
    path = f"/v1/surfaces/{wall.scan.surface_id}/description"
    answer = stored.write(path, {"surface_id": str(wall.scan.surface_id), "placement": placement})
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


@BOTH
def test_conditions_of_an_inspection_and_its_target_width(server: Any, wall: Any) -> None:
    """What people say of the target counts before what the scan said; what robots send stays as it was."""
    server.deliver(wall.batch(wall.report(1)))
    path = f"/v1/inspections/{wall.scan.inspection_id}/conditions"
    content = {"inspection_id": str(wall.scan.inspection_id), "temperature_c": 14.5, "wetness": "damp"}
    (before,) = server.every("/v1/inspections")
    assert before["conditions_version"] is None
    assert server.write(path, content).status_code == 201
    assert server.every("/v1/inspections") == [before | {"conditions_version": 1}]
    assert server.write(path, content | {"target_width_mm": 0.1}, version=1).status_code == 200
    (after,) = server.every("/v1/inspections")
    assert (before["target_width_mm"], after["target_width_mm"], after["conditions_version"]) == (0.3, 0.1, 2)
    assert server.deliver(wall.batch(wall.report(2))) == ["stored"]
    assert server.write(path, content | {"wetness": "moist"}, version=2).status_code == 422


def test_who_scanned_is_told_if_it_is_known(server: Any, wall: Any) -> None:
    batch = wall.batch(wall.report(1))
    (scan,) = batch.scans
    named = scan.model_copy(update={"robot": "crawler 2"})
    server.deliver(batch.model_copy(update={"scans": (named,)}))
    assert [item["robot"] for item in server.every("/v1/scans")] == ["crawler 2"]
    server.deliver(wall.batch(wall.report(2)))
    assert [item["robot"] for item in server.every("/v1/scans")] == ["crawler 2"], "the first stays"
