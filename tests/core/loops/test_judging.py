"""Which seeds a gate gets, and what is written down of what it says."""

import pytest

from automem.errors import ConfigError, LimitReached
from automem.evaluate.gates.options import TwoStageOptions
from automem.evaluate.gates.paper import PaperGate
from automem.evaluate.gates.signflip import SignFlipGate
from automem.evaluate.gates.two_stage import TwoStageGate
from automem.loops.judging import Judgment, Needs, Seeds, further, needs_of, stage_of
from automem.loops.repeats import wilson
from automem.records.gate import Pair, Verdict

SEEDS = Seeds(search=(1, 2, 3), fresh=(10, 11))


def more(seeds: int, *, fresh: bool = False) -> Verdict:
    return Verdict(decision="more", seeds=seeds, fresh=fresh, why="")


def test_further_seeds_come_in_order_and_never_twice() -> None:
    assert further(more(2), SEEDS, ()) == (1, 2)
    assert further(more(3), SEEDS, (1, 2)) == (3,)
    assert further(more(5, fresh=True), SEEDS, (1, 2, 3)) == (10, 11)


def test_a_gate_that_asks_for_more_than_there_are_is_told_where_to_add_them() -> None:
    with pytest.raises(ConfigError, match=r"4 further search seeds, and 3 are left.*\[seeds\]"):
        further(more(4), SEEDS, ())
    with pytest.raises(LimitReached, match=r"3 further fresh seeds, and 2 are left.*fresh"):
        further(more(6, fresh=True), SEEDS, (1, 2, 3))
    with pytest.raises(ConfigError, match="asks for 2 seeds after 2 were played"):
        further(more(2), SEEDS, (1, 2))


def test_what_gates_need_is_found_by_asking_them() -> None:
    assert needs_of(PaperGate()) == Needs(search=10, fresh=0)
    assert needs_of(SignFlipGate()) == Needs(search=10, fresh=0)
    options = TwoStageOptions(first=3, second=6, fresh=4, look_every=2)
    assert needs_of(TwoStageGate(options)) == Needs(search=6, fresh=4)


def test_a_stage_keeps_new_pairs_and_the_means_of_all() -> None:
    old = Pair(task="t", seed=1, before=0.0, after=0.5)
    new = Pair(task="t", seed=2, before=0.5, after=0.5)
    asked = Verdict(decision="more", seeds=2, stage="second", fresh=True, why="")
    said = Verdict(decision="drop", why="no", p=0.4)
    stage = stage_of(asked, said, [new], [old, new])
    assert (stage.stage, stage.fresh, stage.pairs, stage.p) == ("second", True, (new,), 0.4)
    assert (stage.before, stage.after, stage.difference) == (25.0, 50.0, 25.0)


def test_nothing_judged_is_nothing_kept() -> None:
    empty = Judgment()
    assert not empty.kept and empty.why == "" and empty.evaluations == ()


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"), [(0, 20, 0.0, 0.161), (2, 20, 0.028, 0.301), (20, 20, 0.839, 1)]
)
def test_the_interval_of_a_share_is_wilsons(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == pytest.approx((low, high), abs=0.0006)
