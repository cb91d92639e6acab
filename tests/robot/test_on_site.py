"""What the driver is told: advice from the last frames, gaps, and when it is safe to leave."""

import json
import math
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crackmap import ids
from crackmap.manifest import Range
from crackmap.messages import (
    Evidence,
    Frame,
    Image,
    NoPose,
    Placed,
    Placement,
    Pose,
    Reason,
    Report,
    ScoreMap,
    TileGeometry,
    Unplaced,
    Unscored,
)
from crackmap.visible_widths import bytes_from_px
from crackmap_robot.daemon import on_site
from crackmap_robot.daemon.condition import Condition
from crackmap_robot.daemon.on_site import MOST_CELLS, ORDER, Look, OnSite, look_of, parting
from crackmap_robot.daemon.settings import StatusSection
from crackmap_robot.daemon.status import Status
from crackmap_robot.outbox import Outbox

SCALE = Range(low=0.15, high=0.35)
SCAN = UUID(int=1)
TILE_PX = 100


def placed(u_m: float, mm_per_px: float = 0.25, side_m: float = 0.4, tilt_deg: float = 0.0) -> Placed:
    """A frame of one tile, tilted about the picture's vertical."""
    square = np.array([[0, 1], [1, 1], [1, 0], [0, 0]])
    corners = square * side_m + [u_m, 0]
    tile = square * mm_per_px * TILE_PX / 1000 * [1 / math.cos(math.radians(tilt_deg)), 1] + [u_m, 0]
    tiles = TileGeometry.pack(np.array([tile.mean(axis=0)]), tile[None], None)
    return Placed(
        pose_solution_id=SCAN,
        pose=Pose(position_m=(u_m, 0, 1), orientation_xyzw=(1, 0, 0, 0)),
        mm_per_px=mm_per_px,
        footprint_m=tuple((u, v) for u, v in corners.tolist()),
        tiles=tiles,
    )


def report(placement: Placement, width_px: float = 1.0, reason: Reason | None = None) -> Report:
    key = "a" * 64
    return Report(
        frame=Frame(
            frame_id=ids.frame_id(SCAN, key),
            scan_id=SCAN,
            source_key=key,
            label="a.jpg",
            image=Image(sha256=key, size_bytes=1, media_type="image/jpeg", width_px=9, height_px=9),
        ),
        analysis_id=uuid5(SCAN, "x"),
        score_map=ScoreMap(
            columns=1,
            rows=1,
            scores=bytes([0 if reason else 100]),
            unscored=(Unscored(reason=reason, tiles=(0,)),) if reason else (),
            visible_widths=bytes_from_px([width_px]).tobytes(),
        ),
        placement=placement,
        evidence=Evidence(frame=False),
    )


LOST = NoPose(pose_solution_id=SCAN, cause="no tag of the layout is in the picture")


@pytest.mark.parametrize(
    ("made", "target", "look"),
    [
        (report(placed(0), 1.0), 0.3, Look.SHOWN),
        (report(Unplaced(mm_per_px=0.25), 1.0), 0.3, Look.SHOWN),
        (report(placed(0), 1.3), 0.3, Look.BLURRED),
        (report(placed(0), float("nan")), 0.3, Look.NOT_KNOWN),
        (report(placed(0), 1.0), None, Look.NOT_KNOWN),
        (report(placed(0, 0.4), 0.1), 0.3, Look.TOO_FAR),
        (report(placed(0, 0.3), 0.1), 0.2, Look.TOO_FAR),
        (report(placed(0, 0.1), 0.1), 0.3, Look.TOO_NEAR),
        (report(placed(0, tilt_deg=35), 1.0), 0.3, Look.TOO_OBLIQUE),
        (report(placed(0, tilt_deg=30), 1.0), 0.3, Look.SHOWN),
        (report(placed(0, tilt_deg=35), 1.3), 0.3, Look.BLURRED),
        (report(placed(0, tilt_deg=61), 0.2), 0.3, Look.TOO_OBLIQUE),  # pressed to less than half, however sharp
        (report(placed(0), 1.0, Reason.DARK), 0.3, Look.DARK),
        (report(placed(0), 1.0, Reason.BRIGHT), 0.3, Look.BRIGHT),
        (report(LOST), 0.3, Look.NO_POSE),
    ],
)
def test_what_a_frame_is_worth(made: Report, target: float | None, look: Look) -> None:
    assert look_of(made, SCALE, target, TILE_PX)[0] is look


def test_advice_follows_the_last_frames() -> None:
    site = OnSite(SCALE, 0.3, TILE_PX)
    assert site.advice() == []
    site.frame(report(placed(0)))
    assert site.advice() == []
    for _ in range(8):
        site.frame(report(placed(0), 5.0))
    assert site.advice() == [on_site.ADVICE[Look.BLURRED]]
    for _ in range(5):
        site.frame(report(placed(0)))
    assert site.advice() == []
    for _ in range(8):
        site.frame(report(LOST))
    assert site.advice() == [f"{on_site.ADVICE[Look.NO_POSE]}: no tag of the layout is in the picture"]


