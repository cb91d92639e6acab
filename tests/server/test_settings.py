"""Settings: bounded, explained, and wrong ones named."""

import re
from pathlib import Path

import pytest

from crackmap.errors import SettingError
from crackmap_server.settings import PREFIX, Settings, read_settings


def test_flags_go_before_environment_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}PORT", "9000")
    monkeypatch.setenv(f"{PREFIX}DETECTION_FLOOR", "0.2")
    assert read_settings(port=None).port == 9000
    assert read_settings(port=9001).port == 9001
    assert read_settings().detection_floor == 0.2


@pytest.mark.parametrize(
    ("name", "value"),
    [("port", "70000"), ("detection_floor", "0"), ("queue_requests", "many"), ("picture_bytes", "-1"), ("port", "")],
)
def test_a_value_out_of_bounds_is_named_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"{PREFIX}{name.upper()}", value)
    with pytest.raises(SettingError, match=rf"{name} \(or {PREFIX}{name.upper()}\)"):
        read_settings()


def test_each_setting_says_what_it_does() -> None:
    assert all(field.description for field in Settings.model_fields.values())


@pytest.mark.parametrize(
    "address", ["log.sqlite", "sqlite://", "sqlite:///:memory:", "mysql://host/name", "postgresql+asyncpg://h/n", "::"]
)
def test_an_address_that_cannot_be_used_is_named(address: str) -> None:
    with pytest.raises(SettingError, match="database"):
        _ = Settings(database=address).database_url


def test_pictures_lie_beside_the_sqlite_file_unless_said_otherwise(tmp_path: Path) -> None:
    assert Settings(database=f"sqlite:///{tmp_path}/a.sqlite").evidence_folder == tmp_path / "evidence"
    assert (
        Settings(database=f"sqlite:///{tmp_path}/a.sqlite", evidence=tmp_path / "p").evidence_folder == tmp_path / "p"
    )
    assert Settings().evidence_folder.parent == Settings().sqlite_file.parent  # type: ignore[union-attr]
    assert Settings(database="postgresql://h/n").sqlite_file is None


def test_relative_files_are_of_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings(database="sqlite:///a.sqlite").sqlite_file == tmp_path / "a.sqlite"


def file(folder: Path, text: str) -> Path:
    path = folder / "server.toml"
    path.write_text(text)
    return path


def test_flags_go_before_the_environment_and_that_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = file(tmp_path, "port = 9000\nqueue_requests = 7\ndetection_floor = 0.2\n")
    monkeypatch.setenv(f"{PREFIX}QUEUE_REQUESTS", "8")
    found = read_settings(written, port=9001)
    assert (found.port, found.queue_requests, found.detection_floor) == (9001, 8, 0.2)


def test_the_environment_may_name_the_file_and_paths_in_it_start_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{PREFIX}CONFIG", str(file(tmp_path, 'evidence = "pictures"\n')))
    assert read_settings().evidence_folder == tmp_path / "pictures"


ELSEWHERE = Path("/srv")
PATHS = {
    "evidence": lambda settings: settings.evidence_folder,
    "models": lambda settings: settings.models_folder,
    "tls_certificate": lambda settings: settings.tls_certificate,
    "tls_key": lambda settings: settings.tls_key,
    "database": lambda settings: settings.sqlite_file,
}


def test_every_setting_that_is_a_path_starts_beside_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But not one that stands in the environment or in a flag, and none that is absolute."""
    paths = {name for name, field in Settings.model_fields.items() if "Path" in str(field.annotation)}
    assert paths == PATHS.keys() - {"database"}
    folder = tmp_path / "etc"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    for start, expected in (("", folder), (f"{ELSEWHERE}/", ELSEWHERE)):
        lines = [f'{name} = "{start}{name}"' for name in paths] + [f'database = "sqlite:///{start}database"']
        relative = file(folder, "\n".join(lines)).relative_to(tmp_path)
        found = read_settings(relative)
        assert {name: read(found) for name, read in PATHS.items()} == {name: expected / name for name in PATHS}
    monkeypatch.setenv(f"{PREFIX}MODELS", "models")
    found = read_settings(relative, evidence=Path("evidence"))
    assert (found.models_folder, found.evidence_folder) == (Path("models"), Path("evidence"))


@pytest.mark.parametrize("address", ["postgresql://u:secret@h/n", "log.sqlite", "sqlite:///:memory:"])
def test_what_is_no_sqlite_file_is_taken_as_it_stands(tmp_path: Path, address: str) -> None:
    assert read_settings(file(tmp_path, f'database = "{address}"\n')).database == address


@pytest.mark.parametrize("name", ["evidence", "database"])
def test_a_path_that_is_no_text_is_named_with_its_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingError, match=rf"server\.toml, line 2, {name}: 7 cannot be used"):
        read_settings(file(tmp_path, f"\n{name} = 7\n"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# first\nport = 70000\n", "server.toml, line 2, port: 70000 cannot be used"),
        ("\n\nprot = 1\n", "server.toml, line 3, prot: is not known; there are database, evidence"),
        ('queue_requests = "many"\n', "line 1, queue_requests: 'many'"),
        ("port = \n", "is not TOML"),
    ],
)
def test_what_is_wrong_in_the_file_is_named_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SettingError, match=re.escape(words)):
        read_settings(file(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"none\.toml: cannot be read"):
        read_settings(tmp_path / "none.toml")


def test_a_wrong_flag_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=rf"^port \(or {PREFIX}PORT\)"):
        read_settings(file(tmp_path, "port = 1\n"), port=70000)
