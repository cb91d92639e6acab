"""Files named by their SHA-256 in an object store: S3 and what speaks like it, Google Cloud Storage, Azure.

An object appears when its upload is complete, so it is there whole or not at all. Its name is its content, so putting
it again, also from two servers at once, changes nothing. Whoever reads compares it with its name: see `hashed_files`.
"""

import os
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crackmap.errors import SettingError, StorageError
from crackmap_server.errors import StorageFailed

if TYPE_CHECKING:
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

HEADS_AT_ONCE: Final = 32
# Of one request; a part of a picture has some megabytes.
_HTTP: Final = ("AWS_ALLOW_HTTP", "GOOGLE_ALLOW_HTTP", "AZURE_ALLOW_HTTP")
_TIMES: "ClientConfig" = {"connect_timeout": timedelta(seconds=5), "timeout": timedelta(minutes=5)}
_RETRIES: "RetryConfig" = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}


class ObjectStorage:
    """One prefix of an object store: <address>/<kind>/ab/cdef…

    Keys and the like come from the environment, as the provider's own programs take them: AWS_…, GOOGLE_…, AZURE_…
    """

    def __init__(self, address: str, kind: str) -> None:
        """`address`: s3://bucket/prefix, gs://…, az://…, file:///folder. Raises SettingError."""
        self._address = address
        self._kind = kind
        self._store = _store(address)

    def open(self) -> None:
        """Ask it for something. Raises StorageError."""
        import obstore  # noqa: PLC0415 - an extra

        try:
            next(iter(obstore.list(self._store, f"{self._kind}/", chunk_size=1)), None)
        except (_errors(), OSError) as error:
            raise StorageError(
                f"objects {self._address}: cannot be used ({_words(error)}). Look at the address, that the bucket is "
                "there, and at the keys in the environment (AWS_…, GOOGLE_…, AZURE_…)."
            ) from None

    def keep(self, whole: Path, sha256: str) -> None:
        """Raises StorageFailed."""
        import obstore  # noqa: PLC0415

        with self._named(sha256):
            obstore.put(self._store, self._key(sha256), whole)

    def size_bytes(self, sha256: str) -> int | None:
        """None: it is not there. Raises StorageFailed."""
        import obstore  # noqa: PLC0415

        with self._named(sha256):
            try:
                return obstore.head(self._store, self._key(sha256))["size"]
            except FileNotFoundError:
                return None

    def held(self, sha256s: Collection[str]) -> set[str]:
        """Those that are there, asked at the same time. Raises StorageFailed."""
        if not sha256s:
            return set()
        with ThreadPoolExecutor(min(HEADS_AT_ONCE, len(sha256s))) as asking:
            sizes = asking.map(self.size_bytes, sha256s)
            return {sha256 for sha256, size in zip(sha256s, sizes, strict=True) if size is not None}

    def listed(self) -> Iterator[tuple[str, int]]:
        """Raises StorageFailed."""
        import obstore  # noqa: PLC0415

        with self._named("list"):
            for some in obstore.list(self._store, f"{self._kind}/"):
                for each in some:
                    yield "".join(each["path"].split("/")[-2:]), each["size"]

    def local(self, sha256: str) -> None:
        """Nothing lies on this machine."""

    def parts(self, sha256: str) -> Iterator[bytes]:
        """Raises FileNotFoundError, StorageFailed."""
        import obstore  # noqa: PLC0415

        with self._named(sha256):
            for part in obstore.get(self._store, self._key(sha256)).stream():
                yield bytes(part)

    def remove(self, sha256: str) -> None:
        """Raises StorageFailed."""
        import obstore  # noqa: PLC0415

        with self._named(sha256):
            try:
                obstore.delete(self._store, self._key(sha256))
            except FileNotFoundError:
                return

    def _key(self, sha256: str) -> str:
        return f"{self._kind}/{sha256[:2]}/{sha256[2:]}"

    @contextmanager
    def _named(self, what: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except (_errors(), OSError) as error:
            raise StorageFailed(f"the object store failed at {what} ({_words(error)}); try again later") from None


@cache  # one for each address: it keeps connections
def _store(address: str) -> "ObjectStore":
    try:
        from obstore.store import from_url  # noqa: PLC0415
    except ImportError:
        raise SettingError(
            f"objects {address!r}: needs the extra `crackmap-server[objects]` (`pip install obstore`)"
        ) from None
    try:
        if address.startswith("file:"):
            return from_url(address, mkdir=True)
        if address.startswith("memory:"):  # for tests: it ends with the process
            return from_url(address)
        http = any(
            os.environ.get(name, "").lower() in {"1", "true"} for name in _HTTP
        )  # options replace the environment
        return from_url(address, client_options={**_TIMES, "allow_http": http}, retry_config=_RETRIES)
    except (_errors(), ValueError) as error:
        raise SettingError(
            f"objects {address!r}: cannot be used ({_words(error)}); write s3://bucket/prefix, gs://bucket/prefix, "
            "az://account/container/prefix or file:///folder"
        ) from None


def _errors() -> type[Exception]:
    from obstore.exceptions import BaseError  # noqa: PLC0415

    return BaseError


def _words(error: Exception) -> str:
    """Without the debugging lines."""
    return str(error).split("\n", 1)[0].strip()
