"""Which files the log names by their SHA-256: pictures and registered models."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Connection, inspect, select

from crackmap_server import tables
from crackmap_server.evidence import evidence_folder
from crackmap_server.hashed_files import HashedFiles
from crackmap_server.registry.files import model_folder
from crackmap_server.settings import Settings


@dataclass(frozen=True)
class Kind:
    """Files of one kind, each with a row in the log."""

    plural: str
    in_backup: str
    """Name of their folder in a backup."""
    sha256: Column[Any]
    size_bytes: Column[Any]
    folder: Callable[[Settings], HashedFiles[Any]]

    def named(self, connection: Connection) -> dict[str, int]:
        """Size of each that the log names, by SHA-256; none where the log is of a version without them."""
        if not inspect(connection).has_table(self.sha256.table.name):
            return {}
        rows = connection.execute(select(self.sha256, self.size_bytes).order_by(self.sha256))
        return {row[0]: row[1] for row in rows}


PICTURES = Kind("pictures", "evidence", tables.evidence.c.sha256, tables.evidence.c.size_bytes, evidence_folder)
MODELS = Kind("models", "models", tables.models.c.model_sha256, tables.models.c.size_bytes, model_folder)
