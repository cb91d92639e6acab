"""Bounds of what is sent: how many bytes, also of all at once, and how slowly.

Stands inside the guard: strangers are refused before it.
"""

import asyncio
from time import monotonic
from typing import Final

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crackmap_server import problems
from crackmap_server.body_budget import BodyBudget, Share
from crackmap_server.errors import RETRY_AFTER_S, STATUS, Busy, ServerError, TooLarge, TooSlow
from crackmap_server.people.route_roles import patterns
from crackmap_server.settings import Settings

SMALL_BYTES: Final = 2 * 2**20
"""Of a body that no line below names: what a person draws or says."""
RESULTS_BYTES: Final = 16 * 2**20
TO_DISK: Final = frozenset({"PUT /v1/evidence/{sha256}", "PUT /v1/models/{sha256}/file"})
"""Routes whose bodies go to the disk part by part: they are never whole in memory."""
SLOWEST_BYTES_PER_S: Final = 500
"""The pace to keep once `patience_s` is used up, also in taking answers: less than a bad mobile connection has."""


class Bodies:
    """Middleware. Refuses larger bodies (413, by their announced length or while they arrive) and slower ones (408).

    What is held in memory has a share of the budget, in `request.state.share`; what does not fit is refused (503).
    """

    def __init__(self, app: ASGIApp, settings: Settings, budget: BodyBudget) -> None:
        self._app = app
        self._budget = budget
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
        route = self._route(scope["method"], scope["path"])
        most = self._most_bytes.get(route, SMALL_BYTES)
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > most:
            await problems.refusal(_too_large(most))(scope, receive, send)
            return
        with self._budget.share() as share:
            if route not in TO_DISK:
                try:
                    share.grow_to(int(announced))
                except Busy as error:
                    await problems.refusal(error)(scope, receive, send)
                    return
            scope.setdefault("state", {})["share"] = share
            body = _Body(receive, most, self._patience_s, None if route in TO_DISK else share)

            async def watched(message: Message) -> None:
                body.answered = True
                await send(message)

            await self._app(scope, body, watched)

    def _route(self, method: str, path: str) -> str:
        """That has a bound of its own, or none of them."""
        routes = (f"{method} {pattern}" for pattern, regex in self._paths.items() if regex.match(path))
        return next((route for route in routes if route in self._most_bytes), "")


class _Body:
    """One request's body on its way in. Only the time counts that is spent waiting for the client."""

    def __init__(self, receive: Receive, most_bytes: int, patience_s: float, share: Share | None) -> None:
        self._receive = receive
        self._share = share
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
        if self._share is not None:
            try:
                self._share.grow_to(self._received_bytes)
            except Busy as error:
                self._refuse(error)
                return {"type": "http.disconnect"}
        return message

    def _refuse(self, error: ServerError) -> None:
        """Where an answer is under way already, the client counts as gone."""
        if not self.answered:
            # Who is still sending would not see an answer on a connection that ends; `connections` waits for the rest.
            headers = {"Connection": "close"} if isinstance(error, TooSlow) else {}
            if type(error) in RETRY_AFTER_S:
                headers["Retry-After"] = str(RETRY_AFTER_S[type(error)])
            # Not a ServerError: FastAPI makes 400 of whatever else ends the reading of a body.
            raise HTTPException(STATUS[type(error)], str(error), headers)


def _too_large(most_bytes: int) -> TooLarge:
    return TooLarge(f"the body has more than {most_bytes} bytes, which is the most that is taken here")
