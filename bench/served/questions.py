"""What readers ask of a log: questions by name, and how long the server says that each took."""

import http.client
import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import Connection

from crackmap_server.hits import Wanted, hits_from_rows
from crackmap_server.paging import encoded
from crackmap_server.pairs import read_pairs
from served.robots import BEGAN_UTC, PERIOD_S

FLOOR = 0.05
"""The server's own: of every detection that has a row, some 20 in a photograph."""
Question = Callable[[Random], str]


class Asked:
    """What a server is asked, and how long it says that it took."""

    def __init__(self, port: int, log: Path) -> None:
        self._port = port
        self._log = log.open()
        self._random = Random(0)

    def get(self, path: str) -> bytes:
        """The answer's body, which is read to its end."""
        with closing(http.client.HTTPConnection("127.0.0.1", self._port)) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            content = response.read()
        assert response.status == 200, content
        return content

    def items(self, path: str) -> Any:
        return json.loads(self.get(path))["items"]

    def times_ms(self, question: Question, count: int) -> tuple[list[float], bytes]:
        """Of so many questions, by the server's log; and the last answer."""
        self._log.read()
        for _ in range(count):
            content = self.get(question(self._random))
        found: list[float] = []
        while len(found) < count:  # the line follows the answer
            line = self._log.readline()
            if '"request"' in line:
                found.append(json.loads(line)["ms"])
        return found, content


@dataclass(frozen=True)
class Wall:
    """One surface of the log."""

    surface_id: str
    wide_m: float
    high_m: float

    def box(self, size_m: float, random: Random) -> tuple[float, float, float, float]:
        """Somewhere on it: u and v, lowest and highest."""
        u, v = (round(random.uniform(0, max(0.0, length - size_m)), 3) for length in (self.wide_m, self.high_m))
        return u, v, u + size_m, v + size_m


def in_box(walls: Sequence[Wall], size_m: float, path: str | None = None, **more: Any) -> Question:
    """Somewhere on any of the walls. `path`: of one wall's items, instead of detections."""

    def of_wall(random: Random) -> str:
        wall = random.choice(walls)
        corners = ",".join(f"{each:.3f}" for each in wall.box(size_m, random))
        whose = {"surface_id": wall.surface_id} if path is None else {}
        return f"{path or '/v1/detections'}?" + urlencode({"bbox": corners, "limit": 1000, **whose, **more})

    return of_wall


def page(path: str, **query: Any) -> Question:
    """The same page each time."""
    words = urlencode({name: value for name, value in {"limit": 100, **query}.items() if value is not None})
    return lambda _random: f"{path}?{words}"


def cursor_of(connection: Connection, number: int, surface_id: str | None = None, limit: int = 100) -> str | None:
    """Of page `number`, from 1; None where the log has fewer pages: it is not worth asking then."""
    pairs = read_pairs(connection, None if surface_id is None else UUID(surface_id))
    wanted, after = Wanted(pairs, FLOOR), None
    for count, hit in enumerate(hits_from_rows(connection, wanted, (number - 1) * limit), 1):
        after = hit if count == (number - 1) * limit else None
    return None if after is None else encoded([after.frame_seq, after.tile])


def times(frames: int) -> dict[str, str]:
    """The hour in the middle of so many photographs of a robot."""
    middle = BEGAN_UTC.timestamp() + frames * PERIOD_S / 2
    return {name: _stamp(middle + shift) for name, shift in (("from", -1800), ("to", 1800))}


def _stamp(seconds: float) -> str:
    return BEGAN_UTC.fromtimestamp(seconds, BEGAN_UTC.tzinfo).isoformat().replace("+00:00", "Z")
