"""How fast is a scan, from the JPEG to the durable outbox?

    python bench/scan.py            a 12-megapixel photograph, five rounds, beside SAHI and supervision
    python bench/scan.py --quick    a small one, one round, without the peers: does it run and is the work equal?

Limit: one decode and the bare `invoke()` calls, nothing else. All contestants run the same model file on the same
tiles of the same photographs, one thread, pinned to one core, in turn within each round; the ratio is the median over
rounds of a contestant's seconds to the limit's in the same round. Before any time counts, all must give the same tiles
the same scores (within one byte step). A last row lets crackmap use all cores.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from crackmap_robot.classifier import shipped_model

HERE = Path(__file__).parent
PEERS_PYTHON = HERE.parent / ".venv-bench/bin/python"
DATA = Path(os.environ.get("CRACKMAP_DATA", HERE.parent.parent / "shared/data"))
THRESHOLD = "0.5"


@dataclass
class Contestant:
    """A child process that scores photographs on request."""

    name: str
    process: subprocess.Popen[str]
    seconds: list[float] = field(default_factory=list)
    peak_mib: float = 0.0

    def score(self, photo: Path) -> dict[tuple[int, int], int]:
        assert self.process.stdin
        assert self.process.stdout
        print(photo, file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"bench/scan.py: {self.name} ended with exit code {self.process.wait()}")
        answer = json.loads(line)
        self.seconds.append(answer["seconds"])
        self.peak_mib = answer["peak_mib"]
        return {(x, y): score for x, y, score in answer["scores"]}


@contextmanager
def contestant(
    name: str, python: Path | str, script: str, *arguments: str, pinned: bool = True
) -> Iterator[Contestant]:
    """Start one; pinned to one core it cannot hide work on another."""
    core = max(os.sched_getaffinity(0))
    process = subprocess.Popen(
        [str(python), str(HERE / "peers" / script), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=(lambda: os.sched_setaffinity(0, {core})) if pinned else None,
    )
    with process:
        try:
            yield Contestant(name, process)
        finally:
            assert process.stdin
            process.stdin.close()


def photographs(folder: Path, tile_px: int, columns: int, rows: int, count: int) -> list[Path]:
    """JPEGs of columns × rows whole tiles, no two alike: real photographs where they are at hand, else noise."""
    size = (columns * tile_px, rows * tile_px)
    sources = sorted((DATA / "photos").glob("*.jpg"))
    made = []
    for number in range(count):
        if sources:
            frame = cv2.imread(str(sources[number % len(sources)]))
            assert frame is not None
            frame = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
        else:
            rng = np.random.default_rng(number)
            frame = cv2.GaussianBlur(rng.integers(90, 190, (size[1], size[0], 3), np.uint8), (5, 5), 0)
            cv2.line(frame, (0, number * 50), (size[0], size[1] // 2), (40, 40, 40), 3)
        frame[0, 0] = number % 256, number // 256, 0  # no two alike, or the outbox would know them
        made.append(folder / f"{number:03}.jpg")
        cv2.imwrite(str(made[-1]), frame, [cv2.IMWRITE_JPEG_QUALITY, 92])
    return made


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    model = shipped_model()
    tile_px = json.loads(model.with_suffix(".json").read_text())["tile_px"]
    columns, rows, rounds = (4, 3, 1) if options.quick else (18, 13, options.rounds)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder, ExitStack() as running:
        photos = photographs(Path(folder), tile_px, columns, rows, rounds + 1)

        def start(name: str, python: Path | str, *arguments: str, pinned: bool = True) -> Contestant:
            return running.enter_context(contestant(name, python, *arguments, pinned=pinned))

        limit = start("limit: decode + invoke()", sys.executable, "limit.py", str(model))
        others = [start("crackmap scan", sys.executable, "crackmap_scan.py", str(model), "1")]
        if not options.quick:
            if not PEERS_PYTHON.exists():
                sys.exit("bench/scan.py: the peers are not installed; run `make bench` (or --quick without them)")
            others.append(start("supervision 0.31", PEERS_PYTHON, "supervision_slicer.py", str(model), THRESHOLD))
            others.append(start("SAHI 0.12", PEERS_PYTHON, "sahi_slices.py", str(model), THRESHOLD))
            others.append(
                start("crackmap, all cores", sys.executable, "crackmap_scan.py", str(model), "2", pinned=False)
            )
        for photo in photos:  # the first round warms up and is not counted
            truth = limit.score(photo)
            assert len(truth) == columns * rows
            for other in others:
                scores = other.score(photo)
                assert scores.keys() == truth.keys(), f"{other.name} cut other tiles"
                worst = max(abs(scores[place] - truth[place]) for place in truth)
                assert worst <= 1, f"{other.name} scores differ by {worst} steps"
    megapixels = columns * rows * tile_px**2 / 1e6
    print(
        f"{megapixels:.1f} megapixels, {columns * rows} tiles, {model.name}, median of {rounds} rounds (lowest–highest)"
    )
    print("| | s per photograph | tiles/s | against the limit | peak memory, MiB |\n|---|---|---|---|---|")
    for one in [limit, *others]:
        times = one.seconds[1:]
        ratios = sorted(mine / floor for mine, floor in zip(times, limit.seconds[1:], strict=True))
        middle = statistics.median(times)
        print(
            f"| {one.name} | {middle:.3f} ({min(times):.3f}–{max(times):.3f}) | {columns * rows / middle:.0f} | "
            f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f}) | {one.peak_mib:.0f} |"
        )


if __name__ == "__main__":
    main()
