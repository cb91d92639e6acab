"""The registered models as files. They are never loaded here: only their hash, size and first bytes are looked at."""

from pathlib import Path

from crackmap_server.errors import BadRequest
from crackmap_server.evidence import storage
from crackmap_server.hashed_files import HashedFiles
from crackmap_server.settings import Settings
from crackmap_server.storage import Storage

_IDENTIFIER = b"TFL3"  # bytes 4..8 of a TensorFlow Lite flatbuffer
_IDENTIFIER_AT = 4


class ModelFolder(HashedFiles[None]):
    """The folder of the models."""

    kind = "model"
    plural = "models"
    flag = "--models"
    failpoint = "models"

    def __init__(self, storage: Storage, folder: Path, model_bytes: int) -> None:
        super().__init__(storage, folder, model_bytes, _check)


def model_folder(settings: Settings) -> ModelFolder:
    """What the settings name; not opened."""
    folder = settings.models_folder
    return ModelFolder(storage(settings, folder, "models"), folder, settings.model_bytes)


def _check(path: Path) -> None:
    with path.open("rb") as file:
        first = file.read(_IDENTIFIER_AT + len(_IDENTIFIER))
    if first[_IDENTIFIER_AT:] != _IDENTIFIER:
        raise BadRequest("the file is no TensorFlow Lite model (.tflite)")
