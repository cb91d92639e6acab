"""The demo's child processes: the same `crackmap` that a person would start. None outlives the demo."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import httpx2

from crackmap.errors import CrackmapError, ServerUnavailable, SettingError
from crackmap_robot.demo.held_signals import HeldSignals

USUAL_PORT = 8321
HOST = "127.0.0.1"
START_S = 30.0
STOP_S = 10.0
LAST_LINES = 15


class ChildError(CrackmapError):
    """A process that the demo started ended with an error; the message shows its last words."""


@contextmanager
def child(arguments: list[str], folder: Path, log: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """`crackmap ARGUMENTS` as a process; it has ended when the block is left, however that happens.

    Its output goes to `log`, or where ours goes.
    """
    with HeldSignals() as held:
        output = None if log is None else log.open("wb")
        try:
            # A session of its own: Ctrl-C in the terminal reaches us, and we stop the children in order.
            process = subprocess.Popen(  # noqa: S603 - our own command, with arguments of our own making
                [sys.executable, "-m", "crackmap", *arguments],
                cwd=folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=None if output is None else subprocess.STDOUT,
                start_new_session=True,
            )
        finally:
            if output is not None:
                output.close()
        try:
            held.release()
            yield process
        finally:
            _stop(process)


def run(arguments: list[str], folder: Path) -> None:
    """Run `crackmap ARGUMENTS` to its end; its output is shown. Raises ChildError."""
    with child(arguments, folder) as process:
        code = process.wait()
    if code != 0:
        raise ChildError(f"`crackmap {arguments[0]}` ended with exit code {code}; its words are above.")


def free_port() -> int:
    """The usual port, or a free one where that is busy."""
    for wanted in (USUAL_PORT, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, wanted))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise ServerUnavailable(f"no port of {HOST} is free; end a program that listens there.")


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A server with its database and evidence in `folder`; gives its address once it answers. Raises ChildError."""
    if find_spec("crackmap_server") is None:
        raise SettingError("the demo needs the server beside the robot: install crackmap-server here, too.")
    port, log = free_port(), folder / "server.log"
    arguments = ["server", "run", "--host", HOST, "--port", str(port)]
    arguments += ["--database", f"sqlite:///{folder / 'crackmap.sqlite'}", "--evidence", str(folder / "evidence")]
    with child(arguments, folder, log) as process:
        address = f"http://{HOST}:{port}"
        _wait_until_it_answers(address, process, log)
        yield address, process


def stay(process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the server's end, which is Ctrl-C's. Raises ChildError where it ends by itself."""
    try:
        code = process.wait()
    except KeyboardInterrupt:
        return
    raise ChildError(f"the server ended by itself with exit code {code}:\n{last_words(log)}")


def last_words(log: Path) -> str:
    """The end of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:])


def _wait_until_it_answers(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    with httpx2.Client(trust_env=False, timeout=2.0) as client:
        while time.monotonic() < deadline:
            try:
                code = process.wait(0.1)
            except subprocess.TimeoutExpired:
                code = None
            if code is not None:
                raise ChildError(f"the server ended with exit code {code} at its start:\n{last_words(log)}")
            try:
                if client.get(f"{address}/healthz").status_code == 200:
                    return
            except httpx2.TransportError:
                continue  # it does not listen yet
    raise ChildError(f"the server did not answer at {address} within {START_S:g} s:\n{last_words(log)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ask, then insist. A second Ctrl-C does not leave it behind."""
    with HeldSignals():
        for number in (signal.SIGTERM, signal.SIGKILL):
            if process.poll() is not None:
                return
            process.send_signal(number)
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                continue
        process.wait()


def _environment() -> dict[str, str]:
    """Ours without settings that would send the children elsewhere."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("CRACKMAP_SERVER", "CRACKMAP_OUTBOX"))
    }
    return kept | {"NO_PROXY": HOST, "no_proxy": HOST}
