"""Which names a server answers to. Without access keys: those of loopback, for programs and pages of this machine only.

Listening on loopback alone does not keep out the web pages that the user's browser shows: such a page can send a
delivery to 127.0.0.1 without asking, or read from it under a name of its own that suddenly points here.
"""

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers


def is_loopback(host: str) -> bool:
    """Whether that is this machine by a name that nobody else can give it."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def foreign(headers: Headers, names: Collection[str] | None) -> str | None:
    """Why the request is for another name than this server's, or from a page of another origin; None: it is neither.

    `names`: that it is called beside its addresses, in small letters; None: there are no access keys, so only loopback.
    """
    host, origin = headers.get("host", ""), headers.get("origin")
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        name = ""
    if names is None and not is_loopback(name):
        return f"this server is called 127.0.0.1, ::1 or localhost, not {host!r}, until there are access keys"
    # Nobody can make a number point elsewhere.
    if names is not None and not (name in names or name == "localhost" or _is_number(name)):
        return f"this server is not called {name!r}; whoever runs it can add that to CRACKMAP_SERVER_NAMES"
    if origin is not None and origin not in {f"http://{host}", f"https://{host}"}:
        return f"pages of {origin!r} may not talk to this server"
    return None


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
