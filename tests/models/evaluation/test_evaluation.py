"""From tiles on disk to figures, tables, a report folder, curves under disturbance and a comparison."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

evaluation = pytest.importorskip(
    "crackmap_models.evaluation.evaluation", reason="the models part is not installed: make test-models"
)
pytest.importorskip("matplotlib", reason="matplotlib is not installed: make test-models")
from crackmap_models.data.by_eye import Reading  # noqa: E402 - only where the part is installed
from crackmap_models.data.tiles import of_split  # noqa: E402 - only where the part is installed
from crackmap_models.errors import RunError  # noqa: E402 - only where the part is installed
from crackmap_models.evaluation.comparison import MEAN, MEASURES, compare, table  # noqa: E402
from crackmap_models.evaluation.disturbances import Disturbance  # noqa: E402
from crackmap_models.evaluation.figures import kinds_of  # noqa: E402
from crackmap_models.evaluation.robustness import measure, plot, sampled  # noqa: E402
from crackmap_models.evaluation.tables import markdown, text  # noqa: E402
from crackmap_models.evaluation.written import write  # noqa: E402


def quiet(text: str) -> None:
    """Progress nobody reads."""


@pytest.fixture
def readings(tiles_on_disk: list[Any]) -> dict[Path, Reading]:
    """Every second wall of the test split, seen as published; the first of them disputed."""
    walls = [t for t in of_split(tiles_on_disk, "test") if t.surface == "walls"][::2]
    said = {t.path: Reading("walls", t.path.name, *["crack" if t.crack else "no_crack"] * 2) for t in walls}
    return said | {walls[0].path: Reading("walls", walls[0].path.name, "crack", "doubtful")}


def png_size(path: Path) -> tuple[int, int]:
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")


def test_a_report_holds_every_figure_and_every_plot(
    dark_lines: Any, tiles_on_disk: list[Any], readings: dict[Path, Reading], tmp_path: Path
) -> None:
    found = evaluation.evaluate(dark_lines, tiles_on_disk, "test", readings, say=quiet)
    kinds = ["sdnet2018 walls", "sdnet2018 walls by eye", "sdnet2018 decks", "rendered"]
    assert [rows.data for rows in found.scored] == kinds
    assert {len(set(rows.groups)) for rows in found.scored} == {6}
    assert all(figure.low <= figure.value <= figure.high for figure in found.figures)
    write(found, tmp_path, say=quiet)
    written = json.loads((tmp_path / "figures.json").read_text())
    assert [kind["data"] for kind in written["kinds"]] == kinds
    assert [figure["value"] for figure in written["figures"]] == [figure.value for figure in found.figures]
    assert written["disputed"][0]["tiles"] == 1
    assert "NaN" not in (tmp_path / "figures.json").read_text()
    for name in ("roc", "precision-recall", "reliability", "confusion", "scores"):
        assert f"({name}.png)" in (tmp_path / "figures.md").read_text()
        width, height = png_size(tmp_path / f"{name}.png")
        assert 700 < width < 1700
        assert 300 < height < 1700
    for shown in (text(found), markdown(found)):
        assert all(kind in shown for kind in kinds)
        assert "disputed: 1 tiles" in shown


def test_labels_by_eye_are_left_out_where_nobody_looked(dark_lines: Any, tiles_on_disk: list[Any]) -> None:
    found = evaluation.evaluate(dark_lines, tiles_on_disk, "val", say=quiet)
    assert found.agreements == found.disputed == ()
    assert not any("by eye" in rows.data for rows in found.scored)


def test_what_has_no_threshold_gets_the_one_of_the_val_rows(dark_lines: Any, tiles_on_disk: list[Any]) -> None:
    dark_lines.threshold_logit = None
    on_test, on_val = (evaluation.evaluate(dark_lines, tiles_on_disk, s, say=quiet) for s in ("test", "val"))
    assert on_test.threshold_logit == on_val.threshold_logit
    false = [figure.value for figure in on_val.figures if figure.measure == "false tiles per m2"]
    assert len(false) == 3
    with pytest.raises(RunError, match=r"dark-lines: .*no val rows"):
        evaluation.evaluate(dark_lines, of_split(tiles_on_disk, "test"), "test", say=quiet)


def test_a_sample_for_robustness_is_balanced_and_always_the_same(tiles_on_disk: list[Any]) -> None:
    kind = kinds_of(of_split(tiles_on_disk, "test"))[0]
    one, two = sampled(kind, 20), sampled(kind, 20)
    assert one.tiles == two.tiles
    assert (len(one.tiles), int(one.labels.sum())) == (20, 10)
    assert [t.crack for t in one.tiles] == one.labels.tolist()
    assert len(sampled(kind, 1000).tiles) == len(kind.tiles)


def test_robustness_falls_where_the_scorer_is_blinded(
    dark_lines: Any, tiles_on_disk: list[Any], tmp_path: Path
) -> None:
    kinds = [sampled(kind, 24) for kind in kinds_of(of_split(tiles_on_disk, "test"))[:2]]
    blind = Disturbance("blind", "lids", (0, 1), 0, lambda pixels, _: np.full_like(pixels, 150))
    kept = Disturbance("kept", "times", (0, 1, 2), 0, lambda pixels, _: pixels)
    points = measure(dark_lines, kinds, [blind, kept], say=quiet)
    assert len(points) == 2 * (2 + 3)
    value = {(p.data, p.disturbance, p.level): p.auroc.value for p in points}
    for kind in kinds:
        assert value[kind.data, "blind", 1] == 0.5
        as_it_was = value[kind.data, "blind", 0]
        assert 0.8 < as_it_was == value[kind.data, "kept", 1] == value[kind.data, "kept", 2]
    plot(points, tmp_path / "robustness.png", "title", [blind, kept])
    assert png_size(tmp_path / "robustness.png")[0] > 700


class Changed:
    """A scorer with other answers: its logits times `gain`, and noise of `sigma` on top."""

    tile_px, threshold_logit = 64, 0.0

    def __init__(self, name: str, inner: Any, gain: float = 1.0, sigma: float = 0.0) -> None:
        self.name, self._inner, self._gain, self._sigma = name, inner, gain, sigma
        self._rng = np.random.default_rng(1)

    def logits(self, pixels: Any) -> Any:
        return self._gain * self._inner.logits(pixels) + self._rng.normal(0, self._sigma, len(pixels))


def test_a_comparison_is_paired_and_knows_better_from_as_good(dark_lines: Any, tiles_on_disk: list[Any]) -> None:
    scorers = [dark_lines, Changed("as good", dark_lines, gain=3), Changed("worse", dark_lines, sigma=8)]
    rows = compare(scorers, of_split(tiles_on_disk, "test"), say=quiet)
    found = {(row.measure, row.data, row.model): row for row in rows}
    assert len(found) == len(MEASURES) * (3 + 1) * 3
    for data in ("sdnet2018 walls", "sdnet2018 decks", "rendered", MEAN):
        same, worse = (found["AUROC", data, name].more_than_first for name in ("as good", "worse"))
        assert same.value == same.low == same.high == 0, "order is all that counts, and draws are the same"
        assert worse.value < 0
    assert found["AUROC", MEAN, "worse"].more_than_first.high < 0
    kinds = [found["AUROC", kind, "worse"].figure.value for kind in ("sdnet2018 walls", "sdnet2018 decks", "rendered")]
    assert found["AUROC", MEAN, "worse"].figure.value == pytest.approx(np.mean(kinds))
    lines = table(rows, "AUROC").splitlines()
    assert len(lines) == 5
    assert lines[-1].endswith("*")
