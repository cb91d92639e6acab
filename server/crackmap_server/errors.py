"""What the server refuses, as a tree, and the one table that turns it into HTTP statuses.

CrackmapError
├── ServerError                 answered to a client; STATUS has one status for each
│   ├── CrossSite               a request that another web site made a browser send
│   ├── NotSignedIn             no key or session, or one that is not valid (any more)
│   ├── NotAllowed              somebody who is known, but may not do this
│   ├── TooManyTries            signing in was tried too often
│   ├── NameTaken               another user has that name
│   ├── WouldLockOut            nobody could manage the server any more
│   ├── NotFound                nothing is stored under that name
│   ├── WrongMethod             an address that takes other methods
│   ├── BadRequest              a body or a parameter that cannot be used
│   ├── Conflict                it says otherwise than what is stored
│   ├── ChangedMeanwhile        somebody else changed it since it was read
│   ├── NotSaidWhich            a change that does not say which version it is of
│   ├── BadParameter            a parameter of the OGC part that its standard says to refuse with 400
│   ├── TooLarge                a body over its limit
│   ├── TooSlow                 a body that does not come, or hardly
│   ├── NotAPicture             evidence that is no picture, or not the one it was announced as
│   ├── Busy                    the writer's queue is full, or the server is stopping: send again later
│   ├── DiskFull                the disk took no more; nothing of the request was stored
│   ├── StorageFailed           the object store failed; nothing of the request was stored
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


class CrossSite(ServerError):
    """A web page of another site, or one under another name for this server, made a browser send this."""


class NotSignedIn(ServerError):
    """No key or session came with the request, or one that is not valid."""


class NotAllowed(ServerError):
    """Whoever asks is known, but may not do this."""


class TooManyTries(ServerError):
    """Signing in was tried too often; it is refused for a while."""


class NameTaken(ServerError):
    """Another one has that name."""


class WouldLockOut(ServerError):
    """Nobody could manage the server any more."""


class NotFound(ServerError):
    """Nothing is stored under that name."""


class WrongMethod(ServerError):
    """The address takes other methods."""


class BadRequest(ServerError):
    """A body or a parameter cannot be used."""


class Conflict(ServerError):
    """It does not go together with what is stored."""


class ChangedMeanwhile(ServerError):
    """Somebody else changed it since it was read: read it again, then change that."""


class NotSaidWhich(ServerError):
    """A change of what is there must say in If-Match which version it changes."""


class BadParameter(ServerError):
    """A parameter is unknown or cannot be used."""


class TooLarge(ServerError):
    """A body is over its limit."""


class TooSlow(ServerError):
    """A body does not come, or hardly."""


class NotAPicture(ServerError):
    """Evidence is no picture, or not the one that it was announced as."""


class Busy(ServerError):
    """No more can be taken at the moment; nothing of the request was stored."""


class DiskFull(ServerError):
    """The disk took no more; nothing of the request was stored."""


class DatabaseFailed(ServerError):
    """The database failed; nothing of the request was stored."""


class StorageFailed(ServerError):
    """Where pictures and models are kept failed; nothing of the request was stored."""


STATUS: dict[type[ServerError], int] = {
    BadParameter: 400,
    NotSignedIn: 401,
    CrossSite: 403,
    NotAllowed: 403,
    NotFound: 404,
    WrongMethod: 405,
    TooSlow: 408,
    Conflict: 409,
    NameTaken: 409,
    WouldLockOut: 409,
    ChangedMeanwhile: 412,
    TooLarge: 413,
    BadRequest: 422,
    NotAPicture: 422,
    NotSaidWhich: 428,
    TooManyTries: 429,
    Busy: 503,
    DatabaseFailed: 503,
    StorageFailed: 503,
    DiskFull: 507,
}

RETRY_AFTER_S = {TooManyTries: 900, Busy: 2, DatabaseFailed: 10, StorageFailed: 10, DiskFull: 60}


class AddressRefused(SettingError):
    """The server would be reachable by others, and nothing would keep them out."""


class PortBusy(SettingError):
    """Another process listens on that port."""


class DatabaseUnusable(SettingError):
    """A database address that no engine understands, or a database of another version."""


class DatabaseInUse(StorageError):
    """Another server has this SQLite file; there is one writer for each."""
