"""`crackmap server run` as a person runs it."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from crackmap.errors import StorageError
from crackmap_server.errors import AddressRefused, DatabaseUnusable, PortBusy
from crackmap_server.people.manage import make_key
from crackmap_server.serving import check_reach, listening
from crackmap_server.settings import Settings
from crackmap_server.upgrade import prepared


def test_it_says_where_it_listens_refuses_a_second_one_and_a_signal_ends_it_well(start: Any, wall: Any) -> None:
    first = start()
    assert first.client.get("/healthz").json()["status"] == "ok"
    answer = first.client.post("/v1/reports", content=wall.batch(wall.report(1)).model_dump_json())
    assert answer.json()["answers"][0]["status"] == "stored"
    code, printed, logged = start(listening=False).wait()
    assert (code, printed) == (2, "")
    assert logged.startswith("crackmap: ")
    assert f"another crackmap server (process {first.pid})" in logged
    assert len(logged.splitlines()) == 1
    assert ended(first, signal.SIGTERM) == 0
    again = start()
    assert len(again.client.get("/v1/frames").json()["items"]) == 1
    assert ended(again, signal.SIGINT) == 0


def ended(process: Any, number: int) -> int:
    process.send(number)
    code, _, logged = process.wait()
    assert "Traceback" not in logged
    return int(code)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "", "127.0.0.1.example.org"])
def test_an_address_that_others_can_reach_is_refused_until_somebody_is_known(settings: Settings, host: str) -> None:
    reachable = settings.model_copy(update={"host": host})
    with prepared(settings), pytest.raises(AddressRefused, match="no keys or users yet"):
        check_reach(reachable)
    make_key(settings, robot="crawler", user=None)
    with prepared(settings):
        check_reach(reachable)


def test_a_proxy_lets_others_reach_it_too(settings: Settings) -> None:
    with prepared(settings), pytest.raises(AddressRefused, match="a trusted proxy"):
        check_reach(settings.model_copy(update={"trusted_proxies": ("127.0.0.1",)}))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "::1"])
def test_loopback_is_served(settings: Settings, host: str) -> None:
    with prepared(settings):
        check_reach(settings.model_copy(update={"host": host}))


def test_a_busy_port_is_named() -> None:
    with listening("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortBusy, match=f"--port {port}"), listening("127.0.0.1", port):
            pass


def test_a_port_is_free_again_after_its_server_ended() -> None:
    """Also while old connections linger in the kernel."""
    with listening("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as caller:
            accepted, _ = first.accept()
            accepted.close()
            assert caller.recv(1) == b""
    with listening("127.0.0.1", port):
        pass


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StorageError, match=r"log\.sqlite"),
        prepared(Settings(database=f"sqlite:///{tmp_path}/file/log.sqlite")),
    ):
        pass


def test_a_folder_for_pictures_that_cannot_be_used_is_named(start: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, printed, logged = start("--evidence", str(tmp_path / "file"), listening=False).wait()
    assert (code, printed) == (2, "")
    assert "the folder for pictures cannot be used (Not a directory). Choose one" in logged
    assert len(logged.splitlines()) == 1


def test_a_damaged_log_is_named_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "log.sqlite").write_bytes(b"no database" * 1000)
    with (
        pytest.raises(DatabaseUnusable, match=r"log\.sqlite cannot be opened: .* Restore it from a copy"),
        prepared(Settings(database=f"sqlite:///{tmp_path}/log.sqlite")),
    ):
        pass


def test_without_options_the_log_is_in_the_users_data_folder(tmp_path: Path) -> None:
    code = "from crackmap_server.settings import Settings; print(Settings().sqlite_file, Settings().evidence_folder)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"XDG_DATA_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [f"{tmp_path}/crackmap/crackmap.sqlite", f"{tmp_path}/crackmap/evidence"]


def test_help_names_the_options() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "crackmap", "server", "run", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"COLUMNS": "200"},
    )
    for option in ("--database", "--host", "--port", "--evidence"):
        assert option in done.stdout
