"""What people drew by hand: on the chart, or in a photograph without a place."""

from typing import Any
from uuid import uuid4

import pytest

from .databases import BOTH

LINE = {"type": "polyline", "line_m": [[0.4, 0.2], [0.55, 0.34]]}
AREA = {"type": "polygon", "rings_m": [[[0.4, 0.2], [0.55, 0.2], [0.5, 0.4], [0.4, 0.2]]]}


def finding(wall: Any, shape: Any, **more: Any) -> dict[str, Any]:
    of = {"surface_id": str(wall.scan.surface_id), "inspection_id": str(wall.scan.inspection_id)}
    return {**of, "kind": "crack", "shape": shape, **more}


def rectangle(frame_id: Any, x_px: int, y_px: int, width_px: int = 32, height_px: int = 32) -> dict[str, Any]:
    cut = {"x_px": x_px, "y_px": y_px, "width_px": width_px, "height_px": height_px}
    return {"type": "rectangle", "frame_id": str(frame_id), **cut}


@BOTH
def test_findings_of_every_kind_are_kept_as_they_were_drawn(server: Any, wall: Any) -> None:
    photograph = wall.unplaced(1)
    server.deliver(wall.batch(photograph))
    cut = rectangle(photograph.frame.frame_id, 68, 38)
    drawn = [
        finding(wall, LINE, width_mm=0.4, note="with the loupe"),
        finding(wall, AREA, kind="spall"),
        finding(wall, cut, kind="rust"),
    ]
    for content in drawn:
        assert server.write(f"/v1/findings/{uuid4()}", content, author="Ada").status_code == 201
    found = server.every("/v1/findings", surface_id=str(wall.scan.surface_id))
    assert [item["author"] for item in found] == ["Ada"] * 3
    assert [item["content"] for item in found] == [{"note": "", "width_mm": None} | content for content in drawn]


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ({"type": "polyline", "line_m": [[0, 0]]}, "line_m"),
        ({"type": "polyline", "line_m": [[0, 0], [0, 0]]}, "no length"),
        ({"type": "polygon", "rings_m": [[[0, 0], [1, 1], [1, 0], [0, 1]]]}, "not simple"),
        ({"type": "circle", "radius_m": 1}, "shape"),
        (LINE | {"colour": "red"}, "colour"),
        ({"type": "polyline", "line_m": [[0, 0], [1e9, 0]]}, "line_m"),
    ],
)
def test_what_cannot_be_drawn_is_named(server: Any, wall: Any, shape: Any, said: str) -> None:
    server.deliver(wall.batch(wall.report(1)))
    answer = server.write(f"/v1/findings/{uuid4()}", finding(wall, shape))
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_a_rectangle_lies_in_a_picture_of_that_inspection(server: Any, wall: Any) -> None:
    later = wall.but(inspection="2027 spring")
    server.deliver(wall.batch(wall.unplaced(1)), later.batch(later.unplaced(2)))
    own, other = wall.unplaced(1).frame.frame_id, later.unplaced(2).frame.frame_id
    for cut in (rectangle(own, 69, 38), rectangle(own, 0, 39), rectangle(other, 0, 0), rectangle(uuid4(), 0, 0)):
        assert server.write(f"/v1/findings/{uuid4()}", finding(wall, cut)).status_code == 422
    assert server.write(f"/v1/findings/{uuid4()}", finding(wall, rectangle(own, 68, 38))).status_code == 201


def test_a_finding_is_of_an_inspection_of_its_structure(server: Any, wall: Any) -> None:
    other = wall.but(structure="Other bridge")
    server.deliver(wall.batch(wall.report(1)), other.batch(other.report(2)))
    content = finding(wall, LINE) | {"inspection_id": str(other.scan.inspection_id)}
    assert server.write(f"/v1/findings/{uuid4()}", content).status_code == 422
    nowhere = finding(wall, LINE) | {"surface_id": str(uuid4())}
    assert server.write(f"/v1/findings/{uuid4()}", nowhere).status_code == 404
