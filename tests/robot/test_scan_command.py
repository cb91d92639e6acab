"""`crackmap scan` and `crackmap robot outbox …` as a person meets them: exit codes, words, the table of scores."""

import csv
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from crackmap import scores
from crackmap_robot.outbox import Outbox
from crackmap_robot.outbox.file import locked
from crackmap_robot.settings import default_outbox, default_threads

from .camera_files import camera_file

SCALE = ("--mm-per-px", 0.5)


def table(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_scan_without_a_server_says_where_all_is_and_how_to_send_it(scan, photographs: Path, tmp_path: Path) -> None:
    ran = scan(photographs, *SCALE)
    assert ran.code == 0
    assert re.search(r"photographs +6\n", ran.out)
    assert re.search(r"tiles +120\n", ran.out)
    assert re.search(r"waiting +6 reports and 6 pictures", ran.out)
    outbox = tmp_path / "outbox.sqlite"
    assert f"crackmap robot outbox upload --outbox {outbox} --server http://SERVER:8321" in ran.out
    lines = [line for line in ran.err.splitlines() if re.match(r"\d/6 ", line)]
    assert len(lines) == 6
    assert re.match(r"3/6 img3.jpg: 20 tiles, \d+ detections \([\d,]+ tiles/s, 0:00:0\d left, 6 waiting", lines[2])


def test_the_same_command_again_scans_nothing_and_writes_the_same_table(
    scan, photographs: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "1.csv", tmp_path / "2.csv"
    scan(photographs, *SCALE, "--scores", first)
    ran = scan(photographs, *SCALE, "--scores", second, "--threads", 2)
    assert "6, 6 of them scanned before" in ran.out
    assert first.read_bytes() == second.read_bytes()


def test_photographs_that_moved_are_sent_from_where_they_are_now(scan, photographs: Path, tmp_path: Path) -> None:
    assert scan(photographs, *SCALE).code == 0
    moved = photographs.rename(tmp_path / "card of monday")
    (moved / "img1.jpg").rename(moved / "first.jpg")
    assert scan(moved, *SCALE).code == 0
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        paths = [Path(os.fsdecode(path)) for (path,) in outbox._read("SELECT path FROM picture ORDER BY rowid")]
    assert [path.name for path in paths] == ["first.jpg", *(f"img{number}.jpg" for number in range(2, 7))]
    assert {path.parent for path in paths} == {moved}


def test_every_tile_is_in_the_table(scan, photographs: Path, models: Path, tmp_path: Path) -> None:
    (photographs / "img7.png").write_bytes(b"")
    dark = Image.new("RGB", (64, 32), (200, 200, 200))
    dark.paste((3, 3, 3), (0, 0, 32, 32))
    dark.save(photographs / "img8.png")
    path = tmp_path / "scores.csv"
    ran = scan(photographs, *SCALE, "--scores", path, "--model", models / "nan-float32.tflite", "--stride", 16)
    assert ran.code == 2  # img7
    rows = table(path)
    assert len(rows) == 6 * 9 * 6 + 3
    first = rows[:54]
    assert {row["photo"] for row in first} == {"img1.jpg"}
    assert [(int(row["x_px"]), int(row["y_px"])) for row in first[:9]] == [(x, 0) for x in (*range(0, 118, 16), 118)]
    assert {(row["width_px"], row["height_px"]) for row in rows} == {("32", "32")}
    for row in first:
        assert re.fullmatch(r"[01]\.\d{6}", row["score"])
        assert 1 <= scores.byte_at_least(float(row["score"])) <= 255
    assert [row["score"] for row in rows[-3:]] == ["", rows[-2]["score"], f"{scores.probability(56):.6f}"]
    assert "1 tiles without a score: black, burned out" in ran.out


def test_a_table_that_cannot_be_written_costs_no_scan(scan, photographs: Path, tmp_path: Path) -> None:
    ran = scan(photographs, *SCALE, "--scores", tmp_path / "nowhere" / "scores.csv")
    assert ran.code == 2
    assert "scores.csv: cannot be written (No such file or directory). The scan itself is in the outbox" in ran.err
    assert "6 of them scanned before" in scan(photographs, *SCALE).out


def test_what_was_refused_is_listed_and_the_rest_is_scanned(scan, photographs: Path) -> None:
    (photographs / "img2.jpg").write_bytes((photographs / "img2.jpg").read_bytes()[:900])
    (photographs / "labels.csv").write_text("1,0")
    (photographs / "day 2").mkdir()
    ran = scan(photographs, *SCALE)
    assert ran.code == 2
    assert re.search(r"photographs +5\n", ran.out)
    assert re.search(r"refused +img2.jpg: the JPEG is cut short", ran.out)
    assert "2 files or sub-folders that are not photographs here: day 2/, labels.csv" in ran.out
    assert "2/6 refused: img2.jpg" in ran.err


def test_a_scale_out_of_range_is_said_once(scan, photographs: Path) -> None:
    ran = scan(photographs, "--mm-per-px", 3)
    assert ran.code == 0
    assert ran.err.count("was made for 0.1 to 1") == 1
    assert "6 photographs whose scale the model was not made for" in ran.out


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "how large is a pixel? Give --poses FILE (or --tags FILE) and --camera FILE"),
        ((*SCALE, "--poses", "p.csv"), "--mm-per-px goes with none of --poses, --tags and --camera"),
        ((*SCALE, "--tags", "t.toml"), "--mm-per-px goes with none of --poses, --tags and --camera"),
        (("--poses", "p.csv"), "--poses needs --camera"),
        (("--tags", "t.toml"), "--tags needs --camera"),
        (("--tags", "t.toml", "--poses", "p.csv"), "--poses and --tags: give one of them"),
        (("--camera", "c.yaml"), "--camera needs --poses or --tags"),
        (("--tags", "t.toml", "--camera", "c.yaml"), "t.toml cannot be read"),
        (("--mm-per-px", 0), "--mm-per-px 0.0: give millimetres over 0"),
        (("--mm-per-px", "nan"), "--mm-per-px nan: give millimetres over 0"),
        ((*SCALE, "--threshold", 1.5), "--threshold 1.5: a probability lies from 0 to 1"),
        (
            (*SCALE, "--stride", 33),
            "--stride 33: must be 1 to 32, the model's tile size; more would leave unseen strips",
        ),
        ((*SCALE, "--stride", 0), "--stride 0: must be 1 to 32"),
        ((*SCALE, "--stride", 16, "--overlap"), "--overlap and --stride 16: give one of them"),
        ((*SCALE, "--overlap"), "has no file that scores overlapping tiles in one pass"),
        ((*SCALE, "--threads", 0), "--threads 0: at least one"),
        ((*SCALE, "--threads", 100_000), "--threads 100000: at most 256"),
        (("--mm-per-px", 1e300), "--mm-per-px 1e+300: give millimetres over 0, and at most"),
        ((*SCALE, "--surface", " north"), "--surface ' north': a name has 1 to 200 characters"),
        ((*SCALE, "--structure", ""), "--structure '': a name has"),
        ((*SCALE, "--target-width-mm", -1), "--target-width-mm -1.0: give millimetres over 0"),
        ((*SCALE, "--server", "here"), "--server here: is no address"),
        ((*SCALE, "--model", "missing.tflite"), "missing.tflite: the manifest cannot be read"),
        (("--poses", "p.csv", "--camera", "c.yaml"), "p.csv cannot be read"),
    ],
)
def test_settings_that_cannot_be(scan, photographs: Path, tmp_path: Path, more: tuple[object, ...], words: str) -> None:
    ran = scan(photographs, *more)
    assert ran.code == 2
    assert words in ran.err or words.replace("manifest", "model") in ran.err
    assert "Traceback" not in ran.err
    assert not (tmp_path / "outbox.sqlite").exists()


