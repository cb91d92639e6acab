"""A restart reads no photograph again that is as it was; one that changed is noticed. Reads are counted, not timed."""

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crackmap_robot.cameras.camera import Photo, Refused
from crackmap_robot.cameras.seen import COARSE_NS, FINE_NS, SECOND_NS, Seen, Stamp, seen_path
from crackmap_robot.cameras.watched_folder import WatchedFolder

OPENED: list[str] = []
sys.addaudithook(lambda event, about: OPENED.append(str(about[0])) if event == "open" else None)


def reads() -> int:
    """Photographs that this process opened since the last call."""
    count = sum(name.endswith(".jpg") for name in OPENED)
    OPENED.clear()
    return count


@contextmanager
def seen(path: Path, known: Callable[[Photo], bool] = lambda photo: True) -> Iterator[Seen]:
    with Seen(path, known) as opened:
        yield opened


def shown(folder: Path, seen: Seen | None) -> dict[str, str]:
    """What one run over the folder gives: the hashes by name."""
    looks = iter([False, False, True])
    shots = WatchedFolder(folder, lambda seconds: bool(seconds) and next(looks), seen=seen).frames()
    return {
        shot.label: shot.image.sha256 if isinstance(shot, Photo) else "refused"
        for shot in shots
        if isinstance(shot, Photo | Refused)
    }


@pytest.fixture
def old(photographs: Path) -> Path:
    """Photographs that were taken long ago."""
    for path in photographs.iterdir():
        os.utime(path, ns=(1, 1_700_000_000 * SECOND_NS + 5))
    return photographs


def test_the_second_run_reads_nothing(old: Path, tmp_path: Path) -> None:
    reads()
    with seen(tmp_path / "seen") as first:
        before = shown(old, first)
    assert (len(before), reads()) == (6, 6)
    with seen(tmp_path / "seen") as second:
        assert shown(old, second) == before
    assert reads() == 0


def test_what_was_not_kept_is_read_again(old: Path, tmp_path: Path) -> None:
    with seen(tmp_path / "seen") as first:
        before = shown(old, first)
    lost = set(sorted(before.values())[:2])
    reads()
    with seen(tmp_path / "seen", lambda photo: photo.source_key not in lost) as second:
        assert shown(old, second) == before
    assert reads() == 2


def replaced_with_its_time(path: Path, content: bytes) -> None:
    before, new = path.stat(), path.with_suffix(".new")
    new.write_bytes(content.ljust(before.st_size, b"\0"))
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.replace(path)


CHANGES: dict[str, Callable[[Path, bytes], object]] = {
    "written again": lambda path, content: path.write_bytes(content),
    "as long as before": lambda path, content: path.write_bytes(content.ljust(path.stat().st_size, b"\0")),
    "another file of that name": lambda path, content: (path.with_suffix(".new").write_bytes(content)
                                                        and path.with_suffix(".new").replace(path)),
    "another file with the old time": replaced_with_its_time,
    "gone": lambda path, content: path.unlink(),
    "nothing": lambda path, content: None,
}  # fmt: skip


@given(changes=st.lists(st.tuples(st.integers(1, 6), st.sampled_from(sorted(CHANGES)), st.integers(1, 6)), max_size=5))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_done_to_the_files_it_gives_what_reading_them_gives(
    changes: list[tuple[int, str, int]], old: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("camera") / "photos"
    shutil.copytree(old, folder)
    with seen(folder.parent / "seen") as first:
        shown(folder, first)
    for which, change, other in changes:
        path = folder / f"img{which}.jpg"
        if path.exists():
            CHANGES[change](path, (old / f"img{other}.jpg").read_bytes())
    with seen(folder.parent / "seen") as second:
        assert shown(folder, second) == shown(folder, None)


@given(st.integers(0, 2**62), st.integers(-3 * SECOND_NS, 3 * SECOND_NS))
def test_a_stamp_is_trusted_once_a_change_would_show(changed_ns: int, later_ns: int) -> None:
    stamp = Stamp(1, 1, changed_ns)
    grain_ns = FINE_NS if changed_ns % SECOND_NS else COARSE_NS
    # A file that is written at the moment of reading gets a time that is cut to the grain.
    written_ns = changed_ns + later_ns
    shows = written_ns // grain_ns > changed_ns // grain_ns
    assert not stamp.settled(written_ns) or shows


def test_a_file_that_is_being_written_is_not_remembered(photographs: Path, tmp_path: Path) -> None:
    ahead_ns = 2_500_000_000 * SECOND_NS + 5
    for path in photographs.iterdir():
        os.utime(path, ns=(ahead_ns, ahead_ns))  # as one that changed after it was read
    with seen(tmp_path / "seen") as first:
        shown(photographs, first)
    reads()
    with seen(tmp_path / "seen") as second:
        shown(photographs, second)
    assert reads() == 6


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + bytes(200)])
def test_a_damaged_file_costs_only_time(
    old: Path, tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "seen").write_bytes(content * 10)
    with seen(tmp_path / "seen") as first:
        assert shown(old, first) == shown(old, None)
    assert [record.getMessage() for record in caplog.records] == ["seen is not kept"]


def test_what_another_version_wrote_is_read_again(old: Path, tmp_path: Path) -> None:
    with seen(tmp_path / "seen") as first:
        before = shown(old, first)
    with sqlite3.connect(tmp_path / "seen") as rows:
        rows.execute("UPDATE seen SET image = '{}'")
    rows.close()
    reads()
    with seen(tmp_path / "seen") as second:
        assert shown(old, second) == before
    assert reads() == 6


def test_it_lies_beside_the_outbox() -> None:
    assert seen_path(Path("/robot/outbox.sqlite")) == Path("/robot/outbox.seen.sqlite")
