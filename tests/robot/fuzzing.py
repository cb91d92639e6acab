"""What people, sensors and servers hand to the robot, as functions of bytes: each ends, or raises a CrackmapError.

`make fuzz` runs them under a coverage-guided fuzzer, test_fuzz.py under hypothesis. Each is given the
bytes and an empty folder, and states what must hold of what was taken.
"""

import hashlib
import io
import json
import struct
import tempfile
from contextlib import suppress
from pathlib import Path

import httpx2
import numpy as np
from PIL import Image
from pymavlink.dialects.v20 import common

from crackmap.errors import CrackmapError
from crackmap.manifest import read_manifest
from crackmap.messages import Pose
from crackmap_robot import uplink
from crackmap_robot.bags.contents import run_bag
from crackmap_robot.bags.extraction import Extraction
from crackmap_robot.bags.replay import replay
from crackmap_robot.calibration import read_camera
from crackmap_robot.cameras.photograph import decode, read_header
from crackmap_robot.daemon.settings import read_settings
from crackmap_robot.headers import recording
from crackmap_robot.outbox import Outbox
from crackmap_robot.outbox.export import export
from crackmap_robot.poses.book import PoseBook
from crackmap_robot.poses.control_points import read_control_points
from crackmap_robot.poses.file import read_poses
from crackmap_robot.poses.fixes import read_fixes
from crackmap_robot.poses.listener import PoseListener
from crackmap_robot.poses.mavlink import MavlinkPoses
from crackmap_robot.poses.mount import Mount, read_mount
from crackmap_robot.poses.registration_file import read_registration
from crackmap_robot.poses.tag_layout import read_tag_layout
from crackmap_robot.poses.track import MOST_ROWS
from crackmap_robot.server_answers import retry_after_s, words_of

LARGEST_DECODED_PX = 1_000_000
"""The largest photograph takes 0.9 GB, which a thousand a second are too many for."""


def _file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _settings(content: bytes, folder: Path) -> None:
    read_settings(_file(folder, "robot.toml", content)).scan_settings()


def _poses(content: bytes, folder: Path) -> None:
    poses = read_poses(_file(folder, "poses", content))
    assert poses.rows
    for row in (poses.rows[0], poses.rows[-1]):
        if poses.by_time:
            assert poses.pose_for(None, row.known_time_s) == row.pose
        poses.pose_for(row.file, row.time_s, 0.01)
        poses.pose_for("other.jpg", 0.5 * (row.time_s or 0.0))


def _book(content: bytes, folder: Path) -> None:
    _file(folder, "poses.jsonl", content)
    pose = Pose(position_m=(1, 2, 3), orientation_xyzw=(0, 0, 0, 1))
    PoseBook(folder).write("new.jpg", pose)
    assert PoseBook(folder).pose_for("new.jpg", 0) == pose, "what is written stays, whatever stood before it"


def _heard(listener: PoseListener, content: bytes) -> None:
    datagrams = content.split(b"\0\0")
    for datagram in datagrams:
        before = listener.taken + listener.late + listener.refused
        listener.take(datagram)
        assert listener.taken + listener.late + listener.refused >= before
        listener.at(0.0, 0.1)
        listener.at(1e9, 0.1)
    assert len(listener._rows) <= MOST_ROWS
    times = [row.known_time_s for row in listener._rows]
    assert times == sorted(set(times))
    if times:
        assert listener.at(times[-1], 0.0) is not None
    listener.__exit__(None, None, None)


def _udp(content: bytes, folder: Path) -> None:
    listener = PoseListener("127.0.0.1", 0, None, Mount().camera)
    with suppress(RuntimeError):  # its thread was never begun
        _heard(listener, content)
    listener._socket.close()


def _mavlink(content: bytes, folder: Path) -> None:
    listener = PoseListener("127.0.0.1", 0, MavlinkPoses(lambda: 1.9e9), Mount((0.1, 0.2, 0.3)).camera)
    with suppress(RuntimeError):
        _heard(listener, content)
    listener._socket.close()


