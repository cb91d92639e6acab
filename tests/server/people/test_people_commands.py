"""`crackmap server user` and `key`, with the server running and without; TLS by the server itself."""

import os
import sqlite3
import ssl
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import trustme
from httpx2 import Client

from crackmap.errors import InputError, SettingError
from crackmap_server.errors import DatabaseUnusable
from crackmap_server.people import manage
from crackmap_server.serving import check_certificate
from crackmap_server.settings import Settings

from ..databases import BOTH
from .conftest import PASSWORD


def crackmap(folder: Path, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "crackmap", "server", *words, "--database", f"sqlite:///{folder}/log.sqlite"]
    return subprocess.run(
        command, input=typed, capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "200"}
    )


def test_the_first_user_and_keys_of_a_new_server_and_of_one_that_runs(start: Any, tmp_path: Path, wall: Any) -> None:
    said = crackmap(tmp_path, "user", "add", "anna", "--role", "admin", "--password-stdin", typed=f"{PASSWORD}\n")
    assert (said.returncode, said.stdout) == (0, "anna may sign in as admin.\n"), said.stderr
    process = start("--host", "0.0.0.0")  # with a user it may
    assert process.client.get("/v1/log").status_code == 401
    made = crackmap(tmp_path, "key", "add", "--robot", "crawler 1")
    assert made.returncode == 0, made.stderr
    headers = {"Authorization": f"Bearer {made.stdout.strip()}"}
    content = wall.batch(wall.report(1)).model_dump_json()
    assert process.client.post("/v1/reports", content=content, headers=headers).status_code == 200
    listed = crackmap(tmp_path, "key", "list").stdout
    assert "robot crawler 1" in listed
    assert made.stdout.strip() not in listed
    key_id = listed.split()[0]
    new = crackmap(tmp_path, "key", "rotate", key_id).stdout.strip()
    assert process.client.get("/v1/log", headers=headers).status_code == 401
    headers = {"Authorization": f"Bearer {new}"}
    assert process.client.get("/v1/log", headers=headers).status_code == 200
    for line in crackmap(tmp_path, "key", "list").stdout.splitlines():
        assert crackmap(tmp_path, "key", "revoke", line.split()[0]).returncode == 0
    assert process.client.get("/v1/log", headers=headers).status_code == 401
    assert "anna" in crackmap(tmp_path, "user", "list").stdout
    wrong = crackmap(tmp_path, "user", "change", "anna", "--disable")
    assert (wrong.returncode, wrong.stderr) == (2, "crackmap: 'anna' is the last admin; make another one first.\n")


@BOTH
def test_what_commands_refuse_is_named_and_changes_nothing(settings: Settings) -> None:
    for name in ("", "a\nb", "-x", "x" * 101):
        with pytest.raises(InputError, match="a name has 1 to 100 letters"):
            manage.make_user(settings, name, "viewer", PASSWORD)
    with pytest.raises(InputError, match="the password has 5 characters"):
        manage.make_user(settings, "anna", "viewer", "short")
    with pytest.raises(InputError, match="give --robot NAME or --user NAME"):
        manage.make_key(settings, robot="a", user="b")
    with pytest.raises(InputError, match="there is no user 'anna'"):
        manage.make_key(settings, robot=None, user="anna")
    assert list(manage.user_lines(settings)) == list(manage.key_lines(settings)) == []
    manage.make_user(settings, "anna", "viewer", PASSWORD)
    with pytest.raises(InputError, match="there is a user 'anna' already"):
        manage.make_user(settings, "anna", "admin", PASSWORD)
    with pytest.raises(InputError, match="nothing to change"):
        manage.alter_user(settings, "anna", role=None, password=None, disabled=None)
    manage.alter_user(settings, "anna", role="inspector", password="another horse battery", disabled=True)
    (line,) = manage.user_lines(settings)
    assert "inspector" in line
    assert "disabled" in line


def test_a_running_server_of_another_version_is_not_written_under(start: Any, tmp_path: Path) -> None:
    start()
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(DatabaseUnusable, match="version '0001'"):
        manage.make_key(Settings(database=f"sqlite:///{tmp_path}/log.sqlite"), robot="crawler", user=None)


@pytest.fixture
def tls(tmp_path: Path) -> dict[str, Path]:
    """An authority and what it made for 127.0.0.1."""
    authority = trustme.CA()
    made = authority.issue_cert("127.0.0.1")
    files = {name: tmp_path / f"{name}.pem" for name in ("ca", "certificate", "key")}
    authority.cert_pem.write_to_path(str(files["ca"]))
    made.private_key_pem.write_to_path(str(files["key"]))
    for part in made.cert_chain_pems:
        part.write_to_path(str(files["certificate"]), append=True)
    return files


def test_over_tls_only_whoever_knows_the_authority_talks_to_it(
    start: Any, tmp_path: Path, tls: dict[str, Path]
) -> None:
    process = start(
        listening=False,
        CRACKMAP_SERVER_TLS_CERTIFICATE=str(tls["certificate"]),
        CRACKMAP_SERVER_TLS_KEY=str(tls["key"]),
    )
    line = process._process.stdout.readline()
    address = next(word for word in line.split() if word.startswith("https://127.0.0.1:"))
    with Client(base_url=address, verify=ssl.create_default_context(cafile=tls["ca"])) as client:
        assert client.get("/healthz").status_code == 200
        version = client.get("/healthz").extensions["network_stream"].get_extra_info("ssl_object").version()
        assert version in {"TLSv1.2", "TLSv1.3"}
    with Client(base_url=address) as client, pytest.raises(Exception, match="certificate verify failed"):
        client.get("/healthz")


def test_tls_files_that_cannot_be_used_are_named(tmp_path: Path, tls: dict[str, Path]) -> None:
    other = tmp_path / "other.pem"
    trustme.CA().issue_cert("127.0.0.1").private_key_pem.write_to_path(str(other))
    for certificate, key in (
        (tls["certificate"], other),
        (tls["key"], tls["key"]),
        (tmp_path / "none.pem", tls["key"]),
        (tls["certificate"], tmp_path),
    ):
        with pytest.raises(SettingError, match=r"tls_certificate .* with tls_key .* cannot be used \("):
            check_certificate(Settings(tls_certificate=certificate, tls_key=key))
    check_certificate(Settings(tls_certificate=tls["certificate"], tls_key=tls["key"]))
