"""Frames, their pictures, and coverage."""

import base64
import io
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from crackmap.messages import Capture, TimeSource
from crackmap.scores import probability

from .databases import BOTH


def pixels(response: Any) -> Any:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "image/jpeg"
    return np.asarray(Image.open(io.BytesIO(response.content)).convert("RGB")).astype(int)


@BOTH
def test_frames_say_where_they_lie_and_whether_their_picture_is_here(server: Any, wall: Any) -> None:
    south = wall.but(name="south face")
    server.deliver(
        wall.batch(wall.report(1), wall.report(2, wall.no_pose(), keep="nothing")),
        south.batch(south.unplaced(3, 0.5, scores=bytes(12), flags=("out_of_range",))),
    )
    server.put(wall.picture(3))
    placed, lost, alone = server.every("/v1/frames")
    assert (placed["placement"]["kind"], placed["evidence"]) == ("placed", "expected")
    assert placed["placement"]["footprint_m"][0] == pytest.approx((0.95, 0.535))
    assert placed["highest_score"] == probability(max(wall.scores(1)))
    assert placed["captured_utc"] == "2026-05-01T08:01:00Z"
    assert (lost["placement"]["kind"], lost["evidence"]) == ("no_pose", "none")
    assert lost["placement"]["cause"] == "poses.jsonl has no row for it"
    assert (alone["placement"]["kind"], alone["placement"]["mm_per_px"]) == ("unplaced", 0.5)
    assert (alone["evidence"], alone["highest_score"], alone["flags"]) == ("held", None, ["out_of_range"])
    for kind, item in {"placed": placed, "no_pose": lost, "unplaced": alone}.items():
        assert server.every("/v1/frames", placement=kind) == [item]
    assert server.every("/v1/frames", surface_id=str(south.scan.surface_id)) == [alone]
    assert server.every("/v1/frames", bbox="0,0,2,2") == [placed]
    assert server.every("/v1/frames", bbox="0,0.6,2,2") == []
    assert server.every("/v1/frames", **{"from": "2026-05-01T08:02:00Z"}, to="2026-05-01T08:02:30Z") == [lost]
    assert server.every("/v1/frames", limit=1) == [placed, lost, alone]


def test_local_times_stay_local(server: Any, wall: Any) -> None:
    capture = Capture(time_source=TimeSource.EXIF, captured_local=datetime(2026, 5, 1, 8, 0, 1))  # noqa: DTZ001
    server.deliver(wall.batch(wall.report(1, capture=capture)))
    (frame,) = server.every("/v1/frames")
    assert (frame["captured_utc"], frame["captured_local"]) == (None, "2026-05-01T08:00:01")


@BOTH
def test_one_frame_with_all_that_is_known(server: Any, wall: Any) -> None:
    better = wall.but(model_sha256="d" * 64, stride_px=16)
    report = wall.report(1, scores=bytes([0, 0] + [130] * 10))
    server.deliver(wall.batch(report), better.batch(better.report(1)))
    frame = server.get(f"/v1/frames/{report.frame.frame_id}")
    assert frame["image_sha256"] == wall.sha256(wall.picture(1))
    assert frame["pose"]["orientation_xyzw"] == [1, 0, 0, 0]
    assert frame["camera"]["fx_px"] == 100
    maps = {item["model_sha256"] if "model_sha256" in item else item["stride_px"]: item for item in frame["score_maps"]}
    assert {stride: item["current"] for stride, item in maps.items()} == {32: False, 16: True}
    assert base64.b64decode(maps[32]["scores"]) == report.score_map.scores
    assert maps[32]["unscored"] == [{"reason": "blurred", "tiles": [0, 1]}]
    older = server.get(f"/v1/frames/{report.frame.frame_id}", analysis_id=str(wall.analysis.analysis_id))
    assert {item["stride_px"]: item["current"] for item in older["score_maps"]} == {32: True, 16: False}
    other = server.client.get(f"/v1/frames/{report.frame.frame_id}", params={"analysis_id": str(wall.scan.scan_id)})
    assert other.status_code == 404


def test_a_frame_that_is_not_stored(server: Any, wall: Any) -> None:
    for path in ("", "/picture.jpg", "/crop.jpg?x_px=0&y_px=0&width_px=9&height_px=9"):
        response = server.client.get(f"/v1/frames/{wall.scan.scan_id}{path}")
        assert response.status_code == 404
        assert "not stored" in response.json()["detail"]


# ------------------------------------------------------------------------------------------------------------ pictures


