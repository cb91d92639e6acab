"""The abstract tests of OGC API - Features (Part 1 and 2), of JSON-FG, and what is ours: no made-up longitudes."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from crackmap_server.app import create_app
from crackmap_server.chart import Box
from crackmap_server.ogc.conformance import CRS84, GEOJSON, JSON, JSON_FG, JSON_FG_BEFORE
from crackmap_server.settings import Settings
from crackmap_server.upgrade import prepared

from .ogc import crs_of, every, get, items_of, link

KINDS = ("detections", "frames", "coverage")
DRAWN = ("findings", "masks")  # empty here; test_ogc_placed.py has some


@pytest.fixture(scope="module")
def filled(wall: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One server for all tests that only read."""
    settings = Settings(database=f"sqlite:///{tmp_path_factory.mktemp('ogc')}/log.sqlite")
    with prepared(settings), TestClient(create_app(settings), base_url="http://localhost") as client:
        batch = wall.batch(*(wall.report(n) for n in range(12)), wall.report(12, wall.no_pose()))
        assert client.post("/v1/reports", content=batch.model_dump_json()).status_code == 200
        yield SimpleNamespace(client=client)


def test_every_link_leads_to_what_it_says(filled: Any) -> None:
    seen, left = set(), ["http://localhost/ogc"]
    while left:
        address = left.pop()
        if address in seen:
            continue
        seen.add(address)
        body = get(filled, address).json()
        inner = [one for collection in body.get("collections", []) for one in collection["links"]]
        for one in body.get("links", []) + inner:
            answer = get(filled, one["href"])
            assert answer.headers["content-type"] == one["type"], one
            left.append(one["href"])
    paths = {urlsplit(address).path for address in seen}
    assert {"/ogc", "/ogc/api", "/ogc/conformance", "/ogc/collections"} <= paths
    assert len([path for path in paths if path.endswith("/items")]) == len(KINDS + DRAWN)


def test_the_description_is_of_version_3_0_and_knows_every_route(filled: Any) -> None:
    document = get(filled, "/api").json()
    assert document["openapi"].startswith("3.0")
    assert document["servers"] == [{"url": "http://localhost/ogc"}]
    assert document["paths"].keys() == {
        "/",
        "/api",
        "/conformance",
        "/collections",
        "/collections/{collectionId}",
        "/collections/{collectionId}/items",
        "/collections/{collectionId}/items/{featureId}",
        "/crs/{surfaceId}",
    }
    for path, operations in document["paths"].items():
        declared = {one["name"] for one in operations["get"].get("parameters", []) if one["in"] == "path"}
        assert all(f"{{{name}}}" in path for name in declared)
        assert path.count("{") == len(declared)
    names = {one["name"]: one for one in document["paths"]["/collections/{collectionId}/items"]["get"]["parameters"]}
    assert names["limit"]["schema"]["maximum"] == 1000
    assert {"bbox", "datetime", "crs", "bbox-crs"} <= names.keys()
    for part in (document["paths"], document["components"]):
        assert "anyOf" not in str(part), "version 3.0 knows no type null"
        assert "'null'" not in str(part)


def test_conformance_names_what_is_tested_here(filled: Any) -> None:
    classes = get(filled, "/conformance").json()["conformsTo"]
    for part in ("features-1/1.0/conf/core", "features-1/1.0/conf/geojson", "features-1/1.0/conf/oas30"):
        assert f"http://www.opengis.net/spec/ogcapi-{part}" in classes
    assert "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs" in classes


def test_collections_and_each_of_them_say_the_same(filled: Any, wall: Any) -> None:
    listed = get(filled, "/collections").json()["collections"]
    assert {one["id"] for one in listed} == {f"{kind}-{wall.scan.surface_id}" for kind in KINDS + DRAWN}
    for one in listed:
        assert get(filled, f"/collections/{one['id']}").json() == one
        assert one["crs"][0] == CRS84
        assert one["storageCrs"] in one["crs"]
        assert "extent" not in one, "a local frame has no longitude and latitude"
        described = get(filled, one["storageCrs"]).json()
        assert described["type"] == "EngineeringCRS"


