"""The whole page, of a small network on a few tiles: it opens anywhere, shows what it should, always the same."""

import base64
import itertools
import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

keras = pytest.importorskip("keras", reason="the models part is not installed: make test-models")
from crackmap_models import commands  # noqa: E402 - only where the part is installed
from crackmap_models.data.by_eye import Reading  # noqa: E402 - only where the part is installed
from crackmap_models.data.tiles import LabelledTile  # noqa: E402 - only where the part is installed
from crackmap_models.evaluation.scorers import RunScorer, logits_of  # noqa: E402 - only where the part is installed
from crackmap_models.networks.catalogue import network  # noqa: E402 - only where the part is installed
from crackmap_models.report.explain import explain  # noqa: E402 - only where the part is installed
from crackmap_models.report.page import probability_text, render, signed  # noqa: E402 - only where the part is installed

TILE_PX = 48
NASTY = "<b>&\"'"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def trained(folder: Path, name: str) -> Path:
    """A run folder of a network with chance weights, as training leaves it."""
    keras.utils.set_random_seed(5)
    folder.mkdir()
    model = network(name).build(TILE_PX)
    head = model.get_layer("logit")
    head.kernel.assign(head.kernel * 300)  # chance answers everything alike
    model.save(folder / "best.keras")
    settings = {"network": name, "canvas_px": TILE_PX, "mix": {"metu_crack": 7}, "begin_from": ""}
    (folder / "settings.json").write_text(json.dumps(settings))
    state = {"epochs": 3, "best_epoch": 2, "best_auroc": 0.9, "history": []}
    (folder / "state.json").write_text(json.dumps(state))
    return folder


def tiles_for(run: Path, folder: Path) -> list[LabelledTile]:
    """Val and test tiles, labelled as the run's network answers (but for a few), so that all outcomes come about."""
    random = np.random.default_rng(5)
    folder.mkdir(exist_ok=True)
    tiles = []
    for split in ("val", "test"):
        for k in range(48):
            path = folder / f"{split}{k}-{NASTY}{k}.png"
            grey = random.integers(40, 220)
            cv2.imwrite(str(path), random.integers(grey - 30, grey + 30, (TILE_PX, TILE_PX, 3)).astype(np.uint8))
            surface = ("walls", "decks")[k % 2]
            tiles.append(LabelledTile(path, False, "sdnet2018", surface, f"{surface}{k % 12}", split))
    logits = logits_of(RunScorer(run), tiles, say=lambda _: None)
    flipped = random.random(len(tiles)) < 0.2
    return [
        LabelledTile(t.path, bool(crack), t.source, t.surface, t.group, t.split)
        for t, crack in zip(
            tiles, (logits > np.median(logits)) ^ (flipped & [t.split == "test" for t in tiles]), strict=True
        )
    ]


def explained(folder: Path, name: str, seed: int = 1) -> tuple[Any, str]:
    """The report and its page of the run and the tiles in `folder`, which are made when they are not there."""
    run = folder / name
    if not run.exists():
        trained(run, name)
    tiles = tiles_for(run, folder / "tiles")
    said = {tile.path: "crack" if tile.crack else "no_crack" for tile in tiles if tile.surface == "walls"}
    eye = {path: Reading("walls", path.name, word, word) for path, word in said.items()}
    report = explain(run, tiles, "test", eye, seed=seed, say=lambda _: None)
    return report, render(report)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("made")


@pytest.fixture(scope="module")
def made(folder: Path) -> tuple[Any, str]:
    return explained(folder, "crack_net")


def elements(page: str) -> ET.Element:
    """Raises ParseError unless every element is closed and every character escaped."""
    return ET.fromstring(page[page.index("<html") :])


def test_nothing_is_fetched(made: tuple[Any, str]) -> None:
    _, page = made
    assert page.startswith("<!DOCTYPE html>")
    assert not re.search(r"https?:|//\w|@import|url\(", re.sub(r'"data:[^"]*"', "", page))
    for element in elements(page).iter():
        assert element.tag not in {"script", "link", "iframe", "object"}
        assert element.get("src", "data:image/").startswith("data:image/")
        assert element.get("href", "#").startswith("#")


def test_every_picture_decodes_to_its_size_and_is_described(made: tuple[Any, str]) -> None:
    pictures = list(elements(made[1]).iter("img"))
    assert len(pictures) > 80
    for picture in pictures:
        content = base64.b64decode(picture.get("src", "").partition(",")[2], validate=True)
        decoded = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        assert decoded.shape[:2] == (int(picture.get("height", "")), int(picture.get("width", "")))
        assert picture.get("alt")


def test_names_of_files_are_text(made: tuple[Any, str]) -> None:
    report, page = made
    assert "<b>" not in page
    names = {"".join(one.itertext()) for one in elements(page).iter("span") if one.get("class") == "file"}
    assert {card.case.tile.path.name for sheet in report.sheets for card in sheet.cards} <= names
    assert all(NASTY in name for name in names)


