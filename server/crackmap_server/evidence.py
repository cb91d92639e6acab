"""Pictures as files, named by their SHA-256 and decoded once before they get that name."""

from pathlib import Path

from crackmap_server.errors import NotAPicture
from crackmap_server.hashed_files import HashedFiles
from crackmap_server.object_storage import ObjectStorage
from crackmap_server.pictures import Picture, checked
from crackmap_server.settings import Settings
from crackmap_server.storage import FolderStorage, Storage


class EvidenceFolder(HashedFiles[Picture]):
    """The folder of the pictures."""

    kind = "picture"
    plural = "pictures"
    flag = "--evidence"
    failpoint = "evidence"
    changed = NotAPicture

    def __init__(self, storage: Storage, folder: Path, picture_bytes: int, picture_pixels: int) -> None:
        super().__init__(storage, folder, picture_bytes, lambda path: checked(path, picture_pixels))


def evidence_folder(settings: Settings) -> EvidenceFolder:
    """What the settings name; not opened."""
    folder = settings.evidence_folder
    return EvidenceFolder(
        storage(settings, folder, "evidence"), folder, settings.picture_bytes, settings.picture_pixels
    )


def storage(settings: Settings, folder: Path, kind: str) -> Storage:
    """Where files of a kind lie: in their folder, or in the object store that the settings name."""
    return ObjectStorage(settings.objects, kind) if settings.objects else FolderStorage(folder)
