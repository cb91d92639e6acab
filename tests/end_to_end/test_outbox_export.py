"""A robot without a network: its outbox is carried away on a stick and sent from there, to a real server."""

from pathlib import Path

from .conftest import Recording
from .processes import Server, run


def test_what_was_carried_arrives_and_the_robot_may_send_it_again(recording: Recording, tmp_path: Path) -> None:
    recording.photograph(0, 4)
    scan = recording.scan(tmp_path / "robot.sqlite")
    assert run(*scan).returncode == 0
    exported = run("robot", "outbox", "export", tmp_path / "stick", "--outbox", tmp_path / "robot.sqlite")
    assert exported.returncode == 0, exported.stderr
    stick = (tmp_path / "stick").rename(tmp_path / "elsewhere")
    kept = recording.folder.rename(tmp_path / "away")
    with Server(tmp_path / "server") as server:
        sent = run("robot", "outbox", "upload", "--outbox", stick / "outbox.sqlite", "--server", server.address)
        assert sent.returncode == 0, sent.stdout + sent.stderr
        arrived, pictures = server.everything()
        assert len(arrived["frames"]) == len(pictures) == 5
        kept.rename(recording.folder)
        assert run(*scan, "--server", server.address).returncode == 0
        assert server.everything() == (arrived, pictures)
