"""What the grabbing process says comes out as it went in, however the pipe cuts it."""

from hypothesis import given
from hypothesis import strategies as st

from crackmap_robot.cameras.grabbed import END, Alive, Item, Poses, Still, failed, packed, taken_from

TEXT = st.text(max_size=20)
ITEMS = st.one_of(
    st.builds(Still, st.floats(0, 2e9), st.integers(0, 10**9), st.binary(max_size=200), st.just(".png"), TEXT),
    st.builds(Poses, TEXT.map(str.encode), TEXT),
    st.builds(Alive, TEXT),
)


@given(st.lists(ITEMS, max_size=8), st.sampled_from([END, "cannot be opened:\nis it there?"]), st.integers(1, 60))
def test_whole_items_in_their_order_and_the_end(items: list[Item], end: str, piece_bytes: int) -> None:
    sent = b"".join(map(packed, items)) + failed(end)
    buffer, found = bytearray(), []
    for start in range(0, len(sent), piece_bytes):
        buffer += sent[start : start + piece_bytes]
        while (item := taken_from(buffer)) is not None:
            found.append(item)
            if isinstance(item, str):
                break
    assert found == [*items, end]


@given(ITEMS, st.data())
def test_nothing_comes_out_of_a_part(item: Item, data: st.DataObject) -> None:
    sent = packed(item)
    part = bytearray(sent[: data.draw(st.integers(0, len(sent) - 1))])
    before = bytes(part)
    assert taken_from(part) is None
    assert bytes(part) == before
