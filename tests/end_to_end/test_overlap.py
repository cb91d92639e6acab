"""A scan with overlapping tiles, from the photographs to the server: every tile where it stands, nothing seen twice."""

from pathlib import Path

import httpx2
import numpy as np
import pytest

from crackmap.tile_grid import TileGrid

from .conftest import HEIGHT_PX, MODEL, WIDTH_PX, Recording
from .processes import Server, run

pytestmark = pytest.mark.long

OVERLAPPING = MODEL.with_name("darkness-bytes.tflite")
GRID = TileGrid(WIDTH_PX, HEIGHT_PX, 32, 16)
PHOTOGRAPHS = 4


def scan(recording: Recording, server: Server, tmp_path: Path, *more: object) -> str:
    """The same photographs with the model that has a dense file; what the command said."""
    outbox = tmp_path / "outbox.sqlite"
    ran = run(*recording.scan(outbox, "--model", OVERLAPPING, "--server", server.address, *more))
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def items(client: httpx2.Client, path: str, **wanted: object) -> list[dict]:
    return client.get(path, params={"limit": 1000, **wanted}).raise_for_status().json()["items"]


@pytest.fixture
def server(recording: Recording, tmp_path: Path) -> Server:
    recording.photograph(4, 3 + PHOTOGRAPHS)
    return Server(tmp_path / "server")


@pytest.mark.parametrize("frames", ["all", "none"])
def test_every_overlapping_tile_reaches_the_map(
    recording: Recording, server: Server, tmp_path: Path, frames: str
) -> None:
    with server, httpx2.Client(base_url=server.address) as client:
        scan(recording, server, tmp_path, "--frames", frames)
        (surface,), (inspection,) = items(client, "/v1/surfaces"), items(client, "/v1/inspections")
        place = f"/v1/surfaces/{surface['surface_id']}/coverage"
        of = {"inspection_id": inspection["inspection_id"]}
        touching = client.get(place, params=of).json()
        said = scan(recording, server, tmp_path, "--frames", frames, "--overlap", "--scores", tmp_path / "scores.csv")
        assert f"tiles        {PHOTOGRAPHS * GRID.rows * GRID.columns:,}" in said
        assert items(client, "/v1/quarantine") == []
        check_detections(client, tmp_path / "scores.csv", frames)
        overlapping = client.get(place, params=of).json()
        assert overlapping["area_m2"] == pytest.approx(touching["area_m2"]), "what was photographed is the same"
        assert overlapping["frames_placed"] == PHOTOGRAPHS


def check_detections(client: httpx2.Client, scores: Path, frames: str) -> None:
    """The detections are the tiles of the table that reach the threshold, each with its own rectangle and crop."""
    rows = [line.split(",") for line in scores.read_text().splitlines()]
    head = rows[0]
    table = [dict(zip(head, row, strict=True)) for row in rows[1:]]
    assert len(table) == PHOTOGRAPHS * GRID.rows * GRID.columns
    over = {(row["photo"], int(row["x_px"]), int(row["y_px"])) for row in table if float(row["score"]) >= 0.9}
    found = items(client, "/v1/detections")
    labels = {frame["frame_id"]: frame["label"] for frame in items(client, "/v1/frames")}
    assert {(labels[one["frame_id"]], one["x_px"], one["y_px"]) for one in found} == over
    assert any(one["x_px"] % 32 or one["y_px"] % 32 for one in found), "some lie between the tiles that touch"
    for one in found:
        assert (one["width_px"], one["height_px"]) == (32, 32)
        u, v = np.array(one["corners_m"]).T
        assert np.ptp(u) > 0
        assert np.ptp(v) > 0
    assert {one["analysis_id"] for one in found} == {found[0]["analysis_id"]}, "one analysis is current"


def test_the_same_tiles_one_by_one_are_another_analysis(recording: Recording, server: Server, tmp_path: Path) -> None:
    """--stride 16 and --overlap cut the same tiles; their scores are kept apart, and neither is a conflict."""
    with server, httpx2.Client(base_url=server.address) as client:
        scan(recording, server, tmp_path, "--stride", 16)
        one_by_one = {one["analysis_id"] for one in items(client, "/v1/detections")}
        scan(recording, server, tmp_path, "--overlap")
        in_one_pass = {one["analysis_id"] for one in items(client, "/v1/detections")}
        assert len(one_by_one) == len(in_one_pass) == 1
        assert one_by_one != in_one_pass
        assert items(client, "/v1/quarantine") == []
    before = server.everything()
    with server:
        said = scan(recording, server, tmp_path, "--overlap")
        assert f"{PHOTOGRAPHS} of them scanned before" in said
    assert server.everything() == before
