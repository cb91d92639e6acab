"""How fast does the server answer when the log is large?

    python bench/query.py              1,000,000 detections of 10 scans, 300 questions of each kind
    python bench/query.py --rows 10000000
    python bench/query.py --quick      some thousands: does it run, and are the answers right?

The log is a SQLite file whose rows are inserted directly: reports that a server took are copied along the wall, with
their scores, places and detections. Each question is asked over HTTP, one after the other, of `crackmap server run`;
"inside" is what the server's own log says it took, from the request to the last byte of the answer, without the client
and the network. Before any time counts, the answers are compared with what was inserted.
"""

import argparse
import http.client
import json
import math
import sqlite3
import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode

import numpy as np
from served.robots import ROWS, Robot, delivered
from served.servers import serving

from crackmap.scores import byte_at_least
from crackmap_server.chart import CELL_M, cells
from crackmap_server.paging import encoded
from crackmap_server.settings import Settings

SCANS = 10
FLOOR = 0.05
"""The server's own: of every detection that has a row, some 20 in a photograph."""
FRAMES = 800
"""Of a scan that a server takes; its wall is 6 m high, and every copy lies 6 m above the one before."""
HIGH_M = 6.0
CELL_STEP = int(np.subtract(*cells(np.array([[0.0, HIGH_M], [0.0, 0.0]]))))
assert HIGH_M % CELL_M == 0


def build(settings: Settings, frames: int, copies: int) -> int:
    """A log of SCANS scans with `copies` times `frames` frames each; how many detections it holds."""
    with serving(settings) as (_, port), closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        for number in range(SCANS):
            robot = Robot(number)
            reports = [robot.report(n) for n in range(frames)]
            for start in range(0, frames, 200):
                assert set(delivered(connection, robot.body(reports[start : start + 200]))) == {"stored"}
    assert settings.sqlite_file is not None
    with closing(sqlite3.connect(settings.sqlite_file)) as log:
        (count,) = log.execute("SELECT max(seq) FROM frames").fetchone()
        for copy in range(1, copies):
            with log:
                log.executescript(copying(log, count, copy))
        (detections,) = log.execute("SELECT count(*) FROM detections").fetchone()
    return int(detections)


def copying(log: sqlite3.Connection, frames: int, copy: int) -> str:
    """Statements that put all of the first frames once more on the wall, higher up."""
    up_m, further = copy * HIGH_M, copy * frames
    changes = {
        "frames": {
            "seq": f"seq + {further}",
            "frame_id": "lower(hex(randomblob(16)))",
            "image_sha256": "lower(hex(randomblob(32)))",
        },
        "score_maps": {"frame_seq": f"frame_seq + {further}"},
        "placements": {
            "seq": f"seq + {further}",
            "frame_seq": f"frame_seq + {further}",
            "low_v_m": f"low_v_m + {up_m}",
            "high_v_m": f"high_v_m + {up_m}",
            "footprint_m": "json_array("
            + ", ".join(
                f"json_array(footprint_m ->> '$[{n}][0]', (footprint_m ->> '$[{n}][1]') + {up_m})" for n in range(4)
            )
            + ")",
        },
        "reports": {"frame_seq": f"frame_seq + {further}", "origin_v_m": f"origin_v_m + {up_m}"},
        "detections": {
            "frame_seq": f"frame_seq + {further}",
            "v_m": f"v_m + {up_m}",
            "cell": f"cell + {copy * CELL_STEP}",
        },
    }
    statements = []
    for table, changed in changes.items():
        names = [row[1] for row in log.execute(f"PRAGMA table_info({table})")]
        seq = "seq" if table in {"frames", "placements"} else "frame_seq"
        statements.append(
            f"INSERT INTO {table} ({', '.join(map(quoted, names))}) SELECT "
            f"{', '.join(changed.get(name, quoted(name)) for name in names)} FROM {table} WHERE {seq} <= {frames};"
        )
    return "\n".join(statements)


def quoted(name: str) -> str:
    return f'"{name}"'


Question = Callable[[Random], str]


class Asked:
    """What a server is asked, and how long it says that it took."""

    def __init__(self, port: int, log: Path) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._log = log.open()
        self._random = Random(0)

    def get(self, path: str) -> Any:
        self._connection.request("GET", path)
        with self._connection.getresponse() as response:
            content = response.read()
        assert response.status == 200, content
        return json.loads(content)

    def times_ms(self, question: Question, count: int) -> list[float]:
        """Of so many questions, by the server's log."""
        self._log.read()
        for _ in range(count):
            self.get(question(self._random))
        found: list[float] = []
        while len(found) < count:  # the line follows the answer
            line = self._log.readline()
            if '"request"' in line:
                found.append(json.loads(line)["ms"])
        return found


