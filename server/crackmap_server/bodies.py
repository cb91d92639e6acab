"""Bounds of what is sent: how many bytes, and how slowly. Stands inside the guard: strangers are refused before it."""

import asyncio
from time import monotonic
from typing import Final

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crackmap_server import problems
from crackmap_server.errors import STATUS, ServerError, TooLarge, TooSlow
from crackmap_server.people.route_roles import patterns
from crackmap_server.settings import Settings

SMALL_BYTES: Final = 2 * 2**20
"""Of a body that no line below names: what a person draws or says."""
RESULTS_BYTES: Final = 16 * 2**20
SLOWEST_BYTES_PER_S: Final = 500
"""The pace to keep once `patience_s` is used up, also in taking answers: less than a bad mobile connection has."""


class Bodies:
    """Middleware. Refuses larger bodies (413, by their announced length or while they arrive) and slower ones (408)."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._patience_s = settings.patience_s
        most_bytes = {
            "POST /v1/reports": settings.reports_bytes,
            "PUT /v1/evidence/{sha256}": settings.picture_bytes,
            "PUT /v1/models/{sha256}/file": settings.model_bytes,
            "POST /v1/label-studio/results": RESULTS_BYTES,
        }
        self._paths = patterns(most_bytes)
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        most = self._limit_bytes(scope["method"], scope["path"])
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > most:
            await problems.refusal(_too_large(most))(scope, receive, send)
            return
        body = _Body(receive, most, self._patience_s)

        async def watched(message: Message) -> None:
            body.answered = True
            await send(message)

        await self._app(scope, body, watched)

    def _limit_bytes(self, method: str, path: str) -> int:
        routes = (f"{method} {pattern}" for pattern, regex in self._paths.items() if regex.match(path))
        return next((self._most_bytes[route] for route in routes if route in self._most_bytes), SMALL_BYTES)


class _Body:
    """One request's body on its way in. Only the time counts that is spent waiting for the client."""

    def __init__(self, receive: Receive, most_bytes: int, patience_s: float) -> None:
        self._receive = receive
        self._most_bytes = most_bytes
        self._patience_s = patience_s
        self._received_bytes = 0
        self._waited_s = 0.0
        self._whole = False
        self.answered = False

    async def __call__(self) -> Message:
        if self._whole:
            return await self._receive()
        left_s = self._patience_s + self._received_bytes / SLOWEST_BYTES_PER_S - self._waited_s
        began_s = monotonic()
        try:
            async with asyncio.timeout(left_s):
                message = await self._receive()
        except TimeoutError:
            self._refuse(TooSlow(f"the body came more slowly than {SLOWEST_BYTES_PER_S} bytes a second"))
            return {"type": "http.disconnect"}
        self._waited_s += monotonic() - began_s
        self._received_bytes += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._received_bytes > self._most_bytes:
            self._refuse(_too_large(self._most_bytes))
            return {"type": "http.disconnect"}
        return message

    def _refuse(self, error: ServerError) -> None:
        """Where an answer is under way already, the client counts as gone."""
        if not self.answered:
            # Who is still sending would not see an answer on a connection that ends; `connections` waits for the rest.
            headers = {"Connection": "close"} if isinstance(error, TooSlow) else None
            # Not a ServerError: FastAPI makes 400 of whatever else ends the reading of a body.
            raise HTTPException(STATUS[type(error)], str(error), headers)


def _too_large(most_bytes: int) -> TooLarge:
    return TooLarge(f"the body has more than {most_bytes} bytes, which is the most that is taken here")
