"""Levers of memory, each seen in the trace of an episode."""

from __future__ import annotations

from automem.scaffold.load import load_scaffold
from automem_envs.crafter.scaffolds import crafter_full
from automem_envs.minihack.scaffolds import minihack_full
from automem_envs.nethack.scaffolds import nethack_full

from .screens import crafter, dungeon

ACT = "<|ACTION|>Noop<|END|>"
GRASS = [crafter(), crafter(), crafter()]


def outcomes(played) -> list[tuple[str, str]]:
    return [(e.operation, e.outcome) for e in played.operations()]


def test_one_line_for_each_place_and_the_level_is_part_of_the_key(play) -> None:
    log = "<|UPSERT_MAP|>2,3|tree<|END|><|UPSERT_MAP|>2, 3|table<|END|><|DONE|>"
    assert play(crafter_full(), GRASS, [ACT, log, ACT]).memory["map.txt"] == "2,3|table\n"
    two = "<|UPSERT_MAP|>1,5,5|down<|END|><|UPSERT_MAP|>2,5,5|up<|END|><|DONE|>"
    esc = "<|ACTION|>search<|END|>"
    screens = [dungeon(turn=n) for n in (1, 2, 3)]
    played = play(nethack_full(), screens, [esc, two, esc])
    assert played.memory["map.txt"] == "1,5,5|down\n2,5,5|up\n"


def test_an_operation_is_missing_in_one_phase(play) -> None:
    played = play(crafter_full(), GRASS, [ACT, "<|DONE|>", "<|READ|>log.txt<|END|>", ACT])
    assert "<|READ|>" in played.prompt(1, "log")
    assert "- <|READ|>" not in played.prompt(1, "plan")
    assert "There is no operation <|READ|> here" in played.prompt(1, "plan", 1)
    assert played.operations() == []


def test_code_keeps_a_file_at_every_step(play) -> None:
    played = play(crafter_full(), [crafter(wood=1), crafter(wood=2), crafter(wood=2)])
    written = [e for e in played.operations("code") if e.file == "status.txt"]
    assert [(e.step, e.outcome) for e in written] == [(0, "done"), (1, "done")]
    assert "Carried: wood 2\n" in played.memory["status.txt"]


def test_a_log_keeps_its_head_and_its_last_lines(play) -> None:
    lines = "\n".join(f"Note {number}" for number in range(200))
    played = play(crafter_full(), GRASS, log=f"<|LOG_STEP|>{lines}<|END|><|DONE|>")
    kept = played.memory["log.txt"].splitlines()
    assert kept[0].startswith("Format: ")
    assert (kept[1], kept[-1], len(kept)) == ("Note 120", "Note 199", 81)


def test_a_file_that_has_grown_is_to_be_summarized(play) -> None:
    long = f"<|WRITE_GOALS|>{'x' * 3100}<|END|><|DONE|>"
    played = play(crafter_full(), GRASS, [ACT, long, ACT])
    assert "Note: goals.txt is shown in every prompt and has grown to 3101" in played.prompt(1)


def test_a_step_that_log_did_not_note_is_noted_by_code(play) -> None:
    played = play(crafter_full(), GRASS)
    (note,) = [e for e in played.operations("code") if e.file == "log.txt"]
    assert note.arguments == ("Step 1: Noop, nothing to be seen (added by code).",)
    spoken = play(crafter_full(), GRASS, log="<|LOG_STEP|>Step 1: grass.<|END|><|DONE|>")
    assert [e for e in spoken.operations("code") if e.file == "log.txt"] == []


def test_goals_and_the_end_of_the_log_stand_in_every_prompt(play) -> None:
    log = "<|WRITE_GOALS|>Next: coal.<|END|><|LOG_STEP|>Step 1: hit a rock.<|END|><|DONE|>"
    shown = play(crafter_full(), GRASS, [ACT, log, ACT]).prompt(1)
    assert "## Goals\nNext: coal." in shown
    assert "Step 1: hit a rock." in shown


def test_files_and_their_seeds_differ_by_game_and_by_task(play) -> None:
    assert "Next: wood" in play(crafter_full(), GRASS[:2], [ACT]).memory["goals.txt"]
    minihack = load_scaffold(minihack_full())
    assert "corners.txt" in minihack.for_task("MiniHack-Boxoban-Hard-v0").files
    assert "corners.txt" not in minihack.for_task("MiniHack-MazeWalk-9x9-v0").files
    played = play(minihack_full(), [dungeon(), dungeon()], task="MiniHack-Boxoban-Hard-v0")
    assert played.memory["corners.txt"].startswith("Where two walls meet")


def test_each_file_is_written_in_its_own_mode(play) -> None:
    log = "<|NOTE|>map.txt|a<|END|><|NOTE|>status.txt|b<|END|><|NOTE|>goals.txt|c<|END|><|DONE|>"
    search = "<|ACTION|>search<|END|>"
    screens = [dungeon(turn=n) for n in (1, 2, 3)]
    played = play(minihack_full(), screens, [search, log, search])
    assert outcomes(played) == [("NOTE", "refused"), ("NOTE", "refused"), ("NOTE", "done")]


def test_what_is_there_already_is_not_appended_again(play) -> None:
    log = "<|LOG_STEP|>A tree.<|END|><|LOG_STEP|>A tree.<|END|><|DONE|>"
    assert outcomes(play(crafter_full(), GRASS, log=log)) == [
        ("LOG_STEP", "done"),
        ("LOG_STEP", "duplicate"),
    ]


def test_a_routine_step_needs_no_more_than_done(play) -> None:
    told = "Note: Routine: nothing new happened. One line at most, or just <|DONE|>."
    assert told in play(crafter_full(), GRASS).prompt(1, "log")
    other = play(crafter_full(), [crafter(), crafter("tree 2 west"), crafter()])
    assert "Routine" not in other.prompt(1, "log")
