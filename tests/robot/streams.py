"""A camera on the network: an HTTP server that streams JPEGs (multipart/x-mixed-replace) and misbehaves on demand."""

import itertools
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Self

import cv2
import numpy as np

FRAME_EVERY_S = 0.04


class Stream:
    """Streams what `frames` yields to each that connects: JPEG bytes, or None to hang until `release` is set."""

    def __init__(self, frames: Callable[[int], Iterator[bytes | None]]) -> None:
        self.connections, self.release, self.ended = 0, Event(), Event()
        stream = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                stream.connections += 1
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                for content in frames(stream.connections):
                    if stream.ended.is_set():
                        return
                    if content is None:
                        stream.release.wait()
                        return
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(content)}\r\n\r\n"
                    try:
                        self.wfile.write(head.encode() + content + b"\r\n")
                    except OSError:
                        return
                    time.sleep(FRAME_EVERY_S)  # a camera's own rate

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}/video.mjpg"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def end(self) -> None:
        """The camera is switched off: connections end, and new ones get nothing."""
        self.ended.set()
        self.release.set()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
        self._server.shutdown()
        self._server.server_close()


def jpeg(pixels: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".jpg", pixels, (cv2.IMWRITE_JPEG_QUALITY, 95))[1])


def drive(wall: np.ndarray, width_px: int, height_px: int, step_px: int) -> Iterator[bytes]:
    """A camera that moves right over a wall, frame by frame, and then stands still; with a sensor's noise."""
    rng = np.random.default_rng(1)
    for number in itertools.count():
        left = min(number * step_px, wall.shape[1] - width_px)
        view = wall[:height_px, left : left + width_px].astype(np.float32)
        yield jpeg(np.clip(view + rng.normal(0, 2, view.shape), 0, 255).astype(np.uint8))
