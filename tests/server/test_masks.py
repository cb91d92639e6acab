"""Masks mark what lies in them, in the inspections that they hold for, and take nothing away."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from crackmap_server.additions.masks import Mask
from crackmap_server.boundaries import cut
from crackmap_server.coverage import Footprint, parts
from crackmap_server.masking import holds
from crackmap_server.sights import ORDER, Sight

from .databases import BOTH

LEFT_OF_ONE = [[[0.9, 0], [1.0, 0], [1.0, 1], [0.9, 1]]]  # the left half of the frame around (1, 0.5)


def add(server: Any, wall: Any, **more: Any) -> Any:
    content = {"surface_id": str(wall.scan.surface_id), "kind": "joint", "polygon_m": LEFT_OF_ONE}
    answer = server.write(f"/v1/masks/{uuid4()}", content | more)
    assert answer.status_code == 201, answer.text
    return answer.json()


@BOTH
def test_a_detection_in_a_mask_says_so_and_stays(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(*(wall.report(n) for n in range(4))), wall.batch(wall.report(5, wall.no_pose())))
    for threshold in (0.01, 0.4):
        before = server.every("/v1/detections", threshold=threshold)
        assert {item["masked"] for item in before} == {None}
    mask = add(server, wall)
    for threshold in (0.01, 0.4):
        every = server.every("/v1/detections", threshold=threshold)
        inside = [item for item in every if item["u_m"] is not None and 0.9 <= item["u_m"] <= 1.0]
        assert [item["masked"] for item in every] == ["joint" if item in inside else None for item in every]
        assert 0 < len(inside) < len(every)
        for limit in (1, 5, 1000):
            assert server.every("/v1/detections", threshold=threshold, masked=True, limit=limit) == inside
            others = server.every("/v1/detections", threshold=threshold, masked=False, limit=limit)
            assert others == [item for item in every if item not in inside]
    file = server.get(f"/v1/surfaces/{wall.scan.surface_id}/detections.geojson", threshold=0.4, masked=True)
    assert {feature["properties"]["masked"] for feature in file["features"]} == {"joint"}
    assert len(file["features"]) == len(inside)
    server.client.delete(f"/v1/masks/{mask['id']}", headers={"If-Match": '"1"'})
    assert server.every("/v1/detections", threshold=0.4) == [item | {"masked": None} for item in every]


@BOTH
def test_a_mask_holds_from_one_inspection_until_another(server: Any, wall: Any) -> None:
    walls = [wall.but(inspection=name) for name in ("2026 spring", "2027 spring", "2028 spring")]
    for year, one in enumerate(walls, 2026):
        server.deliver(one.batch(one.report(1)))
        days = {"inspection_id": str(one.scan.inspection_id), "held_on": f"{year}-05-01"}
        server.write(f"/v1/inspections/{one.scan.inspection_id}/conditions", days)
    first, second, third = (str(one.scan.inspection_id) for one in walls)

    def masked() -> list[bool]:
        found = [server.every("/v1/detections", inspection_id=each, masked=True) for each in (first, second, third)]
        return [bool(each) for each in found]

    mask = add(server, wall)
    assert masked() == [True, True, True]
    path, content = f"/v1/masks/{mask['id']}", mask["content"]
    server.write(path, content | {"from_inspection_id": second}, 1)
    assert masked() == [False, True, True]
    server.write(path, content | {"until_inspection_id": second}, 2)
    assert masked() == [True, True, False]
    server.write(path, content | {"from_inspection_id": second, "until_inspection_id": second}, 3)
    assert masked() == [False, True, False]
    sights = [part["sight"] for part in server.get(f"/v1/surfaces/{wall.scan.surface_id}/coverage")["parts"]]
    assert "masked" not in sights, "it does not hold for all that is shown"


def test_where_days_are_not_known_a_limited_mask_holds_only_for_what_it_names() -> None:
    one, other = UUID(int=1), UUID(int=2)
    mask = Mask(surface_id=one, kind="pipe", polygon_m=LEFT_OF_ONE, from_inspection_id=one)
    assert holds(mask, one, {})
    assert not holds(mask, other, {one: date(2026, 1, 1)})
    assert holds(mask, other, {one: date(2026, 1, 1), other: date(2026, 1, 1)})
    assert not holds(mask, other, {one: date(2026, 1, 2), other: date(2026, 1, 1)})


def test_a_mask_names_inspections_of_its_structure(server: Any, wall: Any) -> None:
    other = wall.but(structure="Other bridge")
    server.deliver(wall.batch(wall.report(1)), other.batch(other.report(2)))
    content = {"surface_id": str(wall.scan.surface_id), "kind": "joint", "polygon_m": LEFT_OF_ONE}
    for name in ("from_inspection_id", "until_inspection_id"):
        answer = server.write(f"/v1/masks/{uuid4()}", content | {name: str(other.scan.inspection_id)})
        assert (answer.status_code, name in answer.json()["detail"]) == (422, True)


def test_a_mask_over_the_seam_of_a_cylinder_marks_both_ends(server: Any, wall: Any) -> None:
    around_m = 4.0
    facts = {"shape": "cylinder", "radius_m": around_m / 2 / np.pi, "facing": "inside"}
    tunnel = wall.but(surface_facts=facts)
    high = bytes([255] * 12)
    at_the_seam = tunnel.report(2, tunnel.placed(-2), scores=high)
    server.deliver(tunnel.batch(tunnel.report(0, scores=high), tunnel.report(1, scores=high), at_the_seam))
    add(server, tunnel, polygon_m=[[[1.5, 0], [2.2, 0], [2.2, 1], [1.5, 1]]])
    found = server.every("/v1/detections")
    assert {item["masked"] for item in found if -2 <= item["u_m"] <= -1.9} == {"joint"}
    assert {item["masked"] for item in found if item["u_m"] > -1.9} == {None}


# ------------------------------------------------------------------------------------------------------------ coverage


@BOTH
def test_coverage_says_what_is_masked_and_what_was_never_seen(server: Any, wall: Any) -> None:
    """A frame of 0.1 × 0.07 m around (1, 0.5) in a boundary of 0.4 × 0.1 m, its left half under a mask."""
    server.deliver(wall.batch(wall.report(1)))
    surface_id = str(wall.scan.surface_id)
    boundary = [[[0.6, 0.45], [1.0, 0.45], [1.0, 0.55], [0.6, 0.55]]]
    path = f"/v1/surfaces/{surface_id}/coverage"
    add(server, wall, polygon_m=[[[0.97, 0], [2, 0], [2, 1], [0.97, 1]]])
    covered = server.get(path)
    areas = {part["sight"]: part["area_m2"] for part in covered["parts"]}
    assert areas == pytest.approx({"not_known": 0.02 * 0.07, "masked": 0.08 * 0.07})
    assert covered["area_m2"] == pytest.approx(0.007)
    server.write(f"/v1/surfaces/{surface_id}/description", {"surface_id": surface_id, "boundary": boundary})
    covered = server.get(path, inspection_id=str(wall.scan.inspection_id))
    areas = {part["sight"]: part["area_m2"] for part in covered["parts"]}
    expected = {"not_known": 0.02 * 0.07, "masked": 0.03 * 0.07, "never_seen": 0.04 - 0.05 * 0.07}
    assert areas == pytest.approx(expected)
    assert (covered["area_m2"], covered["boundary_m2"]) == pytest.approx((0.05 * 0.07, 0.04))


def test_of_a_boundary_without_a_photograph_all_was_never_seen(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.unplaced(1)))
    surface_id = str(wall.scan.surface_id)
    content = {"surface_id": surface_id, "boundary": [[[0, 0], [2, 0], [2, 3], [0, 3]]]}
    server.write(f"/v1/surfaces/{surface_id}/description", content)
    covered = server.get(f"/v1/surfaces/{surface_id}/coverage")
    assert [(part["sight"], part["area_m2"]) for part in covered["parts"]] == [("never_seen", pytest.approx(6))]


PLACES = st.floats(0, 4).map(lambda value: round(value, 3))
BOXES = st.tuples(PLACES, PLACES, st.floats(0.1, 3), st.floats(0.1, 3)).map(
    lambda told: shapely.box(told[0], told[1], told[0] + told[2], told[1] + told[3])
)


@given(
    st.lists(st.tuples(BOXES, st.sampled_from([Sight.SHOWN, Sight.BLURRED, Sight.DARK])), max_size=5),
    st.none() | BOXES,
    st.lists(BOXES, max_size=3),
)
def test_the_parts_are_the_boundary_and_do_not_overlap(frames: Any, boundary: Any, masks: Any) -> None:
    footprints = [
        Footprint(ring[:4].tolist(), ring[None, :4], np.array([ORDER.index(sight)]))
        for box, sight in frames
        for ring in [np.array(box.exterior.coords)]
    ]
    before, by_sight = parts(footprints)
    masked = shapely.union_all(masks)
    whole, found = cut(before, by_sight, boundary, masked)
    areas = {part.sight: part.area_m2 for part in found}
    slack = 1e-5 * len(ORDER)
    seen = sum(area for sight, area in areas.items() if sight is not Sight.NEVER_SEEN)
    assert seen == pytest.approx(whole.area_m2, abs=slack)
    assert whole.area_m2 <= before.area_m2 + slack
    if boundary is not None:
        assert sum(areas.values()) == pytest.approx(boundary.area, abs=slack)
    else:
        assert Sight.NEVER_SEEN not in areas
    for part in found:
        shape = shapely.union_all([shapely.Polygon(rings[0], rings[1:]) for rings in part.outline])
        if part.sight not in {Sight.MASKED, Sight.NEVER_SEEN}:
            assert shapely.intersection(shape, masked).area < slack, "nothing is said of what is masked"
