"""Every example of the OpenAPI document is sent to a real app, and every answer is what the document says it is."""

import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from fastapi.testclient import TestClient

from crackmap_server.app import create_app
from crackmap_server.openapi import example
from crackmap_server.settings import Settings
from crackmap_server.upgrade import prepared

DOCUMENT = create_app(Settings(database="sqlite:////nowhere/none.sqlite")).openapi()
MODEL = Path(__file__).parents[1] / "robot" / "models" / "darkness-int8.tflite"
ADDED = "7d1c2a54-50ad-4d39-9c5e-6a0f3f3b8a11"
READING = [
    (path, method, operation)
    for path, operations in sorted(DOCUMENT["paths"].items())
    for method, operation in operations.items()
    if method in {"get", "head"}
]


@pytest.fixture(scope="module")
def app(wall: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """With the document's own delivery, the wall, and a report in quarantine."""
    settings = Settings(database=f"sqlite:///{tmp_path_factory.mktemp('examples')}/log.sqlite")
    with prepared(settings), TestClient(create_app(settings), base_url="http://localhost") as client:
        conflict = wall.report(1, image={"size_bytes": 7})
        for batch in (example(), wall.batch(*(wall.report(n) for n in range(8))), wall.batch(conflict)):
            assert client.post("/v1/reports", content=batch.model_dump_json()).status_code == 200
        picture = wall.picture(1)
        assert client.put(f"/v1/evidence/{wall.sha256(picture)}", content=picture).status_code == 201
        add_what_people_add(client, wall)
        register_a_model(client, wall)
        closing = client.post(f"/v1/inspections/{wall.scan.inspection_id}/close-outs", json={"by": "Ada"})
        assert closing.status_code == 201, closing.text
        yield client


def add_what_people_add(client: Any, wall: Any) -> None:
    """One of each; an id for all of them, as they are of different kinds."""
    scan, frame = wall.scan, wall.report(1).frame.frame_id
    surface, inspection = {"surface_id": str(scan.surface_id)}, {"inspection_id": str(scan.inspection_id)}
    line = {"type": "polyline", "line_m": [[0.4, 0.2], [0.55, 0.34]]}
    square = [[[0.9, 0], [1.0, 0], [1.0, 1], [0.9, 1]]]
    tile = {"frame_id": str(frame), "analysis_id": str(wall.analysis.analysis_id), "tile": 0}
    for path, content in {
        f"elements/{ADDED}": {"structure_id": str(scan.structure_id), "number": "P3", "name": "pier 3"},
        f"surfaces/{scan.surface_id}/description": surface | {"element_id": ADDED},
        f"inspections/{scan.inspection_id}/conditions": inspection | {"wetness": "damp"},
        f"masks/{ADDED}": surface | {"kind": "joint", "polygon_m": square},
        f"findings/{ADDED}": surface | inspection | {"kind": "crack", "shape": line},
        f"reviews/{ADDED}": tile | {"verdict": "accept"},
    }.items():
        answer = client.put(f"/v1/{path}", json=content)
        assert answer.status_code == 201, answer.text


def register_a_model(client: Any, wall: Any) -> None:
    """Pinned, and asked to score the inspection again."""
    manifest = json.loads((MODEL.with_suffix(".json")).read_text())
    assert client.put(f"/v1/models/{manifest['sha256']}/file", content=MODEL.read_bytes()).status_code == 204
    assert client.put(f"/v1/models/{manifest['sha256']}", json=manifest).status_code == 201
    order = {"model_sha256": manifest["sha256"]}
    of = wall.scan.inspection_id
    assert client.put(f"/v1/inspections/{of}/model", json=order).status_code == 200
    answer = client.post("/v1/rescores", json=order | {"inspection_id": str(of)})
    assert answer.status_code == 201, answer.text


def address(wall: Any, path: str) -> str:
    """The path with things that are stored."""
    surface, frame = wall.scan.surface_id, wall.report(1).frame.frame_id
    return path.format(
        surface_id=surface,
        surfaceId=surface,
        frame_id=frame,
        featureId=frame,
        sha256=hashlib.sha256(MODEL.read_bytes()).hexdigest() if "/models/" in path else wall.sha256(wall.picture(1)),
        inspection_id=wall.scan.inspection_id,
        rescore=1,
        number=1,
        **dict.fromkeys(("element_id", "mask_id", "finding_id", "review_id"), ADDED),
        collectionId=f"frames-{surface}",
    )


def queries(operation: Any) -> list[dict[str, Any]]:
    """What must be given, alone and with each example of each parameter."""
    parameters = [one for one in operation.get("parameters", []) if one["in"] == "query"]
    least = {"x_px": 0, "y_px": 0, "width_px": 32, "height_px": 32}
    needed = {one["name"]: least[one["name"]] for one in parameters if one["required"]}
    shown = [
        needed | {one["name"]: value}
        for one in parameters
        for value in [*one["schema"].get("examples", []), *([one["example"]] if "example" in one else [])]
    ]
    return [needed, *shown]


def test_there_are_examples() -> None:
    assert sum(len(queries(operation)) - 1 for _, _, operation in READING) >= 30
    assert len(READING) >= 25


@pytest.mark.parametrize(
    ("path", "method", "operation"), [pytest.param(*one, id=f"{one[1]} {one[0]}") for one in READING]
)
def test_what_is_answered_is_what_is_declared(app: Any, wall: Any, path: str, method: str, operation: Any) -> None:
    for query in queries(operation):
        answer = app.request(method, address(wall, path), params=query)
        assert answer.status_code == 200, (query, answer.text)
        declared = operation["responses"]["200"]["content"]
        media_type = answer.headers["content-type"]
        media_type = media_type if media_type in declared else media_type.removesuffix("; charset=utf-8")
        assert media_type in declared, "a media type that the document does not name"
        if "json" in media_type and method == "get" and "ndjson" not in media_type:
            schema = declared[media_type]["schema"] | {"components": DOCUMENT["components"]}
            jsonschema_rs.validator_for(schema).validate(answer.json())


@pytest.mark.parametrize(
    ("path", "method", "operation"), [pytest.param(*one, id=f"{one[1]} {one[0]}") for one in READING]
)
def test_a_refusal_is_the_problem_that_is_declared(app: Any, path: str, method: str, operation: Any) -> None:
    """Nothing of what the paths name is stored, or the query is none."""
    nothing = "00000000-0000-4000-8000-000000000000"
    ids = ("surface_id", "surfaceId", "frame_id", "featureId", "inspection_id")
    named = dict.fromkeys((*ids, "element_id", "mask_id", "finding_id", "review_id"), nothing)
    bare = path.format(**named, sha256="0" * 64, collectionId=f"frames-{nothing}", rescore=2**30, number=2**30)
    answer = app.request(method, bare, params={"x_px": 0, "y_px": 0, "width_px": 1, "height_px": 1, "limit": "x"})
    if answer.status_code != 200:  # routes without parameters take any query
        assert answer.headers["content-type"] == "application/problem+json"
        declared = operation["responses"][str(answer.status_code)]["content"]["application/problem+json"]["schema"]
        if method == "get":
            schema = declared | {"components": DOCUMENT["components"]}
            jsonschema_rs.validator_for(schema).validate(answer.json())
