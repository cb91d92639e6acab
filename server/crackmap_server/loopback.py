"""Who may talk to a server without access keys: programs on this machine, and browsers that show its own page.

Listening on loopback alone does not keep out the web pages that the user's browser shows: such a page can send a
delivery to 127.0.0.1 without asking, or read from it under a name of its own that suddenly points here.
"""

import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from crackmap_server.errors import CrossSite
from crackmap_server.problems import refusal


def is_loopback(host: str) -> bool:
    """Whether that is this machine by a name that nobody else can give it."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class OnlyThisMachine:
    """Refuses requests under another name than loopback, and those that a page of another origin made."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        message = _foreign(Headers(scope=scope)) if scope["type"] == "http" else None
        if message is None:
            await self._app(scope, receive, send)
        else:
            await refusal(CrossSite(message))(scope, receive, send)


def _foreign(headers: Headers) -> str | None:
    host, origin = headers.get("host", ""), headers.get("origin")
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        name = ""
    if not is_loopback(name):
        return f"this server is called 127.0.0.1, ::1 or localhost, not {host!r}, until there are access keys"
    if origin is not None and origin not in {f"http://{host}", f"https://{host}"}:
        return f"pages of {origin!r} may not talk to this server"
    return None
