"""Bags that the library `rosbags` writes: what a robot's drive logs."""

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

START_S = 1_900_000_000
ODOM, PICTURES, RAW = "/odom", "/camera/image/compressed", "/camera/image"


def picture(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 255, (48, 64, 3)).astype(np.uint8)


def jpeg(number: int) -> bytes:
    written = io.BytesIO()
    Image.fromarray(picture(number)).save(written, "JPEG", quality=95)
    return written.getvalue()


class Drive:
    """Messages of a robot that drives along x at half a metre a second, in rosbags' own types."""

    def __init__(self) -> None:
        from rosbags.typesys import Stores, get_typestore

        self.store = get_typestore(Stores.ROS2_HUMBLE)
        self.types = self.store.types

    def header(self, time_s: float, frame: str = "odom") -> Any:
        sec = math.floor(time_s)
        stamp = self.types["builtin_interfaces/msg/Time"](sec=sec, nanosec=round((time_s - sec) * 1e9))
        return self.types["std_msgs/msg/Header"](stamp=stamp, frame_id=frame)

    def odometry(self, time_s: float, covariance: np.ndarray, w: float = 1.0) -> Any:
        types = self.types
        vector = types["geometry_msgs/msg/Vector3"]
        pose = types["geometry_msgs/msg/Pose"](
            position=types["geometry_msgs/msg/Point"](x=0.5 * (time_s - START_S), y=0.25, z=0.0),
            orientation=types["geometry_msgs/msg/Quaternion"](x=0.0, y=0.0, z=0.0, w=w),
        )
        twist = types["geometry_msgs/msg/Twist"](
            linear=vector(x=0.0, y=0.0, z=0.0), angular=vector(x=0.0, y=0.0, z=0.0)
        )
        return types["nav_msgs/msg/Odometry"](
            header=self.header(time_s),
            child_frame_id="base_link",
            pose=types["geometry_msgs/msg/PoseWithCovariance"](pose=pose, covariance=covariance.ravel()),
            twist=types["geometry_msgs/msg/TwistWithCovariance"](twist=twist, covariance=np.zeros(36)),
        )

    def compressed(self, time_s: float, content: bytes, form: str = "jpeg", frame: str = "camera") -> Any:
        return self.types["sensor_msgs/msg/CompressedImage"](
            header=self.header(time_s, frame), format=form, data=np.frombuffer(content, np.uint8)
        )

    def raw(self, time_s: float, pixels: np.ndarray, encoding: str) -> Any:
        height, width = pixels.shape[:2]
        padded = np.zeros((height, pixels[0].size + 5), np.uint8)
        padded[:, : pixels[0].size] = pixels.reshape(height, -1)
        return self.types["sensor_msgs/msg/Image"](
            header=self.header(time_s), height=height, width=width, encoding=encoding, is_bigendian=0,
            step=padded.shape[1], data=padded.ravel(),
        )  # fmt: skip

    def transform(self, time_s: float, parent: str, child: str, place: Sequence[float], turn: Sequence[float]) -> Any:
        """A TFMessage."""
        types = self.types
        moved = types["geometry_msgs/msg/Transform"](
            translation=types["geometry_msgs/msg/Vector3"](*place),
            rotation=types["geometry_msgs/msg/Quaternion"](*turn),
        )
        header = self.header(time_s, parent)
        stamped = types["geometry_msgs/msg/TransformStamped"](header=header, child_frame_id=child, transform=moved)
        return types["tf2_msgs/msg/TFMessage"](transforms=[stamped])

    def write(
        self, folder: Path, messages: Sequence[tuple[str, Any]], storage: str, logged_s: Sequence[float] | None = None
    ) -> Path:
        """`logged_s`: when each message was logged; without, one after the other at once."""
        from rosbags.rosbag2 import StoragePlugin, Writer

        with Writer(folder, version=9, storage_plugin=StoragePlugin[storage]) as writer:
            connections: dict[str, Any] = {}
            for number, (topic, message) in enumerate(messages):
                kind = message.__msgtype__
                if topic not in connections:
                    connections[topic] = writer.add_connection(topic, kind, typestore=self.store)
                raw = self.store.serialize_cdr(message, kind)
                at_ns = START_S * 10**9 + number if logged_s is None else round(logged_s[number] * 1e9)
                writer.write(connections[topic], at_ns, raw)
        return folder
