"""Rendered tiles on disk: labelled, grouped by wall, never rendered twice."""

from pathlib import Path

import pytest

rendered = pytest.importorskip(
    "crackmap_models.data.rendered", reason="the models part is not installed: make test-models"
)
from crackmap_models.errors import MissingImages  # noqa: E402 - only where the part is installed

DEMO_SEEDS = range(1000)


def test_a_folder_of_tiles_is_written_once_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendered, "TILES_PER_WALL", 4)
    monkeypatch.setattr(rendered, "TILE_PX", 64)
    rendered.render_folder(tmp_path, {"train": 1, "val": 1, "test": 1}, say=lambda _: None)
    tiles = rendered.read_rendered(tmp_path)
    assert [tile.split for tile in tiles] == ["train"] * 4 + ["val"] * 4 + ["test"] * 4
    assert {tile.group for tile in tiles} == {"rendered 10000", "rendered 20000", "rendered 30000"}
    assert all((tile.path.parent.name == "crack") == tile.crack for tile in tiles)
    times = {tile.path: tile.path.stat().st_mtime_ns for tile in tiles}
    rendered.render_folder(tmp_path, {"train": 1, "val": 1, "test": 1}, say=lambda _: None)
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_no_seed_is_used_twice_nor_by_the_demo() -> None:
    seeds = [
        seed
        for split, count in rendered.WALLS.items()
        for seed in range(rendered.FIRST_SEED[split], rendered.FIRST_SEED[split] + count)
    ]
    assert len(set(seeds)) == len(seeds)
    assert not set(seeds) & set(DEMO_SEEDS)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingImages, match="crackmap models render"):
        rendered.read_rendered(tmp_path)
