"""Servers that run: as an app in this process, and as a process of their own; and what is in their tables."""

import os
import subprocess
import tempfile
from typing import Any

from fastapi.testclient import TestClient
from httpx2 import Client
from sqlalchemy import create_engine, select

from crackmap.messages import BatchAnswer, ReportBatch
from crackmap_server.settings import Settings
from crackmap_server.tables import metadata

from .walls import sha256


class Server:
    """A running app, and how tests talk to it."""

    def __init__(self, client: TestClient, settings: Settings) -> None:
        self.client = client
        self.settings = settings

    def deliver(self, *batches: ReportBatch) -> list[str]:
        """Statuses of all reports."""
        return [answer.status.value for batch in batches for answer in self.answers(batch)]

    def answers(self, batch: ReportBatch | bytes) -> Any:
        content = batch if isinstance(batch, bytes) else batch.model_dump_json()
        response = self.client.post("/v1/reports", content=content)
        assert response.status_code == 200, response.text
        return BatchAnswer.model_validate_json(response.content).answers

    def put(self, content: bytes, name: str | None = None) -> Any:
        return self.client.put(f"/v1/evidence/{name or sha256(content)}", content=content)

    def get(self, path: str, **query: Any) -> Any:
        response = self.client.get(path, params=query)
        assert response.status_code == 200, response.text
        return response.json()

    def write(self, path: str, content: Any, version: int | None = None, author: str | None = None) -> Any:
        """PUT something new, or a change of that version."""
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        return self.client.put(path, json=content, headers=headers, params={"author": author} if author else {})

    def rows(self, without_times: bool = False) -> dict[str, list[Any]]:
        """Every row of every table."""
        return all_rows(self.settings, without_times)

    def every(self, path: str, limit: int = 1000, **query: Any) -> list[Any]:
        """All items of a list, page by page."""
        items, cursor = [], None
        while True:
            page = self.get(path, limit=limit, **query | ({"cursor": cursor} if cursor else {}))
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items
            assert len(page["items"]) == limit


class Process:
    """`crackmap server run` as a process of its own."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        # Not a pipe: one that nobody reads is full after some hundred requests, and then the server waits for ever.
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - `close` closes it
        self._process = subprocess.Popen(
            command, env=os.environ | environment, stdout=subprocess.PIPE, stderr=self._log, text=True
        )
        self.lines: list[str] = []
        self.client = Client(timeout=30)

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_listening(self) -> str:
        """The address that it prints; fails with what it says when it ends instead."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if "http://" not in line:
            _, _, said = self.wait()
            raise AssertionError(f"it did not start: {line}{said}")
        address = next(word for word in line.split() if word.startswith("http://"))
        self.client = Client(base_url=address, timeout=30)
        return address

    def send(self, number: int) -> None:
        self._process.send_signal(number)

    def wait(self) -> tuple[int, str, str]:
        """Exit code, what it printed, what it logged."""
        printed, _ = self._process.communicate(timeout=60)
        self._log.seek(0)
        return self._process.returncode, printed, self._log.read()

    def close(self) -> None:
        self.client.close()
        if self._process.poll() is None:
            self._process.kill()
        self._process.communicate()
        self._log.close()


def all_rows(settings: Settings, without_times: bool = False) -> dict[str, list[Any]]:
    """Every row of every table but which log it is. `without_times` leaves out when the server did something."""
    skipped = {"decided_utc", "received_utc", "written_utc", "made_utc"} if without_times else set()
    engine = create_engine(settings.database_url)
    try:
        with engine.connect() as connection:
            return {
                table.name: [
                    tuple(row)
                    for row in connection.execute(
                        select(*(column for column in table.c if column.name not in skipped)).order_by(
                            *table.primary_key.columns
                        )
                    )
                ]
                for table in metadata.sorted_tables
                if table.name != "logs"
            }
    finally:
        engine.dispose()
