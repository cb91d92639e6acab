"""robot.toml: what is wrong is named with file, line, key and value."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crackmap.errors import SettingError
from crackmap_robot.daemon.settings import RobotSettings, read_settings
from crackmap_robot.evidence import Frames

SHORT = """
[scan]
surface = "north"
inspection = "2026 autumn"

[camera]
source = "folder:photos"
mm_per_px = 0.23
"""


def stream(source: str, poses: str) -> str:
    """With poses that come meanwhile."""
    text = SHORT.replace("folder:photos", source)
    return text.replace("mm_per_px = 0.23", f'pose_stream = "{poses}"\ncalibration = "c.yaml"')


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "robot.toml"


def read(config: Path, text: str) -> RobotSettings:
    config.write_text(text)
    return read_settings(config)


def test_paths_start_from_the_file_and_the_rest_has_defaults(config: Path) -> None:
    settings = read(config, SHORT)
    assert settings.folder == config.parent / "photos"
    assert settings.live.recordings == config.parent / "recordings"
    assert settings.model.file.name == "crack-227.tflite"
    assert settings.model.file.exists()
    assert settings.keep.frames is Frames.KEYFRAMES
    assert settings.scan_settings().source == settings.folder
    other = read(config, SHORT + '[model]\nfile = "mine/m.tflite"\n[keep]\noutbox = "/var/lib/x.sqlite"\n')
    assert other.model.file == config.parent / "mine/m.tflite"
    assert other.keep.outbox == Path("/var/lib/x.sqlite")


def test_overlapping_tiles_are_asked_for(config: Path) -> None:
    asked = read(config, SHORT + "[model]\noverlap = true\n").scan_settings()
    assert asked.overlap
    assert asked.stride_px is None
    assert not read(config, SHORT).scan_settings().overlap


def test_a_model_beside_the_file_goes_before_the_shipped_one(config: Path) -> None:
    (config.parent / "crack-227").write_bytes(b"")
    assert read(config, SHORT + '[model]\nfile = "crack-227"\n').model.file == config.parent / "crack-227"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SHORT.replace('surface = "north"\n', ""), "line 2, scan.surface: is missing"),
        (SHORT.replace('"north"', '" north"'), "line 3, scan.surface: ' north': string should match"),
        (
            SHORT + "[model]\noverlap = true\nstride_px = 96\n",
            "line 9, model: overlap takes the stride",
        ),
        (SHORT.replace("mm_per_px = 0.23", "mm_per_px = -1"), "line 8, camera.mm_per_px: -1: input should be greater"),
        (
            SHORT.replace("mm_per_px = 0.23", ""),
            "line 6, camera: give one of poses, tags, pose_stream and mm_per_px, not none",
        ),
        (
            SHORT + 'tags = "tags.toml"',
            "line 6, camera: give one of poses, tags, pose_stream and mm_per_px, not tags and mm_per_px",
        ),
        (SHORT.replace("mm_per_px = 0.23", 'tags = "t.toml"'), "line 6, camera: calibration goes with poses, tags or"),
        (SHORT.replace("folder:photos", "photos"), "line 7, camera.source: 'photos': must begin with folder:"),
        (SHORT + "speed = 3", "line 9, camera.speed: is not known; there are source, topic, calibration"),
        (SHORT.replace("folder:photos", "sim:x"), "line 7, camera.source: 'sim:x': must begin with folder:"),
        (SHORT + 'topic = "/camera"', "line 6, camera: topic goes with rosbag:"),
        (stream("video:a.mp4", "udp:9870"), "line 6, camera: pose_stream goes with a camera or a stream"),
        (stream("rosbag:a", "udp:9870"), "line 6, camera: a bag's pose_stream is odometry:TOPIC or tf:FRAME"),
        (stream("csi:0", "tf:map"), "line 6, camera: a bag's pose_stream is odometry:TOPIC or tf:FRAME"),
        (stream("sim:1", "mavlink:14550"), "line 6, camera: sim: tells its poses to udp:PORT"),
        (stream("rosbag:a", "tf:map") + 'mount = "m.toml"', "line 6, camera: the tree of frames has the mount"),
        (stream("rosbag:a", "tf:"), "line 8, camera.pose_stream: 'tf:': must be udp:PORT"),
        (SHORT + "[camra]\nspeed = 3", "line 9, camra: is not known; there are scan, camera, live,"),
        (SHORT + "[keep]\nserver = 'ftp://x'", "line 10, keep.server: 'ftp://x': ftp://x: is no address"),
        (SHORT + "[keep]\nframes = 'some'", "line 10, keep.frames: 'some': input should be 'all', 'keyframes' or"),
        (SHORT + "[status]\nhost = '0.0.0.0'", "line 9, status: anybody could look: give a key of 12"),
        (SHORT + "[status]\nport = 70000", "line 10, status.port: 70000: input should be less than or equal to 65535"),
        (
            SHORT + "[live]\nframes_per_s = 0.1",
            "line 9, live: with frames_per_s 0.1 a frame comes every 10 s, which stale_s 5 would take",
        ),
        (SHORT + "[model]\nthreads = 0", "line 10, model.threads: 0: input should be greater than or equal to 1"),
        (SHORT + "[model", "is not TOML:"),
    ],
)
def test_what_is_wrong_is_named(config: Path, text: str, words: str) -> None:
    with pytest.raises(SettingError) as raised:
        read(config, text)
    assert str(raised.value).startswith(str(config))
    assert words in str(raised.value)


def test_a_robot_that_follows_needs_a_server_to_follow(config: Path) -> None:
    with pytest.raises(SettingError, match=r"robot\.toml, line 11, model\.pinned: needs keep\.server"):
        read(config, SHORT + "\n[model]\npinned = true\n")
    settings = read(
        config, SHORT + '\n[model]\npinned = true\n[keep]\nserver = "http://127.0.0.1:1"\noutbox = "o.sqlite"'
    )
    assert settings.models_folder == config.parent / "models"


def test_everything_that_is_wrong_is_told_at_once(config: Path) -> None:
    with pytest.raises(SettingError) as raised:
        read(config, SHORT.replace('"north"', '""').replace("0.23", "0"))
    assert len(str(raised.value).splitlines()) == 2


def test_a_file_that_is_not_there_or_not_text(config: Path) -> None:
    with pytest.raises(SettingError, match="cannot be read"):
        read_settings(config)
    config.write_bytes(b"[scan]\n\xff")
    with pytest.raises(SettingError, match="not UTF-8 text at byte 7"):
        read_settings(config)


TOML_VALUES = st.recursive(
    st.booleans()
    | st.integers(-(2**63), 2**63 - 1).map(str)
    | st.floats().map(str)
    | st.text(st.characters(codec="ascii", exclude_characters="\"\\'\n\r\t", categories=["L", "N", "P"])).map(
        lambda text: f'"{text}"'
    ),
    lambda inner: st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(map(str, items)) + "]"),
    max_leaves=4,
)
KEYS = [f"{name}.{key}" for name, field in RobotSettings.model_fields.items() for key in field.annotation.model_fields]


@given(st.dictionaries(st.sampled_from([*KEYS, "scan", "x.y", "keep.x.z"]), TOML_VALUES, max_size=8), st.booleans())
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_settings_end_in_anything_but_settings_or_a_named_error(
    tmp_path: Path, values: dict[str, object], short: bool
) -> None:
    config = tmp_path / "robot.toml"
    lines = [f"{key} = {str(value).lower() if isinstance(value, bool) else value}" for key, value in values.items()]
    config.write_text("\n".join(lines) + (SHORT if short else ""), "utf-8")
    try:
        assert isinstance(read_settings(config), RobotSettings)
    except SettingError as error:
        assert str(error).startswith(str(config))  # noqa: PT017


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_of_any_kind(tmp_path: Path, content: bytes) -> None:
    config = tmp_path / "robot.toml"
    config.write_bytes(content)
    with pytest.raises(SettingError):
        read_settings(config)


def test_live_sources_are_recorded_and_paths_of_videos_start_from_the_file(config: Path) -> None:
    live = read(config, SHORT.replace("folder:photos", "rtsp://10.0.0.2/live") + "[live]\nexposure_ms = 2\n")
    assert live.records
    assert live.folder == config.parent / "recordings"
    assert (live.grab.source, live.grab.exposure_ms) == ("rtsp://10.0.0.2/live", 2)
    assert read(config, SHORT.replace("folder:photos", "video:a.mp4")).grab.source == f"video:{config.parent}/a.mp4"
    bag = read(config, stream("rosbag:drive", "odometry:/odom") + "[live]\nstale_s = 3\n")
    assert (bag.grab.source, bag.grab.poses, bag.grab.gap_s) == (f"rosbag:{config.parent}/drive", "odometry:/odom", 3)
    simulated = read(config, stream("sim:3", "udp:9870"))
    assert (bag.records, bag.replays, simulated.records, simulated.replays) == (True, True, True, False)
    with pytest.raises(SettingError, match="line 9, live: width_px and height_px go together"):
        read(config, SHORT + "[live]\nwidth_px = 1920\n")