def questions(asked: Asked, frames: int, high_m: float) -> dict[str, Question]:
    """By name. `frames`: of the whole log; `high_m`: of each wall. All rows are asked for, down to the floor."""
    surfaces = [item["surface_id"] for item in asked.get("/v1/surfaces?limit=1000")["items"]]

    def box(size_m: float) -> Question:
        def of_wall(random: Random) -> str:
            low_u_m, low_v_m = random.uniform(0, 99 - size_m), random.uniform(0, max(0.0, high_m - size_m))
            corners = (low_u_m, low_v_m, low_u_m + size_m, low_v_m + size_m)
            return "/v1/detections?" + urlencode(
                {
                    "surface_id": random.choice(surfaces),
                    "bbox": ",".join(f"{c:.3f}" for c in corners),
                    "threshold": FLOOR,
                    "limit": 1000,
                }
            )

        return of_wall

    def page(path: str, share: float, **more: Any) -> Question:
        keys = [int(frames * share) - 20] if path == "frames" else [int(frames * share) - 20, 0]
        query = urlencode({"limit": 100, **({"cursor": encoded(keys)} if share else {}), **more})
        return lambda _random: f"/v1/{path}?{query}"

    return {
        "detections in a box of 2 m": box(2),
        "detections in a box of 10 m": box(10),
        "detections, the first page of 100": page("detections", 0, threshold=FLOOR),
        "detections, a page in the middle": page("detections", 0.5, threshold=FLOOR),
        "detections, the last page": page("detections", 1, threshold=FLOOR),
        "frames, the first page of 100": page("frames", 0),
        "frames, the last page": page("frames", 1),
        "scans": lambda _random: "/v1/scans?limit=100",
        "surfaces": lambda _random: "/v1/surfaces?limit=100",
        "coverage of a surface": lambda random: f"/v1/surfaces/{random.choice(surfaces)}/coverage",
    }


def check(asked: Asked, settings: Settings) -> None:
    """A box and a walk through some pages, by the rows themselves."""
    assert settings.sqlite_file is not None
    with closing(sqlite3.connect(settings.sqlite_file)) as log:
        surface = asked.get("/v1/surfaces?limit=1")["items"][0]["surface_id"]
        low, high = (10.0, 1.0), (14.0, 3.0)
        counted = log.execute(
            "SELECT count(*) FROM detections JOIN pairs ON pairs.seq = pair_seq JOIN scans USING (scan_id) "
            "WHERE surface_id = ? AND score >= ? AND u_m BETWEEN ? AND ? AND v_m BETWEEN ? AND ?",
            (surface.replace("-", ""), byte_at_least(FLOOR), low[0], high[0], low[1], high[1]),
        ).fetchone()[0]
        query = urlencode(
            {"surface_id": surface, "bbox": f"{low[0]},{low[1]},{high[0]},{high[1]}", "threshold": FLOOR, "limit": 1000}
        )
        assert len(asked.get(f"/v1/detections?{query}")["items"]) == counted, "the box holds others"
        expected = log.execute(
            "SELECT frame_id, tile FROM detections JOIN frames ON frames.seq = frame_seq WHERE score >= ? "
            "ORDER BY frame_seq, tile LIMIT 300",
            (byte_at_least(FLOOR),),
        ).fetchall()
    found: list[tuple[str, int]] = []
    cursor: dict[str, str] = {}
    for _ in range(3):
        page = asked.get("/v1/detections?" + urlencode({"limit": 100, "threshold": FLOOR, **cursor}))
        found += [(item["frame_id"].replace("-", ""), item["tile"]) for item in page["items"]]
        cursor = {"cursor": page["next"]} if page["next"] else {}
        if not cursor:
            break
    assert found == expected[: len(found)], "the pages hold others"


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rows", type=int, default=1_000_000, help="detections, about")
    parser.add_argument("--count", type=int, default=300, help="questions of each kind")
    options = parser.parse_args()
    frames, copies = (8, 3) if options.quick else (FRAMES, math.ceil(options.rows / (SCANS * FRAMES * ROWS)))
    count = 3 if options.quick else options.count
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        settings = Settings(database=f"sqlite:///{folder}/log.sqlite")
        detections = build(settings, frames, copies)
        log = Path(folder) / "log.jsonl"
        with serving(settings, log=log) as (_, port):
            asked = Asked(port, log)
            check(asked, settings)
            print(f"{detections} detections of {SCANS} scans, {count} questions of each kind (coverage: 3)")
            print("| asked for | inside, median ms | p99 ms |\n|---|---|---|")
            every = SCANS * frames * copies
            for name, question in questions(asked, every, copies * HIGH_M).items():
                times = asked.times_ms(question, min(count, 3) if name.startswith("coverage") else count)
                print(row(name, times), flush=True)


def row(name: str, times_ms: Sequence[float]) -> str:
    return f"| {name} | {statistics.median(times_ms):.1f} | {np.percentile(times_ms, 99):.1f} |"


if __name__ == "__main__":
    main()
