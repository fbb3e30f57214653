"""The benchmark's own score, kept beside the corrected one."""

from __future__ import annotations

from automem.episode.encoding import decode_whole, encode_whole
from automem.episode.tally import Tally
from automem.records.trace import Acted


def test_a_trace_from_before_there_was_a_second_score_is_read() -> None:
    line = (
        b'{"event":"acted","step":3,"said":"walk","executed":"walk","valid":true,'
        b'"reward":0.0,"progression":0.25}'
    )
    acted = decode_whole(line)
    assert isinstance(acted, Acted)
    assert acted.benchmark_progression is None


def test_both_scores_of_the_last_action_count() -> None:
    tally = Tally()
    assert tally.benchmark_progression is None
    acted = Acted(
        step=0,
        said="walk",
        executed="walk",
        valid=True,
        reward=0.99,
        progression=1.0,
        benchmark_progression=0.0,
    )
    assert decode_whole(encode_whole(acted)) == acted
    tally.add(acted)
    assert (tally.progression, tally.benchmark_progression) == (1.0, 0.0)
