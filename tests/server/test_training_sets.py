"""Reviewed tiles out as training sets, and through Label Studio and back."""

import io
import json
import zipfile
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image

from .databases import BOTH

HIGH = bytes([200] * 12)


def put(server: Any, wall: Any, number: int, tile: int, verdict: str, **more: Any) -> None:
    content = {
        "frame_id": str(wall.report(number).frame.frame_id),
        "analysis_id": str(wall.analysis.analysis_id),
        "tile": tile,
        "verdict": verdict,
        **({"reason": "joint"} if verdict == "reject" else {}),
        **more,
    }
    assert server.write(f"/v1/reviews/{uuid4()}", content, author=more.get("note")).status_code == 201


def archive(server: Any, **query: Any) -> dict[str, bytes]:
    response = server.client.get("/v1/training-set.zip", params=query)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(response.content)) as found:
        assert found.testzip() is None
        return {name: found.read(name) for name in found.namelist()}


@pytest.fixture
def reviewed(server: Any, wall: Any) -> Any:
    """Two photographs that are here, one that is not, one of which only tiles are kept; some of it reviewed."""
    server.deliver(
        wall.batch(
            *(wall.report(n, scores=HIGH) for n in (1, 2, 3)), wall.report(4, scores=HIGH, keep="crops"), headers=True
        )
    )
    for number in (1, 2):
        server.put(wall.picture(number))
    server.put(wall.picture(4005, 32, 32))
    put(server, wall, 1, 0, "accept")
    put(server, wall, 1, 1, "reject")
    put(server, wall, 1, 2, "correct", kind="spall")
    put(server, wall, 1, 3, "comment", note="hm")
    put(server, wall, 2, 5, "accept", note="Ada")
    put(server, wall, 2, 6, "accept", note="Ben")
    put(server, wall, 2, 6, "reject", note="Cy")  # not agreed on
    put(server, wall, 3, 0, "accept")  # its picture is not here
    put(server, wall, 4, 5, "reject")
    return server


def test_class_folders_hold_the_very_pixels_of_the_tiles(reviewed: Any, wall: Any) -> None:
    files = archive(reviewed)
    one, two, four = (wall.sha256(wall.picture(number))[:16] for number in (1, 2, 4))
    assert set(files) == {
        f"crack/{one}-0_0_32x32.png",
        f"no_crack/{one}-32_0_32x32.png",
        f"no_crack/{one}-64_0_32x32.png",
        f"crack/{two}-32_32_32x32.png",
        f"no_crack/{four}-32_32_32x32.jpg",
        "tiles.json",
    }
    whole = np.asarray(Image.open(io.BytesIO(wall.picture(2))).convert("RGB"))
    tile = np.asarray(Image.open(io.BytesIO(files[f"crack/{two}-32_32_32x32.png"])))
    assert (tile == whole[32:64, 32:64]).all()
    assert files[f"no_crack/{four}-32_32_32x32.jpg"] == wall.picture(4005, 32, 32)
    told = json.loads(files["tiles.json"])
    assert [each["file"] for each in told].count(None) == 1, "what no picture is held of is told, too"
    assert archive(reviewed) == files
    assert set(archive(reviewed, surface_id=str(uuid4()))) == {"tiles.json"}


def test_coco_and_yolo_name_the_same_boxes(reviewed: Any, wall: Any) -> None:
    files = archive(reviewed, layout="coco")
    document = json.loads(files.pop("annotations.json"))
    images = {each["id"]: each for each in document["images"]}
    classes = {each["id"]: each["name"] for each in document["categories"]}
    boxes = {
        (images[each["image_id"]]["file_name"], classes[each["category_id"]], *each["bbox"])
        for each in document["annotations"]
    }
    one, two = (f"{wall.sha256(wall.picture(number))[:16]}.jpg" for number in (1, 2))
    assert boxes == {
        (one, "crack", 0, 0, 32, 32),
        (one, "no_crack", 32, 0, 32, 32),
        (one, "no_crack", 64, 0, 32, 32),
        (two, "crack", 32, 32, 32, 32),
    }
    assert files == {f"images/{one}": wall.picture(1), f"images/{two}": wall.picture(2)}
    files = archive(reviewed, layout="yolo")
    names = dict(line.strip().split(": ") for line in files["data.yaml"].decode().splitlines() if line.startswith("  "))
    again = set()
    for name, content in files.items():
        for line in content.decode().splitlines() if name.startswith("labels/") else ():
            number, x, y, wide, high = line.split()
            size = np.array([float(wide) * 100, float(high) * 70])
            corner = np.array([float(x) * 100, float(y) * 70]) - size / 2
            file = name.removeprefix("labels/").replace(".txt", ".jpg")
            again.add((file, names[number], *np.round([*corner, *size]).astype(int).tolist()))
    assert again == boxes


# -------------------------------------------------------------------------------------------------------- Label Studio


def tasks(server: Any, **query: Any) -> Any:
    return server.get("/v1/label-studio/tasks", **query)


