"""A server's disk is lost while a robot goes on; from the backup and what the robot still holds, nothing is."""

import shutil
from pathlib import Path

import pytest

from .conftest import Recording
from .processes import Server, rows_of, run

pytestmark = pytest.mark.long


def test_after_a_restore_the_robot_brings_what_the_backup_lacked(recording: Recording, tmp_path: Path) -> None:
    outbox = tmp_path / "robot.sqlite"
    server, undisturbed = Server(tmp_path / "server"), Server(tmp_path / "undisturbed")
    database = f"sqlite:///{server.folder}/log.sqlite"

    def scan(to: Server, kept: Path) -> None:
        ended = run(*recording.scan(kept), "--server", to.address)
        assert ended.returncode == 0, ended.stdout + ended.stderr

    with server:
        recording.photograph(0, 3)
        scan(server, outbox)
        made = run("server", "backup", tmp_path / "backup", "--database", database)
        assert made.returncode == 0, made.stderr
        recording.photograph(4, 7)
        scan(server, outbox)
    shutil.rmtree(server.folder)
    server.folder.mkdir()
    restored = run("server", "restore", tmp_path / "backup", "--database", database)
    assert restored.returncode == 0, restored.stderr
    assert len(rows_of(server.folder / "log.sqlite")["frames"]) == 4
    with server:
        recording.photograph(8, 8)
        scan(server, outbox)
        sound = run("server", "check", "--database", database, "--read-pictures")
        assert sound.returncode == 0, sound.stdout
    with undisturbed:
        scan(undisturbed, tmp_path / "other.sqlite")
    rows, pictures = server.everything()
    expected_rows, expected_pictures = undisturbed.everything()
    assert len(rows["frames"]) == 9
    assert pictures == expected_pictures
    # Rows are numbered in the order of their arrival, which a restore changes.
    assert {name: len(found) for name, found in rows.items()} == {
        name: len(found) for name, found in expected_rows.items()
    }
    assert by_frame(server) == by_frame(undisturbed)


def by_frame(server: Server) -> list[object]:
    rows = rows_of(server.folder / "log.sqlite", leave_out=("seq", "frame_seq", "pair_seq"))
    return [rows[name] for name in ("frames", "score_maps", "placements", "reports", "detections", "evidence")]