def test_the_picture_is_the_stored_raster_made_smaller_and_never_turned(server: Any, wall: Any) -> None:
    """A wide picture with EXIF orientation 6 (turn right to see it upright) stays wide."""
    raster = np.zeros((60, 200, 3), np.uint8)
    raster[:, :100] = (250, 0, 0)
    exif = Image.Exif()
    exif[0x0112] = 6
    content = io.BytesIO()
    Image.fromarray(raster).save(content, "JPEG", exif=exif, quality=95)
    image = {"sha256": wall.sha256(content.getvalue()), "exif_orientation": 6}
    report = wall.report(1, image=image)
    server.deliver(wall.batch(report))
    server.put(content.getvalue())
    shown = pixels(server.client.get(f"/v1/frames/{report.frame.frame_id}/picture.jpg", params={"max_px": 50}))
    assert shown.shape == (15, 50, 3)
    assert shown[7, 5] == pytest.approx([250, 0, 0], abs=12)
    assert shown[7, 45] == pytest.approx([0, 0, 0], abs=12)


def test_a_crop_is_cut_pixel_for_pixel_with_a_margin_as_far_as_there_is_picture(server: Any, wall: Any) -> None:
    report = wall.report(1)
    server.deliver(wall.batch(report))
    server.put(wall.picture(1))
    whole = np.asarray(Image.open(io.BytesIO(wall.picture(1)))).astype(int)
    path = f"/v1/frames/{report.frame.frame_id}/crop.jpg"
    cut = {"x_px": 64, "y_px": 32, "width_px": 32, "height_px": 32}
    shown = pixels(server.client.get(path, params=cut))
    assert shown.shape == (32, 32, 3)
    assert np.abs(shown - whole[32:64, 64:96]).mean() < 12
    wide = pixels(server.client.get(path, params=cut | {"margin_px": 10}))
    assert wide.shape == (48, 46, 3)  # 6 rows and 4 columns end with the picture
    assert server.client.get(path, params=cut | {"x_px": 100}).status_code == 422


def test_where_frames_are_not_kept_the_kept_crop_of_a_tile_is_shown(server: Any, wall: Any) -> None:
    report = wall.report(1, keep="crops")
    server.deliver(wall.batch(report))
    crop = report.evidence.crops[0]
    path = f"/v1/frames/{report.frame.frame_id}"
    x_px, y_px = wall.grid.origin_px(crop.tile)
    cut = {"x_px": x_px, "y_px": y_px, "width_px": 32, "height_px": 32, "margin_px": 8}
    response = server.client.get(f"{path}/crop.jpg", params=cut)
    assert response.status_code == 404
    content = wall.picture(1000 + crop.tile, 32, 32)
    assert server.put(content).status_code == 201
    shown = pixels(server.client.get(f"{path}/crop.jpg", params=cut))
    assert shown.shape == (32, 32, 3)
    assert np.abs(shown - np.asarray(Image.open(io.BytesIO(content))).astype(int)).mean() < 12
    assert server.client.get(f"{path}/crop.jpg", params=cut | {"x_px": x_px + 1}).status_code == 404
    assert "was not kept" in server.client.get(f"{path}/picture.jpg").json()["detail"]


def test_a_promised_picture_that_has_not_arrived_is_said_to_be_on_its_way(server: Any, wall: Any) -> None:
    server.deliver(wall.batch(wall.report(1)))
    response = server.client.get(f"/v1/frames/{wall.report(1).frame.frame_id}/picture.jpg")
    assert response.status_code == 404
    assert "not arrived yet" in response.json()["detail"]


@pytest.mark.parametrize("mode", ["L", "I;16", "CMYK", "RGBA", "P", "1"])
def test_every_kind_of_picture_can_be_shown(server: Any, wall: Any, mode: str) -> None:
    """A ramp from dark to bright stays one; 16 bits are not clipped."""
    ramp = np.tile(np.linspace(0, 255, 100).astype(np.uint8), (70, 1))
    image = Image.fromarray(ramp.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(ramp).convert(mode)
    content = io.BytesIO()
    image.save(content, "TIFF" if mode in {"CMYK", "I;16"} else "PNG")
    report = wall.report(1, image={"sha256": wall.sha256(content.getvalue())})
    server.deliver(wall.batch(report))
    assert server.put(content.getvalue()).status_code == 201
    shown = pixels(server.client.get(f"/v1/frames/{report.frame.frame_id}/picture.jpg"))
    assert shown[:, :20].mean() < 60
    assert shown[:, 80:].mean() > 190
    middle = shown[:, 40:60].mean()
    assert 90 < middle < 165


def test_paths_of_pictures_are_made_of_their_hash(server: Any, wall: Any, tmp_path: Path) -> None:
    server.put(wall.picture(1))
    name = wall.sha256(wall.picture(1))
    assert (tmp_path / "evidence" / name[:2] / name[2:]).read_bytes() == wall.picture(1)
