"""`crackmap server …`."""

from pathlib import Path

import typer

app = typer.Typer(
    help="The inspection log: takes reports, answers where the cracks are, shows the map.", no_args_is_help=True
)


@app.callback()
def server() -> None:
    """The inspection log: takes reports, answers where the cracks are, shows the map."""


@app.command()
def run(
    database: str | None = typer.Option(
        None,
        help="sqlite:////folder/file.sqlite or postgresql://user@host/name",
        show_default="a file in your data directory",
    ),
    host: str | None = typer.Option(
        None, help="Address to listen on; only loopback until there are access keys.", show_default="127.0.0.1"
    ),
    port: int | None = typer.Option(None, help="Port to listen on; 0 takes a free one.", show_default="8321"),
    evidence: Path | None = typer.Option(
        None, help="Folder of the pictures.", show_default="`evidence` beside the SQLite file"
    ),
    models: Path | None = typer.Option(
        None, help="Folder of the registered models.", show_default="`models` beside that of the pictures"
    ),
) -> None:
    """Serve until Ctrl-C or SIGTERM. Every option can also be set as CRACKMAP_SERVER_…"""
    from crackmap_server.serving import serve
    from crackmap_server.settings import read_settings

    serve(read_settings(database=database, host=host, port=port, evidence=evidence, models=models))
