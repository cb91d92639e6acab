"""Whether a day has its proof: of that day, of this camera, by this model, and with nothing that does not hold."""

import json
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from crackmap.manifest import read_manifest
from crackmap_robot.daemon.condition import Condition
from crackmap_robot.daemon.proof import LOOK_EVERY_S, DaysProof
from crackmap_robot.daemon.settings import read_settings
from crackmap_robot.proving.card import HEIGHT_MM, WIDTH_MM, Card
from crackmap_robot.proving.drawing import reflectance
from crackmap_robot.proving.standing import Proof, Setup, standing

DAY = date(2026, 11, 28)
NOON = datetime(2026, 11, 28, 12).astimezone()
SETUP = Setup("a" * 64, "c" * 64, None)


def proof(folder: Path, name: str = "card.jpg", **changes: Any) -> Path:
    """A proof that stands on that day, but for what is changed: section.key = value."""
    kept: dict[str, Any] = {
        "version": 1,
        "photograph": {"label": name, "sha256": "0" * 64, "taken_utc": NOON.astimezone(UTC).isoformat()},
        "model": {"name": "crack-227", "sha256": "a" * 64, "threshold": 0.5},
        "scale": {
            "mm_per_px": 0.2288, "sigma_mm_per_px": 0.0004, "stated_mm_per_px": None, "most_off_percent": 2.0,
            "off_percent": None, "holds": None,
        },
        "widths": {
            "lines": [], "narrowest_found_mm": 0.158, "claimed": "from 0.26 mm on", "claimed_mm": 0.26,
            "false_alarms": 0, "holds": True, "target_width_mm": 0.3, "target_shows": True,
        },
        "camera_sha256": "c" * 64,
        "proved_utc": NOON.astimezone(UTC).isoformat(),
    }  # fmt: skip
    for path, value in changes.items():
        section, _, key = path.rpartition("__")
        (kept[section] if section else kept)[key] = value
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.proof.json"
    file.write_text(json.dumps(kept))
    return file


def test_one_that_stands_says_scale_and_width(tmp_path: Path) -> None:
    proof(tmp_path)
    found = standing(tmp_path, DAY, SETUP)
    assert found.stands is True
    assert found.said == "card.jpg: 0.2288 ± 0.0004 mm per pixel, cracks are found from 0.16 mm on"


def test_a_day_ends_at_midnight_here(tmp_path: Path) -> None:
    proof(tmp_path)
    assert standing(tmp_path, DAY + timedelta(days=1), SETUP).stands is None
    late = datetime(2026, 11, 28, 23, 59).astimezone().astimezone(UTC).isoformat()
    proof(tmp_path, photograph__taken_utc=late)
    assert standing(tmp_path, DAY, SETUP).stands is True
    proof(tmp_path, photograph__taken_utc=None)
    assert standing(tmp_path, DAY, SETUP).stands is True, "by when it was proved"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"camera_sha256": "d" * 64}, "card.jpg.proof.json is of another camera file"),
        ({"camera_sha256": None}, "card.jpg.proof.json was made without the camera file"),
        ({"model__sha256": "b" * 64}, "card.jpg.proof.json is by another model, crack-227"),
    ],
)
def test_what_is_of_another_setup_is_none(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    proof(tmp_path, **changes)
    found = standing(tmp_path, DAY, SETUP)
    assert found.stands is None
    assert found.said.startswith(f"none of 2026-11-28 in {tmp_path} ({words}): photograph the card")


def test_without_a_calibration_the_stated_scale_says_which_camera(tmp_path: Path) -> None:
    setup = Setup("a" * 64, None, 0.23)
    for stated, stands in ((0.23, True), (0.25, None), (None, None)):
        proof(tmp_path, camera_sha256=None, scale__stated_mm_per_px=stated)
        assert standing(tmp_path, DAY, setup).stands is stands


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scale__holds": False, "scale__off_percent": 4.84}, "the scale that is stated is off by +4.8 %"),
        ({"widths__holds": False}, "the visible width (from 0.26 mm on) was claimed and is not found"),
        ({"widths__target_shows": False}, "a crack of 0.3 mm is not shown"),
    ],
)
def test_what_does_not_hold_is_said_and_a_later_one_goes_before_it(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    proof(tmp_path, **changes)
    found = standing(tmp_path, DAY, SETUP)
    assert (found.stands, words in found.said) == (False, True)
    later = (NOON + timedelta(minutes=5)).astimezone(UTC).isoformat()
    proof(tmp_path, "again.jpg", proved_utc=later)
    assert standing(tmp_path, DAY, SETUP).stands is True


def test_a_folder_that_is_not_there_and_files_that_are_no_proofs(tmp_path: Path) -> None:
    assert standing(tmp_path / "none", DAY, SETUP).stands is None
    file = proof(tmp_path)
    whole = json.loads(file.read_text())
    del whole["camera_sha256"]  # as the first version wrote them
    for content in (json.dumps(whole).encode(), b"", b"\xff{", b"[]"):
        file.write_bytes(content)
        found = standing(tmp_path, DAY, SETUP)
        assert found.stands is False
        assert found.said.startswith(f"{file}: is no proof of this version")


@given(st.dictionaries(st.sampled_from(list(Proof.model_fields)), st.none() | st.booleans() | st.floats() | st.text()))
def test_any_values_end_in_a_standing(tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]) -> None:
    folder = tmp_path_factory.mktemp("proofs")
    proof(folder, **values)
    assert standing(folder, DAY, SETUP).stands in {True, False, None}


