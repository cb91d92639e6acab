"""What systemd is told: that the daemon is ready, alive, stopping (sd_notify(3), Type=notify)."""

import os
import socket
from contextlib import suppress


class Notifier:
    """Sends to the socket that systemd names in NOTIFY_SOCKET; without one it says nothing."""

    def __init__(self) -> None:
        address = os.environ.get("NOTIFY_SOCKET", "")
        # An abstract socket's name begins with a zero byte, which the environment writes as @.
        self._address = "\0" + address[1:] if address.startswith("@") else address

    def ready(self) -> None:
        """The first frame can be scanned."""
        self._send("READY=1")

    def alive(self, status: str) -> None:
        """Resets the watchdog; `status` is what `systemctl status` shows."""
        self._send(f"WATCHDOG=1\nSTATUS={' '.join(status.split())}")

    def stopping(self) -> None:
        """The frame in hand is finished, then it ends."""
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        # Its reader may be gone or slow; the daemon goes on.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as out:
            out.sendto(text.encode(), self._address)
