"""A real robot at a real server over TLS: its key lets it in, another robot's does not, and nothing is lost."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import trustme
from PIL import Image

from crackmap_server.people.manage import key_lines, make_key
from crackmap_server.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(database=f"sqlite:///{tmp_path}/log.sqlite")


@pytest.fixture
def ca_file(tmp_path: Path) -> Path:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    return tmp_path / "ca.pem"


@pytest.fixture
def address(tmp_path: Path, settings: Settings, ca_file: Path) -> Iterator[str]:
    both = str(tmp_path / "server.pem")
    process = subprocess.Popen(
        [sys.executable, "-m", "crackmap", "server", "run", "--database", settings.database, "--port", "0"],
        env=os.environ | {"CRACKMAP_SERVER_TLS_CERTIFICATE": both, "CRACKMAP_SERVER_TLS_KEY": both},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    yield next(word for word in process.stdout.readline().split() if word.startswith("https://"))
    process.terminate()
    process.wait(30)
    process.stdout.close()


def crackmap(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "crackmap", *map(str, words)], capture_output=True, text=True, check=False
    )


def test_a_scan_gets_in_with_its_robots_key_only(
    tmp_path: Path, settings: Settings, address: str, ca_file: Path
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    noise = np.random.default_rng(1).integers(0, 255, (300, 300, 3), np.uint8)
    Image.fromarray(noise).save(photos / "a.jpg")
    outbox = tmp_path / "outbox.sqlite"
    keys = {}
    for robot in ("crawler", "drone"):
        keys[robot] = tmp_path / f"{robot}.key"
        keys[robot].touch(mode=0o600)
        keys[robot].write_text(make_key(settings, robot=robot, user=None))
    where = ("--server", address, "--ca-file", ca_file, "--outbox", outbox)
    scan = ("scan", photos, "--surface", "north", "--inspection", "2026", "--mm-per-px", "0.2", *where)
    without = crackmap(*scan)
    assert without.returncode == 2
    assert "401" in without.stderr
    first = crackmap(*scan, "--key-file", keys["crawler"])
    assert first.returncode == 0, first.stderr
    assert "1 reports and 1 pictures" in first.stdout
    upload = ("robot", "outbox", "upload", *where, "--everything")
    other = crackmap(*upload, "--key-file", keys["drone"])
    assert other.returncode == 2
    assert "first delivered by another robot" in other.stderr
    assert "kept out 1 that wait" in crackmap("robot", "outbox", "show", "--outbox", outbox).stdout
    assert crackmap(*upload, "--key-file", keys["crawler"]).returncode == 0
    said = "".join((*first.args, *other.stdout, *other.stderr, *key_lines(settings)))
    assert not any(key.read_text() in said for key in keys.values())
