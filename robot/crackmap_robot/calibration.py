"""The calibration in a camera file: a pinhole with the lens model `plumb_bob`, as calibrators write it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crackmap.messages import Camera
from crackmap_robot.camera_file import CalibrationError, Section, checked, content_of, parsed, shown
from crackmap_robot.semidefinite import LOWEST_EIGENVALUE, lowest_scaled_eigenvalue
from crackmap_robot.sfm import colmap, opensfm

PARAMETERS = ("fx", "fy", "cx", "cy", "k1", "k2", "p1", "p2", "k3")
"""In the order of `calibration_covariance`."""
LONGEST_READOUT_S = 1.0


@dataclass(frozen=True)
class Calibration:
    """What a camera file says.

    `covariance` is 9 × 9, row by row, of PARAMETERS (pixels for the first four); None: nobody says how exact they are.
    `readout_s` is the time from the first row to the last of a rolling shutter; None: all rows at once.
    """

    camera: Camera
    sha256: str
    covariance: tuple[float, ...] | None = None
    readout_s: float | None = None


def read_camera(path: Path) -> tuple[Camera, str]:
    """The camera of `read_calibration`, and the file's SHA-256. Raises CalibrationError."""
    found = read_calibration(path)
    return found.camera, found.sha256


def read_calibration(path: Path) -> Calibration:
    """The calibration in a camera file.

    ROS camera_info YAML, what OpenCV's FileStorage writes, COLMAP's cameras.txt, OpenSfM's reconstruction.json. Of the
    first two `plumb_bob` with 4 (k1, k2, p1, p2) or 5 (… k3) coefficients; rectification and projection matrix are not
    used: crackmap works on pictures as they come from the sensor. Two keys are ours, and other readers pass over them:
    `calibration_covariance` and `readout_s`. Raises CalibrationError.
    """
    content = content_of(path)
    sha256 = hashlib.sha256(content).hexdigest()
    by_others = colmap.read_cameras(path, content) or opensfm.read_cameras(path, content)
    if by_others is not None:
        return Calibration(by_others, sha256)
    top = parsed(path, content)
    with checked(path):
        camera = _by_calibrator(top)
    return Calibration(camera, sha256, _covariance(top), _readout_s(top))


def _by_calibrator(top: Section) -> Camera:
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


def _covariance(top: Section) -> tuple[float, ...] | None:
    """None where it is not there, or a variance of focal length or centre is 0: no calibration is perfect.

    That of a distortion coefficient may be 0: it was held at its value.
    """
    if "calibration_covariance" not in top.values:
        return None
    section, count = top.section("calibration_covariance"), len(PARAMETERS)
    matrix = np.array(section.numbers("data", (count * count,))).reshape(count, count)
    if np.abs(matrix - matrix.T).max() > 1e-6 * np.abs(matrix).max():
        section.refuse("data", f"is not symmetric; write {count} × {count} numbers for {' '.join(PARAMETERS)}")
    matrix = (matrix + matrix.T) / 2
    if (lowest := lowest_scaled_eigenvalue(matrix)) < LOWEST_EIGENVALUE:
        section.refuse("data", f"is not positive semi-definite (lowest scaled eigenvalue {lowest:.3g})")
    return None if (np.diag(matrix)[:4] == 0).any() else tuple(matrix.ravel().tolist())


def _readout_s(top: Section) -> float | None:
    if "readout_s" not in top.values:
        return None
    readout_s = top.number("readout_s")
    if not 0 <= readout_s <= LONGEST_READOUT_S:
        top.refuse("readout_s", f"must be seconds from the first row to the last, 0 to 1, not {readout_s:g}")
    return readout_s or None
