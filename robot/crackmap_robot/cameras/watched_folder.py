"""A folder that photographs arrive in: what is there, then each new one once it is whole.

Looked at again and again, because a change on a network drive or a memory card tells nobody. A file is taken when two
looks find it the same and it can be read as a photograph. One that stays as it is and cannot is refused.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic, time_ns

from crackmap.errors import InputError
from crackmap_robot.cameras.camera import Quiet, Refused, Shot
from crackmap_robot.cameras.folder import is_photograph, natural_key, read_photo
from crackmap_robot.cameras.seen import Seen, Stamp

LOOK_EVERY_S = 0.5
GIVE_UP_AFTER_S = 10.0
"""A file that is no photograph may be one that is still being written, for so long after its last change."""
LIST_EVERY_S = 30.0
"""A folder's own time tells of new files, but on memory cards only to two seconds: so it is listed now and then."""


@dataclass
class _Watched:
    """A file, as the looks found it. `same_since_s`: when this stamp was first seen; `done`: taken or refused."""

    stamp: Stamp
    same_since_s: float
    looks: int = 1
    done: bool = False


@dataclass
class WatchedFolder:
    """An endless source of photographs; sub-folders are not entered.

    `wait` sleeps for so many seconds and says whether to stop, as `Event.wait` does.
    """

    folder: Path
    wait: Callable[[float], bool]
    clock: Callable[[], float] = monotonic
    seen: Seen | None = None
    """Of earlier runs: what has not changed since is given without being read."""
    _files: dict[str, _Watched] = field(default_factory=dict, init=False)
    _listed_at_s: float = field(default=-LIST_EVERY_S, init=False)
    _folder_changed_ns: int = field(default=-1, init=False)

    def frames(self) -> Iterator[Shot]:
        """Each photograph once, in natural order of the names that one look finds. Ends only when `wait` says so."""
        quiet_since_s = self.clock()
        while True:
            why = ""
            try:
                ready = self._look()
            except OSError as error:
                ready, why = [], f"{self.folder}: cannot be read ({error.strerror})"
            for name in ready:
                shot = self._take(name)
                if shot is not None:
                    yield shot
                    quiet_since_s = self.clock()
                if self.wait(0):
                    return
            yield Quiet(self.clock() - quiet_since_s, why)
            if self.wait(LOOK_EVERY_S):
                return

    def _look(self) -> list[str]:
        """Names of the files that two looks in a row found the same, and that are not done."""
        now_s = self.clock()
        changed_ns = self.folder.stat().st_mtime_ns
        waiting = any(not file.done for file in self._files.values())
        if not waiting and changed_ns == self._folder_changed_ns and now_s - self._listed_at_s < LIST_EVERY_S:
            return []
        self._listed_at_s, self._folder_changed_ns = now_s, changed_ns
        with os.scandir(self.folder) as entries:
            found = {entry.name: entry for entry in entries if is_photograph(entry.name)}
        for gone in self._files.keys() - found.keys():
            del self._files[gone]
        for name, entry in found.items():
            try:
                if entry.is_dir():
                    continue
                known = entry.stat()
            except OSError:  # gone since it was listed, or a link to nowhere
                continue
            stamp = Stamp.of(known)
            file = self._files.get(name)
            if file is None or file.stamp != stamp:
                self._files[name] = _Watched(stamp, now_s)
            else:
                file.looks += 1
        ready = (name for name, file in self._files.items() if file.looks > 1 and not file.done)
        return sorted(ready, key=natural_key)

    def _take(self, name: str) -> Shot | None:
        """The photograph, why it is refused, or None where it may yet become one."""
        file, path = self._files[name], self.folder / name
        if self.seen is not None and (known := self.seen.photo(path, file.stamp)) is not None:
            file.done = True
            return known
        read_ns = time_ns()
        try:
            photo = read_photo(path)
        except InputError as error:
            if self.clock() - file.same_since_s < GIVE_UP_AFTER_S or not path.exists():
                return None
            file.done = True
            return Refused(name, error)
        file.done = True
        if self.seen is not None:
            self.seen.remember(path, file.stamp, photo, read_ns)
        return photo
