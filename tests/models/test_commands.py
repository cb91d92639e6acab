"""The sub-commands: quick to load, clear about what is missing."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

commands = pytest.importorskip("crackmap_models.commands", reason="the models part is not installed: make test-models")
from crackmap.errors import SettingError  # noqa: E402 - only where the part is installed

HEAVY = ("tensorflow", "keras", "cv2", "sklearn", "scipy", "matplotlib", "ai_edge_litert")


def test_loading_the_commands_loads_nothing_heavy() -> None:
    script = f"import sys, crackmap_models.commands\nprint([name for name in {HEAVY} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "run"], "no tiles"),
        (["train", "run", "--metu", "."], "--splits is missing"),
        (["evaluate", __file__, "--split", "reserved"], "must be val or test"),
    ],
)
def test_what_is_missing_is_said(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(commands.app, arguments)
    assert isinstance(result.exception, SettingError)
    assert message in str(result.exception)
