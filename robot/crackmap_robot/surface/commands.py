"""The sub-commands of `crackmap surface`."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="The surface's frame, and poses in it.", no_args_is_help=True)
To = Annotated[Path, typer.Option(metavar="FILE", help="Where the poses on the surface go, as JSON lines.")]


@app.callback()
def surfaces() -> None:
    """The surface's frame, and poses in it."""


@app.command()
def register(
    control_points: Annotated[Path, typer.Argument(help="CSV table of marks whose place is known in both frames.")],
    poses: Annotated[
        Path | None, typer.Argument(help="Camera poses in odometry's frame: what `crackmap scan --poses` takes.")
    ] = None,
    *,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the poses on the surface go, as JSON lines.")
    ] = None,
    registration: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write where the frame lies, for `camera.registration` of a robot.toml."),
    ] = None,
    free_scale: Annotated[
        bool,
        typer.Option("--free-scale", help="The poses are not in metres, as COLMAP's: find their scale, too."),
    ] = False,
) -> None:
    """Turn odometry's poses into poses on the surface, by three or more control points that are not on one line.

    The table has a header row and these columns, in metres; w_m (0 on the surface) and sigma_m may be left out:

        name, odometry_x_m, odometry_y_m, odometry_z_m, u_m, v_m, w_m, sigma_m

    sigma_m is how exact a mark's place is, both measurements together. The poses' covariances get the registration's
    error added; without sigma_m it is taken from the misfits of five points or more, and is unknown with fewer.
    """
    from crackmap.errors import SettingError
    from crackmap_robot.poses.register_command import run_register

    if (poses is None) != (to is None) or (to is None and registration is None):
        raise SettingError("give POSES with --to, or --registration, or both.")
    for line in run_register(control_points, poses, to, registration=registration, free_scale=free_scale):
        print(line)


@app.command()
def smooth(
    fixes: Annotated[
        Path,
        typer.Argument(help="Where the camera was at some moments: CSV time_s,u_m,v_m,w_m,sigma_m, or a pose file."),
    ],
    poses: Annotated[Path, typer.Argument(help="The trajectory, by time, on the surface: from `surface register`.")],
    *,
    to: To,
    drift: Annotated[
        float, typer.Option(min=1e-5, max=1, help="Share of the way that odometry is off by: 0.01 is 1 cm a metre.")
    ] = 0.01,
    turn_drift_deg_per_m: Annotated[
        float, typer.Option(min=1e-4, max=45, help="Degrees that it turns by without noticing, for each metre.")
    ] = 0.1,
) -> None:
    """Take the drift out of a trajectory: bend it through fixes, and say how exact each pose is.

    Fixes are moments at which it is known where the camera was: at a mark, or from tags (`crackmap surface fixes`).
    Between two fixes a pose is as uncertain as the way from the nearest lets it drift.
    """
    import math

    from crackmap_robot.poses.smooth_command import run_smooth
    from crackmap_robot.poses.smoothing import Drift

    for line in run_smooth(fixes, poses, to, Drift(drift, math.radians(turn_drift_deg_per_m))):
        print(line)


@app.command()
def fixes(
    photographs: Annotated[Path, typer.Argument(help="Folder of photographs, some of which show tags.")],
    *,
    tags: Annotated[Path, typer.Option(metavar="FILE", help="The layout of the tags on the surface.")],
    camera: Annotated[Path, typer.Option(metavar="FILE", help="The camera's calibration.")],
    to: To,
) -> None:
    """Find where photographs of tags were taken from, and when: fixes for `crackmap surface smooth`."""
    from crackmap_robot.poses.tag_fixes_command import run_fixes

    for line in run_fixes(photographs, tags, camera, to):
        print(line)


@app.command()
def raster(
    photographs: Annotated[Path, typer.Argument(help="Folder of the photographs, in natural order of their names.")],
    *,
    to: To,
    columns: Annotated[int, typer.Option(min=1, help="Photographs in a row.")],
    step_u_m: Annotated[float, typer.Option(metavar="M", help="To the next column; negative goes left.")],
    step_v_m: Annotated[float, typer.Option(metavar="M", help="To the next row; negative goes down.")],
    distance_m: Annotated[float, typer.Option(metavar="M", min=0.001, help="From the surface to the camera.")],
    first_u_m: Annotated[float, typer.Option(metavar="M", help="Where the first photograph was taken.")] = 0.0,
    first_v_m: Annotated[float, typer.Option(metavar="M", help="The same, up.")] = 0.0,
    serpentine: Annotated[bool, typer.Option("--serpentine", help="Every second row comes back.")] = False,
    sigma_mm: Annotated[
        float | None, typer.Option(metavar="MM", min=0.001, help="How exact the gantry is.", show_default="unknown")
    ] = None,
    sigma_deg: Annotated[
        float | None, typer.Option(metavar="DEG", min=0.001, help="How exact it points.", show_default="unknown")
    ] = None,
) -> None:
    """Write the poses of a gantry that photographed a raster, square to the surface.

        crackmap surface raster photos/ --to poses.jsonl --columns 12 --step-u-m 0.35 --step-v-m -0.28 \\
            --distance-m 0.5 --serpentine --sigma-mm 1 --sigma-deg 0.2
    """
    import math

    from crackmap_robot.cameras.folder import open_folder
    from crackmap_robot.poses.json_lines import write_rows
    from crackmap_robot.poses.raster import Raster

    names = [path.name for path in open_folder(photographs).photographs]
    sigmas = (None if sigma_mm is None else sigma_mm / 1000, None if sigma_deg is None else math.radians(sigma_deg))
    found = Raster(columns, (first_u_m, first_v_m), (step_u_m, step_v_m), distance_m, serpentine, *sigmas)
    write_rows(to, found.rows(names))
    print(
        f"{to}: {len(names)} poses in {len(names) // columns} rows" + ("" if None not in sigmas else ", error unknown")
    )


@app.command()
def mosaic(
    photographs: Annotated[Path, typer.Argument(help="Folder of overlapping photographs of one plane surface.")],
    *,
    camera: Annotated[Path, typer.Option(metavar="FILE", help="The camera's calibration.")],
    to: To,
    mm_per_px: Annotated[
        float | None,
        typer.Option(metavar="X", min=0.001, help="Scale amid the first photograph, whose middle is then (0, 0)."),
    ] = None,
    scale_sigma_percent: Annotated[
        float | None, typer.Option(metavar="P", min=0.001, help="How exact that is.", show_default="unknown")
    ] = None,
    marks: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV table of marks in photographs: name,file,x_px,y_px,u_m,v_m,sigma_m."),
    ] = None,
    tags: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The layout of tags, which some photographs show.")
    ] = None,
) -> None:
    """Find the poses of photographs from what they have in common: no odometry, tags in a few of them or none.

    Neighbours must overlap by a third or more; the order does not matter. Two marks or tags in any of the
    photographs fix the frame; more, far apart, keep it from drifting. The covariance holds the features' error and that
    of what fixes the frame, and grows with the distance from it; calibration and flatness are not in it. Photographs
    that cannot be joined are named.

        crackmap surface mosaic photos/ --camera camera.yaml --marks marks.csv --to poses.jsonl
    """
    from crackmap_robot.mosaic.command import Fixing, run_mosaic

    scale_sigma = None if scale_sigma_percent is None else scale_sigma_percent / 100
    for line in run_mosaic(photographs, camera, Fixing(mm_per_px, scale_sigma, marks, tags), to):
        print(line)
