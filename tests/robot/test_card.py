"""The card: drawn to the hundredth of a millimetre, found again in photographs, with a scale as exact as is said."""

from __future__ import annotations

import json
import math
import re
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from crackmap.errors import InputError
from crackmap.messages import Camera
from crackmap_robot.poses.tags import Corners, TagFinder
from crackmap_robot.proving.card import BLANK, HEIGHT_MM, LIKE_A_CRACK, TAG_MM, WIDTH_MM, WIDTHS_MM, Card
from crackmap_robot.proving.command import PRINT_SIGMA_MM, TAGS_APART_MM
from crackmap_robot.proving.drawing import pdf, reflectance
from crackmap_robot.proving.proof import LineSeen, Scale, Widths
from crackmap_robot.proving.scale import seen_card
from crackmap_robot.renderer import Pose, SimulatedCamera, Wall, looking_at, pixels_of, render, surface_points_m
from crackmap_robot.renderer.recording import camera_info

CARD = Card()
MIDDLE_M = (WIDTH_MM / 2000, HEIGHT_MM / 2000)
SIMULATED = SimulatedCamera(1200, 900, 1150, 1150, 599.5, 449.5, blur_px=0.8, shot_noise=0.02, read_noise=0.004)
CORNER_SIGMA_PX = 0.2
DRAWS = 800


@cache
def wall() -> Wall:
    """The card as a wall, its lower left at (0, 0): paper of 75 %, ink of 4 %."""
    light = 255 * (0.04 + 0.71 * reflectance(CARD, 10))
    return Wall(
        WIDTH_MM / 1000, HEIGHT_MM / 1000, 0.1, np.repeat(np.round(light)[:, :, None], 3, axis=2).astype(np.uint8)
    )


def true_mm_per_px(camera: SimulatedCamera, pose: Pose, middle_m: tuple[float, float] = MIDDLE_M) -> float:
    """Root of the area of a pixel amid the card, by the renderer's rays."""
    around = pixels_of(camera, pose, np.array([middle_m])) + np.array([[-0.5, 0], [0.5, 0], [0, -0.5], [0, 0.5]])
    left, right, above, below = surface_points_m(camera, pose, around)
    return 1000 * math.sqrt(abs(float(np.linalg.det(np.stack([right - left, below - above])))))


@pytest.mark.parametrize("dots_per_mm", [5, 8])
def test_lines_are_as_wide_as_is_said(dots_per_mm: int) -> None:
    """By the area that each covers, over its length; its round ends are a little more."""
    bare = Card()
    bare.__dict__["speckles_mm"] = np.zeros((0, 3))
    drawn = reflectance(bare, dots_per_mm)
    for place, line in enumerate(CARD.lines):
        assert (line.width_mm is None) == (place in BLANK)
        x, y = (np.array(line.middle_mm) * dots_per_mm).astype(int)
        part = drawn[y - 32 * dots_per_mm : y + 32 * dots_per_mm, x - 20 * dots_per_mm : x + 20 * dots_per_mm]
        long_mm = float(np.hypot(*np.diff(line.points_mm, axis=0).T).sum())
        width_mm = float((1 - part).sum()) / dots_per_mm**2 / long_mm
        assert width_mm == pytest.approx(line.width_mm or 0.0, rel=0.02, abs=1e-9)
    assert [line.width_mm for line in CARD.lines if line.width_mm] == list(WIDTHS_MM)


