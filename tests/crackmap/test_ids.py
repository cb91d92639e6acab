"""Ids are derived, and no two different things share one."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from crackmap import ids

NAMES = st.text(min_size=1, max_size=20)
UUIDS = st.uuids()

EXPECTED = [
    "312b4ea1-e45e-512d-a0e4-747a638d002c",
    "46480394-9463-5076-a023-12179c6ed197",
    "73412194-2af6-5abf-8792-40bc185f0499",
    "16339570-f7ad-5d54-954d-a3328d32bcaa",
    "9c6054e5-68f1-5412-b88c-060dfb3b77b9",
    "40d71a86-2c23-5bce-bf1a-ceeab41e0a24",
]
EXPECTED_POSES = "07270858-308a-5637-b882-7744522d3708"
EXPECTED_DETECTION = "3b9209a5-34a3-54fd-83b3-5f849239af41"


@given(NAMES, NAMES)
def test_same_name_same_id_and_other_name_other_id(one: str, other: str) -> None:
    assert ids.structure_id(one) == ids.structure_id(one)
    assert (ids.structure_id(one) == ids.structure_id(other)) == (one == other)


@given(st.lists(NAMES, min_size=2, max_size=2), st.lists(NAMES, min_size=2, max_size=2))
def test_no_two_lists_of_parts_spell_the_same_name(one: list[str], other: list[str]) -> None:
    """'ab' + 'c' is not 'a' + 'bc', whatever characters the parts hold."""
    parent = ids.CRACKMAP
    same = ids.pose_solution_id(parent, *one) == ids.pose_solution_id(parent, *other)
    assert same == (one == other)


@given(UUIDS, NAMES)
def test_kinds_of_things_never_share_an_id(parent: UUID, name: str) -> None:
    made = [
        ids.surface_id(parent, name),
        ids.inspection_id(parent, name),
        ids.frame_id(parent, name),
        ids.analysis_id(parent, name, 227, 227, 1),
        ids.pose_solution_id(parent, name, name),
        ids.detection_id(parent, parent, 0),
    ]
    assert len(set(made)) == len(made)


@given(UUIDS, UUIDS, st.lists(st.integers(0, 10**6)))
def test_many_detections_have_the_ids_of_each(frame: UUID, analysis: UUID, tiles: list[int]) -> None:
    each = [ids.detection_id(frame, analysis, tile) for tile in tiles]
    assert list(ids.detection_ids(frame, analysis, tiles)) == each
    assert {made.version for made in each} <= {5}


def test_ids_stay_what_they_were() -> None:
    """Logs hold these: a change here would make every scan a new one."""
    bridge = ids.structure_id("Mill bridge")
    surface, inspection = ids.surface_id(bridge, "north face"), ids.inspection_id(bridge, "2026 spring")
    scan = ids.recorded_scan_id(inspection, surface)
    frame, analysis = ids.frame_id(scan, "a" * 64), ids.analysis_id(scan, "b" * 64, 227, 200, 1)
    assert [str(made) for made in (bridge, surface, inspection, scan, frame, analysis)] == EXPECTED
    assert str(ids.pose_solution_id(scan, "c" * 64, "d" * 64)) == EXPECTED_POSES
    assert str(ids.detection_id(frame, analysis, 17)) == EXPECTED_DETECTION
