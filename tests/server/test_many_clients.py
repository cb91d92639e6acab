"""Several robots at once, some sending the same."""

import gzip
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from httpx2 import Client

ROBOTS, BATCHES = 6, 4


def test_many_clients_at_once_lose_nothing_and_store_nothing_twice(start: Any, wall: Any) -> None:
    process = start()
    walls = [wall.but(name=f"wall {n}") for n in range(ROBOTS // 2)]  # two robots deliver each wall

    def deliver(robot: int) -> list[str]:
        own, statuses = walls[robot // 2], []
        with Client(base_url=process.client.base_url, timeout=60) as client:
            for batch in range(BATCHES):
                reports = (own.report(n) for n in range(batch * 5, batch * 5 + 5))
                content = gzip.compress(own.batch(*reports).model_dump_json().encode())
                response = client.post("/v1/reports", content=content, headers={"content-encoding": "gzip"})
                assert response.status_code == 200, response.text
                statuses += [answer["status"] for answer in response.json()["answers"]]
                assert client.get("/v1/detections", params={"threshold": 0.01}).status_code == 200
        return statuses

    with ThreadPoolExecutor(ROBOTS) as robots:
        statuses = [status for answers in robots.map(deliver, range(ROBOTS)) for status in answers]
    assert statuses.count("stored") == statuses.count("already_there") == ROBOTS // 2 * BATCHES * 5
    frames = process.client.get("/v1/frames", params={"limit": 1000}).json()["items"]
    assert len({frame["frame_id"] for frame in frames}) == len(frames) == ROBOTS // 2 * BATCHES * 5
    scans = process.client.get("/v1/scans").json()["items"]
    assert [scan["frames"] for scan in scans] == [BATCHES * 5] * len(walls)
