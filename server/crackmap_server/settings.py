"""What can be set: by flags of `crackmap server run`, or by environment variables CRACKMAP_SERVER_…"""

from pathlib import Path
from typing import Any

from platformdirs import user_data_path
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from crackmap.errors import SettingError
from crackmap_server.errors import DatabaseUnusable

PREFIX = "CRACKMAP_SERVER_"


class Settings(BaseSettings):
    """Each has bounds and says what it does; see also docs/reference/settings.md."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    database: str = Field(
        default="",
        description="address of the database, sqlite:////folder/file.sqlite or postgresql://user@host/name; "
        "empty: a SQLite file in the user's data folder",
    )
    evidence: Path | None = Field(
        default=None,
        description="folder of the pictures; by default `evidence` beside the SQLite file, "
        "with PostgreSQL in the user's data folder",
    )
    models: Path | None = Field(
        default=None, description="folder of the registered models; by default `models` beside that of the pictures"
    )
    host: str = Field(default="127.0.0.1", description="address to listen on; only loopback until access keys exist")
    port: int = Field(default=8321, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    detection_floor: float = Field(
        default=0.05,
        gt=0,
        lt=1,
        description="tiles at or over this probability get an indexed row; lower thresholds are answered, more slowly, "
        "from the score maps",
    )
    queue_requests: int = Field(default=64, ge=1, le=10_000, description="requests that may wait for the writer")
    group_requests: int = Field(default=32, ge=1, le=1_000, description="requests committed by one fsync at the most")
    busy_timeout_s: float = Field(default=10, gt=0, le=600, description="wait for another process's SQLite lock")
    reports_bytes: int = Field(
        default=64 * 2**20, ge=2**10, le=2**31, description="largest body of POST /v1/reports, unpacked"
    )
    picture_bytes: int = Field(default=256 * 2**20, ge=2**10, le=2**33, description="largest picture kept as evidence")
    picture_pixels: int = Field(
        default=400_000_000, ge=1_000, le=2**34, description="pictures with more pixels are refused, never decoded"
    )
    model_bytes: int = Field(
        default=64 * 2**20, ge=2**10, le=2**31, description="largest model file that can be registered"
    )
    lease_s: float = Field(
        default=120,
        gt=0,
        le=86_400,
        description="time that a worker has for the frames it took to score again; then another one gets them",
    )

    @property
    def database_url(self) -> URL:
        """The database's address with its driver. Raises DatabaseUnusable."""
        if not self.database:
            return URL.create("sqlite", database=str(user_data_path("crackmap", appauthor=False) / "crackmap.sqlite"))
        try:
            url = make_url(self.database)
        except ArgumentError:
            raise DatabaseUnusable(
                f"database {self.database!r} is not an address; write sqlite:////folder/file.sqlite or "
                "postgresql://user@host/name"
            ) from None
        if url.drivername in {"postgresql", "postgresql+psycopg"}:
            return url.set(drivername="postgresql+psycopg")
        if url.drivername == "sqlite" and url.database not in {None, "", ":memory:"}:
            return url.set(database=str(Path(str(url.database)).absolute()))
        raise DatabaseUnusable(
            f"database {url.render_as_string()!r}: SQLite files and PostgreSQL can be used, nothing else"
        )

    @property
    def sqlite_file(self) -> Path | None:
        """The SQLite file, or None with PostgreSQL."""
        url = self.database_url
        return Path(str(url.database)) if url.drivername == "sqlite" else None

    @property
    def evidence_folder(self) -> Path:
        """Where pictures are kept."""
        if self.evidence is not None:
            return self.evidence
        if self.sqlite_file is not None:
            return self.sqlite_file.parent / "evidence"
        return user_data_path("crackmap", appauthor=False) / "evidence"

    @property
    def models_folder(self) -> Path:
        """Where registered models are kept."""
        return self.models if self.models is not None else self.evidence_folder.parent / "models"


def read_settings(**flags: Any) -> Settings:
    """Flags that are not None go before environment variables. Raises SettingError with the setting's name."""
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        raise SettingError(
            f"{name} (or {PREFIX}{name.upper()}): {first['input']!r} cannot be used: {first['msg']}"
        ) from None
