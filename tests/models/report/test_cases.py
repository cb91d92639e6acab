"""Which tiles are shown: right outcomes, the surest first, from many photographs, the same for a seed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

module = pytest.importorskip(
    "crackmap_models.report.cases", reason="the models part is not installed: make test-models"
)
from crackmap_models.data.by_eye import Reading  # noqa: E402 - only where the part is installed
from crackmap_models.data.tiles import LabelledTile  # noqa: E402 - only where the part is installed
from crackmap_models.report.cases import Case, drawn, sheet, surest, typical  # noqa: E402 - only where it is installed

OUTCOMES = {(True, True): "hit", (True, False): "miss", (False, True): "false tile", (False, False): "rightly passed"}


def case(number: int, crack: bool, logit: float, group: str, reading: Reading | None = None) -> Case:
    tile = LabelledTile(Path(f"{number}.jpg"), crack, "sdnet2018", "walls", group, "test")
    return Case(tile, group, crack, logit, logit >= 0, reading)


drawn_cases = st.lists(st.tuples(st.booleans(), st.floats(-9, 9), st.sampled_from("abcd")), max_size=40).map(
    lambda rows: [case(k, *row) for k, row in enumerate(rows)]
)
outcomes = st.sampled_from(sorted(OUTCOMES.values()))


@given(drawn_cases, outcomes, st.integers(1, 9))
def test_the_surest_of_an_outcome(among: list[Case], outcome: str, most: int) -> None:
    chosen = surest(among, outcome, most)
    wanted = [one for one in among if OUTCOMES[one.crack, one.called] == outcome]
    assert len(chosen) == len(set(chosen)) == min(most, len(wanted))
    assert set(chosen) <= set(wanted)
    if chosen:
        assert abs(chosen[0].logit) == max(abs(one.logit) for one in wanted)
    # No group comes twice before every group came once, and within its group the surest comes first.
    groups = {one.group for one in wanted}
    first = [one.group for one in chosen][: len(groups)]
    assert len(set(first)) == len(first)
    for one in chosen[: len(groups)]:
        assert abs(one.logit) == max(abs(other.logit) for other in wanted if other.group == one.group)


@given(drawn_cases, outcomes, st.integers(0, 99))
def test_chance_is_the_same_for_a_seed(among: list[Case], outcome: str, seed: int) -> None:
    assert drawn(among, outcome, 3, seed) == drawn(among, outcome, 3, seed)
    assert all(one.outcome == outcome for one in drawn(among, outcome, 3, seed))
    assert sheet(among, 8, seed) == sheet(among, 8, seed)


def test_a_sheet_is_half_cracks_and_another_one_for_another_seed() -> None:
    among = [case(k, k % 5 == 0, 1.0, str(k)) for k in range(100)]
    one = sheet(among, 12, 1)
    assert len(set(one)) == 12
    assert sum(shown.crack for shown in one) == 6
    assert one != sheet(among, 12, 2)


def test_a_typical_case_is_in_the_middle() -> None:
    among = [case(k, True, logit, "a") for k, logit in enumerate((3.0, 1.0, 9.0, -4.0))]
    found = typical(among, "hit")
    assert found is not None
    assert found.logit == 3.0
    assert typical(among, "false tile") is None


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [("crack", "crack", "crack"), ("no_crack", None, "no crack"), ("crack", "no_crack", "disputed")],
)
def test_what_the_eye_says(first: str, second: str | None, said: str) -> None:
    assert case(1, True, 1.0, "a", Reading("walls", "1.jpg", first, second)).seen == said
    assert case(1, True, 1.0, "a").seen == ""