def test_a_source_that_is_not_there(scan, tmp_path: Path) -> None:
    ran = scan(tmp_path / "nowhere", *SCALE)
    assert (ran.code, ran.out) == (2, "")
    assert "nowhere: cannot be read (No such file or directory)" in ran.err


def test_a_server_that_is_away(scan, photographs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crackmap_robot.upload.wait_s", lambda _failures, _retry_after_s: 0.0)
    ran = scan(photographs, *SCALE, "--server", "http://127.0.0.1:9")
    assert ran.code == 2
    assert re.search(r"waiting +6 reports and 6 pictures", ran.out)
    assert "crackmap robot outbox upload" in ran.out
    assert "http://127.0.0.1:9/: does not answer" in ran.err
    assert "Nothing is lost" in ran.err


def test_an_outbox_that_another_scan_uses(scan, photographs: Path, tmp_path: Path) -> None:
    with locked(tmp_path / "outbox.sqlite"):
        ran = scan(photographs, *SCALE)
    assert ran.code == 2
    assert f"outbox.sqlite: is in use by another crackmap (process {os.getpid()})" in ran.err


def test_ctrl_c_finishes_the_frame_in_hand_and_the_next_run_goes_on(
    scan, photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Outbox.add

    def press(outbox: Outbox, *rest: object) -> None:
        add(outbox, *rest)  # type: ignore[arg-type]
        if outbox.counts().reports_waiting == 2:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Outbox, "add", press)
    ran = scan(photographs, *SCALE, "--scores", tmp_path / "part.csv")
    assert ran.code == 130
    assert "Stopped. What was scanned is kept; the same command goes on" in ran.out
    assert {row["photo"] for row in table(tmp_path / "part.csv")} == {"img1.jpg", "img2.jpg"}
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    monkeypatch.undo()
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        assert outbox.counts().reports_waiting == 2


def test_the_outbox_command_shows_and_needs_an_outbox(crackmap, scan, photographs: Path, tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite"
    ran = crackmap("robot", "outbox", "show", "--outbox", path)
    assert ran.code == 2
    assert "there is no outbox" in ran.err
    scan(photographs, *SCALE, "--structure", "bridge 7")
    ran = crackmap("robot", "outbox", "show", "--outbox", path)
    assert ran.code == 0
    assert "bridge 7 · north · 2026" in ran.out
    assert "6 waiting, 0 stored, 0 refused" in ran.out
    ran = crackmap("robot", "outbox", "upload", "--outbox", path)
    assert ran.code == 2
    assert "--server http://host:8321" in ran.err
    ran = crackmap("robot", "outbox", "upload", "--server", "http://127.0.0.1:9", "--outbox", tmp_path / "other")
    assert ran.code == 2
    assert "there is no outbox" in ran.err


def test_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    if sys.platform == "linux":
        assert default_outbox() == tmp_path / "crackmap" / "outbox.sqlite"
    assert default_threads() >= 1


def test_help_teaches_and_loads_nothing_heavy() -> None:
    code = (
        "import sys; sys.argv = ['crackmap', 'scan', '--help']\n"
        "from crackmap.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'cv2', 'numpy', 'ai_edge_litert', 'tflite_runtime', 'PIL', 'httpx2', 'sqlite3'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    environment = os.environ | {"COLUMNS": "200"}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert "--mm-per-px 0.23 --server http://127.0.0.1:8321" in ran.stdout


CAMERA = camera_file(150, 100, 100)


def test_photographs_with_poses(scan, photographs: Path, tmp_path: Path) -> None:
    (tmp_path / "camera.yaml").write_text(CAMERA)
    rows = [f"img{number}.jpg,{number / 20},0,0.05,1,0,0,0" for number in (1, 2, 3, 5, 6, 17)]
    (tmp_path / "poses.csv").write_text("file,x_m,y_m,z_m,qx,qy,qz,qw\n" + "\n".join(rows) + "\n")
    ran = scan(photographs, "--poses", tmp_path / "poses.csv", "--camera", tmp_path / "camera.yaml")
    assert ran.code == 0, ran.err
    assert "poses.csv has poses for 1 photographs that are not here, as img17.jpg" in ran.err
    assert "1 photographs without a place (no pose" in ran.out
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        kinds = [
            re.search(r'"placement":\{"kind":"(\w+)"', waiting.body)[1]  # type: ignore[index]
            for waiting in outbox.waiting_reports("http://a/", 10, 10**9)
        ]
    assert kinds == ["placed", "placed", "placed", "no_pose", "placed", "placed"]


@pytest.mark.parametrize(
    ("poses", "camera", "words"),
    [
        ("file,x_m,y_m,z_m,qx,qy,qz,qw\nimg1.jpg,nan,0,1,1,0,0,0\n", CAMERA, "'nan' is not a finite number"),
        ("file,x_m,y_m,z_m,qx,qy,qz,qw\n", CAMERA, "poses.csv holds no pose"),
        ("time_s,x_m,y_m,z_m,qx,qy,qz,qw\n2,0,0,1,1,0,0,0\n1,0,0,1,1,0,0,0\n", CAMERA, "line 3, time_s: 1.0 is before"),
        (
            "file,x_m,y_m,z_m,qx,qy,qz,qw\nimg1.jpg,0,0,1,1,0,0,0\n",
            "image_width: -1",
            "camera.yaml, line 1, image_width",
        ),
    ],
)
def test_poses_and_cameras_that_cannot_be_used(
    scan, photographs: Path, tmp_path: Path, *, poses: str, camera: str, words: str
) -> None:
    (tmp_path / "poses.csv").write_text(poses)
    (tmp_path / "camera.yaml").write_text(camera)
    ran = scan(photographs, "--poses", tmp_path / "poses.csv", "--camera", tmp_path / "camera.yaml")
    assert ran.code == 2
    assert words in ran.err
    assert not (tmp_path / "outbox.sqlite").exists()


def test_a_camera_of_another_resolution_refuses_photographs_by_name(scan, photographs: Path, tmp_path: Path) -> None:
    (tmp_path / "camera.yaml").write_text(CAMERA.replace("image_width: 150", "image_width: 300"))
    (tmp_path / "poses.csv").write_text("file,x_m,y_m,z_m,qx,qy,qz,qw\nimg1.jpg,0,0,1,1,0,0,0\n")
    ran = scan(photographs, "--poses", tmp_path / "poses.csv", "--camera", tmp_path / "camera.yaml")
    assert ran.code == 2
    assert ran.out.count("has 150 × 100 pixels, the calibration of camera 'test' is for 300 × 100") == 6
