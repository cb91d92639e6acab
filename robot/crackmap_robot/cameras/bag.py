"""`rosbag:PATH`: a ROS 2 bag or MCAP file as a camera, its pictures at the pace and with the times of their recording.

What blocks: nothing for longer than `SAY_EVERY_S`; the file is opened and read by a thread, as long as the disk takes.
Nobody hurries it: whoever is slow to take a picture loses none. What stale means: nothing, while the process lives,
for it says so twice a second. What a gap raises: nothing; where the bag has no picture for longer than `gap_s`, that is
told in Alive, as a camera that is away is. The end of the bag is the end of the source.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep

from crackmap_robot.bags.replay import Logged, replay
from crackmap_robot.cameras.grabbed import Alive, Item, Poses
from crackmap_robot.cameras.grabber import Grab

SAY_EVERY_S = 0.5


def items(grab: Grab) -> Iterator[Item]:
    """What `bags.replay` finds, each picture not before its time; those that are recorded already at once.

    Raises InputError, SettingError.
    """
    path = Path(grab.source.partition(":")[2])
    last_s: float | None = None
    begun: tuple[float, float] | None = None
    for found in _alive_meanwhile(replay(path, grab.topic, grab.poses)):
        if isinstance(found, Poses | Alive):
            yield found
            continue
        gap_s = 0.0 if last_s is None else found.logged_s - last_s
        last_s = found.logged_s
        why = f"no picture for {gap_s:.1f} s, as it was recorded" if gap_s > grab.gap_s else ""
        if why:
            yield Alive(why)
        if found.still is None:
            yield Alive(found.why)
            continue
        if grab.replay_speed and found.still.number > grab.done:
            begun = begun or (monotonic(), found.logged_s)
            due_s = begun[0] + (found.logged_s - begun[1]) / grab.replay_speed
            while (rest_s := due_s - monotonic()) > 0:
                yield Alive(why)
                sleep(min(rest_s, SAY_EVERY_S))
        yield found.still


def _alive_meanwhile(found: Iterator[Logged | Poses]) -> Iterator[Logged | Poses | Alive]:
    """The same, and Alive while the next one is read: to open a large bag takes longer than a camera may be silent."""
    with ThreadPoolExecutor(1) as reader:
        while True:
            coming = reader.submit(next, found, None)
            while True:
                try:
                    each = coming.result(SAY_EVERY_S)
                except TimeoutError:
                    yield Alive()
                else:
                    break
            if each is None:
                return
            yield each
