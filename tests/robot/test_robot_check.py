"""`crackmap robot check`: what is wrong is said before the robot is out of reach."""

import re
import shutil
import socket
from pathlib import Path

import cv2
import numpy as np
import pytest

from crackmap_robot.classifier import shipped_model
from crackmap_robot.daemon import check


@pytest.fixture
def config(tmp_path: Path, model: Path, runtime: str) -> Path:
    path = tmp_path / "robot.toml"
    (tmp_path / "photos").mkdir()
    path.write_text(
        '[scan]\nsurface = "north"\ninspection = "2026"\n[camera]\nsource = "folder:photos"\nmm_per_px = 0.23\n'
        f'[model]\nfile = "{model}"\nthreads = 1\nruntime = "{runtime}"\n'
        '[keep]\noutbox = "outbox.sqlite"\nleast_free_mb = 1\n'
    )
    return path


def with_line(config: Path, old: str, new: str) -> Path:
    text = config.read_text()
    assert old in text
    config.write_text(text.replace(old, new))
    return config


def test_all_is_well(crackmap, config: Path, photographs: Path) -> None:
    ran = crackmap("robot", "check", "--config", config)
    assert ran.code == 0, ran.out
    assert "is empty; photographs are scanned as they arrive" in ran.out
    shutil.rmtree(config.parent / "photos")
    shutil.copytree(photographs, config.parent / "photos")
    ran = crackmap("robot", "check", "--config", config)
    assert ran.code == 0, ran.out
    assert [line.split()[:2] for line in ran.out.splitlines()] == [
        ["none" if subject == "proof" else "ok", subject]
        for subject in ("model", "source", "proof", "outbox", "disk", "clock", "server")
    ]
    assert "6 photographs; img1.jpg: 150 × 100 px, 0.23 mm per pixel" in ran.out


def test_overlapping_tiles_are_tried(crackmap, config: Path, model: Path, photographs: Path) -> None:
    with_line(config, "threads = 1", "threads = 1\noverlap = true")
    ran = crackmap("robot", "check", "--config", config)
    assert ran.code == 2
    assert "has no file that scores overlapping tiles in one pass" in ran.out
    with_line(config, model.name, "darkness-bytes.tflite")
    ran = crackmap("robot", "check", "--config", config)
    assert ran.code == 0, ran.out
    assert "darkness-bytes.dense: " in ran.out


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('file = "', 'file = "/nowhere/', "PROBLEM  model"),
        ('"folder:photos"', '"folder:elsewhere"', "PROBLEM  source      {folder}/elsewhere: cannot be read"),
        ("mm_per_px = 0.23", 'poses = "p.csv"\ncalibration = "c.yaml"', "PROBLEM  source      {folder}/p.csv"),
        ("mm_per_px = 0.23", "mm_per_px = 99", "the model was made for"),
        ("outbox.sqlite", "photos/img1.jpg", "is not an outbox"),
        ("least_free_mb = 1", f"least_free_mb = {10**9}", "PROBLEM  disk        {folder}: "),
        (
            'outbox = "',
            'server = "http://127.0.0.1:1"\noutbox = "',
            "PROBLEM  server      http://127.0.0.1:1/: does not",
        ),
    ],
)
def test_what_is_wrong_is_said_and_stops_nothing_else(
    crackmap, config: Path, photographs: Path, *, old: str, new: str, words: str
) -> None:
    shutil.copytree(photographs, config.parent / "photos", dirs_exist_ok=True)
    ran = crackmap("robot", "check", "--config", with_line(config, old, new))
    assert ran.code == 2
    assert words.format(folder=config.parent) in ran.out
    assert len(ran.out.splitlines()) == 7


@pytest.mark.needs("model")
@pytest.mark.parametrize(
    ("blur_px", "words", "code"),
    [
        (0.8, "mm per pixel, shows cracks from 0.", 0),
        (4.0, "not of scan.target_width_mm 0.5: focus, go nearer, or light it better", 2),
        (None, "too smooth to tell whether it is sharp", 0),
    ],
)
def test_a_picture_out_of_focus(crackmap, config: Path, blur_px: float | None, words: str, code: int) -> None:
    surface = np.full((500, 700), 140.0)
    if blur_px is not None:
        noise = np.random.default_rng(0).normal(0, 25 * blur_px, surface.shape)
        surface = surface + cv2.GaussianBlur(noise, (0, 0), blur_px)
    pixels = np.repeat(np.clip(np.round(surface), 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
    cv2.imwrite(str(config.parent / "photos" / "wall.png"), pixels)
    with_line(config, 'inspection = "2026"', 'inspection = "2026"\ntarget_width_mm = 0.5')
    text = config.read_text()
    config.write_text(re.sub(r'file = ".*"', f'file = "{shipped_model()}"', text))
    ran = crackmap("robot", "check", "--config", config)
    assert words in ran.out
    assert ran.code == code


def test_another_program_at_the_servers_address(crackmap, config: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        server.listen()
        with_line(config, 'outbox = "', f'server = "http://127.0.0.1:{port}"\noutbox = "')
        server.close()
        assert "does not answer" in crackmap("robot", "check", "--config", config).out


def test_a_clock_that_was_never_set(crackmap, config: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(check, "CLOCK_SET", check.CLOCK_SET.replace(year=3000))
    assert "was never set" in crackmap("robot", "check", "--config", config).out
    monkeypatch.undo()
    monkeypatch.setattr(check, "SYNCHRONISED", tmp_path)
    assert "no time server has answered" in crackmap("robot", "check", "--config", config).out
    (tmp_path / "synchronized").touch()
    assert "ok       clock" in crackmap("robot", "check", "--config", config).out
