"""Options that several commands have; each stands for the setting of its name."""

from pathlib import Path
from typing import Annotated

import typer

Database = Annotated[
    str | None,
    typer.Option(
        help="sqlite:////folder/file.sqlite or postgresql://user@host/name",
        show_default="a file in your data directory",
    ),
]
Evidence = Annotated[
    Path | None, typer.Option(help="Folder of the pictures.", show_default="`evidence` beside the SQLite file")
]
Models = Annotated[
    Path | None,
    typer.Option(help="Folder of the registered models.", show_default="`models` beside that of the pictures"),
]
Config = Annotated[
    Path | None,
    typer.Option(help="TOML file of settings; options and CRACKMAP_SERVER_… go before it.", show_default="none"),
]
