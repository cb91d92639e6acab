"""The one command: quick to help, plain about errors."""

import subprocess
import sys
from importlib.metadata import EntryPoint
from typing import Any

import pytest
import typer

from crackmap import __main__ as main
from crackmap.errors import InputError, SettingError


def points(monkeypatch: pytest.MonkeyPatch, **commands: Any) -> None:
    """Let the installed parts be these."""

    class Point(EntryPoint):
        def load(self) -> Any:
            command = commands[self.name]
            if isinstance(command, Exception):
                raise command
            return command

    made = [Point(name, f"crackmap_{name}.commands:app", main.GROUP) for name in commands]
    monkeypatch.setattr(main, "entry_points", lambda group: made)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["crackmap", *arguments])
    with pytest.raises(SystemExit) as left:
        main.main()
    return int(left.value.code or 0)


def raising(error: BaseException) -> Any:
    def command() -> None:
        raise error

    return command


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['crackmap', '--help']\n"
        "from crackmap.__main__ import main\n"
        "try: main()\n"
        "except SystemExit as left: assert not left.code\n"
        "heavy = {'tensorflow', 'cv2', 'sqlalchemy', 'fastapi', 'PIL', 'ai_edge_litert', 'uvicorn'}\n"
        "heavy &= set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "crackmap" in done.stdout


def test_a_part_that_cannot_be_loaded_says_why_and_the_others_work(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    points(monkeypatch, broken=ImportError("libGL.so.1 is missing"), whole=lambda: typer.echo("here I am"))
    assert run(monkeypatch, "broken", "anything", "--at", "all") == 2
    said = capsys.readouterr().err
    assert "libGL.so.1 is missing" in said
    assert "Traceback" not in said
    assert run(monkeypatch, "whole") == 0
    assert "here I am" in capsys.readouterr().out
    assert run(monkeypatch, "--help") == 0
    assert "cannot be loaded" in capsys.readouterr().out


@pytest.mark.parametrize("error", [InputError("poses.csv, line 3: x_m is NaN"), SettingError("--stride 300: too wide")])
def test_a_named_error_is_one_message_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    points(monkeypatch, scan=raising(error))
    assert run(monkeypatch, "scan") == 2
    assert capsys.readouterr().err == f"crackmap: {error}\n"


def test_ctrl_c_is_exit_code_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    points(monkeypatch, scan=raising(KeyboardInterrupt()))
    assert run(monkeypatch, "scan") == 130
    assert "kept" in capsys.readouterr().err


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    points(monkeypatch, scan=raising(ZeroDivisionError()))
    monkeypatch.setattr(sys, "argv", ["crackmap", "scan"])
    with pytest.raises(ZeroDivisionError):
        main.main()


def test_groups_of_commands_are_added_by_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    app.command("say")(lambda: typer.echo("said"))
    points(monkeypatch, server=app)
    assert run(monkeypatch, "server", "say") == 0
    assert "said" in capsys.readouterr().out


@pytest.mark.parametrize("other", [True, False])
def test_a_command_joins_a_group_of_another_part_or_stands_there_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], other: bool
) -> None:
    app = typer.Typer()
    app.callback()(lambda: None)
    app.command("train")(lambda: typer.echo("trained"))
    named = {"models.rescore": lambda: typer.echo("re-scored")} | ({"models": app} if other else {})
    points(monkeypatch, **named)
    assert run(monkeypatch, "models", "rescore") == 0
    assert "re-scored" in capsys.readouterr().out
    assert (run(monkeypatch, "models", "train") == 0) is other


def test_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out.startswith("crackmap ")
