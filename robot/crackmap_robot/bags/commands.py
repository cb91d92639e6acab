"""`crackmap robot bag`."""

from pathlib import Path
from typing import Annotated

import typer


def bag(
    source: Annotated[Path, typer.Argument(metavar="BAG", help="Folder of a ROS 2 bag (SQLite or MCAP).")],
    to: Annotated[
        Path | None, typer.Argument(metavar="FOLDER", help="A new folder for photographs and odometry.jsonl.")
    ] = None,
    *,
    images: Annotated[str | None, typer.Option(metavar="TOPIC", help="Pictures: CompressedImage or Image.")] = None,
    odometry: Annotated[
        str | None, typer.Option(metavar="TOPIC", help="Odometry, PoseWithCovarianceStamped or PoseStamped.")
    ] = None,
    tf: Annotated[
        str | None,
        typer.Option(
            metavar="FRAME",
            help="In place of --odometry: from /tf and /tf_static, where the pictures' frame is in this one, as map.",
        ),
    ] = None,
    mount: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.toml",
            help="Where the camera sits on the robot: position_m and orientation_xyzw of the optical frame in the "
            "body's (x ahead, y left, z up).",
            show_default="at its middle, looking ahead",
        ),
    ] = None,
) -> None:
    """Take photographs and the camera's poses out of a ROS 2 bag; without topics: list what it holds.

    Photographs carry the time of their header, so that the poses go with them by time:

        crackmap robot bag drive/ out/ --images /camera/image/compressed --odometry /odom --mount mount.toml
        crackmap surface register marks.csv out/odometry.jsonl --to poses.jsonl
        crackmap scan out/ --poses poses.jsonl --camera camera.yaml --surface north --inspection 2026

    With --tf map, out/poses.jsonl has the pose of each photograph by its name, between the transforms around its time;
    the frame_id of the pictures must be the camera's optical one (z ahead, x right, y down), as ROS's drivers say it.
    """
    from crackmap.errors import SettingError
    from crackmap_robot.bags.contents import run_bag
    from crackmap_robot.bags.extraction import Extraction
    from crackmap_robot.poses.mount import Mount, read_mount

    if (to is None) != (images is None and odometry is None):
        raise SettingError("give a folder together with --images or --odometry, or neither to list the topics.")
    if tf is not None and (images is None or odometry is not None or mount is not None):
        raise SettingError("--tf goes with --images, and without --odometry and --mount: the tree of frames has both.")
    place = Mount() if mount is None else read_mount(mount)
    for line in run_bag(source, images, odometry, Extraction(to or Path(), place, tf)):
        print(line)
