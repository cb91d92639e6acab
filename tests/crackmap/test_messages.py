"""What travels survives JSON, and what is not whole is refused by name."""

import base64
import json
import math
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from crackmap.messages import (
    Base64,
    Capture,
    Message,
    NoPose,
    Pose,
    Report,
    ReportBatch,
    ScoreMap,
    TileGeometry,
    Unplaced,
    Unscored,
    utc,
)

PLACED = Path(__file__).parent / "payloads" / "v1" / "placed_with_covariance.json"
METRES = st.floats(-1e4, 1e4, allow_nan=False)
TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)


def batch() -> Any:
    """A batch as JSON, to be spoilt."""
    return json.loads(PLACED.read_bytes())


class Bytes(Message):
    content: Base64


def refused(spoilt: Any) -> str:
    with pytest.raises(ValidationError) as error:
        ReportBatch.model_validate_json(json.dumps(spoilt))
    return str(error.value)


@st.composite
def score_maps(draw: st.DrawFn) -> ScoreMap:
    columns, rows = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    scores = draw(st.binary(min_size=columns * rows, max_size=columns * rows))
    unscored = tuple(tile for tile, score in enumerate(scores) if score == 0)
    groups = (Unscored(reason="dark", tiles=unscored),) if unscored else ()
    return ScoreMap(columns=columns, rows=rows, scores=scores, unscored=groups)


