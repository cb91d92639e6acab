"""Collections of a surface that stands somewhere: longitude and latitude, its projection, boxes; what people drew."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import numpy as np
import pyproj
import pytest
from fastapi.testclient import TestClient

from crackmap_server.app import create_app
from crackmap_server.ogc.conformance import CRS84, CRS84H
from crackmap_server.settings import Settings
from crackmap_server.upgrade import prepared

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
ALONG, ORIGIN = np.array([0.6, 0.8, 0.0]), np.array([565000.0, 5930000.0, 4.2])
PLACED = {
    "frame": "projected",
    "crs": "EPSG:25832",
    "vertical_crs": "EPSG:7837",
    "origin_m": ORIGIN.tolist(),
    "u_axis": ALONG.tolist(),
    "v_axis": [0, 0, 1],
}
ENU = {
    "frame": "enu",
    "latitude_deg": 53.5,
    "longitude_deg": 10,
    "height_m": 40,
    "origin_m": [0, 0, 0],
    "u_axis": [1, 0, 0],
    "v_axis": [0, 0, 1],
}
KINDS = ("detections", "frames", "coverage", "findings", "masks")
LINE, PIPE, MARK = (str(UUID(int=number)) for number in (1, 2, 3))


def describe(client: Any, wall: Any, placement: Any, version: int | None = None) -> None:
    path = f"/v1/surfaces/{wall.scan.surface_id}/description"
    content = {"surface_id": str(wall.scan.surface_id), "placement": placement}
    headers = {} if version is None else {"If-Match": f'"{version}"'}
    assert client.put(path, json=content, headers=headers).status_code in {200, 201}


def draw(client: Any, wall: Any) -> None:
    """A crack over frames 2 and 3, a mask beside frame 5, a mark in frame 1."""
    surface = {"surface_id": str(wall.scan.surface_id)}
    inspection = {"inspection_id": str(wall.scan.inspection_id)}
    frame = str(wall.report(1).frame.frame_id)
    cut = {"type": "rectangle", "frame_id": frame, "x_px": 1, "y_px": 1, "width_px": 9, "height_px": 9}
    line = {"type": "polyline", "line_m": [[2, 0.4], [3, 0.6]]}
    polygon = [[[5.2, 0], [5.4, 0], [5.4, 1], [5.2, 1]]]
    for path, content in (
        (f"findings/{LINE}", {**surface, **inspection, "kind": "crack", "shape": line, "width_mm": 0.4}),
        (f"findings/{MARK}", {**surface, **inspection, "kind": "rust", "shape": cut}),
        (f"masks/{PIPE}", {**surface, "kind": "pipe", "polygon_m": polygon}),
    ):
        assert client.put(f"/v1/{path}", json=content).status_code == 201


@pytest.fixture(scope="module")
def placed(wall: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    settings = Settings(database=f"sqlite:///{tmp_path_factory.mktemp('placed')}/log.sqlite")
    with prepared(settings), TestClient(create_app(settings), base_url="http://localhost") as client:
        batch = wall.batch(*(wall.report(n) for n in range(12)))
        assert client.post("/v1/reports", content=batch.model_dump_json()).status_code == 200
        describe(client, wall, PLACED)
        draw(client, wall)
        yield SimpleNamespace(client=client)


def items(server: Any, wall: Any, kind: str, **query: Any) -> Any:
    path = f"/ogc/collections/{kind}-{wall.scan.surface_id}/items"
    answer = server.client.get(path, params={"limit": 1000, **query})
    assert answer.status_code == 200, answer.text
    return answer


def points(coordinates: Any) -> Any:
    flat: Any = np.array(coordinates, dtype=object).ravel()
    while flat.dtype == object and len(flat) and isinstance(flat[0], list):
        flat = np.concatenate([np.array(part, dtype=object).ravel() for part in flat])
    return flat.astype(float)


def own(wall: Any) -> str:
    return f"http://localhost/ogc/crs/{wall.scan.surface_id}"


def test_a_collection_says_where_it_is(placed: Any, wall: Any) -> None:
    listed = placed.client.get("/ogc/collections").json()["collections"]
    assert [one["id"].partition("-")[0] for one in listed] == list(KINDS)
    inverse = pyproj.Transformer.from_crs("EPSG:25832", "OGC:CRS84", always_xy=True)
    ends = [inverse.transform(*(ORIGIN + ALONG * u)[:2]) for u in (-0.05, 11.05)]
    for one in listed:
        assert placed.client.get(f"/ogc/collections/{one['id']}").json() == one
        assert one["crs"] == [CRS84, f"{EPSG}25832", own(wall)]
        assert one["storageCrs"] == f"{EPSG}25832"
        (extent,) = one["extent"]["spatial"]["bbox"]
        assert extent == pytest.approx([*ends[0], *ends[1]], abs=1e-9)
        assert "Heights are of EPSG:7837" in one["description"]


@pytest.mark.parametrize("kind", KINDS)
def test_one_place_in_every_frame(placed: Any, wall: Any, kind: str) -> None:
    """By PROJ and by hand: chart to projection, projection to longitude and latitude."""
    transformer = pyproj.Transformer.from_crs("EPSG:25832", "OGC:CRS84", always_xy=True)
    answers = {crs: items(placed, wall, kind, crs=crs) for crs in (own(wall), f"{EPSG}25832", CRS84)}
    for crs, answer in answers.items():
        assert answer.headers["content-crs"] == f"<{crs}>"
    assert answers[CRS84].json()["features"] == items(placed, wall, kind).json()["features"]
    every = [answer.json()["features"] for answer in answers.values()]
    assert every[0]
    for chart, grid, earth in zip(*every, strict=True):
        if chart["geometry"] is None:
            assert (kind, chart["id"], grid["geometry"], earth["geometry"]) == ("findings", MARK, None, None)
            continue
        uv = points(chart["geometry"]["coordinates"]).reshape(-1, 2)
        wanted = ORIGIN + uv[:, :1] * ALONG + uv[:, 1:] * [0, 0, 1]
        assert points(grid["geometry"]["coordinates"]).reshape(-1, 3) == pytest.approx(wanted, abs=1e-6)
        wanted[:, :2] = np.stack(transformer.transform(wanted[:, 0], wanted[:, 1]), axis=-1)
        assert points(earth["geometry"]["coordinates"]).reshape(-1, 3) == pytest.approx(wanted, abs=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_json_fg_has_both(placed: Any, wall: Any, kind: str) -> None:
    both = items(placed, wall, kind, f="jsonfg").json()
    assert both["coordRefSys"]["value"]["type"] == "EngineeringCRS"
    grid = items(placed, wall, kind, f="jsonfg", crs=f"{EPSG}25832").json()
    assert grid["coordRefSys"] == [f"{EPSG}25832", f"{EPSG}7837"]
    for name, body, crs in (("place", both, own(wall)), ("place", grid, f"{EPSG}25832"), ("geometry", both, CRS84)):
        wanted = [one["geometry"] for one in items(placed, wall, kind, crs=crs).json()["features"]]
        assert [one[name] for one in body["features"]] == wanted


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("numbers", [(2.5, 3.5), (-9, -5), (4.97, 5.03), (5.3, 5.35), (-100, 100)])
def test_a_box_in_any_frame_selects_the_same(placed: Any, wall: Any, kind: str, numbers: tuple[float, float]) -> None:
    ends = np.array([ORIGIN + ALONG * u for u in numbers])
    transformer = pyproj.Transformer.from_crs("EPSG:25832", "OGC:CRS84", always_xy=True)
    earth = np.stack(transformer.transform(ends[:, 0], ends[:, 1]), axis=-1)
    asked = {
        own(wall): [numbers[0], -100, numbers[1], 100],
        f"{EPSG}25832": ends[:, :2].ravel().tolist(),
        CRS84: earth.ravel().tolist(),
    }
    found = []
    for crs, box in asked.items():
        query = {"bbox": ",".join(map(repr, box)), "bbox-crs": crs}
        whole = items(placed, wall, kind, **query).json()
        found.append([one["id"] for one in whole["features"]])
        assert items(placed, wall, kind, **query, limit=2).json()["features"] == whole["features"][:2]
    assert found[0] == found[1] == found[2]
    if numbers[0] < -50:
        assert found[0] == [one["id"] for one in items(placed, wall, kind).json()["features"] if one["id"] != MARK]


def test_heights_select_too(placed: Any, wall: Any) -> None:
    box = [0, 0, 4.2 + 0.55, 1e7, 1e7, 10]  # over the upper edge of the photographs
    assert (
        items(placed, wall, "frames", **{"bbox": ",".join(map(str, box)), "bbox-crs": f"{EPSG}25832"}).json()[
            "features"
        ]
        == []
    )
    box[2] = 4.2 + 0.5
    found = items(placed, wall, "frames", **{"bbox": ",".join(map(str, box)), "bbox-crs": f"{EPSG}25832"}).json()
    assert found["numberReturned"] == 12


def test_what_people_drew_is_there_with_what_they_said(placed: Any, wall: Any) -> None:
    line, mark = items(placed, wall, "findings").json()["features"]
    assert (line["id"], line["geometry"]["type"], line["properties"]["width_mm"]) == (LINE, "LineString", 0.4)
    assert (mark["id"], mark["geometry"]) == (MARK, None)
    assert mark["properties"]["frame_id"] == str(wall.report(1).frame.frame_id)
    (pipe,) = items(placed, wall, "masks", inspection_id=str(wall.scan.inspection_id)).json()["features"]
    assert (pipe["id"], pipe["properties"]["kind"]) == (PIPE, "pipe")
    for kind, one in (("findings", line), ("findings", mark), ("masks", pipe)):
        path = f"/ogc/collections/{kind}-{wall.scan.surface_id}/items/{one['id']}"
        assert placed.client.get(path).json()["properties"] == one["properties"]
    first = items(placed, wall, "findings", limit=1).json()
    assert (first["numberMatched"], [one["id"] for one in first["features"]]) == (2, [LINE])
    following = next(one["href"] for one in first["links"] if one["rel"] == "next")
    assert [one["id"] for one in placed.client.get(following).json()["features"]] == [MARK]


def test_a_detection_says_what_people_said_of_it(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(*(wall.report(n) for n in range(3))))
    before = items(server, wall, "detections").json()["features"]
    assert {(one["properties"]["review"], one["properties"]["masked"]) for one in before} == {(None, None)}
    said = before[0]["properties"]
    review = {name: said[name] for name in ("frame_id", "analysis_id", "tile")} | {"verdict": "accept"}
    assert server.client.put(f"/v1/reviews/{UUID(int=4)}", json=review).status_code == 201
    around = [[said["u_m"] + x, said["v_m"] + y] for x, y in ((-1e-3, -1e-3), (1e-3, -1e-3), (1e-3, 1e-3))]
    mask = {"surface_id": str(wall.scan.surface_id), "kind": "joint", "polygon_m": [around]}
    assert server.client.put(f"/v1/masks/{PIPE}", json=mask).status_code == 201
    after = items(server, wall, "detections").json()["features"]
    assert after[0]["properties"] == said | {"review": "accepted", "masked": "joint"}
    assert after[1:] == before[1:]


def test_a_local_frame_has_heights_over_the_ellipsoid(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1)))
    describe(server.client, wall, ENU)
    collection = server.get(f"/ogc/collections/frames-{wall.scan.surface_id}")
    assert (collection["crs"], collection["storageCrs"]) == ([CRS84H, CRS84, own(wall)], CRS84H)
    answer = items(server, wall, "frames", bbox="9.9,53.4,40,10.1,53.6,41")
    assert answer.headers["content-crs"] == f"<{CRS84H}>"
    (frame,) = answer.json()["features"]
    middle = points(frame["geometry"]["coordinates"]).reshape(-1, 3)[:4].mean(axis=0)
    metres_per_degree = 111132.954 * np.cos(np.radians(53.5))
    assert middle == pytest.approx([10 + 1 / metres_per_degree, 53.5, 40.5], abs=1e-6)
    assert items(server, wall, "frames", bbox="10.1,53.4,9.9,53.6").json()["features"] == []  # all round the Earth
    describe(server.client, wall, None, version=1)
    assert items(server, wall, "frames").json()["features"][0]["geometry"] is None


def test_the_file_has_longitude_and_latitude_beside_the_place(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1)))
    path = f"/v1/surfaces/{wall.scan.surface_id}/detections.geojson"
    without = server.get(path)["features"]
    assert {one["geometry"] for one in without} == {None}
    describe(server.client, wall, PLACED)
    features = server.get(path)["features"]
    assert [one["place"] for one in features] == [one["place"] for one in without]
    served = {one["properties"]["detection_id"]: one for one in items(server, wall, "detections").json()["features"]}
    for one in features:
        ours, theirs = (np.array(each["geometry"]["coordinates"][0]) for each in (one, served[one["id"]]))
        assert np.sort(ours[:4], axis=0) == pytest.approx(np.sort(theirs[:4], axis=0))
