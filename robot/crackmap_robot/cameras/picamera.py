"""A Raspberry Pi's own camera (CSI) by Picamera2, as the grabber takes frames: `read()`, like cv2.VideoCapture's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from crackmap_robot.cameras.grabber import Grab

MISSING = (
    "is read by Picamera2, which is not here: apt-get install python3-picamera2, and make the environment with "
    "--system-site-packages"
)


class PiCamera:
    """Runs from the start. `focus` is in dioptres: 1 / metres."""

    def __init__(self, grab: Grab) -> None:
        """Raises ValueError with the reason."""
        try:
            from picamera2 import Picamera2  # noqa: PLC0415 - only where there is such a camera
        except ImportError as error:
            raise ValueError(MISSING) from error
        number = grab.source.partition(":")[2]
        if not number.isdecimal():
            raise ValueError(f"must be csi:NUMBER, as csi:0 for the first camera, not {grab.source!r}")
        try:
            self._camera: Any = Picamera2(int(number))
            # What Picamera2 calls RGB888 lies in memory as blue, green, red, as OpenCV has it.
            main: dict[str, Any] = {"format": "RGB888"}
            if grab.width_px:
                main["size"] = (grab.width_px, grab.height_px)
            self._camera.configure(self._camera.create_video_configuration(main=main, controls=_controls(grab)))
            self._camera.start()
        except (IndexError, RuntimeError, ValueError, OSError) as error:
            raise ValueError(f"cannot be opened ({error}): is it plugged in, and used by no other program?") from error
        height, width = self.read()[1].shape[:2]
        if grab.width_px and (width, height) != (grab.width_px, grab.height_px):
            raise ValueError(f"gives {width} × {height} px, not {grab.width_px} × {grab.height_px}")

    def read(self) -> tuple[bool, npt.NDArray[np.uint8]]:
        """The next frame, blue first. May block for ever."""
        return True, np.asarray(self._camera.capture_array("main"), np.uint8)


def _controls(grab: Grab) -> dict[str, Any]:
    """libcamera's names: times in microseconds, manual focus is mode 0."""
    controls: dict[str, Any] = {}
    if grab.frames_per_s:
        controls["FrameRate"] = grab.frames_per_s
    if grab.exposure_ms is not None:
        controls |= {"AeEnable": False, "ExposureTime": round(1000 * grab.exposure_ms)}
    if grab.focus is not None:
        controls |= {"AfMode": 0, "LensPosition": grab.focus}
    return controls
