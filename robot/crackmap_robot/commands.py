"""`crackmap scan` and `crackmap robot …`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from crackmap_robot.bags.commands import bag
from crackmap_robot.calibrating.commands import board, calibrate
from crackmap_robot.options import CaFile, KeyFile, TargetWidth
from crackmap_robot.proving.commands import card, prove

app = typer.Typer(help="What runs on the robot.", no_args_is_help=True)
outbox_app = typer.Typer(help="What was scanned and is not on the server yet.", no_args_is_help=True)
app.add_typer(outbox_app, name="outbox")
for command in (bag, board, calibrate, card, prove):
    app.command()(command)

OutboxFile = Annotated[
    Path | None,
    typer.Option(
        "--outbox", envvar="CRACKMAP_OUTBOX", metavar="FILE", help="Outbox file.", show_default="in your data directory"
    ),
]
Server = Annotated[
    str | None,
    typer.Option("--server", envvar="CRACKMAP_SERVER", metavar="URL", help="Server that stores the results."),
]

Config = Annotated[
    Path,
    typer.Option(
        envvar="CRACKMAP_ROBOT_CONFIG", metavar="FILE", help="Settings; docs/reference/robot.md has them all."
    ),
]


def scan(
    source: Annotated[Path, typer.Argument(help="A photograph (JPEG, PNG, TIFF) or a folder of them.")],
    *,
    surface: Annotated[str, typer.Option(metavar="NAME", help="The face that was photographed, as 'pier 3, north'.")],
    inspection: Annotated[str, typer.Option(metavar="NAME", help="The dated campaign, as '2026 autumn'.")],
    structure: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The bridge, building or tunnel.", show_default="unnamed structure"),
    ] = None,
    server: Server = None,
    key_file: KeyFile = None,
    ca_file: CaFile = None,
    poses: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where the camera was: CSV or JSON lines by file name or time, a TUM trajectory, COLMAP's images.txt, "
            "OpenSfM's or OpenDroneMap's reconstruction.json. Needs --camera.",
        ),
    ] = None,
    tags: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="In place of --poses: a TOML layout of AprilTags or ArUco tags on the surface. A picture that shows "
            "some of them tells its own pose. Needs --camera.",
        ),
    ] = None,
    camera: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The camera's calibration: ROS camera_info YAML, OpenCV's, COLMAP's cameras.txt, or a "
            "reconstruction.json. Needs --poses or --tags.",
        ),
    ] = None,
    mm_per_px: Annotated[
        float | None,
        typer.Option(
            metavar="X", help="Only a scale: millimetres of surface per pixel. The photographs stay unplaced."
        ),
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="crack-227 or crack-256, or a .tflite with its manifest (.json) beside it.",
            show_default="crack-227",
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            metavar="T", help="Probability from which a tile is a detection.", show_default="as the manifest says"
        ),
    ] = None,
    stride: Annotated[
        int | None,
        typer.Option(metavar="PX", help="From tile to tile; less than a tile overlaps.", show_default="one tile"),
    ] = None,
    overlap: Annotated[
        bool,
        typer.Option("--overlap", help="Tiles overlap by half or a little more, all scored in one pass."),
    ] = False,
    frames: Annotated[
        Literal["all", "keyframes", "none"],
        typer.Option(
            help="Photographs sent as evidence: all; keyframes, which together show everything (of the others crops of "
            "detections); none (only crops of detections)."
        ),
    ] = "all",
    scores: Annotated[
        Path | None, typer.Option(metavar="FILE.csv", help="Also write every tile's score to this table.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option(metavar="N", help="Threads that classify.", show_default="all cores but one")
    ] = None,
    outbox: OutboxFile = None,
    runtime: Annotated[
        Literal["litert", "tflite-runtime"], typer.Option(envvar="CRACKMAP_RUNTIME", help="What runs the model.")
    ] = "litert",
    target_width_mm: TargetWidth = None,
    cylinder_radius_m: Annotated[
        float | None,
        typer.Option(metavar="M", help="The surface is a cylinder, as a tunnel or a pier.", show_default="a plane"),
    ] = None,
    facing: Annotated[
        Literal["outside", "inside"], typer.Option(help="From where a cylinder is seen: a pier, or a tunnel.")
    ] = "outside",
    drawing: Annotated[
        Literal["as_seen", "reflected"],
        typer.Option(help="How the chart is drawn: as seen, or reflected as soffits are on plans."),
    ] = "as_seen",
    proofs: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="What `crackmap robot prove` kept: the summary says what it shows of the photographs' day.",
        ),
    ] = None,
    flatness_mm: Annotated[
        float | None,
        typer.Option(
            metavar="MM",
            help="How far the face lies off its plane or cylinder, one standard deviation: part of the position error.",
            show_default="not known",
        ),
    ] = None,
) -> None:
    """Find cracks in photographs: tiles, scores, places on the surface, a durable outbox, upload.

    Photographs with only a scale, to a server on this machine:

        crackmap scan photos/ --surface north --inspection "2026 autumn" \\
            --mm-per-px 0.23 --server http://127.0.0.1:8321

    Photographs with poses, kept in the outbox until `crackmap robot outbox upload`:

        crackmap scan photos/ --surface north --inspection "2026 autumn" \\
            --poses poses.csv --camera camera.yaml

    The same command twice changes nothing; after Ctrl-C or a power cut it goes on where it stopped.

    Exit code 2: something was refused or not sent, and the summary says what; 130: stopped by Ctrl-C.
    """
    from crackmap.surfaces import Drawing, Facing
    from crackmap_robot.access import Access
    from crackmap_robot.classifier import chosen_model, shipped_model
    from crackmap_robot.evidence import Frames
    from crackmap_robot.runtimes import Runtime
    from crackmap_robot.scan_run import run_scan
    from crackmap_robot.settings import STRUCTURE, ScanSettings, default_outbox, default_threads

    summary = run_scan(
        ScanSettings(
            source=source,
            surface=surface,
            inspection=inspection,
            structure=STRUCTURE if structure is None else structure,
            outbox=outbox or default_outbox(),
            model=shipped_model() if model is None else chosen_model(model),
            server=server,
            access=Access(key_file, ca_file),
            poses=poses,
            tags=tags,
            camera=camera,
            mm_per_px=mm_per_px,
            threshold=threshold,
            stride_px=stride,
            overlap=overlap,
            frames=Frames(frames),
            scores=scores,
            threads=default_threads() if threads is None else threads,
            runtime=Runtime(runtime),
            target_width_mm=target_width_mm,
            cylinder_radius_m=cylinder_radius_m,
            facing=Facing(facing),
            drawing=Drawing(drawing),
            proofs=proofs,
            flatness_mm=flatness_mm,
        )
    )
    for line in summary.lines():
        print(line)
    if summary.unavailable and not summary.stopped:
        raise summary.unavailable
    raise typer.Exit(summary.exit_code)


@app.command()
def check(*, config: Config = Path("robot.toml")) -> None:
    """Try all that `crackmap robot run` needs, and say what to mend: model, source, place, outbox, disk, clock, server.

    And whether a card has proved this day's scale and visible width.

    Exit code 2: something is wrong. Nothing is scanned.
    """
    from crackmap_robot.daemon.check import check as checked
    from crackmap_robot.daemon.settings import read_settings

    good = True
    for each in checked(read_settings(config)):
        print(each.line(), flush=True)
        good &= each.good is not False
    raise typer.Exit(0 if good else 2)


@app.command()
def run(*, config: Config = Path("robot.toml")) -> None:
    """Scan whatever the camera sees, until SIGTERM or Ctrl-C: the daemon that systemd starts at boot.

    A robot.toml that is enough:

        [scan]
        surface = "north"
        inspection = "2026 autumn"

        [camera]
        source = "folder:photos"
        mm_per_px = 0.23

    Nothing that was scanned is ever lost or doubled, however it ends. A camera, a server or disk space that is missing
    is waited for; the log, /healthz and /metrics tell.
    """
    from crackmap.log_lines import start_log
    from crackmap_robot.daemon.run import run_daemon
    from crackmap_robot.daemon.settings import read_settings

    settings = read_settings(config)
    start_log("httpx2", "httpcore2")
    run_daemon(settings)


@app.command()
def simulate(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder for robot.toml and camera.yaml.")],
    *,
    wall: Annotated[int, typer.Option(metavar="N", min=0, max=999_999, help="Another number, another wall.")] = 1,
) -> None:
    """Write a robot.toml that needs no hardware: a camera that drives over a simulated wall, with odometry.

    Then, as with a real robot:

        crackmap robot check --config FOLDER/robot.toml
        crackmap robot run --config FOLDER/robot.toml
    """
    from crackmap_robot.daemon.rehearsal import write_rehearsal

    print(f"Now: crackmap robot check --config {write_rehearsal(folder, wall)}")


@outbox_app.command()
def show(outbox: OutboxFile = None) -> None:
    """Show the scans in the outbox: what waits, what the server has stored, what it refused and why."""
    from crackmap_robot.outbox_commands import show as run
    from crackmap_robot.settings import default_outbox

    for line in run(outbox or default_outbox()):
        print(line)


@outbox_app.command()
def upload(
    *,
    server: Server = None,
    key_file: KeyFile = None,
    ca_file: CaFile = None,
    outbox: OutboxFile = None,
    again: Annotated[
        bool, typer.Option("--again", help="Also offer what was refused, or whose picture could not be read.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--everything", help="Also offer what is stored: for a server restored from a backup.")
    ] = False,
) -> None:
    """Send what waits in the outbox to the server. What is there already changes nothing."""
    from crackmap_robot.access import Access
    from crackmap_robot.outbox_commands import upload as run
    from crackmap_robot.settings import default_outbox

    worst = 0
    for line, code in run(
        outbox or default_outbox(), server, Access(key_file, ca_file), again=again, everything=everything
    ):
        print(line)
        worst = max(worst, code)
    raise typer.Exit(worst)


@outbox_app.command()
def export(
    to: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new folder, as on a memory stick.")],
    outbox: OutboxFile = None,
) -> None:
    """Copy the outbox and the photographs that no server has into a folder, to be sent from another machine.

    There: crackmap robot outbox upload --outbox FOLDER/outbox.sqlite --server URL. The robot may go on meanwhile, and
    may send the same later: nothing is doubled. Exit code 2: a photograph is gone or has changed, and is named.
    """
    from crackmap_robot.outbox.export import export as run
    from crackmap_robot.settings import default_outbox

    worst = 0
    for line, code in run(outbox or default_outbox(), to):
        print(line)
        worst = max(worst, code)
    raise typer.Exit(worst)
