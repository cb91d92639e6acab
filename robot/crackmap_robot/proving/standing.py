"""Whether a day has its proof: what `crackmap robot prove` kept in a folder, for a camera and a model."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ValidationError

from crackmap.errors import InputError
from crackmap_robot.calibration import read_camera

SUFFIX = ".proof.json"
MOST_READ = 200
"""The newest of a folder."""
TO_DO = "photograph the card as the scan photographs, then `crackmap robot prove`"


class _Photograph(BaseModel):
    label: str
    taken_utc: AwareDatetime | None


class _Model(BaseModel):
    name: str
    sha256: str


class _Scale(BaseModel):
    mm_per_px: float
    sigma_mm_per_px: float
    stated_mm_per_px: float | None
    off_percent: float | None
    holds: bool | None


class _Widths(BaseModel):
    narrowest_found_mm: float | None
    claimed: str
    holds: bool | None
    target_width_mm: float | None
    target_shows: bool | None


class Proof(BaseModel):
    """A proof's file, as far as it is asked; `camera_sha256` is of the camera file, None where none was given."""

    photograph: _Photograph
    model: _Model
    scale: _Scale
    widths: _Widths
    camera_sha256: str | None
    proved_utc: AwareDatetime

    @property
    def day(self) -> date:
        """On which the card was photographed, by this machine's time zone; else on which it was proved."""
        return (self.photograph.taken_utc or self.proved_utc).astimezone().date()

    @property
    def failings(self) -> list[str]:
        """What does not hold, each in a few words."""
        scale, widths, failings = self.scale, self.widths, []
        if scale.holds is False:
            failings.append(f"the scale that is stated is off by {scale.off_percent:+.1f} %")
        if widths.holds is False:
            failings.append(f"the visible width ({widths.claimed}) was claimed and is not found")
        if widths.target_shows is False:
            failings.append(f"a crack of {widths.target_width_mm:g} mm is not shown")
        return failings

    def said(self) -> str:
        """What it shows."""
        scale, found_mm = self.scale, self.widths.narrowest_found_mm
        width = "no crack is found" if found_mm is None else f"cracks are found from {found_mm:.2f} mm on"
        return f"{self.photograph.label}: {scale.mm_per_px:.4g} ± {scale.sigma_mm_per_px:.2g} mm per pixel, {width}"


@dataclass(frozen=True)
class Standing:
    """`stands`: None where there is no proof; False where it shows that something does not hold."""

    stands: bool | None
    said: str


UNPROVED = Standing(None, "")
"""Nobody has looked yet."""


@dataclass(frozen=True)
class Setup:
    """What a proof must be of: the camera by its calibration, or the stated scale where it has none; and the model."""

    model_sha256: str
    camera_sha256: str | None
    mm_per_px: float | None

    @classmethod
    def of(cls, model_sha256: str, calibration: Path | None, mm_per_px: float | None) -> Setup:
        """Raises CalibrationError."""
        return cls(model_sha256, None if calibration is None else read_camera(calibration)[1], mm_per_px)

    def misfit(self, proof: Proof) -> str:
        """Why a proof is not of this; '' where it is."""
        if proof.camera_sha256 != self.camera_sha256:
            return "is of another camera file" if proof.camera_sha256 else "was made without the camera file"
        stated = proof.scale.stated_mm_per_px
        if self.mm_per_px is not None and (stated is None or not math.isclose(stated, self.mm_per_px, rel_tol=1e-3)):
            return f"is not of {self.mm_per_px:g} mm per pixel"
        return "" if proof.model.sha256 == self.model_sha256 else f"is by another model, {proof.model.name}"


def standing(folder: Path, day: date, setup: Setup) -> Standing:
    """What the latest proof of that day says that is of this camera and model. What is no proof is named."""
    others = []
    try:
        proofs = sorted(_proofs(folder), key=lambda found: found[1].proved_utc, reverse=True)
    except InputError as error:
        return Standing(False, str(error))
    for path, proof in proofs:
        if proof.day != day:
            continue
        if misfit := setup.misfit(proof):
            others.append(f"{path.name} {misfit}")
            continue
        if failings := proof.failings:
            return Standing(False, f"{proof.said()}; {'; '.join(failings)}. Mend it and prove again")
        return Standing(True, proof.said())
    why = f" ({'; '.join(others)})" if others else ""
    return Standing(None, f"none of {day} in {folder}{why}: {TO_DO}")


def _proofs(folder: Path) -> Iterator[tuple[Path, Proof]]:
    """Raises InputError for what cannot be read, or is another version's; a folder that is not there holds none."""
    try:
        found = sorted(folder.glob(f"*{SUFFIX}"), key=lambda path: path.stat().st_mtime_ns, reverse=True)
        for path in found[:MOST_READ]:
            yield path, Proof.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{error.filename}: cannot be read ({error.strerror}).") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "JSON"
        raise InputError(f"{path}: is no proof of this version ({where}). Prove again, or take it away.") from error
