"""What an inspector says of a surface and of the inspection, on the page: boundary, element, place, conditions."""

import json
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import expect

from .conftest import Wall, box_of

pytestmark = pytest.mark.needs("chromium")


def description(wall: Wall) -> dict[str, object]:
    found: dict[str, object] = wall.get(f"surfaces/{wall.scan.surface_id}/description")["content"]
    return found


def test_a_boundary_is_drawn_typed_dragged_and_taken_away(own_wall: Wall) -> None:
    page = own_wall.page
    said = page.get_by_role("region", name="Surface")
    said.get_by_role("button", name="Boundary").click()
    said.get_by_role("button", name="Draw the outer edge").click()
    own_wall.draw((0.0, 0.0), (1.25, 0.0), (1.25, 1.2), (0.0, 1.2))
    said.get_by_role("button", name="Draw an opening").click()
    own_wall.draw((0.8, 0.2), (1.0, 0.2), (1.0, 0.4), (0.8, 0.4))
    outer, opening = said.get_by_label("Outer edge"), said.get_by_label("Opening 1")
    outer.fill("0 0\n1.5, 0\n1.5; nonsense\n0 1.2")
    said.get_by_role("button", name="Keep").click()  # the browser points at the line; nothing is sent
    outer.fill("0 0\n1.5 0\n1.5 1.2\n0 1.2")
    page.locator(".corner[title='Corner 1 of opening 1']").focus()
    page.keyboard.press("ArrowLeft")
    typed = opening.input_value().split("\n")[0].split()
    assert [float(each) for each in typed] == pytest.approx([0.79, 0.2], abs=0.005)
    said.get_by_role("button", name="Keep").click()
    expect(said).to_contain_text("1.76 m², 1 opening")
    expect(page.locator("#count-text")).to_contain_text("Of the 1.76 m² within the boundary, 0.36 m²")
    assert page.evaluate("() => crackmap.drawn().boundary") == [2]  # rings
    assert len(description(own_wall)["boundary"]) == 2  # type: ignore[arg-type]

    own_wall.open()
    said.get_by_role("button", name="Boundary").click()
    corner = box_of(page.locator(".corner[title='Corner 3 of the outer edge']"))
    page.mouse.move(corner["x"] + 8, corner["y"] + 8)
    page.mouse.down()
    page.mouse.move(corner["x"] - 42, corner["y"] + 8, steps=3)
    page.mouse.up()
    assert outer.input_value() != "0  0\n1.5  0\n1.5  1.2\n0  1.2"
    page.keyboard.press("Escape")  # left: nothing is kept, and nothing is left on the chart
    expect(page.locator(".corner")).to_have_count(0)
    said.get_by_role("button", name="Boundary").click()
    said.get_by_role("button", name="Remove the boundary").click()
    said.get_by_role("button", name="Keep").click()
    expect(said).to_contain_text("not drawn")
    assert description(own_wall)["boundary"] is None


def test_elements_are_added_assigned_and_not_deleted_while_in_use(own_wall: Wall) -> None:
    page = own_wall.page
    said = page.get_by_role("region", name="Surface")
    said.get_by_role("button", name="Element").click()
    for number, name, above in (("P3", "pier 3", None), ("12", "bearing", "P3 pier 3")):
        said.get_by_role("button", name="Add an element").click()
        said.get_by_label("The owner's number").fill(number)
        said.get_by_label("Name").fill(name)
        if above:
            said.get_by_label("Part of").select_option(above)
        page.keyboard.press("Enter")
        expect(said.locator(".lines")).to_contain_text(f"{number} {name}")
    said.get_by_role("button", name="Change 12 bearing").click()
    said.get_by_label("Name").fill("bearing, north")
    said.get_by_role("button", name="Keep").click()
    said.get_by_label("This surface is a face of").select_option("P3 pier 3")
    said.get_by_role("button", name="Keep").click()
    expect(said).to_contain_text("P3 pier 3")
    parts = own_wall.get(f"elements?structure_id={own_wall.scan.structure_id}")["items"]
    by_name = {part["content"]["name"]: part for part in parts}
    assert by_name["bearing, north"]["content"]["parent_id"] == by_name["pier 3"]["id"]
    assert description(own_wall)["element_id"] == by_name["pier 3"]["id"]
    said.get_by_role("button", name="Element").click()
    said.get_by_role("button", name="Delete P3 pier 3").click()
    own_wall.refused("is a part of it; change that first")
    page.keyboard.press("Escape")
    said.get_by_role("button", name="Delete 12 bearing, north").click()
    expect(said.locator(".lines li")).to_have_count(1)


