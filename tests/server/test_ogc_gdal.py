"""GDAL's OAPIF driver reads a real server: counts, pages, boxes, attributes, and metres that are right."""

import json
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely

GUIDE = Path(__file__).parents[2] / "docs/guides/server.md"
DEFAULT_ADDRESS = "http://127.0.0.1:8321"
FRAMES = 230
BOX = (9.96, 0.4, 12.0, 0.6)


@dataclass(frozen=True)
class Layer:
    """What GDAL read."""

    crs: str | None
    columns: dict[str, Any]
    shapes: Any


@pytest.fixture
def source(start: Any, wall: Any) -> tuple[Any, str]:
    """A server of its own process with more detections than fit on one page, and its address for GDAL."""
    process = start()
    batch = wall.batch(*(wall.report(n) for n in range(FRAMES)), wall.unplaced(1000))
    assert process.client.post("/v1/reports", content=batch.model_dump_json()).status_code == 200
    return process, f"OAPIF:{process.client.base_url.join('/ogc')}"


def read(source: str, layer: str, **more: Any) -> Layer:
    meta, _, shapes, columns = pyogrio.raw.read(source, layer=layer, **more)
    return Layer(meta["crs"], dict(zip(meta["fields"], columns, strict=True)), shapely.from_wkb(shapes))


def page(process: Any, path: str, **query: Any) -> Any:
    answer = process.client.get(path, params=query)
    assert answer.status_code == 200
    return answer.json()


def every_detection(process: Any, **query: Any) -> list[Any]:
    items: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        found = page(process, "/v1/detections", limit=1000, **query, **cursor)
        items += [one for one in found["items"] if one["placement"] == "placed"]
        if found["next"] is None:
            return items
        cursor = {"cursor": found["next"]}


def test_gdal_reads_all_of_it(source: tuple[Any, str], wall: Any) -> None:
    process, address = source
    surface = wall.scan.surface_id
    assert {name for name, _ in pyogrio.list_layers(address)} == {
        f"{kind}-{surface}" for kind in ("detections", "frames", "coverage", "findings", "masks")
    }

    stored = every_detection(process)
    assert len(stored) > 1000, "GDAL asks for pages of 1000"
    assert pyogrio.read_info(address, layer=f"detections-{surface}")["features"] == len(stored)
    found = read(address, f"detections-{surface}")
    assert not found.crs, "a surface's own frame has no place on Earth, and GDAL must not give it one"
    assert found.columns["detection_id"].tolist() == [one["detection_id"] for one in stored]
    assert found.columns["score"].tolist() == pytest.approx([one["score"] for one in stored])
    assert found.columns["tile"].tolist() == [one["tile"] for one in stored]
    for shape, one in zip(found.shapes.tolist(), stored, strict=True):
        assert shape.symmetric_difference(shapely.Polygon(one["corners_m"])).area < 1e-12

    frames = read(address, f"frames-{surface}")
    assert frames.columns["label"].tolist() == [f"{n:04}.jpg" for n in range(FRAMES)]
    middles = shapely.get_coordinates(shapely.centroid(frames.shapes))
    assert middles == pytest.approx(np.array([[n, 0.5] for n in range(FRAMES)]), abs=1e-6)
    assert shapely.area(frames.shapes) == pytest.approx(np.full(FRAMES, 0.1 * 0.07), rel=1e-6)

    parts = read(address, f"coverage-{surface}")
    assert sum(shapely.area(parts.shapes)) == pytest.approx(FRAMES * 0.1 * 0.07, rel=1e-4)
    assert parts.columns["area_m2"].tolist() == pytest.approx(shapely.area(parts.shapes).tolist())


def test_gdal_pushes_the_box_down(source: tuple[Any, str], wall: Any) -> None:
    """Metres beyond 180 too, which a driver that took them for longitudes would cut off."""
    process, address = source
    layer = f"detections-{wall.scan.surface_id}"
    for box in (BOX, (199.96, 0.0, 205.5, 1.0)):
        area = shapely.box(*box)
        inside = [one for one in every_detection(process) if shapely.Polygon(one["corners_m"]).intersects(area)]
        assert inside
        found = read(address, layer, bbox=box)
        assert found.columns["detection_id"].tolist() == [one["detection_id"] for one in inside]
        # What GDAL sends is what the server selects by: no client could sort out what never came.
        crs = page(process, f"/ogc/collections/{layer}")["storageCrs"]
        sent = page(
            process,
            f"/ogc/collections/{layer}/items",
            **{"bbox": ",".join(map(str, box)), "bbox-crs": crs, "crs": crs, "limit": 1000},
        )
        assert [one["properties"]["detection_id"] for one in sent["features"]] == [
            one["detection_id"] for one in inside
        ]


