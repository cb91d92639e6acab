"""`crackmap server …`."""

from pathlib import Path
from typing import Annotated

import typer

from crackmap_server.options import Config, Database, Evidence, Models
from crackmap_server.people.commands import key_app, scan_app, user_app

app = typer.Typer(
    help="The inspection log: takes reports, answers where the cracks are, shows the map.", no_args_is_help=True
)
app.add_typer(user_app, name="user")
app.add_typer(key_app, name="key")
app.add_typer(scan_app, name="scan")


@app.callback()
def server() -> None:
    """The inspection log: takes reports, answers where the cracks are, shows the map."""


@app.command()
def run(
    *,
    database: Database = None,
    host: Annotated[
        str | None,
        typer.Option(
            help="Address to listen on; only loopback until there are keys or users.", show_default="127.0.0.1"
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on; 0 takes a free one.", show_default="8321")
    ] = None,
    evidence: Evidence = None,
    config: Config = None,
    models: Models = None,
) -> None:
    """Serve until Ctrl-C or SIGTERM. Every setting can also stand in a file, or be CRACKMAP_SERVER_…"""
    from crackmap_server.serving import serve
    from crackmap_server.settings import read_settings

    serve(read_settings(config, database=database, host=host, port=port, evidence=evidence, models=models))


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="Where the backup is made, or renewed.", file_okay=False)],
    database: Database = None,
    evidence: Evidence = None,
    models: Models = None,
    config: Config = None,
) -> None:
    """Copy log, pictures and registered models to a folder, while the server runs.

    The same folder again copies only the files that are new. What stops it leaves the backup before it whole. Copy
    the folder to another machine or disk by any means.
    """
    from crackmap_server.settings import read_settings
    from crackmap_server.upkeep.backup import back_up

    made = back_up(read_settings(config, database=database, evidence=evidence, models=models), folder)
    typer.echo(
        f"{folder}: {sum(made.rows.values())} rows, {made.pictures} pictures ({made.pictures_bytes} bytes) and "
        f"{made.models} models ({made.models_bytes} bytes)"
    )
    lost = len(made.missing) + len(made.missing_models)
    if lost:
        typer.echo(f"{lost} files are lost on the server; see `crackmap server check`", err=True)


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="What `crackmap server backup` made.", file_okay=False)],
    database: Database = None,
    evidence: Evidence = None,
    models: Models = None,
    config: Config = None,
) -> None:
    """Make a log from a backup, where there is none yet: SQLite or PostgreSQL, whatever it was made from.

    Every byte of the backup is checked first. Robots offer what is newer than the backup again by themselves.
    """
    from crackmap_server.settings import read_settings
    from crackmap_server.upkeep.restore import restore as restored

    made = restored(read_settings(config, database=database, evidence=evidence, models=models), folder)
    typer.echo(
        f"{sum(made.rows.values())} rows, {made.pictures} pictures and {made.models or 0} models, as of "
        f"{made.made_utc:%Y-%m-%d %H:%M} UTC"
    )
    if made.models is None and made.rows.get("models"):
        typer.echo("the backup is of a version that did not copy models: send their files again", err=True)


@app.command()
def prune(
    database: Database = None,
    evidence: Evidence = None,
    config: Config = None,
    dry_run: Annotated[bool, typer.Option(help="Say what would go, and change nothing.")] = False,
) -> None:
    """Remove what the settings `keep_…_days` let go, while the server runs; without such a setting nothing.

    Pictures of reviewed places, of findings and of closed inspections always stay.
    """
    from crackmap_server.retention.prune import prune as pruned
    from crackmap_server.settings import read_settings

    found = list(pruned(read_settings(config, database=database, evidence=evidence), dry_run=dry_run))
    for each in found:
        typer.echo(("would remove " if dry_run else "removed ") + each.line())
    if not found:
        typer.echo("nothing may be removed: no setting keep_…_days is set")


@app.command()
def check(
    database: Database = None,
    evidence: Evidence = None,
    models: Models = None,
    config: Config = None,
    read_pictures: Annotated[bool, typer.Option(help="Compare every picture with its SHA-256.")] = False,
) -> None:
    """Is all there that the log speaks of, and does it agree with itself? Changes nothing; the server may run.

    Exit code 2: something is wrong.
    """
    from crackmap_server.settings import read_settings
    from crackmap_server.upkeep.check import check as checked

    good = True
    for each in checked(read_settings(config, database=database, evidence=evidence, models=models), read_pictures):
        typer.echo(each.line())
        good &= each.good is not False
    raise typer.Exit(0 if good else 2)
