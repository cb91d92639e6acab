"""One `crackmap robot prove`: a photograph of the card in, what it proves out."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from crackmap.errors import InputError, SettingError, StorageError
from crackmap.manifest import Manifest
from crackmap.messages import Camera
from crackmap_robot.calibration import check_fits, read_camera
from crackmap_robot.cameras.camera import Photo
from crackmap_robot.cameras.folder import read_photo
from crackmap_robot.cameras.photograph import decode
from crackmap_robot.classifier import Classifier
from crackmap_robot.poses.file import Missing, read_poses
from crackmap_robot.poses.tags import TagFinder
from crackmap_robot.projection.errors import NoView
from crackmap_robot.projection.placement import chart_points
from crackmap_robot.proving.card import HEIGHT_MM, TAG_EDGE_MM, WIDTH_MM, Card
from crackmap_robot.proving.proof import Scale, Widths, widths_of
from crackmap_robot.proving.scale import SeenCard, seen_card
from crackmap_robot.runtimes import Runtime

TAGS_APART_MM = WIDTH_MM - 2 * TAG_EDGE_MM
PRINT_SIGMA_MM = 0.3
"""How well that is measured on the print with a ruler."""


@dataclass(frozen=True)
class ProveSettings:
    """`stated_mm_per_px`, or poses and a camera, say the scale that is to be proved. Raises SettingError for both."""

    photograph: Path
    model: Path
    to: Path
    stated_mm_per_px: float | None = None
    poses: Path | None = None
    camera: Path | None = None
    tags_apart_mm: float = TAGS_APART_MM
    most_off_percent: float = 2.0
    target_width_mm: float | None = None
    runtime: Runtime = Runtime.LITERT

    def __post_init__(self) -> None:
        if self.stated_mm_per_px is not None and self.poses is not None:
            raise SettingError("--mm-per-px and --poses both say the scale: give the one that the scan goes by.")
        if self.poses is not None and self.camera is None:
            raise SettingError("--poses needs --camera, the camera's calibration.")


def run_prove(settings: ProveSettings) -> Iterator[tuple[str, int]]:
    """Write the proof; yields lines, and 2 for each that says that something does not hold.

    Raises InputError, SettingError, StorageError.
    """
    card, photo = Card(), read_photo(settings.photograph)
    camera, camera_sha256 = (None, None) if settings.camera is None else read_camera(settings.camera)
    if camera is not None:
        check_fits(camera, photo.image.width_px, photo.image.height_px, settings.photograph)
    pixels = decode(photo.content, photo.image, photo.label)
    print_scale, print_sigma = settings.tags_apart_mm / TAGS_APART_MM, PRINT_SIGMA_MM / TAGS_APART_MM
    try:
        seen = seen_card(TagFinder(card.layout, camera=camera).corners(pixels), camera, print_scale, print_sigma)
    except InputError as error:
        raise InputError(f"{settings.photograph}: {error}") from error
    scale = Scale(
        seen.mm_per_px, seen.sigma_mm_per_px, _stated(settings, photo, seen, camera), settings.most_off_percent
    )
    with Classifier(settings.model, 1, settings.runtime) as classifier:
        manifest, widths = classifier.manifest, widths_of(pixels, card, seen, classifier)
    kept = proof(photo, manifest, scale, widths, settings.target_width_mm)
    _write(settings.to, kept | {"camera_sha256": camera_sha256, "proved_utc": datetime.now(UTC).isoformat()})
    yield from _scale_lines(scale, manifest)
    yield from _width_lines(widths, settings.target_width_mm)
    yield f"{'proof':<10}{settings.to}", 0


def proof(
    photo: Photo, manifest: Manifest, scale: Scale, widths: Widths, target_width_mm: float | None
) -> dict[str, Any]:
    """What is kept: all that was measured, and the verdicts; null is not known."""
    taken = photo.capture.captured_utc
    return {
        "version": 1,
        "photograph": {"label": photo.label, "sha256": photo.image.sha256, "taken_utc": taken and taken.isoformat()},
        "model": {"name": manifest.name, "sha256": manifest.sha256, "threshold": manifest.threshold},
        "scale": asdict(scale) | {"off_percent": scale.off_percent, "holds": scale.holds},
        "widths": {
            "lines": [asdict(line) for line in widths.lines],
            "narrowest_found_mm": widths.narrowest_found_mm,
            "claimed": _claim(widths),
            "claimed_mm": widths.claimed_mm if math.isfinite(widths.claimed_mm) else None,
            "false_alarms": widths.false_alarms,
            "holds": widths.holds,
            "target_width_mm": target_width_mm,
            "target_shows": None if target_width_mm is None else widths.shows(target_width_mm),
        },
    }


def _claim(widths: Widths) -> str:
    if math.isnan(widths.claimed_mm):
        return "not known"
    return "none would show" if math.isinf(widths.claimed_mm) else f"from {widths.claimed_mm:.2g} mm on"


def _stated(settings: ProveSettings, photo: Photo, seen: SeenCard, camera: Camera | None) -> float | None:
    """mm per px amid the card by what the scan will go by; None where nothing is stated."""
    if settings.poses is None or camera is None:
        return settings.stated_mm_per_px
    taken = photo.capture.captured_utc
    pose = read_poses(settings.poses).pose_for(
        photo.label, None if taken is None else taken.timestamp(), photo.capture.time_sigma_s
    )
    if isinstance(pose, Missing):
        raise InputError(f"{settings.photograph}: has no pose: {pose.cause}.")
    middle = seen.pixels_px(np.array([[WIDTH_MM / 2, HEIGHT_MM / 2]]))
    around = middle + np.array([[-0.5, 0.0], [0.5, 0.0], [0.0, -0.5], [0.0, 0.5]])
    try:
        left, right, above, below = chart_points(camera, pose, around)
    except NoView as error:
        raise InputError(f"{settings.photograph}: its pose sees no surface where the card is: {error}.") from error
    across, down = right - left, below - above
    return 1000 * math.sqrt(abs(float(across[0] * down[1] - across[1] * down[0])))


def _scale_lines(scale: Scale, manifest: Manifest) -> Iterator[tuple[str, int]]:
    said = f"{'scale':<10}{scale.mm_per_px:.4g} ± {scale.sigma_mm_per_px:.2g} mm per pixel by the card"
    if scale.off_percent is None:
        yield f"{said}; nothing was stated to compare it with", 0
    else:
        said += f"; stated {scale.stated_mm_per_px:.4g}, {scale.off_percent:+.2f} %"
        if scale.holds:
            yield said, 0
        else:
            yield f"{said}: off by more than {scale.most_off_percent:g} %. Measure the distance, calibrate again", 2
    if not manifest.mm_per_px.low <= scale.mm_per_px <= manifest.mm_per_px.high:
        low, high = manifest.mm_per_px.low, manifest.mm_per_px.high
        yield f"{'':<10}the model was made for {low:g} to {high:g} mm per pixel: go nearer or farther away", 2


def _width_lines(widths: Widths, target_width_mm: float | None) -> Iterator[tuple[str, int]]:
    for line in widths.lines:
        what = "no line" if line.width_mm is None else f"{line.width_mm:g} mm"
        like = "" if line.like_a_crack_mm is None else f", like a crack of {line.like_a_crack_mm:.2f} mm"
        said = "not in the picture" if line.found is None else f"{'found' if line.found else 'not found'}"
        sure = "" if line.probability is None else f" ({line.probability:.2f})"
        yield f"{'line':<10}{what}{like}: {said}{sure}", 0
    narrowest = widths.narrowest_found_mm
    found = "none is found" if narrowest is None else f"cracks are found from {narrowest:.2f} mm on"
    verdict = {
        True: "the claim holds",
        False: "THE CLAIM DOES NOT HOLD",
        None: "nothing is claimed that could be tried",
    }
    alarms = f"; {widths.false_alarms} false alarms" if widths.false_alarms else ""
    yield (
        f"{'widths':<10}{found}; claimed: {_claim(widths)}; {verdict[widths.holds]}{alarms}",
        2 if widths.holds is False else 0,
    )
    if target_width_mm is not None and not widths.shows(target_width_mm):
        yield f"{'target':<10}a crack of {target_width_mm:g} mm is not shown: focus, go nearer, or light it better", 2


def _write(path: Path, what: dict[str, Any]) -> None:
    """The whole file or nothing. Raises StorageError."""
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(what, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageError(f"{path}: cannot be written ({error.strerror}).") from error
