"""Layers for GIS programs in the database itself: made where PostGIS is, and nothing elsewhere."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyproj
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import URL, Engine, create_engine, inspect, text
from sqlalchemy.pool import NullPool

from crackmap_server.app import create_app
from crackmap_server.settings import Settings
from crackmap_server.upgrade import MIGRATIONS, prepared

from .conftest import Server

BIN = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), Path("/none"))
PLACEMENT = {
    "frame": "projected",
    "crs": "EPSG:25832",
    "vertical_crs": None,
    "origin_m": (565000.0, 5930000.0, 4.0),
    "u_axis": (0.6, 0.8, 0),
    "v_axis": (0, 0, 1),
}


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Debian's PostgreSQL with PostGIS, on a socket of its own; it does not run as root."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"
    subprocess.run(
        [BIN / "initdb", "--auth=trust", "--username=admin", "--encoding=UTF8", "--no-sync", data],
        user=user,
        cwd=folder,
        check=True,
        capture_output=True,
    )
    server = subprocess.Popen(
        [BIN / "postgres", "-D", data, "-k", folder, "-h", "", "-F"], user=user, cwd=folder, stderr=subprocess.DEVNULL
    )
    try:
        while subprocess.run([BIN / "pg_isready", "-q", "-h", folder], check=False).returncode != 0:
            assert server.poll() is None
        yield str(folder)
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


def at(folder: str, database: str, user: str = "admin") -> URL:
    return URL.create("postgresql+psycopg", username=user, database=database, query={"host": folder})


@contextmanager
def engine_at(url: URL) -> Iterator[Engine]:
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture
def logged(cluster: str, tmp_path: Path, wall: Any) -> Iterator[tuple[Any, Engine]]:
    """A log on a new database, with reports of one surface, and a connection as a GIS program has one."""
    name = f"log{os.getpid()}_{tmp_path.name.replace('-', '_')}"
    with engine_at(at(cluster, "postgres")) as admin, admin.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    settings = Settings(database=at(cluster, name).render_as_string(), evidence=tmp_path / "evidence")
    with (
        prepared(settings),
        TestClient(create_app(settings), base_url="http://localhost") as client,
        engine_at(at(cluster, name)) as engine,
    ):
        server = Server(client, settings)
        server.deliver(wall.batch(*(wall.report(number) for number in (1, 2))))
        yield server, engine


def rows(engine: Engine, statement: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(text(statement)))


@pytest.mark.needs("postgis")
def test_detections_are_a_layer_at_the_very_places_that_the_api_tells(logged: Any) -> None:
    server, engine = logged
    told = {
        (item["frame_id"], item["tile"]): (item["u_m"], item["v_m"], item["score"])
        for item in server.every("/v1/detections")
    }
    found = rows(engine, "SELECT frame_id, tile, ST_X(chart), ST_Y(chart), probability, place FROM gis.detections")
    shown = {(str(row[0]), row[1]): tuple(row[2:5]) for row in found}
    assert shown.keys() == told.keys() != set()
    for key, place in told.items():
        assert shown[key] == pytest.approx(place, abs=1e-4)
    assert {row.place for row in found} == {None}  # nobody has said where the surface stands


@pytest.mark.needs("postgis")
def test_on_a_placed_plane_they_stand_where_proj_says(logged: Any) -> None:
    """u runs along (0.6, 0.8) and v upwards."""
    server, engine = logged
    (surface,) = server.get("/v1/surfaces")["items"]
    content = {"surface_id": surface["surface_id"], "placement": PLACEMENT}
    assert server.write(f"/v1/surfaces/{surface['surface_id']}/description", content).status_code in {200, 201}
    proj = pyproj.Transformer.from_crs("EPSG:25832", "OGC:CRS84", always_xy=True)
    found = rows(engine, "SELECT u_m, v_m, ST_X(place), ST_Y(place), ST_Z(place) FROM gis.detections")
    assert found
    for u_m, v_m, *place in found:
        expected = [*proj.transform(565000 + 0.6 * u_m, 5930000 + 0.8 * u_m), 4 + v_m]
        assert place == pytest.approx(expected, abs=1e-8)
    outlines = rows(
        engine, "SELECT ST_Area(chart), ST_Area(ST_Transform(place, 25832)), ST_ZMax(place) FROM gis.frames"
    )
    assert len(outlines) == 2
    for area_m2, seen_from_above_m2, highest_m in outlines:
        assert area_m2 == pytest.approx(0.1 * 0.07)
        assert seen_from_above_m2 == pytest.approx(0, abs=1e-6)
        assert highest_m == pytest.approx(4.5 + 0.035)


@pytest.mark.needs("postgis")
def test_gis_programs_find_the_layers_with_their_kinds(logged: Any) -> None:
    _, engine = logged
    found = rows(
        engine, "SELECT f_table_name, f_geometry_column, type, srid FROM geometry_columns WHERE f_table_schema = 'gis'"
    )
    assert {tuple(row) for row in found} == {
        ("detections", "chart", "POINT", 0),
        ("detections", "place", "POINT", 4326),
        ("frames", "chart", "POLYGON", 0),
        ("frames", "place", "POLYGON", 4326),
    }
    for view in ("detections", "frames"):
        ids = [row.id for row in rows(engine, f"SELECT id FROM gis.{view}")]
        assert len(ids) == len(set(ids)) > 0


@pytest.mark.needs("postgis")
def test_the_views_can_be_made_again_and_later(logged: Any) -> None:
    _, engine = logged
    rows(engine, "SELECT 1")
    with engine.connect() as connection:
        connection.execute(text("DROP SCHEMA gis CASCADE"))
        for _ in range(2):
            connection.exec_driver_sql((MIGRATIONS / "gis.sql").read_text())
    assert len(rows(engine, "SELECT * FROM gis.frames")) == 2


@pytest.mark.needs("postgis")
def test_who_may_not_add_an_extension_gets_a_log_without_layers(
    cluster: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with engine_at(at(cluster, "postgres")) as admin, admin.connect() as connection:
        connection.execute(text("CREATE ROLE robot LOGIN"))
        connection.execute(text("CREATE DATABASE humble OWNER robot"))
    settings = Settings(database=at(cluster, "humble", "robot").render_as_string(), evidence=tmp_path / "evidence")
    with prepared(settings), TestClient(create_app(settings), base_url="http://localhost") as client:
        assert client.get("/healthz").status_code == 200
    assert "no layers for GIS programs were made" in caplog.text
    with engine_at(at(cluster, "humble")) as engine:
        assert "gis" not in inspect(engine).get_schema_names()


@pytest.mark.needs("postgres")
@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_without_postgis_there_is_nothing(settings: Settings) -> None:
    with prepared(settings), engine_at(settings.database_url) as engine:
        assert rows(engine, "SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'") == []
        assert "gis" not in inspect(engine).get_schema_names()
