"""Scoring a frame again is what a scan does, on a picture that comes from a server."""

from pathlib import Path
from uuid import uuid4

import pytest

from crackmap.errors import InputError
from crackmap.messages import Camera, Flag, NoPose, Pose, Report
from crackmap.messages.registry import FrameToScore, View
from crackmap.surfaces import Surface
from crackmap.tile_grid import TileGrid
from crackmap_robot.cameras.photograph import read_header
from crackmap_robot.classifier import Classifier
from crackmap_robot.outbox import Outbox
from crackmap_robot.projection import place
from crackmap_robot.registry.comparison_table import lines
from crackmap_robot.registry.worker import rescored

CAMERA = Camera(name="c", width_px=150, height_px=100, fx_px=200, fy_px=200, cx_px=74.5, cy_px=49.5)
POSE = Pose(position_m=(0.2, 0.1, 0.5), orientation_xyzw=(1.0, 0.0, 0.0, 0.0))


def frame_of(photo: Path, mm_per_px: float | None = 0.5, view: View | None = None) -> FrameToScore:
    image, _ = read_header(photo.read_bytes(), photo.name)
    return FrameToScore(
        frame_id=uuid4(), label=photo.name, image=image, tile_px=32, stride_px=32, mm_per_px=mm_per_px, view=view
    )


def test_the_same_model_gives_the_scan_s_own_score_maps(
    scan, photographs: Path, classifier: Classifier, tmp_path: Path
) -> None:
    outbox = tmp_path / "outbox.sqlite"
    assert scan(photographs, "--mm-per-px", "0.5", "--outbox", outbox).code == 0
    with Outbox(outbox) as kept:
        reports = [Report.model_validate_json(one.body) for one in kept.waiting_reports("x", 100, 10**9)]
    by_label = {report.frame.label: report for report in reports}
    assert len(by_label) == 6
    for photo in photographs.iterdir():
        new = rescored(classifier, frame_of(photo), photo.read_bytes())
        assert new.score_map == by_label[photo.name].score_map
        assert new.flags == by_label[photo.name].flags
        assert new.tiles is None


@pytest.mark.parametrize(("mm_per_px", "flags"), [(0.1, ()), (1.0, ()), (1.01, (Flag.OUT_OF_RANGE,)), (None, ())])
def test_a_frame_out_of_the_model_s_range_is_marked(
    photographs: Path, classifier: Classifier, mm_per_px: float | None, flags: tuple[Flag, ...]
) -> None:
    photo = photographs / "img1.jpg"
    assert rescored(classifier, frame_of(photo, mm_per_px), photo.read_bytes()).flags == flags


def test_tiles_of_another_size_are_placed_as_a_scan_places_them(photographs: Path, classifier: Classifier) -> None:
    photo, solution = photographs / "img1.jpg", uuid4()
    view = View(pose_solution_id=solution, pose=POSE, camera=CAMERA, surface=Surface(name="north"))
    placed = place(CAMERA, POSE, TileGrid(150, 100, 32, 32), solution, Surface(name="north"))
    assert not isinstance(placed, NoPose)
    assert rescored(classifier, frame_of(photo, view=view), photo.read_bytes()).tiles == placed.tiles
    away = POSE.model_copy(update={"orientation_xyzw": (0.0, 0.0, 0.0, 1.0)})  # looks away from the wall
    with pytest.raises(InputError, match=r"img1\.jpg"):
        rescored(classifier, frame_of(photo, view=view.model_copy(update={"pose": away})), photo.read_bytes())


def test_a_damaged_picture_is_named(photographs: Path, classifier: Classifier) -> None:
    photo = photographs / "img1.jpg"
    with pytest.raises(InputError, match=r"img1\.jpg"):
        rescored(classifier, frame_of(photo), b"\xff\xd8 nothing")


def test_the_table_says_what_changed_and_what_could_not() -> None:
    side = {"detections": 12, "area_m2": 0.25}
    row = {"of": "before", "threshold": 0.79, "before": side, "after": side | {"area_m2": None}, "new": 3, "lost": 4}
    scan = {"surface": "north", "frames": 8, "model_before": "crack-227", "at": [row, row | {"of": "after"}]}
    frames = {"done": 8, "total": 10, "causes": {"the picture was not kept": 2}}
    progress = {"rescore": 3, "model": "crack-256", "frames": frames, "current": False}
    shown = list(lines({"rescore": 3, "model": "crack-256", "scans": [scan, scan | {"at": []}]}, progress))
    assert shown[0] == "re-scoring 3 by crack-256: 8 of 10 frames have new scores"
    assert "  2 not: the picture was not kept" in shown
    assert any("0.79 of crack-227" in line and "0.2500" in line and "?" in line for line in shown)
    assert any("0.79 of crack-256" in line for line in shown)
