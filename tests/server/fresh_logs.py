"""Upgraded, empty logs, copied from one that was made once: for each test the migrations would take half a second."""

import tempfile
from functools import cache
from uuid import uuid4

from sqlalchemy import create_engine, update
from sqlalchemy.engine import URL

from crackmap_server.settings import Settings
from crackmap_server.tables import logs
from crackmap_server.upgrade import prepared

UPGRADED = "upgraded"


def lay(settings: Settings) -> None:
    """A log as `prepared` leaves it where the settings say, with an identity of its own; nothing may be there yet."""
    if settings.sqlite_file is not None:
        with settings.sqlite_file.open("xb") as file:
            file.write(_upgraded_file())
    else:
        _copy_database(settings.database_url)
    engine = create_engine(settings.database_url)
    with engine.begin() as connection:
        connection.execute(update(logs).values(log_id=uuid4()))
    engine.dispose()


def make_database(url: URL, template: str = "template0") -> None:
    """A PostgreSQL database of that name, in place of the one before."""
    assert url.database is not None
    engine = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{url.database}" WITH (FORCE)')
        connection.exec_driver_sql(f'CREATE DATABASE "{url.database}" TEMPLATE "{template}"')
    engine.dispose()


@cache
def _upgraded_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(database=f"sqlite:///{folder}/log.sqlite")
        with prepared(settings):
            pass
        assert settings.sqlite_file is not None
        return settings.sqlite_file.read_bytes()


def _copy_database(url: URL) -> None:
    _make_upgraded_database(url.set(database=UPGRADED))
    make_database(url, UPGRADED)


@cache
def _make_upgraded_database(url: URL) -> None:
    make_database(url)
    with prepared(Settings(database=url.render_as_string(hide_password=False))):
        pass
