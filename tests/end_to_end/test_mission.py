"""A mission in which everything happens that does happen: what was photographed is on the server, and nothing is lost.

As many photographs as thirty minutes make at one every three seconds, in a minute: a camera on the network with five
drop-outs of five kinds, three losses of the network, two kills of the daemon, a gap in the poses, and a clock that was
not set at boot and jumps. The database must equal that of a run over the same photographs that nothing
disturbed.
"""

import itertools
import shutil
import socket
import sqlite3
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from .conftest import WIDTH_PX
from .mission import M_PER_PX, POSE_GAP, STEP_EVERY_S, STEP_PX, STEPS, Robot, World, free_port, poses_from
from .processes import Server, rows_of

pytestmark = pytest.mark.long

LOOK_EVERY = 4
CLOCK_BEFORE_S = -400 * 86400.0
DROP_OUTS = {200: "hang", 420: "break", 640: "garbage", 860: "freeze", 1080: "refuse"}
DROP_OUT_STEPS = 50
NETWORK_LOSSES, LOSS_STEPS = (300, 700, 1200), 60
KILLS = (520, 980)
CLOCK_JUMPS_AT = 100

LATE_STEPS = 70
"""What a photograph waits for its pose, and what a camera takes to come back, at most."""
EXPLAINED = [
    (0, CLOCK_JUMPS_AT),
    (POSE_GAP.start, POSE_GAP.stop),
    *((at, at + DROP_OUT_STEPS) for at in DROP_OUTS),
    *((at - LATE_STEPS, at) for at in KILLS),
]
"""From which step to which something is missing from the map."""


def drive(world: World, robot: Robot, server: Server) -> None:
    """The mission, step by step; while the camera is well, the robot waits for it, however busy the machine is."""
    looked = 0
    for step in range(STEPS):
        begun = [at for at in DROP_OUTS if at <= step < at + DROP_OUT_STEPS]
        before = len(robot.photographs)
        with world.changed:
            world.step, world.mode = step, DROP_OUTS[begun[0]] if begun else ""
            world.changed.notify_all()
        if step == CLOCK_JUMPS_AT:
            robot.clock.unlink()
        if step in NETWORK_LOSSES:
            server.stop()
        if step - LOSS_STEPS in NETWORK_LOSSES:
            server.start()
        if step in KILLS:
            robot.kill()
            before = len(robot.photographs)
            robot.start()
        if step - DROP_OUT_STEPS in DROP_OUTS or step in KILLS:
            robot.wait_until("it records again", lambda before=before: len(robot.photographs) > before)
        world.over.wait(STEP_EVERY_S)
        if step % LOOK_EVERY == 0:
            if not begun:
                robot.follows(looked)
            looked = len(robot.photographs)


def test_a_mission_in_which_everything_happens(tmp_path: Path) -> None:
    world = World(free_port(socket.SOCK_DGRAM))
    server = Server(tmp_path / "server")
    robot = Robot(tmp_path / "robot", server.address, world.address, world.pose_port)
    robot.clock.write_text(str(CLOCK_BEFORE_S))
    try:
        server.start()
        with poses_from(world, robot.clock):
            robot.start()
            robot.wait_until("it records", lambda: len(robot.photographs) > 0)
            drive(world, robot, server)
        robot.wait_for_the_rest()
        robot.stop()
        counted = httpx2.get(f"{server.address}/v1/frames", params={"limit": 1000}).json()["items"]
    finally:
        world.close()
        server.stop()
        robot.end()
    names = [path.name for path in robot.photographs]
    assert sorted(frame["label"] for frame in counted) == names, "every photograph is a frame"
    check_accounts(robot, counted)
    disturbed, undisturbed = held(server), held(calm(tmp_path, robot, server.port))
    for name, found in disturbed.items():
        assert found == undisturbed[name], name


def check_accounts(robot: Robot, frames: list[dict[str, Any]]) -> None:
    """What was not seen, and what has no place, is what the disturbances explain."""
    assert len(frames) > STEPS / 4
    assert len(robot.events("source trouble")) >= len(DROP_OUTS)
    assert len(robot.events("server trouble")) >= len(NETWORK_LOSSES)
    assert len(robot.events("started")) == 1 + len(KILLS)
    lost = [frame for frame in frames if frame["placement"]["kind"] == "no_pose"]
    assert {frame["placement"]["kind"] for frame in frames} == {"placed", "no_pose"}
    causes = {frame["placement"]["cause"].partition(":")[0] for frame in lost}
    assert causes, "before the clock was set, and in the gap"
    middles = sorted(np.mean(frame["placement"]["footprint_m"], axis=0)[0] for frame in frames if frame not in lost)
    for before, after in itertools.pairwise([0.0, *middles]):
        if after - before > 1.5 * WIDTH_PX * M_PER_PX:  # a camera sees its own width
            first, last = (u_m / (STEP_PX * M_PER_PX) for u_m in (before, after))
            assert any(first < end + LATE_STEPS and last > begin for begin, end in EXPLAINED), (first, last)


def held(server: Server) -> dict[str, Any]:
    """All that a server holds but the order in which it came, and in which words a pose was missing."""
    rows, pictures = server.everything()
    for table in ("decisions", "pairs"):
        assert len(rows.pop(table)) == 1
    found: dict[str, Any] = {"pictures": pictures}
    database = sqlite3.connect(server.folder / "log.sqlite")
    try:
        for table in rows.keys() - {"frames", "placements", "reports", "detections", "score_maps"}:
            found[table] = rows[table]
        for table in ("placements", "reports", "detections", "score_maps"):
            columns = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
            kept = ", ".join(f'{table}."{name}"' for name in columns if name not in {"seq", "frame_seq", "cause"})
            joined = f"SELECT frame_id, {kept} FROM {table} JOIN frames ON frames.seq = frame_seq"
            found[table] = sorted(database.execute(joined).fetchall(), key=repr)
    finally:
        database.close()
    found["frames"] = sorted(rows_of(server.folder / "log.sqlite", ["seq"])["frames"], key=repr)
    return found


def calm(folder: Path, robot: Robot, port: int) -> Server:
    """The same photographs with the same poses by a daemon that nothing disturbs; its server, stopped."""
    server = Server(folder / "calm", port)
    nothing = f"http://127.0.0.1:{free_port(socket.SOCK_STREAM)}/video.mjpg"
    quiet = Robot(folder / "quiet", server.address, nothing, robot.pose_port)
    shutil.copytree(robot.folder / "recordings", quiet.folder / "recordings")
    with server:
        quiet.start()
        quiet.wait_until("an outbox", lambda: (quiet.folder / "outbox.sqlite").exists() and quiet.events("started"))
        quiet.wait_for_the_rest()
        quiet.stop()
    return server
