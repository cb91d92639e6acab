"""gzip for what is text. Pictures are compressed already, and answers to writing are short.

Compressing what holds a secret beside what a stranger chose would give the secret away (BREACH). Answers to GET hold
no secrets, and pages of other origins may not send requests here at all; answers to POST are never compressed.
"""

from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

LEAST_BYTES = 1000
LEVEL = 5  # a page of detections: half the time of level 9 for some per cent more bytes


class Compressed:
    """Answers to GET, for clients that take gzip."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._packed = GZipMiddleware(
            app,
            minimum_size=LEAST_BYTES,
            compresslevel=LEVEL,
            exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, "image/tiff"),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        packed = scope["type"] == "http" and scope["method"] == "GET"
        await (self._packed if packed else self._app)(scope, receive, send)
