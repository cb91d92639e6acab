"""A calibration as ROS camera_info YAML, which `crackmap_robot.calibration.read_camera` reads. Pure."""

import json
from collections.abc import Sequence

from crackmap_robot.calibrating.solution import Solution
from crackmap_robot.calibration import PARAMETERS


def camera_yaml(solution: Solution, name: str) -> str:
    """The file's text; how exact the values are together is a matrix that only crackmap reads."""
    fx, fy, cx, cy, *lens = solution.values
    sigmas = ", ".join(f"{key} {sigma:.3g}" for key, sigma in zip(PARAMETERS, solution.sigmas, strict=True))
    return (
        f"# crackmap robot calibrate: {len(solution.views)} photographs, corners miss by {solution.rms_px:.3f} px\n"
        f"# standard deviations: {sigmas}\n"
        f"image_width: {solution.width_px}\n"
        f"image_height: {solution.height_px}\n"
        f"camera_name: {json.dumps(name, ensure_ascii=False)}\n"
        f"{_matrix('camera_matrix', 3, 3, [fx, 0, cx, 0, fy, cy, 0, 0, 1])}"
        "distortion_model: plumb_bob\n"
        f"{_matrix('distortion_coefficients', 1, 5, lens)}"
        f"{_matrix('rectification_matrix', 3, 3, [1, 0, 0, 0, 1, 0, 0, 0, 1])}"
        f"{_matrix('projection_matrix', 3, 4, [fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1, 0])}"
        f"# of {', '.join(PARAMETERS)}; readers that do not know it pass over it\n"
        f"{_matrix('calibration_covariance', 9, 9, solution.covariance.ravel().tolist())}"
    )


def _matrix(name: str, rows: int, columns: int, values: Sequence[float]) -> str:
    # repr gives the shortest text that reads back as the same number
    return f"{name}:\n  rows: {rows}\n  cols: {columns}\n  data: [{', '.join(map(repr, map(float, values)))}]\n"
