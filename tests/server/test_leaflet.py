"""The build brings Leaflet: once, from npm, and says plainly when it cannot."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

SERVER = Path(__file__).parents[2] / "server"
NOWHERE = {"npm_config_registry": "http://127.0.0.1:9/", "npm_config_fetch_retries": "0"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The part as a clone has it: without Leaflet."""
    ignored = shutil.ignore_patterns("leaflet", "__pycache__")
    return Path(shutil.copytree(SERVER, tmp_path / "server", ignore=ignored))


def build(source: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"]
    return subprocess.run(
        command, cwd=source, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


@pytest.mark.needs("npm")
def test_the_wheel_holds_leaflet_and_a_second_build_needs_no_network(source: Path) -> None:
    first = build(source)
    assert first.returncode == 0, first.stderr
    second = build(source, **NOWHERE)
    assert second.returncode == 0, second.stderr
    [wheel] = (source / "dist").glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    leaflet = {name.removeprefix("crackmap_server/web/leaflet/") for name in names if "/leaflet/" in name}
    assert leaflet >= {"leaflet.js", "leaflet.css", "LICENSE", "images/layers.png"}
    assert {"crackmap_server/web/index.html", "crackmap_server/web/page.js"} <= names


def test_without_npm_the_build_says_what_to_do(source: Path) -> None:
    failed = build(source, **NOWHERE)
    assert failed.returncode != 0
    assert "npm could not bring leaflet@1.9.4" in failed.stderr
    assert "Build once where the npm registry can be reached" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert not (source / "crackmap_server" / "web" / "leaflet").exists()