def annotated(task: Any, keep: dict[int, str], extra: Any = (), **more: Any) -> dict[str, Any]:
    """The task as Label Studio exports it: regions of the prediction by place with their labels, and drawn ones."""
    regions = [
        region | {"value": region["value"] | {"rectanglelabels": [keep[place]]}}
        for place, region in enumerate(task["predictions"][0]["result"])
        if place in keep
    ]
    annotation = {
        "id": 7,
        "completed_by": {"id": 3, "email": "ada@example.org"},
        "created_at": "2026-05-03T08:00:00.000Z",
        "updated_at": "2026-05-03T09:00:00.000Z",
        "lead_time": 12.5,
        "result": [*regions, *extra],
    }
    return {"id": 1, "data": task["data"], "annotations": [annotation | more], "file_upload": "x.json"}


def post(server: Any, *results: Any) -> Any:
    response = server.client.post("/v1/label-studio/results", json=list(results))
    assert response.status_code == 200, response.text
    return response.json()


def test_a_task_says_what_the_model_said(server: Any, wall: Any) -> None:
    south = wall.but(name="south face")
    server.deliver(
        wall.batch(wall.report(1, scores=bytes([200, 50, 190] + [50] * 9))), south.batch(south.unplaced(2, scores=HIGH))
    )
    first, second = tasks(server)
    (prediction,) = first["predictions"]
    assert prediction["model_version"] == "crack-32 aaaaaaaaaaaa"
    assert prediction["score"] == pytest.approx(0.99925, abs=1e-4)
    assert [region["value"]["x"] for region in prediction["result"]] == [0, 64]
    assert prediction["result"][0]["value"]["height"] == pytest.approx(100 * 32 / 70)
    assert len(second["predictions"][0]["result"]) == 12
    server.put(wall.picture(1))
    assert server.client.get(first["data"]["image"]).headers["content-type"] == "image/jpeg"
    assert tasks(server, threshold=1) == []


@BOTH
def test_results_come_back_as_reviews_and_findings_and_only_once(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1, scores=bytes([200] * 4 + [50] * 8))))
    (task,) = tasks(server)
    drawn = {
        "id": "new",
        "type": "rectanglelabels",
        "original_width": 100,
        "original_height": 70,
        "value": {"x": 40, "y": 60, "width": 20, "height": 20, "rotation": 0, "rectanglelabels": ["crack"]},
    }
    result = annotated(task, {0: "crack", 1: "joint", 2: "no_crack"}, [drawn, {**drawn, "id": "b", "type": "choices"}])
    assert post(server, result) == {"stored": 5, "already_there": 0, "invalid": 0, "messages": []}
    before = server.rows()
    assert post(server, result, result) == {"stored": 0, "already_there": 10, "invalid": 0, "messages": []}
    assert server.rows() == before
    reviews = {item["content"]["tile"]: item for item in server.every("/v1/reviews")}
    told = {tile: (item["content"]["verdict"], item["content"]["kind"]) for tile, item in reviews.items()}
    assert told == {0: ("accept", None), 1: ("correct", "joint"), 2: ("reject", None), 3: ("reject", None)}
    assert {(item["author"], item["made_utc"]) for item in reviews.values()} == {
        ("Label Studio: ada@example.org", "2026-05-03T09:00:00Z")
    }
    (finding,) = server.every("/v1/findings")
    shape = finding["content"]["shape"]
    assert [shape[side] for side in ("x_px", "y_px", "width_px", "height_px")] == [40, 42, 20, 14]
    server.client.delete(f"/v1/findings/{finding['id']}", headers={"If-Match": '"1"'})
    assert post(server, result)["already_there"] == 5, "what was deleted stays so"
    assert server.every("/v1/findings") == []


def test_who_thinks_again_in_label_studio_is_heard(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1, scores=bytes([200] + [50] * 11))))
    (task,) = tasks(server)
    later = annotated(task, {0: "crack"}, updated_at="2026-05-04T09:00:00Z")
    for order in ([annotated(task, {}), later], [later, annotated(task, {})]):
        for result in order:
            post(server, result)
        (item,) = server.every("/v1/detections")
        assert item["review"]["state"] == "accepted"


def test_a_bad_item_does_not_block_the_others(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1, scores=bytes([200] + [50] * 11))))
    (task,) = tasks(server)
    elsewhere = annotated(task, {0: "crack"}) | {"data": task["data"] | {"frame_id": str(uuid4())}}
    far = annotated(task, {}, [{**task["predictions"][0]["result"][0], "value": {"x": 400}}])
    skipped = annotated(task, {}, was_cancelled=True)
    answer = post(server, elsewhere, far, skipped, annotated(task, {0: "crack"}))
    assert (answer["stored"], answer["already_there"], answer["invalid"]) == (1, 0, 2)
    assert [message[:2] for message in answer["messages"]] == ["0:", "1:"]
    assert server.client.post("/v1/label-studio/results", json=[{"annotations": []}]).status_code == 422
