"""The live poses that robot.toml asks for: what is listened to, and how it becomes the camera's on the surface."""

from crackmap.messages import Pose
from crackmap_robot.daemon.camera_settings import MAVLINK, ODOMETRY, TREE, CameraSection
from crackmap_robot.poses.listener import PoseListener
from crackmap_robot.poses.mavlink import MavlinkPoses
from crackmap_robot.poses.mount import Mount, read_mount
from crackmap_robot.poses.registration_file import read_registration
from crackmap_robot.poses.track import PoseTrack


def mount_of(camera: CameraSection) -> Mount | None:
    """What the stream's poses go through; None where they are the camera's own. Raises InputError."""
    if camera.mount is not None:
        return read_mount(camera.mount)
    return Mount() if camera.pose_stream and camera.pose_stream.startswith((MAVLINK, ODOMETRY)) else None


def listen(camera: CameraSection) -> PoseTrack:
    """What listens, and has not begun; or what waits for the poses of a bag, which come with its pictures.

    Raises SettingError, InputError for a mount or a registration.
    """
    assert camera.pose_stream is not None
    kind, _, address = camera.pose_stream.partition(":")
    mount = mount_of(camera)
    registration = read_registration(camera.registration) if camera.registration else None

    def carried(pose: Pose) -> Pose:
        there = pose if mount is None else mount.camera(pose)
        return there if registration is None else registration.pose(there)

    carry = carried if mount or registration else None
    if camera.pose_stream.startswith((ODOMETRY, TREE)):
        return PoseTrack(camera.pose_stream, None, carry)
    host, _, port = address.rpartition(":")
    return PoseListener(host or "127.0.0.1", int(port), MavlinkPoses() if f"{kind}:" == MAVLINK else None, carry)
