"""Does the daemon keep its slowest stage busy, and stay small?

    python bench/daemon.py            60 photographs of 2 megapixels, 30 of 12, three rounds
    python bench/daemon.py --quick    a few small ones, one round: does it run and is the work equal?
    python bench/daemon.py --slow-disk    the same with 20 ms more for each fsync (needs strace)
    python bench/daemon.py --hour     3,600 photographs, one for each second, without waiting: does memory grow?

The stages of a frame are: read and decode it, classify its tiles on one thread, keep the report (fsync). Each is timed
alone over the same photographs; then `crackmap robot run`, a process of its own, takes all of them from a folder. The
ratio is the daemon's frames per second to those of its slowest stage alone, in the same round: 1 would be a pipeline
without any loss. Before any time counts, the daemon's scores must be those of the stage, byte for byte.
"""

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from time import perf_counter

import cv2
import numpy as np

from crackmap.messages import Report
from crackmap_robot.cameras.camera import Photo, Pixels
from crackmap_robot.cameras.folder import open_folder
from crackmap_robot.cameras.photograph import decode
from crackmap_robot.classifier import Classifier, shipped_model
from crackmap_robot.evidence import Frames
from crackmap_robot.headers import Headers, analysis, recording
from crackmap_robot.outbox import Outbox
from crackmap_robot.placing import ByScale
from crackmap_robot.scan import Scanner, Scored

MM_PER_PX = 0.23
SETTINGS = """
[scan]
surface = "bench"
inspection = "bench"
[camera]
source = "folder:photos"
mm_per_px = {mm_per_px}
[model]
threads = 1
[keep]
outbox = "outbox.sqlite"
least_free_mb = 1
[status]
port = 0
"""


def photographs(folder: Path, width_px: int, height_px: int, count: int) -> None:
    """JPEGs of noise with the roughness of concrete, no two alike."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    wall = rng.integers(90, 190, (height_px, width_px, 3), np.uint8)
    wall = cv2.addWeighted(wall, 0.4, cv2.GaussianBlur(wall, (0, 0), 8), 0.6, 0)
    for number in range(count):
        frame = np.roll(wall, 17 * number, axis=1)
        cv2.line(frame, (0, 40 * number), (width_px, height_px // 2), (40, 40, 40), 3)
        cv2.imwrite(str(folder / f"{number:04}.jpg"), frame, [cv2.IMWRITE_JPEG_QUALITY, 92])


def alone(folder: Path) -> tuple[dict[str, float], dict[str, bytes]]:
    """Seconds a frame of each stage by itself, and the scores by file name."""
    photos = [photo for photo in open_folder(folder / "photos").frames() if isinstance(photo, Photo)]
    seconds: dict[str, float] = {}

    def timed(stage: str, work: Callable[[], object]) -> None:
        began_s = perf_counter()
        work()
        seconds[stage] = (perf_counter() - began_s) / len(photos)

    def read_all() -> None:
        for photo in open_folder(folder / "photos").frames():
            assert isinstance(photo, Photo)
            decode(photo.content, photo.image, photo.label)

    timed("read and decode", read_all)
    with Classifier(shipped_model(), 1) as classifier:
        manifest = classifier.manifest
        scan = recording("bench", "bench", "bench", None)
        headers = Headers(scan, analysis(scan, manifest, manifest.tile_px, manifest.threshold), None)
        grid = headers.grid(photos[0])
        scores: dict[str, bytes] = {}

        def score_all() -> None:
            for photo in photos:
                pixels: Pixels = decode(photo.content, photo.image, photo.label)
                began_s = perf_counter()
                scores[photo.label] = classifier.score(pixels, grid).tobytes()
                spent.append(perf_counter() - began_s)

        spent: list[float] = []
        score_all()
        seconds["classify"] = sum(spent) / len(photos)
        stages = Scanner(headers, ByScale(MM_PER_PX), Frames.ALL, classifier.score, manifest.mm_per_px)
        made = [r for r in stages.reports(iter(photos), frozenset(), lambda _key: None) if isinstance(r, Scored)]
    with Outbox(folder / "alone.sqlite") as outbox:
        timed("keep", lambda: [outbox.add(headers, headers.key(r.photo), r.report, r.pictures) for r in made])
    return seconds, scores


SLOW_DISK = [
    "strace",
    "-D",
    "-f",
    "-qq",
    "--seccomp-bpf",
    "-o",
    "/dev/null",
    "-e",
    "inject=fsync,fdatasync:delay_exit=20000",
]
"""-D: the daemon is our child, strace its grandchild."""
SAMPLE_EVERY = 60


def daemon(
    folder: Path, count: int, prefix: Sequence[str] = (), memory_mib: list[float] | None = None
) -> tuple[float, float, dict[str, bytes]]:
    """Seconds a frame from the first to the last that it kept, its memory in MiB, and the scores by file name.

    `memory_mib` is filled with the memory at every 60th frame.
    """
    (folder / "robot.toml").write_text(SETTINGS.format(mm_per_px=MM_PER_PX))
    command = [*prefix, sys.executable, "-m", "crackmap", "robot", "run", "--config", str(folder / "robot.toml")]
    times: list[float] = []
    status = ""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if not line.startswith("{"):
                continue
            told = json.loads(line)
            status = told.get("status", status)
            if told["event"] == "kept":
                times.append(datetime.fromisoformat(told["time"]).timestamp())
                if memory_mib is not None and len(times) % SAMPLE_EVERY == 0:
                    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
                    memory_mib.append(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)
            if len(times) == count:
                break
        with urllib.request.urlopen(f"{status}/metrics") as answer:
            figures = dict(line.rsplit(" ", 1) for line in answer.read().decode().splitlines() if line[:1] != "#")
        process.terminate()
        process.communicate()
    with sqlite3.connect(folder / "outbox.sqlite") as rows:
        reports = [Report.model_validate_json(body) for (body,) in rows.execute("SELECT body FROM report")]
    rows.close()
    for file in folder.glob("outbox*"):
        file.unlink()
    scores = {report.frame.label: report.score_map.scores for report in reports}
    resident_mib = float(figures["process_resident_memory_bytes"]) / 2**20
    return (times[-1] - times[0]) / (count - 1), resident_mib, scores


HOUR_S, MINUTES, WARM_UP_MINUTES = 3600, 60, 10


def hour(seconds: int) -> None:
    """So many photographs of one a second; memory every minute of them, and how it grows after the first ten."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder, memory_mib = Path(name), list[float]()
        photographs(folder / "photos", 960, 540, min(SAMPLE_EVERY, seconds))
        for number in range(SAMPLE_EVERY, seconds):  # other bytes behind the picture's end: another photograph
            content = (folder / "photos" / f"{number % SAMPLE_EVERY:04}.jpg").read_bytes()
            (folder / "photos" / f"{number:04}.jpg").write_bytes(content + number.to_bytes(4))
        spent_s, _, scores = daemon(folder, seconds, memory_mib=memory_mib)
    assert len(scores) == seconds, f"{len(scores)} reports of {seconds} photographs"
    rest = memory_mib[WARM_UP_MINUTES:]
    print(f"{seconds} photographs of 960 × 540 px in {spent_s * seconds:.0f} s ({1000 * spent_s:.1f} ms a frame)")
    print(f"memory by the minute, MiB: {' '.join(f'{sample:.0f}' for sample in memory_mib)}")
    if len(rest) > 1:
        slope = float(np.polyfit(np.arange(len(rest)), rest, 1)[0]) * MINUTES
        print(f"it grows by {slope:+.2f} MiB in an hour, after the first {WARM_UP_MINUTES} minutes")


