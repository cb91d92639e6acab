"""ETags: a client that has an answer already is told so (304) instead of being sent it again.

The tag is a hash of the answer that was just made, so it cannot be older than what is stored: a change that shows
changes the tag, whoever made it, and on whichever server. What it saves is the transfer, not the reading.
Answers that are streamed are not held back for it.
"""

from hashlib import blake2b

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_KEPT = (b"etag", b"cache-control", b"vary", b"content-location", b"content-crs", b"date")
"""What a 304 repeats (RFC 9110, 15.4.5)."""


class Validators:
    """Gives answers to GET and HEAD an ETag, and answers If-None-Match."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"}:
            await self._app(scope, receive, _Validated(send, Headers(scope=scope).get("if-none-match")))
        else:
            await self._app(scope, receive, send)


class _Validated:
    """Holds the head of one answer until its body says what its tag is."""

    def __init__(self, send: Send, wanted_not: str | None) -> None:
        self._send = send
        self._wanted_not = wanted_not
        self._head: Message | None = None
        self._unchanged = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._head = message
        elif self._head is not None:
            await self._begin(self._head, message)
        elif not self._unchanged:
            await self._send(message)

    async def _begin(self, head: Message, message: Message) -> None:
        """The first part of the body is here; it is all of it, or a stream begins."""
        self._head = None
        if head["status"] == 200:
            headers = MutableHeaders(scope=head)
            whole = message["type"] == "http.response.body" and not message.get("more_body")
            if whole and message.get("body") and "etag" not in headers:
                headers["etag"] = f'W/"{blake2b(message["body"], digest_size=16).hexdigest()}"'
            # Without it a browser may show for hours what it has; it must ask each time, and mostly hears 304.
            headers.setdefault("cache-control", "private, no-cache")
            if _matches(self._wanted_not, headers.get("etag")):
                self._unchanged = True
                kept = [(name, value) for name, value in head["headers"] if name in _KEPT]
                await self._send({"type": "http.response.start", "status": 304, "headers": kept})
                await self._send({"type": "http.response.body", "body": b""})
                return
        await self._send(head)
        await self._send(message)


def _matches(wanted_not: str | None, tag: str | None) -> bool:
    """Weak comparison, as If-None-Match wants it. `*` is what any answer matches."""
    if wanted_not is None:
        return False
    if wanted_not.strip() == "*":
        return True
    return tag is not None and tag.removeprefix("W/") in {
        part.strip().removeprefix("W/") for part in wanted_not.split(",")
    }
