"""A ZIP file that is sent while it is made: nothing is kept but the file that is being written."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

_DATE = (1980, 1, 1, 0, 0, 0)  # the same content makes the same file


class _Pipe(io.RawIOBase):
    """What the archive writes to; it cannot go back."""

    def __init__(self) -> None:
        self.waiting: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.waiting.append(bytes(data))
        return len(data)

    def drained(self) -> bytes:
        content = b"".join(self.waiting)
        self.waiting.clear()
        return content


def zip_stream(files: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """Names and contents → the parts of the archive. Stored, not packed: pictures are packed already."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for name, content in files:
            with archive.open(zipfile.ZipInfo(name, _DATE), "w", force_zip64=True) as file:
                for part in content:
                    file.write(part)
                    yield pipe.drained()
            yield pipe.drained()
    yield pipe.drained()