def slow_disk(count: int) -> None:
    """The daemon on a disk that takes 20 ms more to keep something, beside the same on this one."""
    if shutil.which("strace") is None:
        sys.exit("--slow-disk needs strace")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        photographs(folder / "photos", 1920, 1080, count)
        as_it_is, slowed = (daemon(folder, count, prefix) for prefix in ((), SLOW_DISK))
    assert as_it_is[2] == slowed[2], "other scores on the slow disk"
    print(f"| {count} photographs of 1920 × 1080 | this disk | 20 ms more for each fsync |")
    print("|---|---|---|")
    print(f"| ms a frame | {1000 * as_it_is[0]:.1f} | {1000 * slowed[0]:.1f} |")


def pipeline(count_rounds: int, *, quick: bool) -> None:
    """The daemon beside its slowest stage."""
    sizes = [(960, 540, 8)] if quick else [(1920, 1080, 60), (4240, 2830, 30)]
    print("| photographs | slowest stage alone | ms a frame | the daemon, ms a frame | ratio | m²/s | memory, MiB |")
    print("|---|---|---|---|---|---|---|")
    for width_px, height_px, count in sizes:
        rounds = []
        for _ in range(count_rounds):
            with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
                folder = Path(name)
                photographs(folder / "photos", width_px, height_px, count)
                seconds, truth = alone(folder)
                spent_s, memory_mib, scores = daemon(folder, count)
                assert scores == truth, "the daemon gave other scores"
                slowest = max(seconds, key=lambda stage: seconds[stage])
                rounds.append((seconds[slowest] / spent_s, slowest, seconds[slowest], spent_s, memory_mib))
        ratios = sorted(ratio for ratio, *_ in rounds)
        _, slowest, alone_s, spent_s, memory_mib = sorted(rounds)[len(rounds) // 2]
        square_metres = width_px * height_px * (MM_PER_PX / 1000) ** 2
        print(
            f"| {width_px} × {height_px} | {slowest} | {1000 * alone_s:.1f} | {1000 * spent_s:.1f} | "
            f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f}) | {square_metres / spent_s:.2f} | "
            f"{memory_mib:.0f} |"
        )


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slow-disk", action="store_true")
    parser.add_argument("--hour", type=int, nargs="?", const=HOUR_S, metavar="SECONDS", help="of frames; an hour's")
    options = parser.parse_args()
    if options.hour:
        hour(options.hour)
    elif options.slow_disk:
        slow_disk(60)
    else:
        pipeline(1 if options.quick else options.rounds, quick=options.quick)


if __name__ == "__main__":
    main()
