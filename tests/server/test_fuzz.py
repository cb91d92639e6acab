"""Whatever is delivered: each item has its answer or the whole a named problem, and a second time changes nothing."""

import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crackmap.errors import CrackmapError

from .. import fuzz
from . import fuzzing


@st.composite
def broken(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """A seed with words replaced by what is none, or cut."""
    content = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(0, 3))):
        words = list(fuzz.WORD.finditer(content))
        if words and draw(st.booleans()):
            word = draw(st.sampled_from(words))
            content = content[: word.start()] + draw(st.sampled_from(fuzz.TOKENS)) + content[word.end() :]
        else:
            place = draw(st.integers(0, len(content)))
            content = content[:place] + draw(st.binary(max_size=3)) + content[place + draw(st.integers(0, 2)) :]
    return content


@pytest.mark.parametrize("name", sorted(fuzzing.TARGETS))
def test_it_is_answered_or_refused(name: str, tmp_path: Path) -> None:
    run, seeds = fuzzing.TARGETS[name]
    for seed in fuzzing.BATCHES if name == "reports" else seeds[:1]:
        run(seed, tmp_path)

    @settings(max_examples=60)
    @given(broken(seeds))
    def tried(content: bytes) -> None:
        with tempfile.TemporaryDirectory() as folder, suppress(CrackmapError):
            run(content, Path(folder))

    tried()
