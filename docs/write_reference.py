"""Writes docs/reference/*.md from the code: `make docs`. A test fails when they are out of date."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from typer.main import get_command

from crackmap.__main__ import GROUP, build_app
from crackmap_robot.daemon.settings import RobotSettings
from crackmap_server.app import create_app
from crackmap_server.settings import PREFIX, Settings

REFERENCE = Path(__file__).parent / "reference"
MODELS = str(Path(__file__).parents[1] / "models")
NOTE = "<!-- Written by docs/write_reference.py (`make docs`); change the code, not this page. -->\n"


def commands() -> str:
    """What `--help` says of every command of the robot and the server."""
    crackmap = (str(Path(sys.executable).with_name("crackmap")),)
    names = [*_names(get_command(build_app()), ()), *_added()]
    return _helps("Commands", crackmap, "crackmap", names)


def _added() -> list[tuple[str, ...]]:
    """The robot's commands in the group of the models part."""
    return sorted(tuple(point.name.split(".")) for point in entry_points(group=GROUP) if "." in point.name)


def models_commands() -> str:
    """What `--help` says of every command of the models part, which need not be installed: its help loads nothing."""
    sys.path.insert(0, MODELS)
    from crackmap_models.commands import app  # noqa: PLC0415 - found only now

    sys.path.remove(MODELS)
    run = (
        f"import sys; sys.path.insert(0, {MODELS!r}); "
        "from crackmap_models.commands import app; app(prog_name='crackmap models')"
    )
    program, names = (sys.executable, "-c", run), _names(get_command(app), ())
    return _helps("Commands of the models part", program, "crackmap models", names)


def _helps(title: str, program: tuple[str, ...], name: str, all_words: Iterable[tuple[str, ...]]) -> str:
    lines = [NOTE, f"# {title}"]
    for words in all_words:
        said = subprocess.run(  # noqa: S603 - our own command
            [*program, *words, "--help"],
            env={**os.environ, "COLUMNS": "100", "TERM": "dumb", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        help_text = "\n".join(line.rstrip() for line in said.strip("\n").splitlines())
        lines.append(f"\n## {name} {' '.join(words)}\n\n```text\n{help_text}\n```")
    return "\n".join(lines) + "\n"


def _names(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield words
        return
    for key in sorted(inner):
        if key != "models":  # a page of its own
            yield from _names(inner[key], (*words, key))


def _text(help_text: str | None) -> str:
    lines = (help_text or "").strip().splitlines()
    return "\n".join(line.rstrip() for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def settings() -> str:
    """Every setting of the server."""
    lines = [
        NOTE,
        "# Settings of the server\n",
        "Flags of `crackmap server run` go before environment variables, and those before the file that `--config` or\n"
        "`CRACKMAP_SERVER_CONFIG` names: TOML, with the names below in small letters and without the prefix.\n",
        "| environment variable | what | default | bounds |\n| --- | --- | --- | --- |",
    ]
    for name, field in Settings.model_fields.items():
        bounds = ", ".join(_bound(item) for item in field.metadata if _bound(item))
        default = "" if field.default in {None, "", ()} else f"`{field.default}`"
        lines.append(f"| `{PREFIX}{name.upper()}` | {_cell(field.description or '')} | {default} | {bounds} |")
    return "\n".join(lines) + "\n"


def robot() -> str:
    """Every setting of `robot.toml`, section by section."""
    lines = [NOTE, "# Settings of the robot: robot.toml\n"]
    lines.append(
        "Read by `crackmap robot run` and `crackmap robot check`. Relative paths start from the file's own folder."
    )
    for name, section in RobotSettings.model_fields.items():
        kind: Any = section.annotation
        lines += [
            f"\n## [{name}]\n",
            f"{kind.__doc__}\n",
            "| key | what | default | bounds |\n| --- | --- | --- | --- |",
        ]
        for key, field in kind.model_fields.items():
            bounds = ", ".join(_bound(item) for item in field.metadata if _bound(item))
            if field.is_required():
                default = "must be given"
            elif field.default_factory is not None or field.default is None:
                default = ""  # the description says it
            else:
                default = f"`{field.default}`"
            lines.append(f"| `{key}` | {_cell(field.description or '')} | {default} | {bounds} |")
    return "\n".join(lines) + "\n"


def _bound(item: Any) -> str:
    for name, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<")):
        value = getattr(item, name, None)
        if value is not None:
            return f"{sign} {value}"
    return ""


def api() -> str:
    """Every route of version 1 with its parameters and answers; the server has the whole document at /openapi.json."""
    document = create_app(Settings(database="sqlite:////nowhere/none.sqlite")).openapi()
    lines = [NOTE, "# REST API, version 1\n", document["info"]["description"], ""]
    lines.append("The server gives the whole document, with every type and examples, at `/openapi.json`.")
    for path, operations in sorted(document["paths"].items()):
        for method, operation in operations.items():
            lines.append(f"\n## {method.upper()} {path}\n")
            summary = operation["summary"]
            stop = "" if summary.endswith("?") else "."
            lines.append(f"{summary}{stop} {_text(operation.get('description'))}".strip())
            parameters = operation.get("parameters", [])
            if parameters:
                lines.append("\n| parameter | in | what |\n| --- | --- | --- |")
                lines += [
                    f"| `{one['name']}` | {one['in']} | {_cell(one.get('description', ''))} |" for one in parameters
                ]
            lines.append("\n| answer | what |\n| --- | --- |")
            lines += [f"| {status} | {_cell(one['description'])} |" for status, one in operation["responses"].items()]
    return "\n".join(lines) + "\n"


PAGES = {
    "commands.md": commands,
    "models.md": models_commands,
    "robot.md": robot,
    "settings.md": settings,
    "api.md": api,
}

if __name__ == "__main__":
    REFERENCE.mkdir(exist_ok=True)
    for page, write in PAGES.items():
        (REFERENCE / page).write_text(write())
