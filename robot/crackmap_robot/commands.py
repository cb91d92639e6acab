"""`crackmap scan`, `crackmap demo` and `crackmap robot …`."""

import typer

app = typer.Typer(help="What runs on the robot.", no_args_is_help=True)


def scan() -> None:
    """Scan photographs."""


def demo() -> None:
    """Show it all on a simulated wall."""
