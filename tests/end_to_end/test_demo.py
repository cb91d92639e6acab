"""`crackmap demo` as a person runs it: real processes on a small wall, and none of them left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import httpx2
import psutil
import pytest

from crackmap_robot.demo.processes import HOST, USUAL_PORT
from crackmap_server.settings import Settings

pytestmark = pytest.mark.needs("model")

SMALL = ["--width-m", "1.0", "--height-m", "0.8"]  # six photographs
# 130 in a shell either way: Python ends by the signal itself where it came inside an `exec`, as dataclasses do.
STOPPED = {130, -signal.SIGINT}
TINY = ["--width-m", "0.6", "--height-m", "0.6"]  # two
LONGEST_S = 120.0


def started(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "crackmap", "demo", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"} | environment,
        start_new_session=True,
    )


@contextmanager
def demo(*arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    process = started(*arguments, **environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if words in line:
            return seen
    pytest.fail(f"{words!r} never came; instead:\n{seen}")


def left_behind(folder: Path) -> list[list[str]]:
    """Command lines of processes that speak of the demo's folder."""
    lines = []
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
        except psutil.Error:
            continue
        if any(str(folder) in part for part in line):
            lines.append(line)
    return lines


def test_the_usual_port_is_the_servers() -> None:
    assert Settings.model_fields["port"].default == USUAL_PORT


def test_once_measures_all_and_leaves_nothing_running(tmp_path: Path) -> None:
    folder, file = tmp_path / "kept", tmp_path / "figures.json"
    with demo("--once", *SMALL, "--folder", str(folder), "--json", str(file)) as process:
        output, _ = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0, output
    assert left_behind(folder) == []
    figures = json.loads(file.read_text())
    assert figures["photographs"] == figures["photographs_placed"] == len(list((folder / "photographs").glob("*.jpg")))
    assert figures["tiles"] == figures["photographs"] * 63  # 2000 × 1500 px in tiles of 227
    assert figures["area_m2"] == pytest.approx(figures["true_area_m2"], rel=0.02)
    assert figures["position_error_mm"]["median"] < 10  # poses are off by 3 mm and 4 mrad
    assert figures["position_error_mm"]["p95"] < 25
    assert 0 < figures["nees"] < 6  # six photographs, so a few independent errors: honest ones scatter about 2
    truth = json.loads((folder / "photographs" / "truth.json").read_text())
    assert {crack["crack_id"] for crack in figures["cracks"]} == {crack["crack_id"] for crack in truth["cracks"]}
    assert set(figures["seconds"]) == {"render", "scan", "total"}
    for words in ("Known cracks", "false detections", "position error", "tiles/s", "1/6 0001.jpg"):
        assert words in output


def test_without_once_the_map_stays_open_until_ctrl_c(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with socket.socket() as squatter:
        try:
            squatter.bind((HOST, USUAL_PORT))
            squatter.listen()
        except OSError:
            pass  # busy already, which is what we want
        with demo(*TINY, "--folder", str(folder)) as process:
            output = read_until(process, "until you press Ctrl-C")
            found = re.search(r"Open (http://127\.0\.0\.1:(\d+))/\?surface=(\S+)&inspection=(\S+)", output)
            assert found, output
            address, port, surface_id, inspection_id = found.groups()
            assert int(port) != USUAL_PORT
            with httpx2.Client(base_url=address, trust_env=False) as client:
                page = client.get("/v1/frames", params={"surface_id": surface_id, "inspection_id": inspection_id})
                assert {frame["placement"]["kind"] for frame in page.json()["items"]} == {"placed"}
                assert UUID(page.json()["items"][0]["scan_id"])
            process.send_signal(signal.SIGINT)
            rest, _ = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0, rest
    assert "Traceback" not in rest
    assert left_behind(folder) == []


@pytest.mark.parametrize(
    ("moment", "ending"),
    [
        ("The server answers", signal.SIGINT),
        ("Rendering a wall", signal.SIGTERM),
        ("photographs of", signal.SIGINT),
        ("1/2 0001.jpg", signal.SIGINT),
    ],
)
def test_an_end_at_any_moment_leaves_no_process(tmp_path: Path, moment: str, ending: signal.Signals) -> None:
    folder = tmp_path / "kept"
    with demo(*TINY, "--folder", str(folder)) as process:
        read_until(process, moment)
        process.send_signal(ending)
        rest, _ = process.communicate(timeout=LONGEST_S)
    assert process.returncode in STOPPED, rest
    assert "Traceback" not in rest
    assert left_behind(folder) == []


def test_an_end_while_the_server_starts_leaves_no_process(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with demo(*TINY, "--folder", str(folder)) as process:
        deadline = time.monotonic() + LONGEST_S
        while not any("server" in line for line in left_behind(folder)):
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=LONGEST_S)
    assert process.returncode in STOPPED, rest
    assert left_behind(folder) == []


def test_errors_of_the_scanner_are_shown(tmp_path: Path) -> None:
    with demo("--once", *TINY, "--folder", str(tmp_path / "kept"), CRACKMAP_RUNTIME="abacus") as process:
        output, _ = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 2
    assert "abacus" in output
    assert "`crackmap scan` ended with exit code 2" in output
    assert "Traceback" not in output


def test_errors_of_the_server_are_shown(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    folder.mkdir()
    with demo("--once", *TINY, "--folder", str(folder), PYTHONPATH=broken(tmp_path)) as process:
        output, _ = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 2
    assert "the server ended with exit code" in output
    assert "no web today" in output


def broken(folder: Path) -> str:
    """A folder for PYTHONPATH in which uvicorn cannot be imported."""
    (folder / "uvicorn.py").write_text("raise ImportError('no web today')\n")
    return str(folder)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--seed", "-1"], "--seed -1"),
        (["--width-m", "0.1"], "--width-m 0.1"),
        (["--json", "/nowhere/figures.json"], "there is no folder /nowhere"),
        (["--folder", "."], "is not empty"),
    ],
)
def test_settings_are_checked_before_anything_starts(arguments: list[str], words: str) -> None:
    with demo("--once", *arguments) as process:
        output, _ = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 2
    assert words in output