def test_the_pdf_is_one_page_of_a4_with_the_widths_in_millimetres() -> None:
    content = pdf(CARD)
    box = re.search(rb"MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", content)
    assert box is not None
    assert [float(side) * 25.4 / 72 for side in box.groups()] == pytest.approx([297, 210], abs=0.01)
    for number, place in enumerate(re.findall(rb"^(\d{10}) 00000 n", content, re.MULTILINE), start=1):
        assert content[int(place) :].startswith(b"%d 0 obj" % number)
    start = int(content.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    assert content[start:].startswith(b"xref")
    text = zlib.decompress(content.split(b"stream\n", 1)[1].split(b"\nendstream")[0]).decode()
    assert [float(width) for width in re.findall(r"([\d.]+) w ", text)] == list(WIDTHS_MM)
    scale = float(re.findall(r"cm ([\d.]+) 0 0", text)[0])
    assert scale * 25.4 / 72 == pytest.approx(1, abs=1e-6)


def test_the_sigma_of_the_scale_is_the_real_one() -> None:
    """Mean square of the error over its sigma, in its 99 % band: corners with noise, a print measured with a ruler."""
    rng, squares = np.random.default_rng(1), []
    tags = CARD.layout.tags
    places = np.concatenate([tag.corners_m() for tag in tags.values()])
    for _ in range(DRAWS):
        pose = looking_at((0.1485, -0.105), rng.uniform(0.3, 0.5), tuple(rng.uniform(-0.3, 0.3, 3)))
        print_scale = float(rng.normal(1, 0.01))
        measured = print_scale + float(rng.normal(0, PRINT_SIGMA_MM / TAGS_APART_MM))
        there = (places[:, :2] - (0.1485, -0.105)) * print_scale + (0.1485, -0.105)
        seen = pixels_of(SIMULATED, pose, there) + rng.normal(0, CORNER_SIGMA_PX, (16, 2))
        corners = Corners.equally_exact(seen, places, np.repeat(list(tags), 4), CORNER_SIGMA_PX)
        found = seen_card(corners, None, measured, PRINT_SIGMA_MM / TAGS_APART_MM)
        true = true_mm_per_px(SIMULATED, pose, (0.1485, -0.105))
        squares.append(((found.mm_per_px - true) / found.sigma_mm_per_px) ** 2)
    assert abs(np.mean(squares) - 1) < 2.576 * math.sqrt(2 / DRAWS), np.mean(squares)


@pytest.mark.parametrize(("blur_px", "tilt"), [(0.6, (0, 0, 0)), (1.2, (0.2, -0.1, 0.3)), (1.2, (-0.1, 0.25, 1.5))])
def test_in_rendered_photographs_the_scale_is_right(blur_px: float, tilt: tuple[float, float, float]) -> None:
    camera = SimulatedCamera(1200, 900, 1150, 1150, 599.5, 449.5, -0.1, 0.02, blur_px=blur_px, read_noise=0.004)
    pose = looking_at(MIDDLE_M, 0.38 if tilt[2] < 1 else 0.5, tilt)
    finder = TagFinder(CARD.layout, camera=calibrated(camera))
    corners = finder.corners(render(wall(), camera, pose, np.random.default_rng(3)))
    found = seen_card(corners, calibrated(camera), 1.0, 0.0005)
    assert abs(found.mm_per_px - true_mm_per_px(camera, pose)) < 3 * found.sigma_mm_per_px
    assert found.sigma_mm_per_px < 0.008 * found.mm_per_px
    for line in CARD.lines:
        x_mm, y_mm = line.middle_mm
        expected = pixels_of(camera, pose, np.array([[x_mm / 1000, (HEIGHT_MM - y_mm) / 1000]]))
        assert np.abs(found.pixels_px(np.array([line.middle_mm])) - expected).max() < 1.5


def calibrated(camera: SimulatedCamera) -> Camera:
    return Camera(
        name="simulated",
        width_px=camera.width_px,
        height_px=camera.height_px,
        fx_px=camera.fx,
        fy_px=camera.fy,
        cx_px=camera.cx,
        cy_px=camera.cy,
        distortion=camera.lens,
    )


def test_too_little_of_the_card_is_named() -> None:
    nothing = TagFinder(CARD.layout).corners(np.full((200, 200, 3), 200, np.uint8))
    with pytest.raises(InputError, match="0 of the card's tags are seen"):
        seen_card(nothing, None, 1.0, 0.001)


def test_a_bent_card_is_refused() -> None:
    tags = CARD.layout.tags
    places = np.concatenate([tag.corners_m() for tag in tags.values()])
    pixels = 3000 * places[:, :2] * (1, -1) + 10
    pixels[2] += (15, -20)
    with pytest.raises(InputError, match="lay it flat"):
        seen_card(Corners.equally_exact(pixels, places, np.repeat(list(tags), 4), 0.05), None, 1.0, 0.001)


# ------------------------------------------------------------------------------------------------------------ verdicts


def widths(found: list[bool], claimed_mm: float, blanks: bool = False) -> Widths:
    lines = [LineSeen(w, w * LIKE_A_CRACK, 0.9, f) for w, f in zip(WIDTHS_MM, found, strict=True)]
    return Widths((*lines, LineSeen(None, None, 0.1, blanks)), claimed_mm)


@given(st.lists(st.booleans(), min_size=10, max_size=10), st.floats(0.05, 2))
def test_a_claim_holds_where_all_that_it_names_is_found(found: list[bool], claimed_mm: float) -> None:
    seen = widths(found, claimed_mm)
    missed = [w * LIKE_A_CRACK for w, f in zip(WIDTHS_MM, found, strict=True) if not f]
    assert seen.holds == (not missed or max(missed) < claimed_mm)
    narrowest = seen.narrowest_found_mm
    assert (narrowest is None) == (not found[-1])
    assert narrowest is None or not missed or narrowest > max(missed)
    assert widths(found, claimed_mm, blanks=True).holds is False
    assert widths(found, math.nan).holds is None
    assert widths(found, math.inf).holds is True


@given(st.floats(0.1, 1), st.floats(-10, 10), st.floats(0, 5))
def test_a_scale_holds_within_its_share_and_two_sigmas(mm_per_px: float, off: float, most: float) -> None:
    scale = Scale(mm_per_px, 0.001 * mm_per_px, mm_per_px * (1 + off / 100), most)
    assert scale.off_percent == pytest.approx(off, abs=1e-9)
    if abs(abs(off) - most - 0.2) > 1e-6:
        assert scale.holds == (abs(off) <= most + 0.2)
    assert Scale(mm_per_px, 0.1, None, most).holds is None


# ------------------------------------------------------------------------------------------------------------- command


def test_the_command_keeps_a_proof_and_says_what_is_off(tmp_path: Path, crackmap, model: Path) -> None:
    pose = looking_at(MIDDLE_M, 0.38, (0.05, 0.03, 0.02))
    photograph = tmp_path / "card.png"
    Image.fromarray(render(wall(), SIMULATED, pose, np.random.default_rng(5))).save(photograph)
    (tmp_path / "camera.yaml").write_text(camera_info(SIMULATED))
    true = true_mm_per_px(SIMULATED, pose)
    result = crackmap("robot", "prove", photograph, "--mm-per-px", true * 1.05, "--model", model)
    assert result.code == 2, result.err
    assert re.search(r"\+[45]\.\d\d %: off by more than 2 %", result.out), result.out
    kept = json.loads((tmp_path / "card.png.proof.json").read_text())
    assert kept["scale"]["holds"] is False
    assert kept["scale"]["mm_per_px"] == pytest.approx(true, rel=0.003)
    assert len(kept["widths"]["lines"]) == 12
    row = {"file": "card.png", "position_m": pose.position_m, "orientation_xyzw": pose.orientation_xyzw}
    (tmp_path / "poses.jsonl").write_text(json.dumps(row))
    by_pose = ("--poses", tmp_path / "poses.jsonl", "--camera", tmp_path / "camera.yaml", "--to", tmp_path / "p.json")
    crackmap("robot", "prove", photograph, *by_pose, "--model", model)
    assert json.loads((tmp_path / "p.json").read_text())["scale"]["holds"] is True
    crackmap("robot", "prove", photograph, "--mm-per-px", true, "--tags-apart-mm", 280, "--model", model)
    wrong = json.loads((tmp_path / "card.png.proof.json").read_text())["scale"]
    assert wrong["off_percent"] == pytest.approx(100 * (285 / 280 - 1), abs=0.3)


def test_what_cannot_be_used_is_named(tmp_path: Path, crackmap, model: Path) -> None:
    blank = tmp_path / "blank.png"
    Image.fromarray(np.full((300, 400, 3), 200, np.uint8)).save(blank)
    for arguments, said in (
        (("prove", blank, "--model", model), "0 of the card's tags are seen"),
        (("prove", blank, "--mm-per-px", 1, "--poses", "p"), "both say the scale"),
        (("prove", blank, "--poses", "p"), "--poses needs --camera"),
        (("card", tmp_path / "card.jpg"), "written as .pdf"),
        (("card", tmp_path / "no" / "card.pdf"), "cannot be written"),
    ):
        result = crackmap("robot", *arguments)
        assert result.code == 2
        assert said in result.err.replace("\n", " "), result.err
    assert crackmap("robot", "card", tmp_path / "card.png").code == 0
    with Image.open(tmp_path / "card.png") as picture:
        dots = picture.info["dpi"][0] / 25.4
        assert [side / dots for side in picture.size] == pytest.approx([WIDTH_MM, HEIGHT_MM], abs=0.1)
        corners = TagFinder(CARD.layout).corners(np.asarray(picture.convert("RGB")))
    assert len(corners.tags) == 16
    sides = np.linalg.norm(corners.pixels_px.reshape(4, 4, 2)[:, 0] - corners.pixels_px.reshape(4, 4, 2)[:, 1], axis=1)
    assert sides / dots == pytest.approx(np.full(4, TAG_MM), abs=0.1)
