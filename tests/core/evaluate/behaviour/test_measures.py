"""The measures as divisions of counts, over one episode and over many."""

import math
from typing import Any

import msgspec
import pytest

from automem.errors import TraceError
from automem.evaluate.behaviour.measures import (
    behaviour_summary,
    behaviour_sums,
    measures_of,
    with_behaviour,
)
from automem.evaluate.behaviour.ratios import RATIOS
from automem.evaluate.evaluator import read_evaluation
from automem.files import write_json
from automem.records.behaviour import Behaviour, ByActor, EmptySearches

ONE = Behaviour(
    steps=10,
    stuck=2,
    oscillating=6,
    unproductive=7,
    invalid_actions=1,
    writes=8,
    duplicate_writes=2,
    searches=5,
    empty=EmptySearches(no_line=2, empty_file=1, missing_file=1),
    log_writes=6,
    log_searches=4,
    consulted_writes=3,
    calls=20,
    input_tokens=4000,
    cached_tokens=1000,
    largest_prompt=900,
    grown=ByActor(llm=50, code=-10),
    written=ByActor(llm=90, code=10),
    lines=8,
    reread_lines=2,
    reread_age=14,
    dead_lines=6,
)
VALUES = {
    "unproductive": 0.7,
    "stuck": 0.2,
    "oscillating": 0.6,
    "invalid": 0.1,
    "redundant_writes": 0.25,
    "redundant_writes_by_step": 20.0,
    "empty_searches": 0.8,
    "no_line": 0.4,
    "empty_file": 0.2,
    "missing_file": 0.2,
    "input_context": 400.0,
    "cached": 100.0,
    "per_call": 200.0,
    "largest_prompt": 900.0,
    "writes_per_search": 1.5,
    "consulted_writes": 0.5,
    "growth": 4.0,
    "growth_llm": 5.0,
    "growth_code": -1.0,
    "written": 10.0,
    "reread": 0.25,
    "reread_age": 7.0,
    "dead_lines": 6.0,
}


def test_every_measure_of_an_episode_is_the_ratio_it_says() -> None:
    assert measures_of(ONE) == pytest.approx(VALUES)


def test_an_episode_without_memory_has_no_measure_of_it() -> None:
    found = measures_of(Behaviour(steps=4))
    assert found["unproductive"] == 0.0 and found["growth"] == 0.0
    for name in ("redundant_writes", "empty_searches", "writes_per_search", "reread", "per_call"):
        assert found[name] is None


def test_macro_is_the_mean_of_ratios_and_micro_the_ratio_of_sums() -> None:
    other = Behaviour(steps=30, stuck=0, searches=0, largest_prompt=1100, calls=1, lines=8)
    by_name = {m.name: m for m in behaviour_summary([ONE, other]).measures}
    stuck = by_name["stuck"]
    assert (stuck.macro, stuck.micro, stuck.episodes) == (0.1, 2 / 40, 2)
    assert stuck.macro_error == pytest.approx(math.sqrt(0.02) / math.sqrt(2))
    searches = by_name["empty_searches"]
    assert (searches.macro, searches.macro_error, searches.micro) == (0.8, None, 0.8)
    assert searches.episodes == 1
    assert (by_name["largest_prompt"].macro, by_name["largest_prompt"].micro) == (1000, 1100)
    assert by_name["dead_lines"].micro == 3.0
    assert by_name["stuck"].part_of == "unproductive" and by_name["reread"].better == "higher"


def test_counts_add_up_over_episodes() -> None:
    sums = behaviour_sums([ONE, ONE])
    assert (sums.episodes, sums.steps, sums.largest_prompt) == (2, 20, 900)
    assert sums.empty == EmptySearches(no_line=4, empty_file=2, missing_file=2)
    assert sums.grown == ByActor(llm=100, code=-20)


def test_names_are_unique_and_parts_follow_what_they_are_part_of() -> None:
    names = [ratio.name for ratio in RATIOS]
    assert len(set(names)) == len(names)
    assert all(ratio.part_of in ("", *names[:place]) for place, ratio in enumerate(RATIOS))


@pytest.mark.anyio
async def test_an_evaluation_keeps_the_behavior_of_its_episodes(toy: Any) -> None:
    evaluation = await toy.evaluate(toy.config())
    assert evaluation.behaviour is not None
    assert evaluation.behaviour.sums.steps == evaluation.totals.steps
    assert evaluation.behaviour.sums.searches == 8
    by_name = {m.name: m for m in evaluation.behaviour.measures}
    assert by_name["reread"].macro is not None and by_name["reread"].macro > 0.9
    assert read_evaluation(toy.run(toy.config()).evaluations()[0]) == evaluation


@pytest.mark.anyio
async def test_an_evaluation_without_it_is_measured_from_its_traces(toy: Any) -> None:
    evaluation = await toy.evaluate(toy.config())
    (folder,) = toy.run(toy.config()).evaluations()
    assert with_behaviour(evaluation, folder) is evaluation
    episodes = tuple(msgspec.structs.replace(e, behaviour=None) for e in evaluation.episodes)
    older = msgspec.structs.replace(evaluation, behaviour=None, episodes=episodes)
    write_json(folder.evaluation, older)
    assert with_behaviour(read_evaluation(folder), folder) == evaluation
    half = msgspec.structs.replace(older, episodes=(evaluation.episodes[0], episodes[1]))
    assert with_behaviour(half, folder) == evaluation
    missing = msgspec.structs.replace(older, scaffold="")
    assert with_behaviour(missing, folder).behaviour != evaluation.behaviour
    folder.episode("default", 1).compacted.unlink()
    with pytest.raises(TraceError, match="no trace"):
        with_behaviour(older, folder)
