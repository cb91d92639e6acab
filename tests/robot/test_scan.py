"""The stages of a scan, with a scorer of our own: what becomes of each photograph."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crackmap import scores
from crackmap.errors import InputError
from crackmap.manifest import Range
from crackmap.messages import Flag, NoPose, Placed, Reason, Report, Unplaced
from crackmap.tile_grid import TileGrid
from crackmap_robot.cameras.camera import Photo, Quiet, Refused
from crackmap_robot.cameras.folder import open_folder, read_photo
from crackmap_robot.evidence import Frames
from crackmap_robot.headers import Headers, Key, analysis, recording
from crackmap_robot.placing import ByScale, Placing, by_poses
from crackmap_robot.scan import LONG_QUIET_S, Known, Scanner, Scored, one_ahead

from .camera_files import camera_file

CAMERA = camera_file(150, 100, 100)


def dark_is_crack(pixels: np.ndarray, grid: TileGrid) -> np.ndarray:
    found = [255 if pixels[y : y + 32, x : x + 32].mean() < 100 else 1 for x, y in grid.corners_px()]
    return np.array(found, np.uint8)


@pytest.fixture
def headers(classifier) -> Headers:
    scan = recording("bridge", "north", "2026", None)
    return Headers(scan, analysis(scan, classifier.manifest, 32, 0.9), None)


def scanner(
    headers: Headers, placing: Placing | None = None, frames: Frames = Frames.ALL, score=dark_is_crack
) -> Scanner:
    return Scanner(headers, placing or ByScale(0.5), frames, score, Range(low=0.1, high=1.0))


class Shelf(dict[Key, Report]):
    """Reports that were kept."""

    def run(self, scanner: Scanner, photographs: Iterator[Photo | Refused]) -> list[Scored | Known | Refused]:
        results = []
        for result in scanner.reports(photographs, frozenset(self), self.get):
            if isinstance(result, Scored):
                self[scanner.headers.key(result.photo)] = result.report
            results.append(result)
        return results


def placed(headers: Headers, tmp_path: Path, names: list[str], step_m: float = 0.5) -> tuple[Headers, Placing]:
    """A camera 1 m in front of a wall: 1.5 m × 1 m in view, moving right."""
    (tmp_path / "camera.yaml").write_text(CAMERA)
    rows = [f"{name},{number * step_m},0,1,1,0,0,0" for number, name in enumerate(names)]
    (tmp_path / "poses.csv").write_text("file,x_m,y_m,z_m,qx,qy,qz,qw\n" + "\n".join(rows) + "\n")
    placing = by_poses(headers.scan, tmp_path / "poses.csv", tmp_path / "camera.yaml")
    return Headers(headers.scan, headers.analysis, placing.pose_solution), placing


def test_every_photograph_becomes_a_report(headers: Headers, photographs: Path) -> None:
    results = Shelf().run(scanner(headers), open_folder(photographs).frames())
    assert [type(result) for result in results] == [Scored] * 6
    for result in results:
        assert isinstance(result, Scored)
        report = result.report
        assert (report.score_map.columns, report.score_map.rows) == (5, 4)
        assert report.placement == Unplaced(mm_per_px=0.5)
        assert report.evidence.frame
        assert not report.evidence.crops
        assert [picture.path for picture in result.pictures] == [result.photo.path]
        assert report.flags == ()


def test_a_second_run_scores_nothing_again(headers: Headers, photographs: Path) -> None:
    shelf = Shelf()
    shelf.run(scanner(headers), open_folder(photographs).frames())

    def never(_pixels: np.ndarray, _grid: TileGrid) -> np.ndarray:
        raise AssertionError("scored again")

    results = shelf.run(scanner(headers, score=never), open_folder(photographs).frames())
    assert [type(result) for result in results] == [Known] * 6


def test_a_copy_under_another_name_is_the_same_frame(headers: Headers, photographs: Path) -> None:
    (photographs / "img1 copy.jpg").write_bytes((photographs / "img1.jpg").read_bytes())
    shelf = Shelf()
    results = shelf.run(scanner(headers), open_folder(photographs).frames())
    assert sorted(type(result).__name__ for result in results) == ["Known"] + ["Scored"] * 6
    assert len(shelf) == 6


def test_what_is_refused_does_not_stop_the_rest(headers: Headers, photographs: Path) -> None:
    Image.new("RGB", (31, 500)).save(photographs / "img0.png")
    (photographs / "img2.jpg").write_bytes((photographs / "img2.jpg").read_bytes()[:-100])
    png = photographs / "img3.png"
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (60, 60, 3)).astype(np.uint8)).save(png)
    png.write_bytes(png.read_bytes()[:-3000])  # only decoding notices
    results = Shelf().run(scanner(headers), open_folder(photographs).frames())
    refused = {result.label: str(result.error) for result in results if isinstance(result, Refused)}
    assert set(refused) == {"img0.png", "img2.jpg", "img3.png"}
    assert "31 × 500 px, smaller than a tile of 32 × 32 px" in refused["img0.png"]
    assert "cut short" in refused["img2.jpg"]
    assert "damaged or cut short" in refused["img3.png"]
    assert len(results) == 8


def test_the_same_photograph_cannot_have_two_scales(headers: Headers, photographs: Path) -> None:
    shelf = Shelf()
    shelf.run(scanner(headers), open_folder(photographs).frames())
    results = shelf.run(scanner(headers, ByScale(0.4)), open_folder(photographs).frames())
    assert all(isinstance(result, Refused) for result in results)
    assert "with 0.5 mm per pixel, now --mm-per-px says 0.4" in str(results[0].error)


def test_a_scale_that_the_model_was_not_made_for_is_flagged(headers: Headers, photographs: Path) -> None:
    for mm_per_px, flags in ((0.1, ()), (1.0, ()), (0.09, (Flag.OUT_OF_RANGE,)), (1.1, (Flag.OUT_OF_RANGE,))):
        (result, *_) = Shelf().run(scanner(headers, ByScale(mm_per_px)), open_folder(photographs).frames())
        assert isinstance(result, Scored)
        assert result.report.flags == flags


def test_tiles_that_the_model_could_not_score_say_so(headers: Headers, photographs: Path) -> None:
    def half(pixels: np.ndarray, grid: TileGrid) -> np.ndarray:
        found = dark_is_crack(pixels, grid)
        found[::2] = scores.NOT_SCORED
        return found

    (result, *_) = Shelf().run(scanner(headers, score=half), open_folder(photographs).frames())
    assert isinstance(result, Scored)
    (group,) = result.report.score_map.unscored
    assert (group.reason, group.tiles) == (Reason.MODEL_FAILED, tuple(range(0, 20, 2)))


def test_without_frames_the_crops_of_detections_are_kept(headers: Headers, photographs: Path) -> None:
    results = Shelf().run(scanner(headers, frames=Frames.NONE), open_folder(photographs).frames())
    crops = 0
    for result in results:
        assert isinstance(result, Scored)
        evidence = result.report.evidence
        found = np.flatnonzero(result.report.score_map.array() == 255).tolist()
        assert not evidence.frame
        assert [crop.tile for crop in evidence.crops] == found
        assert {crop.sha256 for crop in evidence.crops} == {picture.sha256 for picture in result.pictures}
        for picture in result.pictures:
            assert picture.content is not None
            assert picture.content.startswith(b"\xff\xd8")
        crops += len(found)
    assert crops > 5


# -------------------------------------------------------------------------------------------------------------- poses


def test_frames_are_placed_by_their_names(headers: Headers, photographs: Path, tmp_path: Path) -> None:
    headers, placing = placed(headers, tmp_path, [f"img{number}.jpg" for number in range(1, 6)])
    results = Shelf().run(scanner(headers, placing), open_folder(photographs).frames())
    *there, last = results
    for number, result in enumerate(there):
        assert isinstance(result, Scored)
        assert isinstance(result.report.placement, Placed)
        footprint = np.array(result.report.placement.footprint_m)
        middle = (footprint.min(axis=0) + footprint.max(axis=0)) / 2
        assert middle == pytest.approx([number * 0.5, 0.0], abs=1e-6)
        assert result.report.placement.mm_per_px == pytest.approx(10.0)
        assert result.report.flags == (Flag.OUT_OF_RANGE,)
    assert isinstance(last, Scored)
    assert isinstance(last.report.placement, NoPose)
    assert "has no row for img6.jpg" in last.report.placement.cause


def test_a_calibration_of_another_size_refuses_each_photograph(
    headers: Headers, photographs: Path, tmp_path: Path
) -> None:
    headers, placing = placed(headers, tmp_path, ["img1.jpg"])
    Image.new("RGB", (100, 150)).save(photographs / "turned.png")
    results = Shelf().run(scanner(headers, placing), open_folder(photographs).frames())
    assert isinstance(results[-1], Refused)
    assert "turned.png has 100 × 150 pixels" in str(results[-1].error)
    assert sum(isinstance(result, Scored) for result in results) == 6


@pytest.mark.parametrize("done", range(7))
def test_keyframes_are_the_same_in_a_run_that_goes_on(
    headers: Headers, photographs: Path, tmp_path: Path, done: int
) -> None:
    headers, placing = placed(headers, tmp_path, [f"img{number}.jpg" for number in range(1, 7)], step_m=0.75)
    shelf = Shelf()
    frames = list(open_folder(photographs).frames())
    whole = Shelf()
    whole.run(scanner(headers, placing, Frames.KEYFRAMES), iter(frames))
    # A run that is broken off keeps its first reports.
    for key in list(whole)[:done]:
        shelf[key] = whole[key]
    shelf.run(scanner(headers, placing, Frames.KEYFRAMES), iter(frames))
    assert shelf == whole
    kept = [report.evidence.frame for report in whole.values()]
    assert kept == [True, False, True, False, True, True]
    for report in whole.values():
        found = np.flatnonzero(report.score_map.array() == 255).tolist()
        assert [crop.tile for crop in report.evidence.crops] == ([] if report.evidence.frame else found)


def test_a_frame_waits_for_the_next_one_only_while_the_source_is_not_quiet_for_long(
    headers: Headers, photographs: Path, tmp_path: Path
) -> None:
    names = [path.name for path in open_folder(photographs).photographs]
    placed_headers, placing = placed(headers, tmp_path, names, step_m=0.1)
    first, second, *_ = open_folder(photographs).frames()
    short, long = Quiet(LONG_QUIET_S / 2), Quiet(LONG_QUIET_S)
    source = iter([first, short, second, short, long, long])
    run = scanner(placed_headers, placing, Frames.KEYFRAMES).reports(source, frozenset(), lambda _key: None)
    results = list(run)
    assert [type(result) for result in results] == [Quiet, Scored, Quiet, Scored, Quiet, Quiet]
    assert [result.photo.label for result in results if isinstance(result, Scored)] == ["img1.jpg", "img2.jpg"]


def test_frames_that_nobody_can_place_are_keyframes(headers: Headers, photographs: Path, tmp_path: Path) -> None:
    headers, placing = placed(headers, tmp_path, ["img1.jpg"])
    results = Shelf().run(scanner(headers, placing, Frames.KEYFRAMES), open_folder(photographs).frames())
    assert len(results) == 6
    assert all(isinstance(result, Scored) and result.report.evidence.frame for result in results)


# ---------------------------------------------------------------------------------------------------------- one ahead


def test_the_next_item_is_made_while_the_caller_works() -> None:
    made: list[int] = []
    third = threading.Event()

    def items() -> Iterator[int]:
        for number in range(5):
            made.append(number)
            if number == 2:
                third.set()
            yield number

    ahead = one_ahead(items())
    assert next(ahead) == 0
    assert next(ahead) == 1
    assert third.wait(5)  # 2 is being made though nobody asked for it
    assert list(ahead) == [2, 3, 4]
    assert made == [0, 1, 2, 3, 4]


def test_an_error_in_the_thread_reaches_the_caller_and_leaves_no_thread() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise InputError("gone")

    ahead = one_ahead(items())
    assert next(ahead) == 1
    with pytest.raises(InputError, match="gone"):
        next(ahead)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("reader")]


def test_a_caller_that_stops_early_leaves_no_thread(photographs: Path) -> None:
    ahead = one_ahead(iter([1, 2, 3]))
    assert next(ahead) == 1
    ahead.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("reader")]
    assert read_photo(photographs / "img1.jpg").label == "img1.jpg"
