"""Poses that arrive while the camera runs, in UDP datagrams: JSON lines as in a pose file, or what `decode` reads."""

from __future__ import annotations

import socket
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import Self

from crackmap.errors import SettingError
from crackmap.messages import Pose
from crackmap_robot.poses.rows import Row
from crackmap_robot.poses.track import PoseTrack

MOST_BYTES = 65_536
LOOK_EVERY_S = 0.2


class PoseListener(PoseTrack):
    """Listens in a thread until it is left. A context manager."""

    def __init__(
        self,
        host: str,
        port: int,
        decode: Callable[[bytes], tuple[Row, ...]] | None = None,
        carry: Callable[[Pose], Pose] | None = None,
    ) -> None:
        """Raises SettingError when the address cannot be had."""
        super().__init__(f"udp:{host}:{port}", decode, carry)
        try:
            self._socket = _bound(host.strip("[]"), port)
        except OSError as error:
            raise SettingError(
                f"camera.pose_stream {self.name}: cannot be had ({error.strerror}). Give an address of this machine "
                "and a port that no other program has."
            ) from error
        self._socket.settimeout(LOOK_EVERY_S)
        self.port = int(self._socket.getsockname()[1])
        self._stop = Event()
        self._thread = Thread(target=self._run, name="poses", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                content = self._socket.recv(MOST_BYTES)
            except TimeoutError:
                continue
            self.take(content)


def _bound(host: str, port: int) -> socket.socket:
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    made = socket.socket(family, kind)
    try:
        made.bind(address)
    except BaseException:
        made.close()
        raise
    return made
