"""Camera files as tests write them: a pinhole that looks along the middle of its picture."""


def camera_file(width_px: int, height_px: int, focal_px: float) -> str:
    """ROS camera_info YAML, without distortion."""
    cx_px, cy_px = (width_px - 1) / 2, (height_px - 1) / 2
    rows = f"{focal_px}, 0, {cx_px}", f"0, {focal_px}, {cy_px}", "0, 0, 1"
    return (
        f"image_width: {width_px}\nimage_height: {height_px}\ncamera_name: test\ndistortion_model: plumb_bob\n"
        f"camera_matrix: {{rows: 3, cols: 3, data: [{', '.join(rows)}]}}\n"
        "distortion_coefficients: {rows: 1, cols: 5, data: [0, 0, 0, 0, 0]}\n"
        "rectification_matrix: {rows: 3, cols: 3, data: [1, 0, 0, 0, 1, 0, 0, 0, 1]}\n"
        f"projection_matrix: {{rows: 3, cols: 4, data: [{', 0, '.join(rows)}, 0]}}\n"
    )
