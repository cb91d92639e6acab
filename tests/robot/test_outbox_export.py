"""What is carried away on a stick is sent from another machine as it would have been from the robot."""

import hashlib
import sqlite3
from pathlib import Path

import pytest

from crackmap_robot.outbox import Outbox


def rows(outbox: Path, sql: str) -> list[tuple]:
    with sqlite3.connect(outbox) as open_rows:
        found = open_rows.execute(sql).fetchall()
    open_rows.close()
    return found


def test_the_folder_is_an_outbox_that_can_be_moved(scan, crackmap, photographs: Path, tmp_path: Path) -> None:
    assert scan(photographs, "--mm-per-px", 0.5).code == 0
    stick = tmp_path / "stick"
    ran = crackmap("robot", "outbox", "export", stick, "--outbox", tmp_path / "outbox.sqlite")
    assert ran.code == 0, ran.err
    assert "6 reports and 6 photographs that no server has" in ran.out
    assert sorted(path.name for path in stick.iterdir()) == ["outbox.sqlite", "photographs"]
    elsewhere = tmp_path / "elsewhere"
    stick.rename(elsewhere)
    for path in photographs.iterdir():
        path.unlink()
    bodies = "SELECT frame_id, body, state FROM report ORDER BY 1"
    assert rows(elsewhere / "outbox.sqlite", bodies) == rows(tmp_path / "outbox.sqlite", bodies)
    with Outbox(elsewhere / "outbox.sqlite") as outbox:
        places = rows(elsewhere / "outbox.sqlite", "SELECT sha256, path FROM picture")
        assert len(places) == 6
        for sha256, place in places:
            content = (elsewhere / place.decode()).read_bytes()
            assert hashlib.sha256(content).hexdigest() == sha256
        assert outbox.counts().pictures_waiting == 6


def test_what_a_server_has_is_not_copied_and_what_is_gone_is_named(
    scan, crackmap, photographs: Path, tmp_path: Path
) -> None:
    assert scan(photographs, "--mm-per-px", 0.5).code == 0
    path = tmp_path / "outbox.sqlite"
    (photographs / "img2.jpg").unlink()
    (photographs / "img3.jpg").write_bytes(b"another")
    stored = rows(path, "SELECT sha256 FROM picture WHERE label = 'img4.jpg'")[0][0]
    with sqlite3.connect(path) as changing:
        changing.execute("UPDATE picture SET state = 'stored' WHERE sha256 = ?", (stored,))
    changing.close()
    ran = crackmap("robot", "outbox", "export", tmp_path / "stick", "--outbox", path)
    assert ran.code == 2
    assert "6 reports and 3 photographs" in ran.out
    assert [line.split()[2] for line in ran.out.splitlines() if line.startswith("left out")] == [
        "img2.jpg:",
        "img3.jpg:",
    ]
    assert len(list((tmp_path / "stick" / "photographs").iterdir())) == 3


@pytest.mark.parametrize("what", ["full", "missing"])
def test_a_folder_that_holds_something_and_an_outbox_that_is_not_there(
    scan, crackmap, photographs: Path, tmp_path: Path, what: str
) -> None:
    if what == "full":
        assert scan(photographs, "--mm-per-px", 0.5).code == 0
        (tmp_path / "stick").mkdir()
        (tmp_path / "stick" / "letter.txt").write_text("mine")
    ran = crackmap("robot", "outbox", "export", tmp_path / "stick", "--outbox", tmp_path / "outbox.sqlite")
    assert ran.code == 2
    assert ("holds something" if what == "full" else "there is no outbox") in ran.err
    assert not (tmp_path / "stick" / "outbox.sqlite").exists()
