"""The sums of an episode and of several."""

from __future__ import annotations

from automem.episode.tally import Tally, totals_of
from automem.records.model import Role, Usage
from automem.records.trace import Asked


def asked(role: Role, tokens: int) -> Asked:
    usage = Usage(input_tokens=tokens, cached_tokens=tokens // 2, output_tokens=1)
    return Asked(step=0, phase="log", turn=0, role=role, model="m", messages=(), usage=usage)


def test_tokens_are_added_up_for_each_role_and_for_all() -> None:
    tally = Tally()
    for role, tokens in (("memory", 10), ("gameplay", 4), ("memory", 6)):
        tally.add(asked(role, tokens))
    memory = Usage(input_tokens=16, cached_tokens=8, output_tokens=2)
    gameplay = Usage(input_tokens=4, cached_tokens=2, output_tokens=1)
    totals = tally.totals()
    assert totals.roles == {"memory": memory, "gameplay": gameplay}
    assert totals.usage == memory + gameplay
    one = Tally()
    one.add(asked("memory", 2))
    both = totals_of([totals, one.totals()])
    assert both.roles["memory"] == Usage(input_tokens=18, cached_tokens=9, output_tokens=3)
    assert both.roles["gameplay"] == gameplay
