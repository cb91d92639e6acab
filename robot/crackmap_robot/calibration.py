"""The calibration in a camera file: a pinhole with the lens model `plumb_bob`, as calibrators write it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from crackmap.messages import Camera
from crackmap_robot.camera_file import CalibrationError, Section, checked, content_of, parsed, shown
from crackmap_robot.sfm import colmap, opensfm


def read_camera(path: Path) -> tuple[Camera, str]:
    """The calibration in a camera file, and the file's SHA-256.

    ROS camera_info YAML, what OpenCV's FileStorage writes, COLMAP's cameras.txt, OpenSfM's reconstruction.json. Of the
    first two `plumb_bob` with 4 (k1, k2, p1, p2) or 5 (… k3) coefficients; rectification and projection matrix are not
    used: crackmap works on pictures as they come from the sensor. Raises CalibrationError.
    """
    content = content_of(path)
    camera = colmap.read_cameras(path, content) or opensfm.read_cameras(path, content) or _by_calibrator(path, content)
    return camera, hashlib.sha256(content).hexdigest()


def _by_calibrator(path: Path, content: bytes) -> Camera:
    top = parsed(path, content)
    width_px, height_px = top.side_px("image_width"), top.side_px("image_height")
    matrix = top.section("camera_matrix")
    fx, skew, cx, below, fy, cy, *last_row = matrix.numbers("data", (9,))
    for name, focal in (("fx", fx), ("fy", fy)):
        if focal <= 0:
            matrix.refuse("data", f"the focal length {name} must be over 0, not {focal}")
    if skew != 0:
        matrix.refuse("data", f"value 2 is the skew and must be 0, not {skew}; calibrate without skew")
    if below != 0 or last_row != [0, 0, 1]:
        matrix.refuse("data", "must read fx, 0, cx, 0, fy, cy, 0, 0, 1")
    name = top.values.get("camera_name", "")
    if not isinstance(name, str | int) or len(str(name)) > 200:
        top.refuse("camera_name", "must be a name of at most 200 characters")
    with checked(path):
        return Camera(
            name=str(name),
            width_px=width_px,
            height_px=height_px,
            fx_px=fx,
            fy_px=fy,
            cx_px=cx,
            cy_px=cy,
            distortion=_distortion(top),
        )


def check_fits(camera: Camera, width_px: int, height_px: int, photo: Path) -> None:
    """Raise CalibrationError unless the calibration was made for pictures of this size.

    A photograph that was scaled, cropped or turned has another focal length and centre than its sensor's calibration.
    """
    if (camera.width_px, camera.height_px) == (width_px, height_px):
        return
    known = f"the calibration of camera {camera.name!r} is for {camera.width_px} × {camera.height_px} pixels"
    if (camera.width_px, camera.height_px) == (height_px, width_px):
        advice = "give the picture as the sensor stores it, not turned (an EXIF orientation may stay)"
    else:
        advice = "give --camera the calibration of this resolution and sensor mode, or the pictures as they were taken"
    raise CalibrationError(f"{photo} has {width_px} × {height_px} pixels, {known}: {advice}.")


def _distortion(top: Section) -> tuple[float, float, float, float, float]:
    model = top.values.get("distortion_model", "plumb_bob") if top.by_opencv else top.get("distortion_model")
    if model != "plumb_bob":
        top.refuse("distortion_model", f"must be plumb_bob, not {shown(model)}; calibrate again with that model")
    # OpenCV names no model: more than five coefficients are of another one.
    k1, k2, p1, p2, *k3 = top.section("distortion_coefficients").numbers("data", (4, 5))
    return k1, k2, p1, p2, k3[0] if k3 else 0.0
