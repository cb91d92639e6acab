"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        envvar="CRACKMAP_KEY_FILE",
        metavar="FILE",
        help="File with the key that the server asks for; readable by its owner alone.",
    ),
]
CaFile = Annotated[
    Path | None,
    typer.Option(
        "--ca-file",
        envvar="CRACKMAP_CA_FILE",
        metavar="FILE",
        help="PEM file of the authority that made the server's certificate.",
        show_default="those of the system",
    ),
]
TargetWidth = Annotated[
    float | None, typer.Option(metavar="W", help="Crack width that the inspection must be able to show.")
]
