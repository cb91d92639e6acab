"""The eight real photographs against a real server: every tile accounted for, nothing placed, again and again."""

import csv
import json
from collections import Counter
from pathlib import Path

import httpx2
import numpy as np
import pytest

from crackmap.tile_grid import TileGrid
from crackmap_robot.classifier import shipped_model

from .processes import Server, run

ROOT = Path(__file__).parent.parent.parent
LEGACY = ROOT / ".venv-legacy" / "bin" / "python"
MM_PER_PX = 0.23

pytestmark = [pytest.mark.long, pytest.mark.needs("data", "model")]


def scan(data: Path, server: Server, folder: Path, *more: object, **python: Path) -> dict[str, list[float]]:
    """Scan the photographs with an empty outbox; their scores by photograph, in the order of their tiles."""
    names = ("--surface", "north", "--inspection", "2026", "--mm-per-px", MM_PER_PX, "--scores", folder / "scores.csv")
    names += ("--target-width-mm", 0.3)
    outbox = folder / "outbox.sqlite"
    outbox.unlink(missing_ok=True)
    where = ("--outbox", outbox, "--server", server.address)
    ran = run("scan", data / "photos", *names, *where, *more, **python)
    assert ran.returncode == 0, ran.stderr
    assert "on server    8 reports and 8 pictures" in ran.stdout
    assert "waiting      0 reports and 0 pictures" in ran.stdout
    assert "visible      cracks from about 0.1" in ran.stdout
    assert "1 of 8 would not show one of 0.3 mm" in ran.stdout, "the gravel of one pavement hides it"
    scores: dict[str, list[float]] = {}
    with (folder / "scores.csv").open() as file:
        for row in csv.DictReader(file):
            scores.setdefault(row["photo"], []).append(float(row["score"]))
    return scores


def test_eight_photographs_again_and_again(data: Path, tmp_path: Path) -> None:
    server = Server(tmp_path / "server")
    with server:
        first = scan(data, server, tmp_path, "--threads", 1)
        check_tiles(data, first)
        check_server(server, first)
    before = server.everything()
    with server:
        assert scan(data, server, tmp_path, "--threads", 1) == first
        assert scan(data, server, tmp_path, "--threads", 2) == first
        assert httpx2.get(f"{server.address}/v1/quarantine").json()["items"] == []
    assert server.everything() == before


@pytest.mark.needs("legacy")
def test_the_same_on_tflite_runtime(data: Path, tmp_path: Path) -> None:
    server = Server(tmp_path / "server")
    with server:
        first = scan(data, server, tmp_path)
    before = server.everything()
    with server:
        legacy = scan(data, server, tmp_path, "--runtime", "tflite-runtime", python=LEGACY)
        assert httpx2.get(f"{server.address}/v1/quarantine").json()["items"] == []
    assert server.everything() == before
    # Their int8 kernels round otherwise in each layer, so logits move by tenths; more would be another model.
    logits, others = (np.log(p / (1 - p)) for p in map(np.concatenate, ([*first.values()], [*legacy.values()])))
    steps = np.rint(10 * np.abs(logits - others))
    print(f"tiles by steps of a tenth of a logit between the two runtimes: {dict(Counter(steps.astype(int).tolist()))}")
    assert steps.max() <= 10
    assert steps.mean() < 2


def check_tiles(data: Path, scores: dict[str, list[float]]) -> None:
    """Every tile of each photograph is in the table, with a score."""
    tile_px = json.loads(shipped_model().with_suffix(".json").read_text())["tile_px"]
    assert len(scores) == 8
    for photo, values in scores.items():
        height_px = 3328 if photo.startswith("pavements") else 3584
        grid = TileGrid(4608, height_px, tile_px, tile_px)
        assert len(values) == grid.columns * grid.rows
        assert 0 < min(values) <= max(values) < 1
        assert (data / "photos" / photo).exists()


def check_server(server: Server, scores: dict[str, list[float]]) -> None:
    """Eight local frames, no surface coverage, and the detections that the scores say."""
    with httpx2.Client(base_url=server.address) as client:
        (surface,) = client.get("/v1/surfaces").json()["items"]
        (inspection,) = client.get("/v1/inspections").json()["items"]
        frames = client.get("/v1/frames").json()["items"]
        assert len(frames) == 8
        for frame in frames:
            assert frame["placement"]["kind"] == "unplaced"
            assert frame["placement"]["mm_per_px"] == MM_PER_PX
            assert frame["evidence"] == "held"
            assert frame["highest_score"] == pytest.approx(max(scores[frame["label"]]), abs=1e-6)
        coverage = client.get(
            f"/v1/surfaces/{surface['surface_id']}/coverage", params={"inspection_id": inspection["inspection_id"]}
        ).json()
        assert (coverage["area_m2"], coverage["frames_placed"], coverage["frames_unplaced"]) == (0, 0, 8)
