"""Settings: bounded, explained, and wrong ones named."""

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
