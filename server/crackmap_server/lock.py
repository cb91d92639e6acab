"""One server for each SQLite file: a second process is refused, whatever it calls the file."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crackmap.errors import StorageError
from crackmap_server.errors import DatabaseInUse


@contextmanager
def locked(file: Path | None) -> Iterator[None]:
    """Hold the lock beside the SQLite file; with None (PostgreSQL) there is nothing to lock.

    The kernel releases it when the process ends, however it ends. Raises DatabaseInUse, StorageError.
    """
    if file is None:
        yield
        return
    real = file.resolve()
    beside = real.with_name(real.name + ".lock")
    try:
        beside.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StorageError(f"{file}: the database's folder cannot be written ({error.strerror})") from None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
            raise DatabaseInUse(
                f"{file}: another crackmap server (process {holder}) has this database. "
                "Stop it first, or choose another file with --database."
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
