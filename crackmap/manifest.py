"""What a shipped model promises: `crack-227.tflite` has its promises beside it in `crack-227.json`."""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from crackmap.errors import InputError

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Range(_Part):
    """A closed range."""

    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> "Range":
        if self.low > self.high:
            raise ValueError(f"low {self.low} is over high {self.high}")
        return self


class Figure(_Part):
    """One measured figure with its 95 % interval, on rows that the model never saw."""

    data: str = Field(description="data set, split and surface kind, as 'sdnet2018 test walls'")
    measure: str = Field(description="as 'AUROC', 'recall at 1 false tile per m2'")
    value: float
    low: float
    high: float
    count: int = Field(description="tiles that it was measured on", gt=0)


class VisibleWidth(_Part):
    """The narrowest crack that the model finds, in px of a frame: four of five of those that it finds when wide.

    margin × (per_texture × texture × blur_px + per_blur × max(0, blur_px − sharp_px)), where `blur_px` is the sigma
    of the frame's blur and `texture` the deviation of the surface's fine texture as a share of its brightness
    (crackmap_robot.quality.sharpness), for cracks that reflect 40 % of what is around them. A line's dip is its width
    over the blur, and must stand out of the texture: the first term. The second is what the model was measured to do.
    """

    per_texture: float = Field(ge=0)
    per_blur: float = Field(ge=0)
    sharp_px: float = Field(ge=0)
    margin: float = Field(ge=1, description="makes five of six measured widths narrower than what is said")

    def px(self, blur_px: npt.NDArray[np.float64], texture: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """In px, of the arguments' shape; NaN where either is."""
        beyond = np.maximum(blur_px - self.sharp_px, 0.0)
        return np.asarray(self.margin * (self.per_texture * texture * blur_px + self.per_blur * beyond), np.float64)


class Dense(_Part):
    """A second file of the same weights, that scores all overlapping tiles of a picture in one pass."""

    sha256: Sha256 = Field(description="of the .dense.tflite file")
    size_bytes: int = Field(gt=0)
    stride_px: int = Field(gt=0, description="from tile to tile")


class Manifest(_Part):
    """A model file's promises. Pixels go in as RGB 0..255, quantised as the input tensor says; a logit comes out."""

    version: Literal[1] = 1
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")
    sha256: Sha256 = Field(description="of the .tflite file")
    size_bytes: int = Field(gt=0)
    tile_px: int = Field(gt=0, description="width and height of the input")
    input_dtype: Literal["int8", "uint8", "float32"]
    output_dtype: Literal["int8", "uint8", "float32"]
    labels: tuple[Literal["no_crack"], Literal["crack"]] = ("no_crack", "crack")
    threshold: float = Field(ge=0, le=1, description="probability at and over which a tile is a detection")
    threshold_rule: str = Field(description="how the threshold was chosen, and on which rows")
    mm_per_px: Range = Field(description="the scale at which the model was trained and may be used")
    visible_width: VisibleWidth | None = Field(default=None, description="None: was not measured")
    dense: Dense | None = Field(default=None, description="None: there is no such file")
    surfaces: tuple[str, ...] = Field(description="kinds of surface in the training data", min_length=1)
    preprocessing: int = Field(default=1, ge=1, description="version of what happens between file and input tensor")
    training_data: tuple[str, ...] = Field(min_length=1)
    parameters: int = Field(gt=0)
    figures: tuple[Figure, ...] = ()
    known_scores: tuple[Annotated[int, Field(ge=0, le=255)], ...] = Field(
        default=(), description="score bytes of the six drawn tiles (crackmap.drawn_tiles); empty: were not measured"
    )
    licence: str
    created_utc: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")


def manifest_path(model: Path) -> Path:
    """`crack-227.tflite` → `crack-227.json`."""
    return model.with_suffix(".json")


def dense_path(model: Path) -> Path:
    """`crack-227.tflite` → `crack-227.dense.tflite`."""
    return model.with_suffix(".dense.tflite")


def read_manifest(model: Path) -> tuple[Manifest, bytes]:
    """The manifest beside `model` and the model's bytes, after checking that they belong together.

    Raises InputError when one is missing, unreadable, or not what the other says.
    """
    path = manifest_path(model)
    content, promises = _read(model, "model"), _read(path, "manifest")
    try:
        manifest = Manifest.model_validate_json(promises)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(
            f"{path}: {key}: {first['msg']}. The manifest does not say what crackmap must know; "
            f"take the one that was published with {model.name}."
        ) from error
    _check_hash(model, content, manifest.sha256, path)
    return manifest, content


def read_dense(model: Path, promised: Dense) -> bytes:
    """The bytes of the dense file beside `model`. Raises InputError when it is missing or not what is promised."""
    path = dense_path(model)
    content = _read(path, "file for overlapping tiles")
    _check_hash(path, content, promised.sha256, manifest_path(model))
    return content


def _check_hash(path: Path, content: bytes, promised: str, manifest: Path) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != promised:
        raise InputError(
            f"{path}: SHA-256 is {found}, but {manifest.name} promises {promised}. "
            "One of the two files was changed or mixed up; copy both again."
        )


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{path}: the {what} cannot be read ({error.strerror}). A model is a .tflite file with its .json beside it."
        ) from error