@pytest.mark.parametrize("kind", KINDS)
def test_geojson_has_no_coordinates_that_could_be_taken_for_longitude_and_latitude(
    filled: Any, wall: Any, kind: str
) -> None:
    answer = get(filled, items_of(wall, kind))
    assert answer.headers["content-type"] == GEOJSON
    assert answer.headers["content-crs"] == f"<{CRS84}>"
    features = answer.json()["features"]
    assert features
    for feature in features:
        assert feature["geometry"] is None
        assert "place" not in feature


@pytest.mark.parametrize("kind", KINDS)
def test_who_names_the_frame_gets_metres(filled: Any, wall: Any, kind: str) -> None:
    answer = get(filled, items_of(wall, kind), crs=crs_of(wall))
    assert answer.headers["content-crs"] == f"<{crs_of(wall)}>"
    places = get(filled, items_of(wall, kind), f="jsonfg").json()["features"]
    assert [one["geometry"] for one in answer.json()["features"]] == [one["place"] for one in places]
    assert all(one["geometry"]["type"] in {"Polygon", "MultiPolygon"} for one in answer.json()["features"])


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", GEOJSON),
        ("text/html, */*", GEOJSON),
        (f"{GEOJSON}, {JSON}", GEOJSON),
        (JSON_FG, JSON_FG),
        (f"{JSON_FG_BEFORE}; q=1, {GEOJSON}", JSON_FG_BEFORE),
        (f"{GEOJSON}, {JSON_FG}", GEOJSON),
    ],
)
def test_the_form_is_negotiated(filled: Any, wall: Any, accept: str, media_type: str) -> None:
    answer = filled.client.get(f"/ogc{items_of(wall, 'frames')}", headers={"Accept": accept})
    assert answer.headers["content-type"] == media_type
    assert "accept" in answer.headers["vary"].lower()
    body = answer.json()
    assert ("conformsTo" in body) == (media_type != GEOJSON)


def test_json_fg_says_frame_and_time(filled: Any, wall: Any) -> None:
    body = get(filled, items_of(wall, "frames"), f="jsonfg").json()
    assert body["conformsTo"]
    assert body["featureType"] == "frames"
    assert body["coordRefSys"]["value"] == get(filled, crs_of(wall)).json()
    assert body["features"][3]["time"] == {"timestamp": "2026-05-01T08:03:00Z"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["json", "jsonfg"])
def test_an_item_alone_is_the_item_of_the_list(filled: Any, wall: Any, kind: str, form: str) -> None:
    for feature in get(filled, items_of(wall, kind), f=form, limit=5).json()["features"]:
        alone = get(filled, f"{items_of(wall, kind)}/{feature['id']}", f=form).json()
        assert {key: alone[key] for key in feature} == feature
        assert link(alone, "collection")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("limit", [1, 2, 7])
def test_pages_hold_every_item_once(filled: Any, wall: Any, kind: str, limit: int) -> None:
    whole = get(filled, items_of(wall, kind), limit=1000).json()
    assert whole["numberMatched"] == len(whole["features"]) == len({one["id"] for one in whole["features"]})
    assert every(filled, items_of(wall, kind), limit=limit) == whole["features"]


def test_a_limit_over_the_largest_is_no_error(filled: Any, wall: Any) -> None:
    assert get(filled, items_of(wall, "frames"), limit=10**9).json()["numberReturned"] == 12


