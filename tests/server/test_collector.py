"""Python's collector of cycles stays away from what a running server has loaded."""

import subprocess
import sys
from typing import Any

CODE = """
import gc, sys
from crackmap_server import app, envelope
from crackmap_server.serving import rarely_collect
if sys.argv[1] == "rarely":
    rarely_collect()
before = gc.get_stats()[2]["collections"]
content = sys.stdin.buffer.read()
kept = [envelope.read(content) for _ in range(40)]
assert len(kept[-1].items) == 100
print(gc.get_freeze_count(), gc.get_stats()[2]["collections"] - before)
"""


def test_a_large_delivery_does_not_make_it_look_at_everything(wall: Any) -> None:
    content = wall.batch(*(wall.report(1) for _ in range(100))).model_dump_json().encode()

    def collections(how: str) -> tuple[int, int]:
        done = subprocess.run([sys.executable, "-c", CODE, how], input=content, capture_output=True, check=True)
        frozen, whole = map(int, done.stdout.split())
        return frozen, whole

    frozen, whole = collections("rarely")
    assert frozen > 50_000
    assert whole == 0
    assert collections("as ever")[1] > 0  # else this shows nothing
