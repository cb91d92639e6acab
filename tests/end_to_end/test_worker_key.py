"""A worker with a key of its own: it scores what an admin asked for, and sees nothing else of the log."""

from pathlib import Path

import httpx2
import pytest

from crackmap_robot.access import Access
from crackmap_server.people.manage import make_key, make_user
from crackmap_server.settings import Settings

from .conftest import MODEL, Recording
from .processes import PATIENCE_S, Server, run

pytestmark = pytest.mark.long

OTHER = MODEL.with_name("darkness-uint8.tflite")
FRAMES = 6


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path / "server")


@pytest.fixture
def keys(tmp_path: Path, server: Server) -> dict[str, Path]:
    """Files with the keys of a robot, an admin and a worker."""
    settings = Settings(database=f"sqlite:///{server.folder}/log.sqlite")
    make_user(settings, "ada", "admin", "a long pass phrase")
    make_user(settings, "box", "worker", None)
    files = {}
    for name, robot, user in (("robot", "crawler", None), ("admin", None, "ada"), ("worker", None, "box")):
        files[name] = tmp_path / f"{name}.key"
        files[name].touch(mode=0o600)
        files[name].write_text(make_key(settings, robot=robot, user=user))
    return files


def test_a_worker_scores_again_with_its_own_key(
    recording: Recording, server: Server, keys: dict[str, Path], tmp_path: Path
) -> None:
    recording.photograph(0, FRAMES - 1)
    with server:
        at = ("--server", server.address)
        scan = recording.scan(tmp_path / "outbox.sqlite", "--frames", "all", *at, "--key-file", keys["robot"])
        assert run(*scan).returncode == 0
        ask = ("models", "rescore", "--inspection", "2026", "--model", OTHER, "--use", "--ask-only", *at)
        for who, code in (("worker", 2), ("robot", 2), ("admin", 0)):
            asked = run(*ask, "--key-file", keys[who])
            assert (asked.returncode, "403" in asked.stderr or code == 0) == (code, True), asked.stderr
        work = ("models", "rescore", *at, "--threads", "1")
        refused = run(*work, "--key-file", keys["robot"])
        assert (refused.returncode, "403" in refused.stderr) == (2, True), refused.stderr
        worked = run(*work, "--key-file", keys["worker"])
        assert worked.returncode == 0, worked.stderr
        assert f"{FRAMES} of {FRAMES} frames have new scores, which are current" in worked.stdout
        assert f"this worker: {FRAMES} frames" in worked.stdout

        def get(who: str, path: str) -> httpx2.Response:
            return httpx2.get(f"{server.address}{path}", headers=Access(keys[who]).headers(), timeout=PATIENCE_S)

        for path in ("/v1/frames", "/v1/detections", "/v1/rescores/1/comparison", "/v1/audit"):
            assert get("worker", path).status_code == 403, path
        assert {frame["done"] for frame in [get("admin", "/v1/rescores/1").json()["frames"]]} == {FRAMES}
        assert [scan["frames"] for scan in get("admin", "/v1/rescores/1/comparison").json()["scans"]] == [FRAMES]
        lines = get("admin", "/v1/audit?limit=1000").json()["items"]
        delivered = [line for line in lines if line["resource"] == "/v1/rescores/1/scores"]
        assert {(line["who"], line["status"]) for line in delivered} == {("user box", 200)}
        said = "".join((*worked.args, worked.stdout, worked.stderr, refused.stderr))
        assert not any(file.read_text().strip() in said for file in keys.values())
