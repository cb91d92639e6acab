"""`crackmap server …`."""

import typer

app = typer.Typer(help="The inspection log.", no_args_is_help=True)
