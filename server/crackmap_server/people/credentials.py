"""Random secrets and passwords, and what is kept of them.

A key or a session's token has 256 random bits: nobody finds one by trying, so its SHA-256 is all that the database
needs, and looking that up tells nothing by its timing about the secret itself. A password is chosen by a person and
gets Argon2id, as RFC 9106 recommends for memory-constrained servers (64 MiB, 3 passes).
"""

import hashlib
import hmac
import secrets
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

KEY_PREFIX: Final = "crackmap_"  # so that a key that was published by mistake can be recognised
SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 200
_AT_ONCE: Final = 2

_hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)
_turns = BoundedSemaphore(_AT_ONCE)  # each takes 64 MiB: whoever sends many passwords must not take all memory
_NOBODYS: Final = _hasher.hash("a password that nobody has")


def new_key() -> str:
    """A key as its owner gets it, once."""
    return KEY_PREFIX + secrets.token_urlsafe(32)


def new_token() -> str:
    """What a session's cookie holds."""
    return secrets.token_urlsafe(32)


def kept(secret: str) -> str:
    """What is stored of a key or a token."""
    return hashlib.sha256(secret.encode()).hexdigest()


def csrf_token(session_token: str) -> str:
    """What a page must send along with every write; made from the session, so it ends with it."""
    return hmac.new(session_token.encode(), b"crackmap csrf", hashlib.sha256).hexdigest()


def same(sent: str, right: str) -> bool:
    """Whether both are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(sent.encode(), right.encode())


def hashed_password(password: str) -> str:
    """Argon2id with its parameters and salt."""
    with _turns:
        return _hasher.hash(password)


def is_password(password: str, hashed: str | None) -> bool:
    """Whether it is the one. Without a user, or one without a password, it takes as long and is not."""
    with _turns:
        try:
            return _hasher.verify(hashed or _NOBODYS, password) and hashed is not None
        except VerificationError:
            return False
