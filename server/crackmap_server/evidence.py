"""Pictures as files, named by their SHA-256 and decoded once before they get that name."""

from pathlib import Path

from crackmap_server.errors import NotAPicture
from crackmap_server.hashed_files import HashedFiles
from crackmap_server.pictures import Picture, checked
from crackmap_server.settings import Settings


class EvidenceFolder(HashedFiles[Picture]):
    """The folder of the pictures."""

    kind = "picture"
    plural = "pictures"
    flag = "--evidence"
    failpoint = "evidence"
    changed = NotAPicture

    def __init__(self, folder: Path, picture_bytes: int, picture_pixels: int) -> None:
        super().__init__(folder, picture_bytes, lambda path: checked(path, picture_pixels))


def evidence_folder(settings: Settings) -> EvidenceFolder:
    """The folder that the settings name; not opened."""
    return EvidenceFolder(settings.evidence_folder, settings.picture_bytes, settings.picture_pixels)
