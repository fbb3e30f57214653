"""Each gate, judgment by judgment."""

from collections.abc import Sequence

import pytest

from automem.errors import ConfigError
from automem.evaluate.gates.options import SignFlipOptions, TwoStageOptions
from automem.evaluate.gates.paper import PaperGate
from automem.evaluate.gates.signflip import SignFlipGate
from automem.evaluate.gates.signs import MOST_EXACT, p_better
from automem.evaluate.gates.two_stage import TwoStageGate
from automem.evaluate.statistics import p_greater
from automem.plugins import load_plugins
from automem.records.gate import Pair


def pairs(differences: Sequence[float], tasks: int = 1) -> list[Pair]:
    return [
        Pair(task=f"task {number % tasks}", seed=number // tasks, before=0.2, after=0.2 + each)
        for number, each in enumerate(differences)
    ]


@pytest.mark.parametrize(
    "differences",
    [
        [0.1, 0.2, -0.1, 0.05],
        [0.0, 0.0, 0.1],
        [0.0, -0.1, 0.0],
        [0.045] * 5 + [-0.045] * 3 + [0.0] * 4,
        [0.3, -0.3, 0.1, 0.2, -0.05, 0.07, 0.11, -0.02, 0.4, 0.0],
    ],
)
def test_the_exact_p_is_that_of_the_statistics(differences: list[float]) -> None:
    assert p_better(differences) == pytest.approx(p_greater(differences), abs=1e-12)


def test_nothing_unequal_is_no_improvement_at_all() -> None:
    assert p_better([]) == p_better([0.0, 0.0]) == 1.0


def test_one_pair_is_as_likely_either_way() -> None:
    assert p_better([0.5]) == 0.5


def test_more_pairs_than_can_be_counted_are_drawn_and_always_the_same() -> None:
    many = [0.1, -0.08] * (MOST_EXACT // 2 + 1)
    assert p_better(many) == p_better(many) == p_greater(many)


def test_the_published_gate_asks_for_all_its_seeds_and_compares_means() -> None:
    gate = PaperGate()
    first = gate.judge([])
    assert (first.decision, first.seeds, first.fresh) == ("more", 10, False)
    assert gate.judge(pairs([0.1] * 9)).decision == "more"
    assert gate.judge(pairs([0.001] + [0.0] * 9)).decision == "keep"
    dropped = gate.judge(pairs([0.0] * 10))
    assert dropped.decision == "drop" and "not larger" in dropped.why


def test_a_sign_flip_gate_says_its_p() -> None:
    gate = SignFlipGate(SignFlipOptions(seeds=6))
    kept = gate.judge(pairs([0.1, 0.2, 0.1, 0.2, 0.3, 0.1]))
    assert (kept.decision, kept.p) == ("keep", 1 / 64)
    dropped = gate.judge(pairs([0.1, -0.1, 0.1, -0.1, 0.1, -0.05]))
    assert dropped.decision == "drop" and dropped.p is not None and dropped.p > 0.2
    assert "above 0.2" in dropped.why


def test_a_sign_flip_gate_stops_what_is_hopeless() -> None:
    gate = SignFlipGate()
    assert gate.judge([]).seeds == 5
    assert gate.judge(pairs([-0.1, 0.1, 0.0, 0.0, 0.0])).decision == "more"
    hopeless = gate.judge(pairs([-0.1, -0.1, -0.2, -0.1, 0.0]))
    assert (hopeless.decision, hopeless.stage, hopeless.p) == ("drop", "futility", None)


def test_two_stages_ask_for_search_seeds_and_then_for_fresh_ones() -> None:
    gate = TwoStageGate()
    asked = [gate.judge(pairs([0.1] * count)) for count in (0, 5, 10, 15)]
    assert [(v.seeds, v.fresh, v.stage) for v in asked] == [
        (5, False, "first"),
        (10, False, "second"),
        (15, True, "fresh"),
        (20, True, "fresh"),
    ]
    final = gate.judge(pairs([0.1] * 20))
    assert (final.decision, final.stage, final.p) == ("keep", "pooled", 2.0**-20)
    assert gate.most_seeds == 20


@pytest.mark.parametrize("count", [5, 10])
def test_two_stages_drop_what_is_not_better_after_either_stage(count: int) -> None:
    dropped = TwoStageGate().judge(pairs([0.3] + [-0.3 / (count - 1)] * (count - 1)))
    assert (dropped.decision, dropped.stage) == ("drop", f"search {count}")


def test_equal_play_is_not_better() -> None:
    assert TwoStageGate().judge(pairs([0.0] * 5)).decision == "drop"


def test_two_stages_drop_in_the_end_what_chance_may_have_done() -> None:
    lucky = [0.2] * 10 + [-0.19] * 10
    dropped = TwoStageGate().judge(pairs(lucky))
    assert (dropped.decision, dropped.stage) == ("drop", "pooled")
    assert dropped.p is not None and dropped.p > 0.1


def test_what_is_hopeless_is_dropped_from_four_pairs_on_and_at_any_look() -> None:
    gate = TwoStageGate(TwoStageOptions(look_every=1))
    assert gate.judge(pairs([-0.1] * 3)).decision == "more"
    assert gate.judge(pairs([-0.1] * 4)).stage == "futility"
    assert gate.judge(pairs([0.01] * 10 + [-0.2] * 5)).stage == "futility"


def test_stages_count_seeds_where_a_game_has_several_tasks() -> None:
    gate = TwoStageGate()
    asked = gate.judge(pairs([0.1] * 40, tasks=8))
    assert (asked.seeds, asked.stage) == (10, "second")
    assert "40 pairs" in asked.why


def test_the_gates_are_found_by_name_and_take_their_options() -> None:
    plugins = load_plugins()
    assert list(plugins.gates()) == ["paper", "signflip", "two_stage"]
    for name, most in (("paper", 10), ("signflip", 10), ("two_stage", 20)):
        spec = plugins.get("gate", name)
        gate = plugins.load(spec)(plugins.options(spec, {}))
        assert gate.most_seeds == most
    with pytest.raises(ConfigError, match="did you mean 'alpha'"):
        plugins.options(plugins.get("gate", "signflip"), {"alpa": 0.1})
