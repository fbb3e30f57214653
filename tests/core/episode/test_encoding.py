"""Lines that are no events are errors, not surprises."""

import pytest

from automem.episode.encoding import decode, decode_whole, encode_whole
from automem.episode.texts import TextWindow
from automem.errors import TraceError
from automem.records.environment import EnvironmentInfo
from automem.records.trace import TRACE_VERSION, Started


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


def test_a_trace_of_another_version_is_refused() -> None:
    info = EnvironmentInfo(name="toy")
    line = encode_whole(
        Started(
            step=0,
            trace_version=TRACE_VERSION + 1,
            info=info,
            seed=1,
            scaffold="",
            agent="",
            roles={},
        )
    )
    with pytest.raises(TraceError, match=r"has version 3, .* reads versions 1, 2"):
        decode(line, TextWindow())
    with pytest.raises(TraceError, match="has version 3"):
        decode_whole(line)
