"""What can be set: by flags of `crackmap server run`, or by environment variables CRACKMAP_SERVER_…"""

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self

from platformdirs import user_data_path
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from crackmap.errors import SettingError
from crackmap.settings_file import line_of, read_toml
from crackmap_server.errors import DatabaseUnusable

PREFIX = "CRACKMAP_SERVER_"


def _split(value: Any) -> Any:
    return tuple(filter(None, (part.strip() for part in value.split(",")))) if isinstance(value, str) else value


def _networks(addresses: tuple[str, ...]) -> tuple[str, ...]:
    for address in addresses:
        ipaddress.ip_network(address)
    return addresses


Several = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""Separated by commas."""

Days = Annotated[int | None, Field(ge=1, le=36_500)]
"""None: for good."""


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
    objects: str = Field(
        default="",
        description="address of an object store that keeps pictures and models instead of this machine, as "
        "`s3://bucket/prefix`, `gs://…`, `az://…` (extra `objects`); the folders then hold what is on its way. "
        "Its keys come from the environment (AWS_…, GOOGLE_…, AZURE_…)",
    )
    host: str = Field(default="127.0.0.1", description="address to listen on; only loopback until keys or users exist")
    port: int = Field(default=8321, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    names: Several = Field(
        default=(),
        description="by which browsers and robots call this server, separated by commas, as `crackmap.example.org`; "
        "numbers and localhost need not be named",
    )
    tls_certificate: Path | None = Field(
        default=None,
        description="PEM file of the certificate, with those between it and the authority; needs `tls_key`",
    )
    tls_key: Path | None = Field(default=None, description="PEM file of the certificate's private key")
    trusted_proxies: Annotated[Several, AfterValidator(_networks)] = Field(
        default=(),
        description="addresses or networks of reverse proxies, separated by commas, as `127.0.0.1`; of nobody else "
        "X-Forwarded-For and X-Forwarded-Proto are believed",
    )
    session_hours: float = Field(
        default=12, gt=0, le=24 * 30, description="after which a browser must sign in again, however busy it was"
    )
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
    least_free_mb: int = Field(
        default=200,
        ge=0,
        description="of disk where log and pictures lie; with less, /readyz says that it is not ready",
    )
    patience_s: float = Field(
        default=30,
        gt=0,
        le=3600,
        description="wait for a request's head, for a body that comes more slowly than 500 bytes a second, and for a "
        "client that takes no more of its answer; then the connection ends",
    )
    reports_bytes: int = Field(
        default=64 * 2**20, ge=2**10, le=2**31, description="largest body of POST /v1/reports, unpacked"
    )
    bodies_bytes: int = Field(
        default=256 * 2**20,
        ge=2**10,
        le=2**40,
        description="of all bodies that are in memory at the same time, unpacked; a delivery beyond that is refused "
        "(503), and its robot sends it again later. Pictures and models do not count: they go to the disk as they come",
    )
    picture_bytes: int = Field(default=256 * 2**20, ge=2**10, le=2**33, description="largest picture kept as evidence")
    picture_pixels: int = Field(
        default=200_000_000, ge=1_000, le=2**34, description="pictures with more pixels are refused, never decoded"
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

    keep_empty_pictures_days: Days = Field(
        default=None,
        description="after which `crackmap server prune` removes photographs in which nothing was found; never those "
        "that were reviewed, that show a finding, or that belong to a closed inspection. Unset: never",
    )
    keep_sessions_days: Days = Field(
        default=None, description="after which it removes sessions that ended, and tries to sign in; unset: never"
    )
    keep_ended_keys_days: Days = Field(
        default=None, description="after which it removes keys that were revoked or replaced; unset: never"
    )
    keep_audit_days: Days = Field(
        default=None, description="after which it removes lines of the audit log; unset: never"
    )

    @model_validator(mode="after")
    def _certificate_and_key(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key go together")
        return self

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

    @property
    def folders(self) -> dict[str, Path]:
        """Where this machine keeps what, by name; with PostgreSQL the log is elsewhere."""
        file = self.sqlite_file
        return {"pictures": self.evidence_folder} | ({} if file is None else {"log": file.parent})


def read_settings(config: Path | None = None, **flags: Any) -> Settings:
    """Flags that are not None go before environment variables, and those before the file.

    `config` is a TOML file with the settings' names as keys; without, the one that CRACKMAP_SERVER_CONFIG names.
    Raises SettingError with the setting's name, and file and line where it stands.
    """
    named = os.environ.get(f"{PREFIX}CONFIG")
    file = _File.read(config or (Path(named) if named else None))
    given = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**{**file.values_under_environment(), **given})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        if not name:
            raise SettingError(first["msg"].removeprefix("Value error, ")) from None
        where = file.where(name) if name in file.values and name not in given else f"{name} (or {PREFIX}{name.upper()})"
        if first["type"] == "extra_forbidden":
            raise SettingError(f"{where}: is not known; there are {', '.join(Settings.model_fields)}") from None
        raise SettingError(f"{where}: {first['input']!r} cannot be used: {first['msg']}") from None


_PATHS = {"evidence", "models", "tls_certificate", "tls_key"}
"""In a file they start beside it, as a relative SQLite file does; elsewhere in the working folder."""


def _beside(folder: Path, address: str) -> str:
    """The same database; what is no address is refused later, where all of them are."""
    try:
        url = make_url(address)
    except ArgumentError:
        return address
    if url.drivername != "sqlite" or url.database in {None, "", ":memory:"}:
        return address
    return url.set(database=str(folder / str(url.database))).render_as_string(hide_password=False)


@dataclass(frozen=True)
class _File:
    """A settings file, or none."""

    path: Path | None
    text: str
    values: dict[str, Any]

    @classmethod
    def read(cls, path: Path | None) -> "_File":
        if path is None:
            return cls(None, "", {})
        text, values = read_toml(path, "--config FILE, a server.toml")
        beside = path.absolute().parent
        for name in _PATHS & values.keys():
            if isinstance(values[name], str):
                values[name] = beside / values[name]
        if isinstance(values.get("database"), str):
            values["database"] = _beside(beside, values["database"])
        return cls(path, text, values)

    def values_under_environment(self) -> dict[str, Any]:
        """Without those that the environment sets too."""
        there = {name.upper() for name in os.environ}
        return {name: value for name, value in self.values.items() if f"{PREFIX}{name.upper()}" not in there}

    def where(self, name: str) -> str:
        return f"{self.path}, line {line_of(self.text, name.split('.'))}, {name}"