def test_a_gap_is_told_until_it_is_closed() -> None:
    site = OnSite(SCALE, 0.3, TILE_PX)
    for u_m in (0.0, 0.3, 0.7):
        site.frame(report(placed(u_m)))
        assert site.advice() == []
    site.frame(report(placed(1.4)))
    assert any(line.startswith("Gap") for line in site.advice())
    site.frame(report(placed(1.05)))
    assert site.advice() == []


def test_the_best_look_at_a_place_is_shown() -> None:
    site = OnSite(SCALE, 0.3, TILE_PX)
    for width_px in (20.0, 1.0, 9.0):
        site.frame(report(placed(0), width_px))
    shown = site.shown()
    assert {shown["looks"][look] for _, _, look in shown["cells"]} == {"shown"}
    assert len(shown["cells"]) * shown["side_m"] ** 2 == pytest.approx(0.16, rel=0.01)
    json.dumps(shown)


@given(st.lists(st.tuples(st.floats(-50, 50), st.sampled_from([1.0, 9.0])), min_size=1, max_size=20))
def test_the_grid_stays_small_and_true(frames: list[tuple[float, float]]) -> None:
    site, before = OnSite(SCALE, 0.3, TILE_PX), on_site.MOST_CELLS
    try:
        on_site.MOST_CELLS = 500
        for u_m, width_px in frames:
            site.frame(report(placed(u_m), width_px))
        shown = site.shown()
    finally:
        on_site.MOST_CELLS = before
    assert 0 < len(shown["cells"]) <= 500 < MOST_CELLS
    assert all(0 <= look < len(ORDER) for _, _, look in shown["cells"])
    low = min(column for column, _, _ in shown["cells"]) * shown["side_m"]
    assert low == pytest.approx(min(u_m for u_m, _ in frames), abs=2 * shown["side_m"])


@pytest.mark.parametrize(
    ("quiet_s", "waiting", "server", "troubles", "expected"),
    [
        (0.0, 0, None, [], (False, "Pictures are coming in")),
        (10.5, 0, None, [], (False, "Pictures are coming in")),
        (20.0, 3, None, [], (True, "Safe to leave: all that came is in the outbox on the robot")),
        (20.0, 3, "http://x", [], (True, "Safe to leave: all is kept on the robot; 3 reports and pictures wait")),
        (20.0, 0, "http://x", [], (True, "Safe to leave: all that came is on the server")),
        (20.0, 0, "http://x", ["disk full"], (False, "disk full")),
    ],
)
def test_when_to_leave(
    quiet_s: float, waiting: int, server: str | None, troubles: list[str], expected: tuple[bool, str]
) -> None:
    safe, words = parting(quiet_s, waiting, server, troubles)
    assert safe is expected[0]
    assert words.startswith(expected[1])


def get(address: str) -> Any:
    with urllib.request.urlopen(address, timeout=20) as answer:
        return answer.status, answer.headers.get_content_type(), answer.read()


def test_the_page_and_what_it_shows(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.sqlite"):
        pass
    site = OnSite(SCALE, 0.3, TILE_PX)
    site.frame(report(placed(0.0), 7.0))
    with Status(StatusSection(port=0), Condition("folder:x", None), site, tmp_path / "outbox.sqlite") as status:
        assert get(f"{status.address}/")[:2] == (200, "text/html")
        _, kind, body = get(f"{status.address}/site.json")
        assert kind == "application/json"
        assert json.loads(body)["advice"] == [on_site.ADVICE[Look.BLURRED]]
        assert json.loads(body)["last"]["visible_width_mm"] == pytest.approx(1.75)


def test_with_a_key_nobody_else_may_look(tmp_path: Path) -> None:
    with Outbox(tmp_path / "outbox.sqlite"):
        pass
    settings = StatusSection(host="127.0.0.1", port=0, key="correct horse")
    with Status(settings, Condition("x", None), OnSite(SCALE, None, TILE_PX), tmp_path / "outbox.sqlite") as status:
        for path in ("/", "/site.json", "/metrics", "/healthz", "/?key=wrong+horse!", "/?key=", "/?key=%ff"):
            with pytest.raises(urllib.error.HTTPError, match="403"):
                get(status.address + path)
        assert get(f"{status.address}/site.json?key=correct%20horse")[0] == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "robot.local"])
def test_without_a_key_it_is_for_this_machine_only(host: str) -> None:
    with pytest.raises(ValueError, match="give a key of 12 characters"):
        StatusSection(host=host)
    assert StatusSection(host=host, key="correct horse").host == host