def _odometry(content: bytes, folder: Path) -> None:
    """Whole messages of any numbers, four bytes each."""
    listener = PoseListener("127.0.0.1", 0, MavlinkPoses(lambda: 1.9e9), Mount((0.1, 0.2, 0.3)).camera)
    sender = common.MAVLink(None)
    for start in range(0, max(len(content), 1), 140):
        chunk = content[start : start + 140].ljust(140, b"\0")
        time_us, frame, child, *numbers = struct.unpack("<QBB2x32f", chunk)
        sent = sender.odometry_encode(
            time_us, WORLD_FRAMES[frame % 5], 12 if child < 250 else child, *numbers[:3], _nearly_unit(numbers[3:7]),
            0, 0, 0, 0, 0, 0, numbers[7:28], numbers[7:28],
        )  # fmt: skip
        listener.take(sent.pack(sender))
    assert listener.taken + listener.late + listener.refused == -(-max(len(content), 1) // 140), "each is counted"
    listener.at(1.9e9, 0.1)
    listener._socket.close()


WORLD_FRAMES = (1, 4, 20, 21, 7)


def _nearly_unit(numbers: list[float]) -> list[float]:
    length = float(np.linalg.norm(numbers))
    return [number / length for number in numbers] if 0 < length < 1e30 else numbers


def _camera(content: bytes, folder: Path) -> None:
    camera, _ = read_camera(_file(folder, "camera.yaml", content))
    assert min(camera.fx_px, camera.fy_px) > 0


def _tags(content: bytes, folder: Path) -> None:
    for tag in read_tag_layout(_file(folder, "tags.toml", content)).tags.values():
        assert np.isfinite(tag.corners_m()).all()


def _mount(content: bytes, folder: Path) -> None:
    mount = read_mount(_file(folder, "mount.toml", content))
    mount.camera(Pose(position_m=(1, 2, 3), orientation_xyzw=(0, 0, 0, 1)))


def _registration(content: bytes, folder: Path) -> None:
    transform = read_registration(_file(folder, "registration.json", content))
    transform.pose(Pose(position_m=(1, 2, 3), orientation_xyzw=(0, 0, 0, 1), covariance=tuple(np.eye(6).ravel())))


def _control_points(content: bytes, folder: Path) -> None:
    read_control_points(_file(folder, "points.csv", content))


def _fixes(content: bytes, folder: Path) -> None:
    assert read_fixes(_file(folder, "fixes.csv", content))


def _photograph(content: bytes, folder: Path) -> None:
    image, _ = read_header(content, "photo")
    if image.width_px * image.height_px <= LARGEST_DECODED_PX:
        assert decode(content, image, "photo").shape == (image.height_px, image.width_px, 3)


def _manifest(content: bytes, folder: Path) -> None:
    _file(folder, "model.json", content)
    manifest, _ = read_manifest(_file(folder, "model.tflite", b"model"))
    assert manifest.sha256 == hashlib.sha256(b"model").hexdigest()


def _outbox(content: bytes, folder: Path) -> None:
    path = _file(folder, "outbox.sqlite", content)
    with Outbox(path) as outbox:
        outbox.counts("http://server/")
        outbox.refusals()
        outbox.scans()
        for report in outbox.waiting_reports("http://server/", 5, 1000):
            outbox.headers(report.header_ids)
        outbox.waiting_picture("http://server/")
    for _ in export(path, folder / "out"):
        pass


def _answer(content: bytes, folder: Path) -> None:
    answer = httpx2.Response(400, content=content, headers=[(b"Retry-After", content[:20])])
    uplink._answers(answer)
    assert words_of(answer).startswith("400 ")
    retry_after_s(answer)


def _bag(content: bytes, folder: Path) -> None:
    """The metadata and the MCAP file, with two zero lines between them."""
    metadata, _, messages = content.partition(BAG_CUT)
    bag = folder / "bag"
    bag.mkdir()
    _file(bag, "metadata.yaml", metadata)
    _file(bag, "bag.mcap", messages)
    out = Extraction(folder / "out", Mount(), "map")
    wrong: list[CrackmapError] = []
    for read in (
        run_bag(bag, None, None, Extraction(Path(), Mount(), None)),
        run_bag(bag, "/camera", "/odom", out),
        replay(bag, "", "odometry:/odom"),
        replay(bag, "/camera", "tf:map"),
    ):
        try:
            for _ in read:
                pass
        except CrackmapError as error:
            wrong.append(error)
    if wrong:
        raise wrong[0]


BAG_CUT = b"\n---cut---\n"


# --------------------------------------------------------------------------------------------------------------- seeds

SETTINGS = b"""[scan]
surface = "north"
inspection = "2026"
target_width_mm = 0.3
[camera]
source = "v4l2:/dev/video0"
calibration = "camera.yaml"
pose_stream = "udp:9870"
[live]
width_px = 640
height_px = 480
[keep]
server = "http://host:8321"
frames = "all"
[status]
port = 0
"""
JSON_POSE = (
    b'{"time_s": 1.5, "position_m": [1, 2, 3], "orientation_xyzw": [0, 0, 0, 1], "covariance": %s}\n'
    % json.dumps(np.diag([1e-4] * 6).ravel().tolist()).encode()
)
NAMED_POSE = b'{"file": "a/1.jpg", "position_m": [1e0, 2, 3], "orientation_xyzw": [0.6, 0, 0, 0.8]}\n'
CSV_POSES = b"time_s,x_m,y_m,z_m,qx,qy,qz,qw\n1,0,0,1,1,0,0,0\n1.5,0.1,0,1,1,0,0,0\n"
TUM_POSES = b"# timestamp tx ty tz qx qy qz qw\n1305031102.17 1.3 0.6 1.6 1 0 0 0\n1305031102.27 1.3 0.6 1.7 1 0 0 0\n"
COLMAP_IMAGES = b"# images\n1 1 0 0 0 0.5 0.5 2 1 0001.jpg\n1.5 2.5 -1\n2 1 0 0 0 0.6 0.5 2 1 0002.jpg\n\n"
COLMAP_CAMERAS = b"# cameras\n1 OPENCV 640 480 500 500 320 240 0.1 0.01 0 0\n"
OPENSFM = json.dumps(
    [
        {
            "cameras": {"c": {"projection_type": "brown", "width": 640, "height": 480, "focal_x": 0.8, "focal_y": 0.8}},
            "shots": {"1.jpg": {"rotation": [0.1, 0, 3], "translation": [1, 2, 3], "camera": "c"}},
        }
    ]
).encode()
ROS_CAMERA = b"""image_width: 640
image_height: 480
camera_name: left
camera_matrix:
  rows: 3
  cols: 3
  data: [500, 0, 320, 0, 500, 240, 0, 0, 1]
distortion_model: plumb_bob
distortion_coefficients:
  data: [0.1, -0.2, 0, 1e-05, 0]
"""
OPENCV_CAMERA = b"""%YAML:1.0
---
image_width: 640
image_height: 480
camera_matrix: !!opencv-matrix
   rows: 3
   cols: 3
   dt: d
   data: [ 500., 0., 320., 0., 500., 240., 0., 0., 1. ]
distortion_coefficients: !!opencv-matrix
   data: [ 0.1, -0.2, 0., 0., 0. ]
"""
TAGS = (
    b'family = "apriltag_36h11"\nside_m = 0.08\nsigma_m = 0.002\n[[tag]]\nid = 3\nu_m = 0.5\nv_m = 1.2\nturn_deg = 5\n'
)
MOUNT = b"position_m = [0.1, 0, 0.5]\norientation_xyzw = [-0.5, 0.5, -0.5, 0.5]\n"
REGISTRATION = (
    b'{"position_m": [1, 2, 3], "orientation_xyzw": [0, 0, 0, 1], "covariance": %s, "scale": 1.0}'
    % json.dumps(np.diag([1e-4] * 6).ravel().tolist()).encode()
)
POINTS = b"name,odometry_x_m,odometry_y_m,odometry_z_m,u_m,v_m,w_m,sigma_m\na,0,0,0,1,1,0,0.01\nb,1,0,0,2,1,,\n"
FIXES = b"time_s,u_m,v_m,w_m,sigma_m\n1,0.5,0.5,1,0.01\n"
METADATA = b"""rosbag2_bagfile_information:
  version: 9
  storage_identifier: mcap
  duration: {nanoseconds: 1}
  starting_time: {nanoseconds_since_epoch: 1900000000000000000}
  message_count: 1
  topics_with_message_count: []
  compression_format: ''
  compression_mode: ''
  relative_file_paths: [bag.mcap]
  files: []
  custom_data: {}
  ros_distro: rosbags
"""


def _pictures() -> tuple[bytes, ...]:
    pixels = np.random.default_rng(0).integers(0, 255, (9, 12, 3)).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2026:05:01 10:00:00"
    found = []
    for form, more in (
        ("JPEG", {"exif": exif}),
        ("PNG", {"exif": exif}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
    ):
        written = io.BytesIO()
        Image.fromarray(pixels).save(written, form, **more)
        found.append(written.getvalue())
    return tuple(found)


def _manifests() -> tuple[bytes, ...]:
    shipped = json.loads((Path(__file__).parent / "models" / "darkness-int8.json").read_bytes())
    return (json.dumps(shipped | {"sha256": hashlib.sha256(b"model").hexdigest()}).encode(),)


def _odometry_messages() -> tuple[bytes, ...]:
    sender = common.MAVLink(None)
    unknown = [float("nan"), *([0.0] * 20)]
    sent = [
        sender.odometry_encode(time, 20, 12, 1, 2, 3, [1, 0, 0, 0], 0, 0, 0, 0, 0, 0, covariance, unknown).pack(sender)
        for time, covariance in (
            (10**6, unknown),
            (2 * 10**6, [1e-4 * (k in {0, 6, 11, 15, 18, 20}) for k in range(21)]),
        )
    ]
    return (b"\0\0".join(sent),)


def _mcap_bytes(op: int, content: bytes) -> bytes:
    return bytes([op]) + struct.pack("<Q", len(content)) + content


def _bags() -> tuple[bytes, ...]:
    magic = b"\x89MCAP0\r\n"
    header = _mcap_bytes(1, struct.pack("<I", 4) + b"ros2" + struct.pack("<I", 0))
    return (METADATA + BAG_CUT + magic + header + _mcap_bytes(15, b"\0" * 4) + _mcap_bytes(2, b"\0" * 20) + magic,)


def _outboxes() -> tuple[bytes, ...]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "outbox.sqlite"
        with Outbox(path) as outbox:
            scan = recording("bridge", "north", "2026", 0.3).model_dump_json()
            outbox._rows.execute("INSERT INTO header VALUES ('a', 'scan', ?)", (scan,))
            outbox._rows.execute(
                "INSERT INTO report (frame_id, scan_id, analysis_id, pose_solution_id, label, body) "
                "VALUES ('f', 'a', 'a', '', 'l', '{}')"
            )
            outbox._rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return (path.read_bytes(),)


ALL_POSES = (JSON_POSE, NAMED_POSE, CSV_POSES, TUM_POSES, COLMAP_IMAGES, OPENSFM)
TARGETS = {
    "settings": (_settings, (SETTINGS,)),
    "poses": (_poses, ALL_POSES),
    "book": (_book, (NAMED_POSE,)),
    "udp": (_udp, (JSON_POSE + b"\0\0" + JSON_POSE, TUM_POSES, *ALL_POSES)),
    "mavlink": (_mavlink, _odometry_messages()),
    "odometry": (_odometry, (bytes(140), np.arange(35, dtype="<f4").tobytes() * 3)),
    "camera": (_camera, (ROS_CAMERA, OPENCV_CAMERA, COLMAP_CAMERAS, OPENSFM)),
    "tags": (_tags, (TAGS,)),
    "mount": (_mount, (MOUNT,)),
    "registration": (_registration, (REGISTRATION,)),
    "control-points": (_control_points, (POINTS,)),
    "fixes": (_fixes, (FIXES, JSON_POSE)),
    "photograph": (_photograph, _pictures()),
    "manifest": (_manifest, _manifests()),
    "outbox": (_outbox, _outboxes()),
    "answer": (_answer, (b'{"title": "x", "detail": "y"}', b'{"answers": [{"status": "stored"}]}', b"7")),
    "bag": (_bag, _bags()),
}
ALLOWED = (CrackmapError,)