@st.composite
def geometries(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    count = draw(st.integers(1, 12))
    middle = np.array([draw(METRES), draw(METRES)])
    centres = middle + np.array(draw(st.lists(st.floats(-2, 2), min_size=2 * count, max_size=2 * count))).reshape(-1, 2)
    corners = centres[:, None, :] + np.array([[-1, 1], [1, 1], [1, -1], [-1, -1]]) * 0.03
    return centres, corners, draw(st.sampled_from([None, np.tile([4e-6, -1e-7, 9e-6], (count, 1))]))


@given(score_maps())
def test_a_score_map_survives_json(scores: ScoreMap) -> None:
    again = ScoreMap.model_validate_json(scores.model_dump_json())
    assert again == scores
    assert again.array().tobytes() == scores.scores


@given(geometries())
def test_places_survive_to_a_hundredth_of_a_millimetre(arrays: Any) -> None:
    """float32 offsets from the frame's middle, however far the frame is from the surface's origin."""
    centres, corners, covariances = arrays
    tiles = TileGeometry.model_validate_json(TileGeometry.pack(centres, corners, covariances).model_dump_json())
    assert tiles.count == len(centres)
    assert np.abs(tiles.centres_m() - centres).max() < 1e-5
    assert np.abs(tiles.corners_m() - corners).max() < 1e-5
    unpacked = tiles.covariances_m2()
    assert (unpacked is None) == (covariances is None)
    assert unpacked is None or unpacked == pytest.approx(covariances, rel=1e-6)


@given(
    st.builds(
        Capture,
        captured_utc=st.none() | st.datetimes(timezones=st.just(UTC)),
        captured_local=st.none() | st.datetimes(),
        time_sigma_s=st.none() | st.floats(0, 1e6),
        boot_id=st.none() | TEXT,
        monotonic_ns=st.none() | st.integers(0, 2**63 - 1),
    )
)
def test_a_capture_survives_json(capture: Capture) -> None:
    assert Capture.model_validate_json(capture.model_dump_json()) == capture


@given(TEXT)
def test_words_survive_json(cause: str) -> None:
    payload = batch()
    payload["reports"][0]["frame"]["label"] = cause
    assert ReportBatch.model_validate_json(json.dumps(payload)).reports[0].frame.label == cause


def test_messages_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Unplaced(mm_per_px=1).mm_per_px = 2


def test_moments_are_written_with_z() -> None:
    report = ReportBatch.model_validate_json(PLACED.read_bytes()).reports[0]
    assert report.frame.capture.captured_utc is not None
    assert utc(report.frame.capture.captured_utc) == "2026-05-04T09:12:01.250000Z"


def test_who_gave_the_poses() -> None:
    report = ReportBatch.model_validate_json(PLACED.read_bytes()).reports[0]
    assert report.pose_solution_id is not None
    assert report.model_copy(update={"placement": Unplaced(mm_per_px=1)}).pose_solution_id is None
    elsewhere = NoPose(pose_solution_id=report.frame.frame_id, cause="")
    assert report.model_copy(update={"placement": elsewhere}).pose_solution_id == report.frame.frame_id


# ------------------------------------------------------------------------------------------------------------- refused


def encoded(*numbers: float) -> str:
    return base64.b64encode(np.array(numbers, "<f4").tobytes()).decode()


@pytest.mark.parametrize("spoilt", ["%%%", "AAA", "AAAA", "A" * 15 + "="])
def test_scores_that_are_no_base64_or_of_another_length_are_refused(spoilt: str) -> None:
    payload = batch()
    payload["reports"][0]["score_map"]["scores"] = spoilt
    assert "score_map" in refused(payload)


@pytest.mark.parametrize("name", ["centres", "corners", "covariances"])
def test_geometry_of_a_wrong_length_is_refused(name: str) -> None:
    for spoilt in (encoded(1.0), "", encoded(*[1.0] * 90)):
        payload = batch()
        payload["reports"][0]["placement"]["tiles"][name] = spoilt
        refused(payload)


@pytest.mark.parametrize("number", [math.nan, math.inf])
@pytest.mark.parametrize("name", ["centres", "corners", "covariances"])
def test_geometry_that_is_not_finite_is_refused(name: str, number: float) -> None:
    floats = {"centres": [0.0] * 2, "corners": [0.0] * 8, "covariances": [0.0] * 3}
    floats[name][-1] = number
    packed = {name: np.array(values, "<f4").tobytes() for name, values in floats.items()}
    with pytest.raises(ValidationError, match="not finite"):
        TileGeometry(origin_m=(0, 0), **packed)


@given(st.binary(max_size=200))
def test_any_bytes_survive_json_in_either_alphabet_of_base64(content: bytes) -> None:
    """RFC 4648, sections 4 and 5. What is written is always the first."""
    written = json.loads(Bytes(content=content).model_dump_json())["content"]
    assert written == base64.b64encode(content).decode()
    for text in (written, base64.urlsafe_b64encode(content).decode()):
        assert Bytes.model_validate_json(json.dumps({"content": text})).content == content


@pytest.mark.parametrize("spoilt", ["A", "AA=A", "A A=", "AA=\n", "é", "/_8="])
def test_what_is_not_base64_is_refused(spoilt: str) -> None:
    with pytest.raises(ValidationError, match="base64"):
        Bytes.model_validate_json(json.dumps({"content": spoilt}))


@given(st.binary(max_size=200))
def test_base64_is_read_also_from_json_that_somebody_else_has_parsed(content: bytes) -> None:
    """As FastAPI has the body of a request with one message."""
    assert Bytes.model_validate(json.loads(Bytes(content=content).model_dump_json())).content == content
    assert Bytes(content=content).content == content


@pytest.mark.parametrize("spoilt", ["A", "AA=A", "é"])
def test_what_is_not_base64_is_refused_there_too(spoilt: str) -> None:
    with pytest.raises(ValidationError, match="base64"):
        Bytes.model_validate({"content": spoilt})


@pytest.mark.parametrize(
    "path",
    [("placement", "mm_per_px"), ("placement", "pose", "position_m", 0), ("placement", "tiles", "origin_m", 1)],
    ids=str,
)
def test_nan_is_refused_wherever_it_stands(path: tuple[Any, ...]) -> None:
    payload = batch()
    place = payload["reports"][0]
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = math.nan
    refused(payload)


def test_unscored_must_list_each_tile_whose_byte_is_0_once_and_no_other() -> None:
    for scores, unscored in [(b"\x00\x05", ()), (b"\x05\x05", (0,)), (b"\x00\x05", (0, 0)), (b"\x00\x05", (0, 7))]:
        groups = (Unscored(reason="dark", tiles=unscored),) if unscored else ()
        with pytest.raises(ValidationError, match="unscored"):
            ScoreMap(columns=2, rows=1, scores=scores, unscored=groups)


def test_an_orientation_must_have_length_1() -> None:
    with pytest.raises(ValidationError, match="length 2"):
        Pose(position_m=(0, 0, 0), orientation_xyzw=(2, 0, 0, 0))


@pytest.mark.parametrize("count", [0, 35, 37])
def test_a_covariance_has_36_numbers(count: int) -> None:
    with pytest.raises(ValidationError, match="covariance"):
        Pose(position_m=(0, 0, 0), orientation_xyzw=(1, 0, 0, 0), covariance=(0.0,) * count)


@pytest.mark.parametrize("header", ["scans", "analyses", "pose_solutions"])
def test_ids_that_are_not_derived_are_refused(header: str) -> None:
    payload = batch()
    key = {"scans": "scan_id", "analyses": "analysis_id", "pose_solutions": "pose_solution_id"}[header]
    payload[header][0][key] = "00000000-0000-0000-0000-000000000000"
    assert "derived" in refused(payload)


def test_a_frame_of_another_source_key_is_refused() -> None:
    payload = batch()
    payload["reports"][0]["frame"]["source_key"] = "0" * 64
    assert "derived" in refused(payload)


def test_a_stride_over_the_tile_is_refused() -> None:
    payload = batch()
    payload["analyses"][0]["stride_px"] = 228
    assert "unseen strips" in refused(payload)


def test_a_crop_of_no_tile_is_refused() -> None:
    payload = batch()
    payload["reports"][0]["evidence"]["crops"] = [{"tile": 99, "sha256": "a" * 64, "size_bytes": 1}]
    assert "crop" in refused(payload)


def test_a_placement_of_another_number_of_tiles_is_refused() -> None:
    whole = ReportBatch.model_validate_json(PLACED.read_bytes()).reports[0]
    one = {"columns": 1, "rows": 1, "scores": base64.b64encode(b"\x05").decode()}
    with pytest.raises(ValidationError, match="the score map has 1 tiles"):
        Report.model_validate_json(json.dumps(json.loads(whole.model_dump_json()) | {"score_map": one}))


@pytest.mark.parametrize("place", ["batch", "report", "frame"])
def test_nothing_unknown_travels(place: str) -> None:
    payload = batch()
    report = payload["reports"][0]
    {"batch": payload, "report": report, "frame": report["frame"]}[place]["surprise"] = 1
    assert "surprise" in refused(payload)


@pytest.mark.parametrize("text", ["a\x00b"])
def test_text_that_no_database_holds_is_refused(text: str) -> None:
    payload = batch()
    payload["reports"][0]["frame"]["label"] = text
    assert "label" in refused(payload)


@pytest.mark.parametrize("name", ["", " wall", "wall\n", "a\tb", "x" * 201])
def test_names_that_cannot_be_told_apart_by_eye_are_refused(name: str) -> None:
    payload = batch()
    payload["scans"][0]["structure"] = name
    assert "structure" in refused(payload)
