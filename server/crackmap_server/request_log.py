"""Every request gets an id, which its answer, its line in the log and whatever it logged on the way carry."""

import logging
from collections.abc import Callable
from contextvars import ContextVar
from time import perf_counter
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADER = "X-Request-ID"
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Whatever watches over the server asks for these every few seconds."""
_log = logging.getLogger(__name__)
_request_id: ContextVar[str | None] = ContextVar("request_id", default=None)

Observed = Callable[[str, str, int, float], None]
"""Method, the route's template ('other' without one), status, and seconds to the answer's end."""


class RequestLog:
    """Outermost of the app's layers."""

    def __init__(self, app: ASGIApp, observed: Observed) -> None:
        self._app, self._observed = app, observed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        named = uuid4().hex  # never what a client sends: the audit log names requests by it
        status, sent_bytes, began_s = 500, 0, perf_counter()

        async def counted(message: Message) -> None:
            nonlocal status, sent_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = named
            sent_bytes += len(message.get("body", b""))
            await send(message)

        token = _request_id.set(named)
        try:
            await self._app(scope, receive, counted)
        finally:
            took_s = perf_counter() - began_s
            self._observed(scope["method"], _template(scope), status, took_s)
            if scope["path"] not in QUIET:
                facts = {
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "ms": round(1000 * took_s, 1),
                    "sent_bytes": sent_bytes,
                }
                _log.info("request", extra=facts)
            _request_id.reset(token)


def request_id() -> str:
    """Of the request that is being answered; a new one where there is none."""
    return _request_id.get() or uuid4().hex


class WithRequestId(logging.Filter):
    """Adds the id to what is logged while a request is answered."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets everything through."""
        current = _request_id.get()
        if current is not None:
            record.request_id = current
        return True


def _template(scope: Scope) -> str:
    """As `/v1/frames/{frame_id}`: a path would make a series of its own of every frame."""
    return getattr(scope.get("route"), "path", None) or "other"