def test_links_lead_somewhere_and_headings_do_not_skip(made: tuple[Any, str]) -> None:
    root = elements(made[1])
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(ids) == len(set(ids))
    links = [one.get("href", "") for one in root.iter("a")]
    assert len(links) >= 8
    assert {link.removeprefix("#") for link in links} <= set(ids)
    levels = [int(one.tag[1]) for one in root.iter() if re.fullmatch("h[1-6]", one.tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_right_and_wrong_differ_by_more_than_colour(made: tuple[Any, str]) -> None:
    for figure in elements(made[1]).iter("figure"):
        mark = next(one.text or "" for one in figure.iter("span") if one.get("class") == "mark")
        assert mark[0] == ("✓" if "right" in figure.get("class", "") else "✗")


def test_it_shows_all_outcomes_and_both_labels(made: tuple[Any, str]) -> None:
    report, page = made
    assert [gallery.data for gallery in report.galleries] == [
        "sdnet2018 walls",
        "sdnet2018 walls by eye",
        "sdnet2018 decks",
    ]
    assert list(report.looks.of) == ["sdnet2018 walls by eye", "sdnet2018 decks"]
    for looks in report.looks.of.values():
        assert all(looks[outcome] for outcome in ("hit", "miss", "false tile"))
    assert "by eye: crack" in page
    assert "by eye: no crack" in page


def test_sums_below_pictures_are_the_scores_of_the_evaluation(made: tuple[Any, str]) -> None:
    for looks in made[0].looks.of.values():
        for look in (one for several in looks.values() for one in several):
            assert look.sum.logit == pytest.approx(look.card.case.logit, abs=1e-3)


def test_only_what_chance_chose_differs_with_the_seed(folder: Path, made: tuple[Any, str]) -> None:
    first, other = made[0], explained(folder, "crack_net", seed=2)[0]
    for part in ("network", "finds", "tables", "plots", "galleries", "layer_tiles", "layers", "threshold"):
        assert getattr(first, part) == getattr(other, part), part  # to the last bit of every picture
    for one, two in zip(first.sheets, other.sheets, strict=True):
        assert {card.case.tile for card in one.cards} != {card.case.tile for card in two.cards}
    for data, looks in first.looks.of.items():
        cases = [[look.card.case for look in several["miss"]] for several in (looks, other.looks.of[data])]
        assert cases[0] == cases[1]


@pytest.mark.parametrize("name", ["blog3", "cainvas"])
def test_networks_that_flatten_are_explained_too(name: str, tmp_path: Path) -> None:
    report, page = explained(tmp_path, name)
    elements(page)
    assert "flattens its last feature map" in page
    assert all(
        look.positions is None for several in report.looks.of.values() for looks in several.values() for look in looks
    )
    assert len(report.layers) == {"blog3": 3, "cainvas": 4}[name]


def test_the_command_writes_one_file_named_after_the_run(folder: Path, made: tuple[Any, str], tmp_path: Path) -> None:
    for tile in tiles_for(folder / "crack_net", tmp_path / "tiles"):
        place = tmp_path / "site" / tile.split / ("crack" if tile.crack else "no_crack")
        place.mkdir(parents=True, exist_ok=True)
        tile.path.rename(place / tile.path.name)
    arguments = ["explain", str(folder / "crack_net"), "--folder", str(tmp_path / "site"), "--to", str(tmp_path / "to")]
    result = CliRunner().invoke(commands.app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    assert [path.name for path in (tmp_path / "to").iterdir()] == ["crack_net.html"]
    page = (tmp_path / "to" / "crack_net.html").read_text(encoding="utf-8")
    elements(page)
    assert '<th scope="row">site</th>' in page


def test_numbers_carry_a_sign() -> None:
    assert [signed(value) for value in (1.0, -0.5)] == ["+1.00", "−0.50"]


def test_no_probability_is_certain() -> None:
    assert [probability_text(value) for value in (0.0, 0.004, 0.125, 0.996)] == ["< 0.01", "< 0.01", "0.12", "> 0.99"]


@pytest.mark.needs("chromium")
@pytest.mark.parametrize(("dark", "paper"), [(False, (255, 255, 255)), (True, (0x16, 0x17, 0x1A))])
def test_a_browser_shows_it_without_a_network(made: tuple[Any, str], tmp_path: Path, dark: bool, paper: Any) -> None:
    """On a phone's width: paper as the system's scheme asks for, and pictures of the tiles on it."""
    page, shot = tmp_path / "page.html", tmp_path / "shot.png"
    page.write_text(made[1], encoding="utf-8")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += ["--host-resolver-rules=MAP * ~NOTFOUND", f"--blink-settings=preferredColorScheme={0 if dark else 1}"]
    command += [
        f"--user-data-dir={tmp_path / 'profile'}",
        "--window-size=500,2400",
        f"--screenshot={shot}",
        page.as_uri(),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    shown = cv2.cvtColor(cv2.imread(str(shot)), cv2.COLOR_BGR2RGB)
    assert tuple(shown[2, 2]) == paper
    assert (shown[:, -2] == paper).all(), "something is wider than the screen"
    card = made[0].sheets[0].cards[0].case.tile.path
    tone = cv2.imread(str(card)).mean()
    assert (np.abs(cv2.blur(shown, (41, 41)).astype(int) - tone).max(-1) < 12).any(), "the first tile is not there"