# --------------------------------------------------------------------------------------- check, run and scan


@pytest.fixture
def robot(tmp_path: Path, model: Path, runtime: str, photographs: Path) -> Iterator[Path]:
    folder = tmp_path / "robot"
    shutil.copytree(photographs, folder / "photos")
    config = folder / "robot.toml"
    config.write_text(
        '[scan]\nsurface = "north"\ninspection = "2026"\n[camera]\nsource = "folder:photos"\nmm_per_px = 0.23\n'
        f'[model]\nfile = "{model}"\nthreads = 1\nruntime = "{runtime}"\n[keep]\noutbox = "outbox.sqlite"\n'
    )
    return config


def card_photograph(path: Path) -> Path:
    """The card at a scale of 0.25 mm per pixel, with something around it."""
    page = np.full((round(HEIGHT_MM * 4) + 80, round(WIDTH_MM * 4) + 80), 0.75)
    page[40:-40, 40:-40] = 0.04 + 0.71 * reflectance(Card(), 4)[: page.shape[0] - 80, : page.shape[1] - 80]
    Image.fromarray(np.round(255 * np.repeat(page[:, :, None], 3, axis=2)).astype(np.uint8)).save(path)
    return path


def test_prove_keeps_it_where_check_and_scan_look(robot: Path, crackmap: Any, model: Path, tmp_path: Path) -> None:
    ran = crackmap("robot", "check", "--config", robot)
    assert ran.code == 0, ran.out
    assert f"none     proof       none of {datetime.now().astimezone().date()} in {robot.parent / 'proofs'}" in ran.out
    card = card_photograph(tmp_path / "card.png")
    crackmap("robot", "prove", card, "--config", robot)
    kept = json.loads((robot.parent / "proofs" / "card.png.proof.json").read_text())
    assert kept["scale"]["stated_mm_per_px"] == 0.23
    assert kept["model"]["sha256"] == read_manifest(model)[0].sha256
    ran = crackmap("robot", "check", "--config", robot)
    assert ran.code == 2
    assert "PROBLEM  proof       card.png: 0.25" in ran.out
    assert "the scale that is stated is off by -8" in ran.out
    arguments = ("--surface", "north", "--inspection", "2026", "--model", model, "--outbox", tmp_path / "o.sqlite")
    ran = crackmap(
        "scan", robot.parent / "photos", *arguments, "--mm-per-px", 0.23, "--proofs", robot.parent / "proofs"
    )
    assert "proof        card.png: 0.25" in ran.out
    ran = crackmap("scan", robot.parent / "photos", *arguments, "--mm-per-px", 0.23)
    assert "proof        none is known: photograph the card" in ran.out


def test_the_daemon_sees_a_proof_that_comes_while_it_runs(robot: Path) -> None:
    now_s = [0.0]
    days = DaysProof(read_settings(robot), clock=lambda: now_s[0])
    condition = Condition("folder:x", None)
    days.look(condition)
    assert condition.proof.stands is None
    assert condition.warnings == []
    today = datetime.now(UTC).isoformat()
    model_sha256 = read_manifest(read_settings(robot).model.file)[0].sha256
    changes = {"photograph__taken_utc": today, "model__sha256": model_sha256, "camera_sha256": None}
    proof(robot.parent / "proofs", **changes, scale__stated_mm_per_px=0.23)
    days.look(condition)
    assert condition.proof.stands is None, "it looked a moment ago"
    now_s[0] += LOOK_EVERY_S
    days.look(condition)
    assert condition.proof.stands is True
    proof(robot.parent / "proofs", **changes, scale__stated_mm_per_px=0.23, widths__holds=False)
    now_s[0] += LOOK_EVERY_S
    days.look(condition)
    assert condition.warnings[0].startswith("Proof: card.jpg: 0.2288")


def test_without_the_models_file_nothing_stops(robot: Path) -> None:
    robot.write_text(robot.read_text().replace('file = "', 'file = "/nowhere/'))
    found = DaysProof(read_settings(robot)).now()
    assert (found.stands, found.said.startswith("cannot be looked up: /nowhere/")) == (None, True)


def test_a_day_and_not_a_file_time_counts(tmp_path: Path) -> None:
    file = proof(tmp_path)
    os.utime(file, (0, 0))
    assert standing(tmp_path, DAY, SETUP).stands is True
