"""Live frames become photographs: one for each new view, whole, with the time that is known."""

import itertools
import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crackmap_robot.cameras.camera import Photo
from crackmap_robot.cameras.folder import open_folder
from crackmap_robot.cameras.grabbed import Still
from crackmap_robot.cameras.photograph import decode, read_header
from crackmap_robot.cameras.recorder import CLOCK_SET, FolderFullError, Recorder, moved, view_of, with_time

NOW_S = datetime(2027, 3, 4, 5, 6, 7, 890123, tzinfo=UTC).timestamp()
WIDTH_PX, HEIGHT_PX = 640, 360


@pytest.fixture(scope="module")
def wall() -> np.ndarray:
    """Noise of all sizes, as concrete has it."""
    rng = np.random.default_rng(5)
    picture = np.full((600, 3000), 150.0)
    for octave in range(7):
        cells = rng.normal(0, 8, (600 // 2**octave + 2, 3000 // 2**octave + 2)).astype(np.float32)
        picture += cv2.resize(cells, (3000, 600), interpolation=cv2.INTER_CUBIC)
    return np.repeat(np.clip(picture, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def view(wall: np.ndarray, left_px: int, seed: int = 0) -> bytes:
    noise = np.random.default_rng(seed).normal(0, 3, (HEIGHT_PX, WIDTH_PX, 3))
    seen = wall[:HEIGHT_PX, left_px : left_px + WIDTH_PX] + noise
    return bytes(cv2.imencode(".jpg", np.clip(seen, 0, 255).astype(np.uint8))[1])


def still(content: bytes, number: int = 1, taken_unix_s: float = NOW_S) -> Still:
    return Still(taken_unix_s, number, content)


def recorder(folder: Path, *, budget_bytes: int = 10**9, step: float = 0.1, digits: int | None = 1) -> Recorder:
    return Recorder(folder, budget_bytes, step, digits)


def kept(folder: Path) -> list[Photo]:
    return [photo for photo in open_folder(folder).frames() if isinstance(photo, Photo)]


def test_standing_still_keeps_one_and_moving_keeps_every_tenth_of_the_width(wall: np.ndarray, tmp_path: Path) -> None:
    robot = recorder(tmp_path)
    names = [robot.keep(still(view(wall, 0, seed))) for seed in range(40)]
    assert [name is not None for name in names] == [True] + [False] * 39
    lefts = range(0, 1280, 16)
    found = [left for left in lefts if robot.keep(still(view(wall, left, left)))]
    gaps = np.diff([0, *found])
    assert gaps.min() >= 0.1 * WIDTH_PX - 8  # measured to a fraction of a pixel of the small picture
    assert gaps.max() <= 0.1 * WIDTH_PX + 16


@given(st.integers(0, 2000), st.integers(0, 2000))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_another_place_is_never_taken_for_the_same(wall: np.ndarray, one: int, other: int) -> None:
    before, now = view_of(view(wall, one)), view_of(view(wall, other, 1))
    assert before is not None
    assert now is not None
    if abs(one - other) > 0.12 * WIDTH_PX:
        assert moved(before, now, 0.1)
    if abs(one - other) < 0.08 * WIDTH_PX:
        assert not moved(before, now, 0.1)


def test_after_an_interruption_the_next_frame_is_kept_whatever_it_shows(wall: np.ndarray, tmp_path: Path) -> None:
    robot = recorder(tmp_path)
    assert robot.keep(still(view(wall, 0, 1))) is not None
    assert robot.keep(still(view(wall, 0, 2))) is None
    robot.interrupted()
    assert robot.keep(still(view(wall, 0, 3))) is not None
    assert robot.keep(still(view(wall, 0, 4))) is None


@pytest.mark.needs("data")
def test_on_real_concrete_too(data: Path) -> None:
    for path in sorted((data / "photos").rglob("*.jpg"))[:6]:
        photo = cv2.imread(str(path))
        height, width = photo.shape[0] // 2, photo.shape[1] // 2

        views = []
        for seed, left in enumerate((0, 0, 0.04, 0.08, 0.13, 0.3, 0.6, 1.0)):
            start = int(left * width)
            noise = np.random.default_rng(seed).normal(0, 4, (height, width, 3))
            seen = np.clip(photo[:height, start : start + width] + noise, 0, 255).astype(np.uint8)
            views.append(view_of(bytes(cv2.imencode(".jpg", seen)[1])))
        verdicts = [moved(views[0], later, 0.1) for later in views[1:]]
        assert verdicts == [False, False, False, True, True, True, True], path.name


def test_a_photograph_knows_its_time_as_well_as_its_arrival_tells(wall: np.ndarray, tmp_path: Path) -> None:
    for digits, step_s in ((0, 1.0), (1, 0.1)):
        folder = tmp_path / str(digits)
        assert recorder(folder, digits=digits).keep(still(view(wall, 0))) == "0000001-20270304T050607Z.jpg"
        (photo,) = kept(folder)
        assert photo.capture.captured_utc is not None
        assert photo.capture.time_sigma_s == pytest.approx(step_s / 3**0.5)
        late_s = NOW_S - photo.capture.captured_utc.timestamp()
        assert 0 <= late_s < step_s


TIMES = st.datetimes(datetime(2026, 11, 1), datetime(2200, 1, 1))  # noqa: DTZ001 - hypothesis wants them so


@given(st.binary(max_size=20), TIMES)
def test_the_pixels_do_not_change(tail: bytes, taken: datetime) -> None:
    content = bytes(cv2.imencode(".jpg", np.full((40, 60, 3), 99, np.uint8))[1]) + tail
    timed = with_time(content, taken.replace(tzinfo=UTC), 3)
    image, capture = read_header(timed, "a.jpg")
    before, _ = read_header(content, "a.jpg")
    assert np.array_equal(decode(timed, image, "a.jpg"), decode(content, before, "a.jpg"))
    assert capture.captured_utc == taken.replace(tzinfo=UTC, microsecond=taken.microsecond // 1000 * 1000)


def test_a_clock_that_was_never_set_writes_no_time_and_the_order_stays(wall: np.ndarray, tmp_path: Path) -> None:
    robot = recorder(tmp_path, step=0)
    early_s = CLOCK_SET.timestamp() - 1
    for number, moment in enumerate((early_s, NOW_S, early_s, NOW_S - 1000)):
        robot.keep(still(view(wall, 100 * number), taken_unix_s=moment))
    photos = kept(tmp_path)
    assert [photo.label[:7] for photo in photos] == ["0000001", "0000002", "0000003", "0000004"]
    assert [photo.capture.captured_utc is None for photo in photos] == [True, False, True, False]
    assert Recorder(tmp_path, 10**9, 0.1, 1).keep(still(view(wall, 900))) == "0000005-20270304T050607Z.jpg"


def test_a_full_folder_is_named_and_nothing_is_deleted(wall: np.ndarray, tmp_path: Path) -> None:
    one = len(with_time(view(wall, 0), datetime.fromtimestamp(NOW_S, UTC), 1))
    robot = recorder(tmp_path, budget_bytes=int(2.5 * one))
    for left in (0, 300):
        assert robot.keep(still(view(wall, left)))
    for _ in range(2):
        with pytest.raises(FolderFullError, match="holds all that it may"):
            robot.keep(still(view(wall, 600)))
    assert len(kept(tmp_path)) == 2
    with pytest.raises(FolderFullError):
        recorder(tmp_path, budget_bytes=int(2.5 * one)).keep(still(view(wall, 600)))
    next(tmp_path.iterdir()).unlink()  # somebody makes room
    assert recorder(tmp_path, budget_bytes=int(2.5 * one)).keep(still(view(wall, 600)))


def test_what_is_no_picture_is_left_out(tmp_path: Path) -> None:
    assert recorder(tmp_path).keep(still(b"garbage")) is None
    assert not list(tmp_path.iterdir())


def test_a_video_is_recorded_once(wall: np.ndarray, tmp_path: Path) -> None:
    stills = [still(view(wall, 200 * number), number) for number in range(1, 5)]
    for _ in range(2):
        robot = recorder(tmp_path, digits=None)
        assert [robot.keep(each) for each in stills] == [f"000000{number}.jpg" for number in range(1, 5)]
    assert len(kept(tmp_path)) == 4


def test_a_kill_leaves_no_half_photograph(wall: np.ndarray, tmp_path: Path) -> None:
    (tmp_path / "frame.jpg").write_bytes(view(wall, 0))
    script = (
        "import sys; from pathlib import Path; from crackmap_robot.cameras.recorder import Recorder; "
        "from crackmap_robot.cameras.grabbed import Still; "
        "r = Recorder(Path(sys.argv[1]) / 'out', 10**9, 0, 1); "
        "[r.keep(Still(2e9, 1, (Path(sys.argv[1]) / 'frame.jpg').read_bytes())) for _ in range(9)]"
    )
    for kills in itertools.count(1):
        environment = os.environ | {"CRACKMAP_FAILPOINT": f"recorder.before_rename:{kills}"}
        ran = subprocess.run([sys.executable, "-c", script, str(tmp_path)], env=environment, check=False)
        assert ran.returncode == -signal.SIGKILL
        assert len(list((tmp_path / "out").glob("*.part"))) == 1
        if kills == 3:
            break
    done = len(list((tmp_path / "out").glob("*.jpg")))
    assert done == 0 + 1 + 2
    robot = recorder(tmp_path / "out")
    assert not list((tmp_path / "out").glob("*.part"))
    name = robot.keep(still(view(wall, 0)))
    assert name is not None
    assert name.startswith(f"{done + 1:07d}")
    assert len(kept(tmp_path / "out")) == done + 1
