"""The unit for systemd says what the daemon does, and systemd takes it."""

import re
import subprocess
from pathlib import Path

import pytest

from crackmap_robot.daemon.condition import STUCK_AFTER_S
from crackmap_robot.daemon.run import UPLINK_PATIENCE_S

UNIT = Path(__file__).parents[2] / "robot/crackmap-robot.service"


def seconds(key: str) -> float:
    found = re.search(rf"^{key}=(\d+)$", UNIT.read_text(), re.MULTILINE)
    assert found, key
    return float(found[1])


def test_systemd_waits_longer_than_the_daemon_takes() -> None:
    assert seconds("TimeoutStopSec") > UPLINK_PATIENCE_S + 2
    assert seconds("WatchdogSec") >= STUCK_AFTER_S


@pytest.mark.needs("systemd")
def test_systemd_takes_it(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/crackmap/bin/crackmap", "/bin/true"))
    ran = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
