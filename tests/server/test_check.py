"""`crackmap server check` finds what was taken away or changed behind the server's back, and changes nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crackmap_server.commands import app
from crackmap_server.errors import DatabaseUnusable
from crackmap_server.settings import Settings
from crackmap_server.upkeep.check import CHECKS, check

from .databases import BOTH
from .rescoring import registered


def found(settings: Settings, read_pictures: bool = False) -> dict[str, tuple[bool, str]]:
    return {finding.subject: (finding.good, finding.said) for finding in check(settings, read_pictures)}


def problems(settings: Settings, read_pictures: bool = False) -> list[str]:
    return [subject for subject, (good, _) in found(settings, read_pictures).items() if not good]


def picture_file(server: Any, wall: Any, number: int) -> Path:
    name = wall.sha256(wall.picture(number))
    return Path(server.settings.evidence_folder) / name[:2] / name[2:]


@pytest.fixture
def filled(server: Any, wall: Any) -> Any:
    """Three frames, two of whose pictures have arrived."""
    server.deliver(wall.batch(*(wall.report(number) for number in (1, 2, 3))))
    server.put(wall.picture(1))
    server.put(wall.picture(2))
    return server


@BOTH
def test_a_sound_log_has_no_problem_and_stays_as_it_is(filled: Any) -> None:
    before = filled.rows()
    said = found(filled.settings, read_pictures=True)
    assert list(said) == list(CHECKS)
    assert all(good for good, _ in said.values()), said
    assert "1 photographs and 0 crops" in said["gaps"][1]
    assert "2 read and compared" in said["pictures"][1]
    assert filled.rows() == before


def test_an_empty_log_is_sound(server: Any) -> None:
    assert problems(server.settings) == []


def test_a_lost_picture_is_found(filled: Any, wall: Any) -> None:
    picture_file(filled, wall, 1).unlink()
    good, said = found(filled.settings)["pictures"]
    assert not good
    assert "1 lost and 0 damaged of 2" in said
    assert wall.sha256(wall.picture(1)) in said


def test_a_shortened_picture_is_found_and_a_changed_one_when_every_byte_is_read(filled: Any, wall: Any) -> None:
    file = picture_file(filled, wall, 1)
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(content)
    assert problems(filled.settings) == []
    assert problems(filled.settings, read_pictures=True) == ["pictures"]
    file.write_bytes(content[:-1])
    assert problems(filled.settings) == ["pictures"]


@pytest.mark.parametrize("how", ["lost", "damaged"])
def test_a_model_that_is_lost_or_damaged_is_found(filled: Any, how: str) -> None:
    sha256 = registered(filled)
    assert found(filled.settings)["models"] == (True, "1 read and compared")
    file = filled.settings.models_folder / sha256[:2] / sha256[2:]
    content = file.read_bytes()
    if how == "lost":
        file.unlink()
    else:
        file.write_bytes(content[:-1] + b"\1")
    good, said = found(filled.settings)["models"]
    assert not good
    assert f"1 of 1 are lost or damaged, the first is {sha256} ({how})" in said
    assert problems(filled.settings) == ["models"]
    file.unlink(missing_ok=True)
    assert filled.client.put(f"/v1/models/{sha256}/file", content=content).status_code == 204
    assert problems(filled.settings) == []


def test_a_file_that_the_log_does_not_name_is_said(filled: Any) -> None:
    stranger = filled.settings.evidence_folder / "ab" / ("c" * 62)
    stranger.parent.mkdir(exist_ok=True)
    stranger.write_bytes(b"picture")
    good, said = found(filled.settings)["orphans"]
    assert good
    assert f"1 files that the log does not name, as ab{'c' * 62}" in said


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        ("DELETE FROM detections WHERE tile = (SELECT max(tile) FROM detections)", "detections"),
        ("UPDATE score_maps SET scores = zeroblob(length(scores))", "detections"),
        ("UPDATE score_maps SET scores = substr(scores, 2)", "score maps"),
        ("UPDATE pairs SET current = 0", "current"),
        ("UPDATE frames SET scan_id = '00000000000000000000000000000000'", "database"),
    ],
)
def test_a_log_that_does_not_agree_with_itself_is_found(filled: Any, change: str, subject: str) -> None:
    with closing(sqlite3.connect(str(filled.settings.sqlite_file))) as connection, connection:
        assert connection.execute(change).rowcount > 0
    assert subject in problems(filled.settings)


def test_a_damaged_page_is_found(filled: Any) -> None:
    file = filled.settings.sqlite_file
    with closing(sqlite3.connect(str(file))) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        root, size = (
            connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'score_maps'").fetchone()[0],
            connection.execute("PRAGMA page_size").fetchone()[0],
        )
    with file.open("r+b") as content:
        content.seek((root - 1) * size + 1)
        content.write(b"\xff" * 40)
    first = next(check(filled.settings, False))
    assert (first.subject, first.good) == ("database", False)


def test_the_command_prints_a_line_for_each_and_ends_with_2_when_one_is_wrong(filled: Any, wall: Any) -> None:
    options = ["check", "--database", filled.settings.database]
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == len(CHECKS)
    picture_file(filled, wall, 2).unlink()
    result = CliRunner().invoke(app, options)
    assert result.exit_code == 2
    assert [line.split()[0] for line in result.stdout.splitlines()].count("PROBLEM") == 1


def test_a_log_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="no such log"):
        list(check(Settings(database=f"sqlite:///{tmp_path}/log.sqlite"), False))
    assert list(tmp_path.iterdir()) == []
