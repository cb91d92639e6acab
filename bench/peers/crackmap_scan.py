"""crackmap: the whole scan of one photograph as `crackmap scan` runs it, into a durable outbox on disk.

crackmap_scan.py MODEL THREADS [--overlap | STRIDE_PX]
"""

import contextlib
import os
import sys
import tempfile
from pathlib import Path

from contestant import Scores, serve, timed
from crackmap.tile_grid import TileGrid
from crackmap_robot.cameras.folder import open_folder
from crackmap_robot.dense import open_classifier
from crackmap_robot.evidence import Frames
from crackmap_robot.headers import Headers, analysis, recording
from crackmap_robot.outbox import Outbox
from crackmap_robot.placing import ByScale
from crackmap_robot.scan import Scanner, Scored

MODEL, THREADS = Path(sys.argv[1]), int(sys.argv[2])
HOW = sys.argv[3] if len(sys.argv) > 3 else None
FOLDER = Path(tempfile.mkdtemp(prefix="crackmap-bench-", dir=Path.cwd()))


def main() -> None:
    """Model and outbox are opened once, as in a scan of many photographs."""
    overlap = HOW == "--overlap"
    with open_classifier(MODEL, THREADS, overlap=overlap) as classifier, Outbox(FOLDER / "outbox.sqlite") as outbox:
        manifest = classifier.manifest
        stride_px = int(HOW) if HOW and not overlap else manifest.tile_px
        if overlap and manifest.dense is not None:
            stride_px = manifest.dense.stride_px
        scan = recording("bench", "bench", "bench", None)
        headers = Headers(scan, analysis(scan, manifest, stride_px, manifest.threshold), None)
        scanner = Scanner(headers, ByScale(0.23), Frames.ALL, classifier.score, manifest.mm_per_px)

        def scores(photo: Path) -> Scores:
            found: Scores = []
            for result in scanner.reports(open_folder(photo).frames(), outbox.keys(headers), outbox.report):
                assert isinstance(result, Scored), result
                outbox.add(headers, headers.key(result.photo), result.report, result.pictures)
                image = result.report.frame.image
                grid = TileGrid(image.width_px, image.height_px, manifest.tile_px, stride_px)
                places = grid.corners_px().tolist()
                found = [(x, y, score) for (x, y), score in zip(places, result.report.score_map.scores, strict=True)]
            return found

        serve(lambda photo: timed(lambda: scores(photo)))


try:
    main()
finally:
    for file in FOLDER.iterdir():
        file.unlink()
    with contextlib.suppress(FileNotFoundError):
        os.rmdir(FOLDER)  # noqa: PTH106