def test_the_commands_of_the_guide_read_what_they_promise(source: tuple[Any, str], wall: Any) -> None:
    """Its ogr2ogr lines, by the same library without the program: pyogrio's wheels have no programs."""
    process, address = source
    commands = re.findall(r"^ogr2ogr (.*)$", GUIDE.read_text(), re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        words = shlex.split(command)
        assert f"OAPIF:{DEFAULT_ADDRESS}/ogc" in words
        at = words.index("-spat") + 1 if "-spat" in words else None
        box = None if at is None else tuple(map(float, words[at : at + 4]))
        found = read(address, words[-1], bbox=box)
        area = shapely.box(*(box or (-1e9, -1e9, 1e9, 1e9)))
        stored = [one for one in every_detection(process) if shapely.Polygon(one["corners_m"]).intersects(area)]
        assert found.columns["detection_id"].tolist() == [one["detection_id"] for one in stored]
        assert stored


def test_gdal_pushes_times_down(source: tuple[Any, str], wall: Any) -> None:
    _, address = source
    found = read(address, f"frames-{wall.scan.surface_id}", DATETIME="2026-05-01T08:05:00Z/2026-05-01T08:06:00Z")
    assert {label[2:4] for label in found.columns["label"]} <= {"05", "06", "25", "26", "65", "66", "85", "86"}
    assert 2 <= len(found.shapes) < FRAMES


def test_gdal_reads_json_fg_with_its_frame(source: tuple[Any, str], wall: Any, tmp_path: Any) -> None:
    process, _ = source
    surface = wall.scan.surface_id
    body = page(process, f"/ogc/collections/frames-{surface}/items", f="jsonfg", limit=1000)
    (tmp_path / "frames.json").write_text(json.dumps(body))
    meta, _, shapes, _ = pyogrio.raw.read(f"JSONFG:{tmp_path}/frames.json")
    assert "Mill bridge: north face" in meta["crs"]
    assert "EngineeringCRS" in meta["crs"] or "ENGCRS" in meta["crs"] or "LOCAL_CS" in meta["crs"]
    middles = shapely.get_coordinates(shapely.centroid(shapely.from_wkb(shapes)))
    assert middles == pytest.approx(np.array([[n, 0.5] for n in range(FRAMES)]), abs=1e-6)


@pytest.mark.parametrize(
    ("code", "origin_m"), [("EPSG:25832", [565000.0, 5930000.0, 4.2]), ("EPSG:2193", [1748000.0, 5428000.0, 4.2])]
)
def test_gdal_opens_a_placed_wall_in_its_own_projection(
    source: tuple[Any, str], wall: Any, code: str, origin_m: list[float]
) -> None:
    """EPSG:2193 has its northing first; GDAL shows eastings first whatever the CRS says."""
    process, address = source
    surface = wall.scan.surface_id
    placement = {"frame": "projected", "crs": code, "origin_m": origin_m, "u_axis": [0.6, 0.8, 0], "v_axis": [0, 0, 1]}
    path = f"/v1/surfaces/{surface}/description"
    said = process.client.put(path, json={"surface_id": str(surface), "placement": placement})
    assert said.status_code == 201
    east, north, height = origin_m
    frames = read(address, f"frames-{surface}")
    assert frames.crs == code
    points = shapely.get_coordinates(frames.shapes, include_z=True).reshape(FRAMES, 5, 3)[:, :4].mean(axis=1)
    numbers = np.arange(FRAMES)
    there = [east + 0.6 * numbers, north + 0.8 * numbers, np.full(FRAMES, height + 0.5)]
    assert points == pytest.approx(np.stack(there, axis=-1), abs=1e-5)
    box = (east + 0.6 * 99.9, north + 0.8 * 99.9, east + 0.6 * 102.1, north + 0.8 * 102.1)
    assert read(address, f"frames-{surface}", bbox=box).columns["label"].tolist() == [
        "0100.jpg",
        "0101.jpg",
        "0102.jpg",
    ]
