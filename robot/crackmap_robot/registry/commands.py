"""`crackmap models register`, `pin`, `rescore` and `use`: what a server's registry is told. LiteRT is enough."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from crackmap_robot.options import CaFile, KeyFile

Server = Annotated[
    str, typer.Option("--server", envvar="CRACKMAP_SERVER", metavar="URL", help="The server, as http://host:8321.")
]
By = Annotated[
    str, typer.Option(metavar="NAME", help="Who decides, for the record.", show_default="the user of this machine")
]
Model = Annotated[
    str,
    typer.Argument(metavar="MODEL", help="SHA-256 of a registered model; or crack-227, crack-256 or a .tflite file."),
]
Inspection = Annotated[str, typer.Option("--inspection", metavar="NAME", help="Name or id of the inspection.")]


def register(
    model: Annotated[Path, typer.Argument(help="crack-227, crack-256, or a .tflite with its manifest beside it.")],
    *,
    server: Server,
    by: By = "",
    key_file: KeyFile = None,
    ca_file: CaFile = None,
) -> None:
    """Give a model and its manifest to the server, so that inspections can use it. The same twice changes nothing."""
    from crackmap_robot.access import Access
    from crackmap_robot.registry.client import RegistryClient
    from crackmap_robot.registry.ordering import registered, who

    with RegistryClient(server, Access(key_file, ca_file)) as client:
        sha256 = registered(client, str(model), who(by))
        print(f"registered: {sha256}")


def pin(
    model: Model,
    *,
    server: Server,
    inspection: Inspection,
    by: By = "",
    key_file: KeyFile = None,
    ca_file: CaFile = None,
) -> None:
    """Let an inspection use a model: its robots that follow the server take it. A file is registered first."""
    from crackmap_robot.access import Access
    from crackmap_robot.registry.client import RegistryClient
    from crackmap_robot.registry.ordering import registered, who

    with RegistryClient(server, Access(key_file, ca_file)) as client:
        inspection_id = client.inspection(inspection)
        pinned = client.pin(inspection_id, registered(client, model, who(by)), who(by))
        print(f"{inspection}: {pinned.name} {pinned.model_sha256}, decided by {pinned.decided_by or 'nobody named'}")


def rescore(
    *,
    server: Server,
    model: Annotated[
        str | None,
        typer.Option(metavar="MODEL", help="As of `pin`. With --inspection: ask for it to be scored again by this."),
    ] = None,
    inspection: Annotated[str | None, typer.Option(metavar="NAME", help="Name or id of the inspection.")] = None,
    scan: Annotated[str | None, typer.Option(metavar="ID", help="Only this scan of it.")] = None,
    use: Annotated[
        bool,
        typer.Option("--use", help="Make the new scores current once every frame has them; else they stay beside."),
    ] = False,
    ask_only: Annotated[bool, typer.Option("--ask-only", help="Leave the work to other workers.")] = False,
    by: By = "",
    key_file: KeyFile = None,
    ca_file: CaFile = None,
    threads: Annotated[
        int | None, typer.Option(metavar="N", help="Threads that classify.", show_default="all cores but one")
    ] = None,
    runtime: Annotated[
        Literal["litert", "tflite-runtime"], typer.Option(envvar="CRACKMAP_RUNTIME", help="What runs the model.")
    ] = "litert",
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Also write the comparison here.")] = None,
) -> None:
    """Score the kept frames of an inspection again by another model, and show what that changes.

    What is stored stays; the new scores stand beside it. Without --model it is one more worker for whatever waits:

        crackmap models rescore --server URL --inspection "2026 autumn" --model crack-256
        crackmap models rescore --server URL

    Any number of workers may run, on any machine; one that is killed costs nothing: another gets its frames.

    Exit code 2: frames failed or have no picture; 130: stopped by Ctrl-C.
    """
    from crackmap_robot.access import Access
    from crackmap_robot.registry.client import RegistryClient
    from crackmap_robot.registry.ordering import Order, run_rescore
    from crackmap_robot.runtimes import Runtime
    from crackmap_robot.settings import default_threads

    order = Order(model=model, inspection=inspection, scan=scan, use=use, by=by)
    code = 0
    client = RegistryClient(server, Access(key_file, ca_file))
    for line, one in run_rescore(
        client, order, default_threads() if threads is None else threads, Runtime(runtime), json, ask_only=ask_only
    ):
        print(line)
        code = max(code, one)
    raise typer.Exit(code)


def use(
    rescore: Annotated[int, typer.Argument(metavar="NUMBER", help="Of the re-scoring.")],
    *,
    server: Server,
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="Also where frames have no new scores: they show nothing any more.")
    ] = False,
    by: By = "",
    key_file: KeyFile = None,
    ca_file: CaFile = None,
) -> None:
    """Make a re-scoring current: lists, map and coverage show it from now on."""
    from crackmap_robot.access import Access
    from crackmap_robot.registry.client import RegistryClient
    from crackmap_robot.registry.ordering import who

    with RegistryClient(server, Access(key_file, ca_file)) as client:
        shown = client.use(rescore, incomplete, who(by))
        print(f"re-scoring {rescore} by {shown['model']} is current")
