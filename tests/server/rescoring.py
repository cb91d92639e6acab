"""What the tests of scoring again share: a registered model that nobody loads, and a worker that makes scores up."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from crackmap.messages import TileGeometry
from crackmap.tile_grid import TileGrid

MANIFEST = json.loads((Path(__file__).parents[1] / "robot" / "models" / "darkness-int8.json").read_text())


def registered(server: Any, number: int = 0, **changes: Any) -> str:
    """SHA-256 of a registered model; its tiles are the wall's."""
    content = b"\x1c\0\0\0TFL3" + number.to_bytes(4, "big") * 50
    sha256 = hashlib.sha256(content).hexdigest()
    manifest = MANIFEST | {"sha256": sha256, "size_bytes": len(content), "threshold": 0.5, **changes}
    assert server.client.put(f"/v1/models/{sha256}/file", content=content).status_code == 204
    assert server.client.put(f"/v1/models/{sha256}", content=json.dumps(manifest)).status_code == 201
    return sha256


def scanned(server: Any, wall: Any, numbers: range = range(1, 6), kept: range | None = None) -> None:
    """Placed frames, of which the kept ones have their picture on the server."""
    kept = numbers if kept is None else kept
    reports = [wall.report(number, keep="frame" if number in kept else "nothing") for number in numbers]
    server.deliver(wall.batch(*reports))
    for number in kept:
        assert server.put(wall.picture(number)).status_code == 201


def order(server: Any, wall: Any, sha256: str, **more: Any) -> Any:
    body = {"inspection_id": str(wall.scan.inspection_id), "model_sha256": sha256, "by": "the inspector", **more}
    return server.client.post("/v1/rescores", json=body)


def claim(server: Any, most: int = 100, worker: str = "one") -> Any:
    answer = server.client.post("/v1/rescores/claim", json={"worker": worker, "most": most})
    assert answer.status_code == 200, answer.text
    return answer.json()


def made_up(frame: Any, seed: int = 0) -> tuple[TileGrid, bytes]:
    """Scores that depend on the picture alone, every byte from 1 to 255 as likely."""
    image = frame["image"]
    grid = TileGrid(image["width_px"], image["height_px"], frame["tile_px"], frame["stride_px"])
    random = np.random.default_rng([seed, int(image["sha256"][:8], 16)])
    return grid, random.integers(1, 256, grid.columns * grid.rows, np.uint8).tobytes()


def scores_of(frame: Any, tiles: TileGeometry | None = None, seed: int = 0) -> dict[str, Any]:
    """What a worker posts."""
    grid, scores = made_up(frame, seed)
    return {
        "frame_id": frame["frame_id"],
        "score_map": {
            "columns": grid.columns,
            "rows": grid.rows,
            "scores": base64.b64encode(scores).decode(),
            "visible_widths": base64.b64encode(bytes([40]) * len(scores)).decode(),
        },
        "flags": ["out_of_range"],
        "tiles": None if tiles is None else tiles.model_dump(mode="json"),
    }


def deliver(server: Any, rescore: int, body: dict[str, Any]) -> Any:
    return server.client.post(f"/v1/rescores/{rescore}/scores", json=body)


def work(server: Any, seed: int = 0) -> int:
    """Score all that is open; how many frames."""
    done = 0
    while (taken := claim(server, 2))["frames"]:
        for frame in taken["frames"]:
            assert deliver(server, taken["rescore"], scores_of(frame, seed=seed)).json() == {"stored": True}
            done += 1
    return done
