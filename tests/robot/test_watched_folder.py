"""A folder that photographs arrive in: each is given once, when it is whole. Time is a list of what happens next."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crackmap_robot.cameras.camera import Photo, Quiet, Refused, Shot
from crackmap_robot.cameras.watched_folder import GIVE_UP_AFTER_S, LIST_EVERY_S, LOOK_EVERY_S, WatchedFolder

Action = Callable[[], object]


def nothing() -> None:
    pass


def watch(folder: Path, *actions: Action) -> Iterator[Shot]:
    """What a watched folder gives while these things happen, one between two looks; then it is stopped."""
    left = list(actions)
    now_s = [0.0]

    def wait(seconds: float) -> bool:
        if not seconds:
            return False
        now_s[0] += seconds
        if not left:
            return True
        left.pop(0)()
        return False

    return WatchedFolder(folder, wait, lambda: now_s[0]).frames()


def labels(shots: Iterator[Shot]) -> list[str]:
    return [shot.label for shot in shots if not isinstance(shot, Quiet)]


def test_what_is_there_comes_first_in_natural_order(photographs: Path) -> None:
    shutil.copy(photographs / "img1.jpg", photographs / "img10.jpg")
    (photographs / "notes.txt").write_text("no photograph")
    (photographs / "older.jpg").mkdir()
    assert labels(watch(photographs, nothing)) == [*(f"img{n}.jpg" for n in range(1, 7)), "img10.jpg"]


def test_each_new_one_comes_once(photographs: Path, tmp_path: Path) -> None:
    other = tmp_path / "camera"
    other.mkdir()
    actions = [lambda n=n: shutil.copy(photographs / f"img{n}.jpg", other) for n in (2, 1, 3)]
    assert labels(watch(other, *actions, nothing, nothing)) == ["img2.jpg", "img1.jpg", "img3.jpg"]


def test_one_that_is_still_being_written_is_waited_for(photographs: Path, tmp_path: Path) -> None:
    content = (photographs / "img1.jpg").read_bytes()
    slow = tmp_path / "camera" / "slow.jpg"
    slow.parent.mkdir()
    half = len(content) // 2

    def begin() -> None:
        slow.write_bytes(content[:half])

    def end() -> None:
        with slow.open("ab") as file:
            file.write(content[half:])

    pauses = [nothing] * int(GIVE_UP_AFTER_S / LOOK_EVERY_S - 2)
    (photo,) = (shot for shot in watch(slow.parent, begin, *pauses, end, nothing) if not isinstance(shot, Quiet))
    assert isinstance(photo, Photo)
    assert photo.content == content


def test_one_that_stays_broken_is_refused_once_and_taken_when_it_is_mended(photographs: Path, tmp_path: Path) -> None:
    bad = tmp_path / "camera" / "bad.jpg"
    bad.parent.mkdir()
    bad.write_bytes(b"no photograph at all")
    long_while = [nothing] * int(2 * LIST_EVERY_S / LOOK_EVERY_S)
    mended = lambda: shutil.copy(photographs / "img1.jpg", bad)  # noqa: E731
    shots = watch(bad.parent, *long_while, mended, *long_while)
    refused, photo = (shot for shot in shots if not isinstance(shot, Quiet))
    assert isinstance(refused, Refused)
    assert "it is no JPEG, PNG or TIFF" in str(refused.error)
    assert isinstance(photo, Photo)


def test_a_folder_that_goes_and_comes_back_is_waited_for(photographs: Path, tmp_path: Path) -> None:
    away = tmp_path / "unplugged"
    shots = list(
        watch(
            photographs, nothing, lambda: photographs.rename(away), nothing, lambda: away.rename(photographs), nothing
        )
    )
    whys = [shot.why for shot in shots if isinstance(shot, Quiet)]
    assert sum("No such file or directory" in why for why in whys) == 2
    assert whys[-1] == ""
    assert labels(iter(shots)) == [f"img{n}.jpg" for n in range(1, 7)]


def test_quiet_lasts_since_the_last_photograph(photographs: Path, tmp_path: Path) -> None:
    other = tmp_path / "camera"
    other.mkdir()
    copy = lambda: shutil.copy(photographs / "img1.jpg", other)  # noqa: E731
    quiet = [shot.for_s for shot in watch(other, *[nothing] * 4, copy, *[nothing] * 3) if isinstance(shot, Quiet)]
    assert quiet[:6] == [n * LOOK_EVERY_S for n in range(6)]
    assert quiet[6:] == [n * LOOK_EVERY_S for n in range(len(quiet) - 6)]


def test_a_new_file_in_the_same_moment_of_the_folders_clock_is_found_all_the_same(
    photographs: Path, tmp_path: Path
) -> None:
    """Memory cards tell times to two seconds."""
    other = tmp_path / "card"
    other.mkdir()
    shutil.copy(photographs / "img1.jpg", other)
    before = other.stat()

    def unnoticed() -> None:
        shutil.copy(photographs / "img2.jpg", other)
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))

    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    pauses = [nothing] * int(LIST_EVERY_S / LOOK_EVERY_S + 2)
    assert labels(watch(other, nothing, nothing, unnoticed, *pauses)) == ["img1.jpg", "img2.jpg"]


@given(choices=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_happens_to_the_files_every_one_that_stays_comes_out(
    choices: st.DataObject, photographs: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("camera")
    contents = [path.read_bytes() for path in sorted(photographs.iterdir())]

    def action() -> Action:
        name = folder / f"{choices.draw(st.integers(0, 3))}.jpg"
        content = choices.draw(st.sampled_from(contents))
        match choices.draw(st.sampled_from(["whole", "part", "gone", "nothing"])):
            case "whole":
                return lambda: name.write_bytes(content)
            case "part":
                return lambda: name.write_bytes(content[: len(content) // 3])
            case "gone":
                return lambda: name.unlink(missing_ok=True)
            case _:
                return nothing

    actions = [action() for _ in range(choices.draw(st.integers(0, 12)))]
    long_while = [nothing] * int((GIVE_UP_AFTER_S + LIST_EVERY_S) / LOOK_EVERY_S + 4)
    shots = list(watch(folder, *actions, *long_while))
    given_out = {(shot.label, shot.content) for shot in shots if isinstance(shot, Photo)}
    refused = {shot.label for shot in shots if isinstance(shot, Refused)}
    stayed = {(path.name, path.read_bytes()) for path in folder.iterdir()}
    whole = {(name, content) for name, content in stayed if content in contents}
    assert whole <= given_out
    assert {name for name, _ in stayed - whole} <= refused
