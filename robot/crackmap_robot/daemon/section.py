"""What the sections of robot.toml have in common."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo


def from_the_file(path: Path, info: ValidationInfo) -> Path:
    """A relative path starts from the folder of the settings' file."""
    beside = (info.context or {}).get("folder", Path())
    return Path(beside, path.expanduser())


File = Annotated[Path, AfterValidator(from_the_file)]
"""A path beside robot.toml, unless it is absolute or begins with ~."""


class Section(BaseModel):
    """A section: each of its keys is known, and none is NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
