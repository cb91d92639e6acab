"""`backup.json`: what a backup holds, and the one file that makes it a backup."""

import json
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from crackmap.errors import InputError
from crackmap.manifest import Sha256

NAME = "backup.json"


class Backup(BaseModel):
    """What `crackmap server backup` wrote. The database is a SQLite file, whatever it was copied from."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    version: int = Field(default=1, ge=1, le=1)
    made_utc: AwareDatetime
    software: str
    revision: str
    database: Annotated[str, StringConstraints(pattern=r"^log-[0-9a-f]{12}\.sqlite$")]
    database_sha256: Sha256
    rows: dict[str, int]
    pictures: int = Field(ge=0)
    pictures_bytes: int = Field(ge=0)
    missing: tuple[Sha256, ...] = ()
    """Pictures that the log names and that were already lost when the backup was made."""
    models: int | None = Field(default=None, ge=0)
    """None: it was made by a version that did not copy models."""
    models_bytes: int = Field(default=0, ge=0)
    missing_models: tuple[Sha256, ...] = ()


def read_backup(folder: Path) -> Backup:
    """Raises InputError with file, key and value when the folder holds no whole backup."""
    file = folder / NAME
    try:
        return Backup.model_validate_json(file.read_bytes())
    except OSError as error:
        raise InputError(
            f"{file}: cannot be read ({error.strerror}). Give the folder that `crackmap server backup` wrote to; "
            "without this file a backup was not finished."
        ) from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(f"{file}: {key}: {first['msg']}. The backup is of another version, or damaged.") from None


def written(backup: Backup) -> bytes:
    """The file's content."""
    return (json.dumps(backup.model_dump(mode="json"), indent=2, sort_keys=True) + "\n").encode()