def test_a_place_on_earth_is_set_and_stands_in_the_file(own_wall: Wall) -> None:
    """A wall that faces south: along u longitude grows, and along v the height."""
    page = own_wall.page
    said = page.get_by_role("region", name="Surface")
    expect(said).to_contain_text("in metres on the chart")
    said.get_by_role("button", name="Place").click()
    fields = {"Latitude": "53.5", "Longitude": "10.01", "Height": "12", "u runs towards": "90"}
    for name, value in fields.items():
        said.get_by_role("spinbutton", name=name).fill(value)
    expect(said).to_contain_text("a wall that faces south (180°)")
    page.keyboard.press("Enter")
    expect(said).to_contain_text("latitude 53.5°, longitude 10.01°, height 12 m; a wall that faces south (180°)")
    with page.expect_download() as waited:
        said.get_by_role("link", name="Detections as GeoJSON").click()
    features = json.loads(Path(waited.value.path()).read_text())["features"]
    corners = [point for each in features for point in each["geometry"]["coordinates"][0]]
    assert all(10.01 < longitude < 10.01 + 2e-5 for longitude, _, _ in corners)
    assert {round(latitude, 6) for _, latitude, _ in corners} == {53.5}
    assert max(height for _, _, height in corners) == pytest.approx(13.1, abs=1e-3)

    said.get_by_role("button", name="Place").click()
    said.get_by_label("Origin of the chart").select_option("a projected CRS")
    said.get_by_label("CRS", exact=True).fill("EPSG:4326")
    for name, value in {"Easting": "565000", "Northing": "5930000", "Height, m": "4.2"}.items():
        said.get_by_role("spinbutton", name=name).fill(value)
    said.get_by_role("button", name="Keep").click()
    own_wall.refused("not a projected CRS")
    said.get_by_label("CRS", exact=True).fill("EPSG:25832")
    said.get_by_role("button", name="Keep").click()
    expect(said).to_contain_text("EPSG:25832: 565000, 5930000, 4.2 m; a wall that faces south (180°)")


def test_conditions_are_set_and_the_target_width_judges_anew(own_wall: Wall) -> None:
    page = own_wall.page
    said = page.get_by_role("region", name="Inspection")
    expect(said).to_contain_text("3 mm")
    said.get_by_role("button", name="Conditions").click()
    said.get_by_label("Day").fill("2026-05-04")
    said.get_by_label("Target width").fill("1.5")
    said.get_by_label("Air").fill("14.5")
    said.get_by_label("Surface").select_option("damp")
    said.get_by_label("Light").select_option("overcast")
    said.get_by_label("Remarks").fill("scaffolding in front of bay 4")
    said.get_by_role("button", name="Keep").click()
    expect(page.locator("#count-text")).to_contain_text("A crack of 1.5 mm would show in 0 m² of it")
    for words in ("2026-05-04", "1.5 mm", "14.5 °C", "damp", "overcast", "scaffolding in front of bay 4"):
        expect(said).to_contain_text(words)
    path = f"inspections/{own_wall.scan.inspection_id}/conditions"
    assert own_wall.get(path)["content"]["wetness"] == "damp"
    # Somebody else was quicker.
    said.get_by_role("button", name="Conditions").click()
    address = f"{own_wall.visit.origin}/v1/{path}"
    other = {"inspection_id": str(own_wall.scan.inspection_id), "light": "lamps"}
    httpx2.put(address, json=other, headers={"If-Match": '"1"'}).raise_for_status()
    said.get_by_label("Air").fill("15")
    page.keyboard.press("Enter")
    own_wall.refused("was changed meanwhile")
    assert own_wall.get(path)["content"]["light"] == "lamps"
