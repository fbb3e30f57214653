"""Lines that are no events are errors, not surprises."""

import pytest

from automem.episode.encoding import decode, decode_whole
from automem.episode.texts import TextWindow
from automem.errors import TraceError


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"{}",
        b'{"event":"dreamt","step":1}',
        b'{"event":"observed","step":1}',
        b'{"event":"observed","step":1,"hash":"","text":[[3,0,1]]}',
        b'{"event":"observed","step":1,"hash":"","text":[[1,2]]}',
        b'{"event":"observed","step":1,"hash":"","text":7}',
        b'{"event":"asked","step":1,"messages":[7]}',
        b'\xff\xfe{"event"',
    ],
)
def test_a_line_that_is_no_event_is_an_error(line: bytes) -> None:
    with pytest.raises(TraceError, match="not a trace event"):
        decode(line, TextWindow())
    with pytest.raises(TraceError, match="not a trace event"):
        decode_whole(line)
