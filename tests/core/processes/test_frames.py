"""Messages keep their bounds, however a pipe cuts them up."""

from __future__ import annotations

from io import BytesIO
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automem.processes import frames
from automem.processes.frames import BrokenFrame, FrameBuffer, pack, read_frame, write_frame


@given(st.lists(st.binary(max_size=40)), st.lists(st.integers(0, 400)))
def test_payloads_survive_any_cutting(payloads: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(pack(payload) for payload in payloads)
    buffer = FrameBuffer()
    received: list[bytes] = []
    bounds = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})
    for begin, end in pairwise(bounds):
        received.extend(buffer.feed(stream[begin:end]))
    assert received == payloads


@given(st.lists(st.binary(max_size=40)))
def test_a_stream_is_read_until_its_end(payloads: list[bytes]) -> None:
    stream = BytesIO()
    for payload in payloads:
        write_frame(stream, payload)
    stream.seek(0)
    assert [read_frame(stream) for _ in payloads] == payloads
    assert read_frame(stream) is None


@pytest.mark.parametrize(("kept", "said"), [(2, "2 bytes of a length"), (7, "3 of 5 bytes")])
def test_a_stream_that_ends_inside_a_frame_is_broken(kept: int, said: str) -> None:
    with pytest.raises(BrokenFrame, match=said):
        read_frame(BytesIO(pack(b"12345")[:kept]))


def test_text_in_place_of_a_frame_is_refused() -> None:
    with pytest.raises(BrokenFrame, match="not a frame"):
        list(FrameBuffer().feed(b"Hello, world"))


def test_a_message_beyond_the_cap_is_refused() -> None:
    with pytest.raises(BrokenFrame, match="is longer than"):
        pack(bytes(frames.MOST_BYTES + 1))
