"""The one command, `crackmap`. Each installed part adds its sub-commands by the entry-point group `crackmap.commands`.

An entry point is a typer app (a group of commands) or a plain function (one command). With a dot in its name, as
`models.rescore`, it joins a group that another part may have made.
"""

import sys
from importlib.metadata import EntryPoint, entry_points

import typer

from crackmap import __version__
from crackmap.errors import CrackmapError

GROUP = "crackmap.commands"
STOPPED = 130  # 128 + SIGINT


def _version(wanted: bool) -> None:
    if wanted:
        print(f"crackmap {__version__}")
        raise typer.Exit


def _broken(point: EntryPoint, error: Exception) -> typer.Typer:
    """A part that cannot be loaded becomes a command that says why."""
    app = typer.Typer(help=f"(cannot be loaded: {error})")

    @app.callback(invoke_without_command=True, context_settings={"ignore_unknown_options": True})
    def explain(_arguments: list[str] | None = typer.Argument(None, hidden=True)) -> None:  # noqa: B008
        raise CrackmapError(f"`crackmap {point.name}` cannot be loaded: {error}. Install {point.value} again.")

    return app


def build_app() -> typer.Typer:
    """All sub-commands of the parts that are installed."""
    app = typer.Typer(
        help="Find cracks in camera frames of a surface, place them in metres, and log them for inspectors.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )

    @app.callback()
    def root(
        version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
    ) -> None:
        pass

    groups: dict[str, typer.Typer] = {}
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            command = point.load()
        except Exception as error:  # noqa: BLE001 - whatever breaks one part must not break the others; it is shown
            command = _broken(point, error)
        group, _, name = point.name.rpartition(".")
        if group and group not in groups:
            groups[group] = typer.Typer(help=f"What is installed of crackmap-{group}.", no_args_is_help=True)
            app.add_typer(groups[group], name=group)
        into = groups[group] if group else app
        if isinstance(command, typer.Typer):
            groups[point.name] = command
            into.add_typer(command, name=name)
        else:
            into.command(name=name, no_args_is_help=False)(command)
    return app


def main() -> None:
    """Run the command line: a CrackmapError becomes one message and exit code 2, Ctrl-C exit code 130."""
    try:
        build_app()(standalone_mode=True)
    except CrackmapError as error:
        print(f"crackmap: {error}", file=sys.stderr)
        sys.exit(2)
    except SystemExit as left:
        if left.code == STOPPED:  # typer's exit after Ctrl-C
            print("crackmap: stopped; what was done so far is kept.", file=sys.stderr)
        raise


if __name__ == "__main__":
    main()
