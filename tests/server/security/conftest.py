"""A server process that has little patience, and clients that speak to it byte by byte."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

PATIENCE_S = 1.0


class Line:
    """A TCP connection to the server."""

    def __init__(self, address: str, takes_bytes: int | None) -> None:
        parts = urlsplit(address)
        self.host = f"{parts.hostname}:{parts.port}"
        self.socket = socket.socket()
        self.socket.settimeout(20)
        if takes_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, takes_bytes)
        self.socket.connect((parts.hostname, parts.port))

    def say(self, *lines: str, body: bytes = b"") -> None:
        """A head with the server's name in it, and the beginning of a body."""
        self.socket.sendall("\r\n".join([lines[0], f"Host: {self.host}", *lines[1:], "", ""]).encode() + body)

    def answer(self) -> bytes:
        """All until the server ends the connection; fails when it does not."""
        parts = []
        while part := self.socket.recv(65536):
            parts.append(part)
        return b"".join(parts)

    def status(self) -> int:
        """Of the first answer, while the connection goes on."""
        said = b""
        while b"\r\n" not in said:
            part = self.socket.recv(1)
            assert part, "the connection ended without an answer"
            said += part
        return int(said.split(b" ")[1])


@pytest.fixture
def impatient(start: Any) -> Any:
    """A server process that waits a second."""
    return start(CRACKMAP_SERVER_PATIENCE_S=str(PATIENCE_S))


@pytest.fixture
def line() -> Iterator[Callable[..., Line]]:
    """Opens connections to a server process, and closes them with the test."""
    with ExitStack() as opened:

        def call(process: Any, takes_bytes: int | None = None) -> Line:
            made = Line(str(process.client.base_url), takes_bytes)
            opened.enter_context(made.socket)
            return made

        yield call


def peak_mb(process: Any) -> float:
    """The most memory that the process has had, in MB (VmHWM)."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
