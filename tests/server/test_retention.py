"""Nothing is removed unless a setting says so; what people or a report depend on never is, and the log stays sound."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, insert
from typer.testing import CliRunner

from crackmap.messages import Capture, TimeSource
from crackmap_server import tables
from crackmap_server.commands import app
from crackmap_server.evidence import evidence_folder
from crackmap_server.retention.prune import prune
from crackmap_server.settings import Settings
from crackmap_server.upkeep.check import check

from .databases import BOTH
from .rescoring import registered

NOW = datetime.now(UTC)


class Pictures:
    """Frames with nothing found in them, and their pictures."""

    def __init__(self, server: Any, wall: Any) -> None:
        self.server, self.wall = server, wall
        self.last = wall.batch()
        self.nothing = bytes([2]) * (wall.grid.columns * wall.grid.rows)

    def add(self, number: int, *, days: float | None = 100, wall: Any = None, **more: Any) -> str:
        """Its hash. `days` ago; None: at an unknown time."""
        wall = wall or self.wall
        taken = None if days is None else NOW - timedelta(days=days)
        source = TimeSource.SENSOR if taken else TimeSource.UNKNOWN
        capture = Capture(time_source=source, captured_utc=taken)
        report = wall.report(number, capture=capture, **{"scores": self.nothing} | more)
        self.server.deliver(wall.batch(report))
        assert self.server.put(wall.picture(number)).is_success
        self.last = wall.batch(report)
        return str(wall.sha256(wall.picture(number)))

    def prune(self, *, dry_run: bool = False, **days: int) -> dict[str, tuple[int, int | None]]:
        settings = self.server.settings.model_copy(update=days)
        return {each.what: (each.count, each.size_bytes) for each in prune(settings, dry_run=dry_run)}

    def held(self) -> set[str]:
        return set(evidence_folder(self.server.settings).listed())

    def is_sound(self) -> None:
        said = {each.subject: each for each in check(self.server.settings, True)}
        assert all(each.good for each in said.values()), said
        assert said["orphans"].said == "no picture that the log does not name"


@pytest.fixture
def pictures(server: Any, wall: Any) -> Pictures:
    return Pictures(server, wall)


@BOTH
def test_old_pictures_with_nothing_in_them_go_and_are_known_as_removed(pictures: Pictures, wall: Any) -> None:
    old, again = pictures.add(1), pictures.last
    young, unknown = pictures.add(2, days=3), pictures.add(3, days=None)
    found = pictures.add(4, scores=None)
    before = pictures.server.rows()
    said = pictures.prune(dry_run=True, keep_empty_pictures_days=30)
    assert said == {"pictures without a detection": (1, len(wall.picture(1)))}
    assert pictures.server.rows() == before
    assert pictures.prune() == {}, "off by default"
    assert pictures.prune(keep_empty_pictures_days=30) == said
    assert pictures.held() == {young, unknown, found}
    pictures.is_sound()
    assert pictures.prune(keep_empty_pictures_days=30) == {"pictures without a detection": (0, 0)}

    server, frame_id = pictures.server, wall.report(1).frame.frame_id
    assert server.get(f"/v1/frames/{frame_id}")["evidence"] == "removed"
    for path in (f"/v1/evidence/{old}", f"/v1/frames/{frame_id}/picture.jpg"):
        answer = server.client.get(path)
        assert answer.status_code == 404
        assert f"removed on {datetime.now(UTC):%Y-%m-%d}: nothing was found in it" in answer.json()["detail"]
    assert server.client.head(f"/v1/evidence/{old}").status_code == 404
    (answer,) = server.answers(again)
    assert (answer.status.value, answer.evidence_wanted) == ("already_there", ()), "robots are not asked for it again"
    assert server.put(wall.picture(1)).status_code == 200, "and who sends it all the same is not told to try again"
    assert pictures.held() == {young, unknown, found}
    (line,) = [row for row in server.rows()["audit"] if "server prune" in row]
    assert any("1 pictures without a detection" in str(value) for value in line)


@BOTH
def test_what_people_and_reports_depend_on_stays(pictures: Pictures, wall: Any) -> None:
    server = pictures.server
    reviewed, by_pixels, by_place, free = (pictures.add(number) for number in range(4))
    surface, inspection = str(wall.scan.surface_id), str(wall.scan.inspection_id)
    report = wall.report(0)
    comment = {
        "frame_id": str(report.frame.frame_id),
        "analysis_id": str(report.analysis_id),
        "tile": 0,
        "verdict": "comment",
        "note": "looked at",
    }
    server.write(f"/v1/reviews/{uuid4()}", comment)
    rectangle = {"x_px": 0, "y_px": 0, "width_px": 9, "height_px": 9}
    shapes = (
        {"type": "rectangle", "frame_id": str(wall.report(1).frame.frame_id), **rectangle},
        {"type": "polyline", "line_m": [(1.98, 0.5), (2.02, 0.51)]},
    )
    for shape in shapes:
        content = {"surface_id": surface, "inspection_id": inspection, "kind": "crack", "shape": shape}
        path = f"/v1/findings/{uuid4()}"
        assert server.write(path, content).status_code == 201
        server.client.delete(path, headers={"If-Match": '"1"'})  # what was once drawn there may be asked for
    closed = wall.but(inspection="2020 autumn")
    reported = pictures.add(20, wall=closed)
    assert server.client.post(f"/v1/inspections/{closed.scan.inspection_id}/close-outs", json={}).status_code == 201
    assert pictures.prune(keep_empty_pictures_days=1)["pictures without a detection"][0] == 1
    assert pictures.held() == {reviewed, by_pixels, by_place, reported}
    assert free not in pictures.held()
    pictures.is_sound()


@BOTH
def test_a_picture_of_two_frames_goes_only_when_nothing_was_found_in_either(pictures: Pictures, wall: Any) -> None:
    other = wall.but(inspection="2027 spring")
    pictures.add(1)
    pictures.add(1, wall=other, scores=None)
    assert pictures.prune(keep_empty_pictures_days=1)["pictures without a detection"][0] == 0


def test_portions_of_any_size_remove_the_same(pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        pictures.add(number)
    monkeypatch.setattr("crackmap_server.retention.prune.PICTURES_AT_ONCE", 3)
    assert pictures.prune(keep_empty_pictures_days=1)["pictures without a detection"][0] == 7
    assert pictures.held() == set()
    pictures.is_sound()


@pytest.mark.parametrize("settings", ["sqlite", "s3"], indirect=True)
def test_files_that_a_kill_left_go_with_the_next_run(pictures: Pictures, monkeypatch: pytest.MonkeyPatch) -> None:
    sha256 = pictures.add(1)

    def killed(_settings: Any, sha256s: list[str]) -> None:
        if sha256s:
            raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("crackmap_server.retention.prune._remove_files", killed)
        with pytest.raises(SystemExit):
            pictures.prune(keep_empty_pictures_days=1)
    assert pictures.held() == {sha256}
    assert all(each.good for each in check(pictures.server.settings, True))
    pictures.prune(keep_empty_pictures_days=1)
    assert pictures.held() == set()
    pictures.is_sound()


def add_people(settings: Settings, *, users: int) -> None:
    """Two ended keys, a key that counts, sessions and tries, old and new."""
    old, new = NOW - timedelta(days=50), NOW - timedelta(days=1)
    engine = create_engine(settings.database_url)
    user_ids, robot_id = [uuid4() for _ in range(users)], uuid4()
    with engine.begin() as connection:
        connection.execute(insert(tables.robots), {"robot_id": robot_id, "name": "crawler", "made_utc": old})
        for number, user_id in enumerate(user_ids):
            name = f"inspector {number}"
            row = {"user_id": user_id, "name": name, "role": "admin", "made_utc": old}
            connection.execute(insert(tables.users), row)
            for ends in (old, new):
                session = {"sha256": uuid4().hex, "user_id": user_id, "made_utc": old, "ends_utc": ends}
                connection.execute(insert(tables.sessions), session)
        for tried in (old, new):
            row = {"name": "nobody", "address": "::1", "tried_utc": tried}
            connection.execute(insert(tables.sign_ins), row)
        for made in (old - timedelta(days=2), old - timedelta(days=1)):
            key = {"key_id": uuid4(), "sha256": uuid4().hex, "robot_id": robot_id, "made_utc": made, "ends_utc": old}
            connection.execute(insert(tables.keys), key)
    engine.dispose()


@BOTH
def test_rows_that_are_old_enough_go_by_their_own_setting(pictures: Pictures) -> None:
    settings = pictures.server.settings
    add_people(settings, users=1)
    assert pictures.prune(keep_sessions_days=30) == {"sessions": (1, None), "tries to sign in": (1, None)}
    assert pictures.prune(keep_ended_keys_days=49) == {"ended keys": (2, None)}
    assert pictures.prune(keep_ended_keys_days=49) == {"ended keys": (0, None)}
    rows = pictures.server.rows()
    assert [len(rows[name]) for name in ("sessions", "sign_ins", "keys")] == [1, 1, 0]
    engine = create_engine(settings.database_url)
    with engine.begin() as connection:
        connection.execute(tables.audit.update().values(at_utc=NOW - timedelta(days=400)))
    engine.dispose()
    lines = len(rows["audit"])
    assert pictures.prune(keep_audit_days=365) == {"lines of the audit log": (lines, None)}
    (left,) = pictures.server.rows()["audit"]
    assert f"{lines} lines of the audit log" in left, "the one that says so"


def test_the_last_key_stays_where_there_is_no_user(pictures: Pictures) -> None:
    """A server that knows nobody lets anybody of its machine do everything."""
    add_people(pictures.server.settings, users=0)
    assert pictures.prune(keep_ended_keys_days=1) == {"ended keys": (1, None)}
    assert pictures.prune(keep_ended_keys_days=1) == {"ended keys": (0, None)}
    assert len(pictures.server.rows()["keys"]) == 1


def test_the_command_says_what_would_go_and_then_does_it(pictures: Pictures, wall: Any, tmp_path: Any) -> None:
    pictures.add(1)
    config = tmp_path / "server.toml"
    config.write_text("keep_empty_pictures_days = 30\n")
    options = ["prune", "--database", pictures.server.settings.database]
    said = CliRunner().invoke(app, options)
    assert (said.exit_code, said.stdout) == (0, "nothing may be removed: no setting keep_…_days is set\n")
    would = CliRunner().invoke(app, [*options, "--config", str(config), "--dry-run"])
    size = len(wall.picture(1))
    what = f"remove 1 pictures without a detection older than 30 days, {size} bytes\n"
    assert (would.exit_code, would.stdout) == (0, f"would {what}")
    assert len(pictures.held()) == 1
    done = CliRunner().invoke(app, [*options, "--config", str(config)])
    assert (done.exit_code, done.stdout) == (0, what.replace("remove ", "removed ", 1))
    assert pictures.held() == set()


def test_a_removed_picture_cannot_be_scored_again(pictures: Pictures, wall: Any) -> None:
    pictures.add(1)
    sha256 = registered(pictures.server, 1)
    pictures.prune(keep_empty_pictures_days=1)
    order = {"inspection_id": str(wall.scan.inspection_id), "model_sha256": sha256}
    answer = pictures.server.client.post("/v1/rescores", json=order)
    assert answer.status_code == 201, answer.text
    assert "was removed" in json.dumps(answer.json())