def test_items_are_those_of_the_rest_api(filled: Any, wall: Any) -> None:
    for threshold in ({}, {"threshold": 0.01}, {"threshold": 0.9}):
        page = filled.client.get("/v1/detections", params={"limit": 1000, **threshold}).json()
        there = [one for one in page["items"] if one["placement"] == "placed"]
        assert page["next"] is None
        here = every(filled, items_of(wall, "detections"), **threshold)
        assert [one["properties"]["detection_id"] for one in here] == [one["detection_id"] for one in there]
    counted = get(filled, items_of(wall, "detections"), threshold=0.9).json()
    assert counted["numberMatched"] == counted["numberReturned"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "ten"}, "limit"),
        ({"limit": "²"}, "limit"),
        ({"bbox": "1,2,3"}, "bbox"),
        ({"bbox": "1,2,nan,4"}, "bbox"),
        ({"bbox": "3,0,1,1", "bbox-crs": "own"}, "u0 <= u1"),
        ({"bbox": "0,0,1,1"}, "no longitude and latitude"),
        ({"bbox-crs": "http://www.opengis.net/def/crs/EPSG/0/25832"}, "bbox-crs"),
        ({"crs": "http://www.opengis.net/def/crs/EPSG/0/4326"}, "crs"),
        ({"datetime": "yesterday"}, "datetime"),
        ({"datetime": "2026-05-01T08:00:00"}, "datetime"),
        ({"datetime": "../.."}, "open at both ends"),
        ({"datetime": "2026-05-02/2026-05-01"}, "ends before"),
        ({"threshold": "2"}, "threshold"),
        ({"inspection_id": "x"}, "inspection_id"),
        ({"cursor": "x"}, "cursor"),
        ({"f": "html"}, "f 'html'"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_the_standard_refuses_is_refused(filled: Any, wall: Any, query: dict[str, str], words: str) -> None:
    query = {name: crs_of(wall) if value == "own" else value for name, value in query.items()}
    answer = filled.client.get(f"/ogc{items_of(wall, 'detections')}", params=query)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in answer.json()["detail"]


def test_a_parameter_given_twice_is_refused(filled: Any, wall: Any) -> None:
    assert filled.client.get(f"/ogc{items_of(wall, 'frames')}?limit=1&limit=2").status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/collections/detections",
        "/collections/cracks-00000000-0000-4000-8000-000000000000",
        "/collections/frames-00000000-0000-4000-8000-000000000000/items",
        "/collections/frames-x",
        "/crs/x",
        "/crs/00000000-0000-4000-8000-000000000000",
    ],
)
def test_what_is_not_there(filled: Any, path: str) -> None:
    assert filled.client.get(f"/ogc{path}").status_code == 404


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "name", ["x", "00000000-0000-4000-8000-000000000000", "00000000-0000-4000-8000-000000000000.1"]
)
def test_an_item_that_is_not_there(filled: Any, wall: Any, kind: str, name: str) -> None:
    assert filled.client.get(f"/ogc{items_of(wall, kind)}/{name}").status_code == 404


def test_times_select_photographs(filled: Any, wall: Any) -> None:
    def labels(moment: str) -> list[str]:
        return [one["properties"]["label"] for one in every(filled, items_of(wall, "frames"), datetime=moment)]

    assert labels("2026-05-01T08:03:00Z") == ["0003.jpg"]
    assert labels("2026-05-01T10:03:00+02:00") == ["0003.jpg"]
    assert labels("2026-05-01T08:09:00Z/..") == ["0009.jpg", "0010.jpg", "0011.jpg"]
    assert labels("/2026-05-01T08:01:00Z") == ["0000.jpg", "0001.jpg"]
    assert len(labels("2026-05-01")) == 12
    assert labels("2026-05-02/..") == []
    seen = every(filled, items_of(wall, "coverage"), datetime="2026-05-01T08:03:00Z")
    assert sum(one["properties"]["area_m2"] for one in seen) == pytest.approx(0.1 * 0.07)
    found = every(filled, items_of(wall, "detections"), datetime="2026-05-01T08:03:00Z")
    assert {round(one["properties"]["u_m"]) for one in found} == {3}


def test_a_box_selects_what_touches_it(filled: Any, wall: Any) -> None:
    here = {"crs": crs_of(wall), "bbox-crs": crs_of(wall), "limit": 3}
    for kind in KINDS:
        outlines = every(filled, items_of(wall, kind), crs=crs_of(wall), limit=1000)
        for box in (Box(2.98, 0.4, 5.02, 0.51), Box(3.001, 0.5, 3.002, 0.501), Box(50, 0, 51, 1), Box(3.9, 0, 4.1, 1)):
            asked = f"{box.low_u_m},{box.low_v_m},{box.high_u_m},{box.high_v_m}"
            found = every(filled, items_of(wall, kind), bbox=asked, **here)
            assert [one["id"] for one in found] == [one["id"] for one in outlines if _touches(one["geometry"], box)]


def _touches(geometry: Any, box: Box) -> bool:
    """By hand, for outlines along the axes: the bounds of one part touch the box."""
    parts = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    for part in parts:
        us, vs = zip(*part[0], strict=True)
        if min(us) <= box.high_u_m and max(us) >= box.low_u_m and min(vs) <= box.high_v_m and max(vs) >= box.low_v_m:
            return True
    return False
