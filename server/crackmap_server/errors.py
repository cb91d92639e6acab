"""What the server refuses, as a tree, and the one table that turns it into HTTP statuses.

CrackmapError
├── ServerError                 answered to a client; STATUS has one status for each
│   ├── CrossSite               a request that another web site made a browser send
│   ├── NotFound                nothing is stored under that name
│   ├── BadRequest              a body or a parameter that cannot be used
│   ├── TooLarge                a body over its limit
│   ├── NotAPicture             evidence that is no picture, or not the one it was announced as
│   ├── Contradiction           it says otherwise than what is stored for good, or comes too early
│   ├── Busy                    the writer's queue is full, or the server is stopping: send again later
│   ├── DiskFull                the disk took no more; nothing of the request was stored
│   └── DatabaseFailed          the database failed otherwise; nothing of the request was stored
├── SettingError
│   ├── AddressRefused          an address that others can reach, while access keys do not exist
│   ├── PortBusy                another process listens there
│   └── DatabaseUnusable        a database address that no engine understands
└── StorageError
    └── DatabaseInUse           another server has this SQLite file
"""

from crackmap.errors import CrackmapError, SettingError, StorageError


class ServerError(CrackmapError):
    """Refused; the message is for the client."""


class CrossSite(ServerError):  # noqa: N818 - these read as what they are
    """A web page of another site, or one under another name for this server, made a browser send this."""


class NotFound(ServerError):  # noqa: N818
    """Nothing is stored under that name."""


class BadRequest(ServerError):  # noqa: N818
    """A body or a parameter cannot be used."""


class TooLarge(ServerError):  # noqa: N818
    """A body is over its limit."""


class NotAPicture(ServerError):  # noqa: N818
    """Evidence is no picture, or not the one that it was announced as."""


class Contradiction(ServerError):  # noqa: N818
    """It says otherwise than what is stored for good, or comes before what it needs is there."""


class Busy(ServerError):  # noqa: N818
    """No more can be taken at the moment; nothing of the request was stored."""


class DiskFull(ServerError):  # noqa: N818
    """The disk took no more; nothing of the request was stored."""


class DatabaseFailed(ServerError):  # noqa: N818
    """The database failed; nothing of the request was stored."""


STATUS: dict[type[ServerError], int] = {
    CrossSite: 403,
    NotFound: 404,
    Contradiction: 409,
    TooLarge: 413,
    BadRequest: 422,
    NotAPicture: 422,
    Busy: 503,
    DatabaseFailed: 503,
    DiskFull: 507,
}

RETRY_AFTER_S = {Busy: 2, DatabaseFailed: 10, DiskFull: 60}


class AddressRefused(SettingError):  # noqa: N818
    """The server would be reachable by others, and nothing would keep them out."""


class PortBusy(SettingError):  # noqa: N818
    """Another process listens on that port."""


class DatabaseUnusable(SettingError):  # noqa: N818
    """A database address that no engine understands, or a database of another version."""


class DatabaseInUse(StorageError):  # noqa: N818
    """Another server has this SQLite file; there is one writer for each."""
