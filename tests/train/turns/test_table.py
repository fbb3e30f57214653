"""The table of turns: which turns, what it says of them, and that it comes out again."""

import shutil
from pathlib import Path

import pytest

from automem.episode.compaction import expand
from automem.episode.folder import EpisodeFolder
from automem.episode.stream import stream_events, trace_of
from automem.errors import DataError, TraceError
from automem.evaluate.behaviour.episode import behaviour_of
from automem.records.trace import Asked
from automem.run.layout import RunFolder
from automem_train.turns.events import Heard, events_of
from automem_train.turns.record import Turn, TurnOperation
from automem_train.turns.source import HORIZON, Source, complete_evaluations, sources_of
from automem_train.turns.table import TurnTable, read_turns, turn_table


def table_of(run: RunFolder) -> TurnTable:
    return turn_table(run, sources_of(run, complete_evaluations(run)))


def asked_of(source: Source) -> list[Asked]:
    events = stream_events(trace_of(source.folder))
    return [event for event in events if isinstance(event, Asked)]


def operations(turns: list[Turn]) -> list[TurnOperation]:
    return [operation for turn in turns for operation in turn.operations]


def test_every_log_turn_and_every_recalling_plan_turn_is_in_the_table(run: RunFolder) -> None:
    table = table_of(run)
    turns = list(table.turns())
    wanted: list[str] = []
    for source in table.sources:
        for asked in asked_of(source):
            if asked.phase == "log" or "<|SEARCH|>" in asked.reply:
                wanted.append(f"{source.name}/{asked.step}/{asked.phase}/{asked.turn}")
    assert [turn.id for turn in turns] == wanted
    assert {turn.phase for turn in turns} == {"log", "plan"}
    assert {turn.role for turn in turns if turn.phase == "plan"} == {"gameplay"}


def test_the_sums_over_turns_are_the_measures_of_behavior(run: RunFolder) -> None:
    table = table_of(run)
    turns = list(table.turns())
    for source in table.sources:
        counts = behaviour_of(source.folder, source.slots)
        mine = operations([turn for turn in turns if turn.episode == source.name])
        writes = [one for one in mine if one.kind in ("append", "write", "create", "upsert")]
        assert len(writes) == counts.writes
        assert sum(one.duplicate for one in writes) == counts.duplicate_writes
        assert sum(one.consulted for one in writes) == counts.consulted_writes
        assert sum(one.lines for one in writes) == counts.lines
        assert sum(one.reread for one in writes) == counts.reread_lines > 0


def test_a_turn_says_how_the_episode_went_on(run: RunFolder) -> None:
    table = table_of(run)
    first = table.sources[0]
    turns = [turn for turn in table.turns() if turn.episode == first.name]
    assert all(turn.final == first.result.progression for turn in turns)
    assert all(0.0 <= turn.before <= turn.before + turn.gain <= turn.final for turn in turns)
    assert turns[0].before == 0.0
    assert turns[0].gain > 0
    assert len({turn.step for turn in turns}) < HORIZON


def test_slots_that_show_nothing_yet_are_no_part_of_the_shape(run: RunFolder) -> None:
    shapes = {turn.step: turn.shape for turn in table_of(run).turns() if turn.phase == "plan"}
    assert "plan/first+log" in shapes.values()
    assert all("+log" in shape for step, shape in shapes.items() if step > 1)


def test_where_two_models_play_both_consult_and_only_one_is_handed_to(
    two_models: RunFolder, tmp_path: Path
) -> None:
    shutil.copytree(two_models.path, tmp_path / "two")
    turns = list(table_of(RunFolder(tmp_path / "two")).turns())
    plans = [turn for turn in turns if turn.phase == "plan"]
    assert {turn.position for turn in plans} >= {"first", "continue"}
    assert {turn.role for turn in plans if turn.position != "handoff"} == {"memory"}
    assert all(turn.role == "gameplay" for turn in plans if turn.position == "handoff")


def test_traces_that_are_not_compacted_give_the_same_table(run: RunFolder) -> None:
    table = table_of(run)
    before = table.path.read_bytes()
    table.path.unlink()
    for source in table.sources:
        growing(source)
    again = table_of(run)
    assert (again.key, again.path.read_bytes()) == (table.key, before)


def growing(source: Source) -> Path:
    """Its trace as it was while it was played."""
    expand(source.folder)
    source.folder.compacted.unlink()
    return source.folder.trace


def test_a_table_that_is_there_is_not_made_again(run: RunFolder) -> None:
    table = table_of(run)
    for source in table.sources:
        source.folder.compacted.unlink()
    assert list(table_of(run).turns()) == list(table.turns())


def test_whole_calls_are_those_of_the_trace(run: RunFolder) -> None:
    source = sources_of(run, complete_evaluations(run))[0]
    wanted = asked_of(source)
    compacted = [e.whole() for e in events_of(source.folder.compacted) if isinstance(e, Heard)]
    told = [e.whole() for e in events_of(growing(source)) if isinstance(e, Heard)]
    assert told == compacted == wanted


def test_a_torn_last_line_is_left_out(run: RunFolder) -> None:
    trace = growing(sources_of(run, complete_evaluations(run))[0])
    whole = [event for event in events_of(trace) if not isinstance(event, Heard)]
    trace.write_bytes(trace.read_bytes()[:-5])
    torn = [event for event in events_of(trace) if not isinstance(event, Heard)]
    assert torn == whole[:-1]


@pytest.mark.parametrize(
    "line", ['{"event":"asked","step":1}', '{"event":"asked","messages":[{"content":[[9,0,1]]}]}']
)
def test_a_damaged_trace_is_named(run: RunFolder, line: str) -> None:
    trace = sources_of(run, complete_evaluations(run))[0].folder.trace
    trace.write_text(line + "\n", encoding="utf-8")
    with pytest.raises(TraceError, match=r"trace\.jsonl"):
        list(events_of(trace))


def test_a_damaged_table_says_to_remove_it(run: RunFolder) -> None:
    table = table_of(run)
    table.path.write_bytes(b"nothing")
    with pytest.raises(DataError, match="cannot be read"):
        list(read_turns(table.path))


def test_evaluations_are_found_by_name_and_key(run: RunFolder) -> None:
    (folder, plan), *_ = complete_evaluations(run)
    assert complete_evaluations(run, [plan.name]) == complete_evaluations(run)
    assert complete_evaluations(run, [folder.path.name[:6]]) == complete_evaluations(run)
    with pytest.raises(DataError, match="no complete evaluation named 'other'"):
        complete_evaluations(run, ["other"])
    folder.evaluation.unlink()
    with pytest.raises(DataError, match="play one"):
        complete_evaluations(run)


def test_ranks_are_the_share_of_episodes_that_came_to_less(run: RunFolder) -> None:
    sources = sources_of(run, complete_evaluations(run))
    best = max(source.result.progression for source in sources)
    for source in sources:
        worse = [s for s in sources if s.result.progression < source.result.progression]
        assert source.rank == len(worse) / len(sources)
    assert best > 0


def test_an_evaluation_without_an_episode_is_refused(run: RunFolder) -> None:
    evaluations = complete_evaluations(run)
    for folder in (EpisodeFolder(one.path) for one in evaluations[0][0].episodes()):
        folder.result.unlink()
    with pytest.raises(DataError, match="no finished episode"):
        sources_of(run, evaluations)
