"""What memory operations come to, on traces written by hand."""

import pytest

from automem.errors import TraceError
from automem.evaluate.behaviour.episode import behaviour
from automem.records.behaviour import ByActor, EmptySearches
from automem.records.memory import Edit
from automem.records.scaffold import Inject
from automem.records.trace import Remembered

from .tape import Tape


def begun(**seeded: str) -> Tape:
    tape = Tape(seeded={f"{name}.txt": text for name, text in seeded.items()})
    tape.see("a field")
    return tape


def test_an_append_of_what_is_there_is_redundant() -> None:
    tape = begun(notes="Water at 5,3.\n")
    for text in (
        "water  at 5,3.",
        "Step 12: Water at 5,3.",
        "Water at 5,4.",
        "Step 13: Water at 5,3.\nStep 13: water at 5,4.",
        "Water at 5,3.\nLava at 1,1.",
    ):
        tape.do("append", "notes.txt", text)
    counts = behaviour(tape.events)
    assert (counts.writes, counts.duplicate_writes) == (5, 3)


def test_an_append_in_nearly_the_same_words_is_redundant_and_other_digits_matter() -> None:
    known = "the table stands north of the lake, between two trees, and it still works"
    tape = begun(notes=known)
    tape.do("append", "notes.txt", known.replace("works", "work"))
    assert behaviour(tape.events).duplicate_writes == 1
    tape.do("append", "notes.txt", "cow at 12,7 near trees")
    tape.do("append", "notes.txt", "cow at 13,7 near trees")
    assert behaviour(tape.events).duplicate_writes == 1


def test_a_line_is_new_again_after_it_was_taken_away() -> None:
    tape = begun(notes="cow\n")
    tape.do("append", "notes.txt", "cow")
    tape.do("write", "notes.txt", "sheep")
    tape.do("append", "notes.txt", "cow")
    counts = behaviour(tape.events)
    assert (counts.writes, counts.duplicate_writes) == (3, 1)


def test_the_same_content_body_or_file_is_redundant() -> None:
    tape = begun(notes="a\nb\n")
    tape.do("write", "notes.txt", "a\nb")
    tape.do("create", "notes.txt", "c")
    tape.do("upsert", "map.txt", "1,2", "tree")
    tape.do("upsert", "map.txt", "1,2", "tree")
    tape.do("upsert", "map.txt", "1,2", "stone")
    tape.do("create", "new.txt", "c")
    counts = behaviour(tape.events)
    assert (counts.writes, counts.duplicate_writes) == (6, 3)


def test_writes_by_code_and_failed_ones_are_no_writes_of_the_model() -> None:
    tape = begun(notes="a\n")
    tape.do("append", "notes.txt", "a", actor="code")
    tape.do("append", "fixed.txt", "a")
    tape.do("upsert", "notes.txt", "1", "a")
    tape.do("search", "notes.txt")
    counts = behaviour(tape.events)
    assert (counts.writes, counts.searches, counts.failed) == (0, 0, 3)
    assert counts.written == ByActor(llm=0, code=2)


def test_empty_searches_are_told_by_cause() -> None:
    tape = begun(notes="cow\n", bare="")
    for words in ("cow", "sheep"):
        tape.do("search", "notes.txt", words)
    tape.do("search", "bare.txt", "cow")
    tape.do("search", "nowhere.txt", "cow", phase="plan")
    tape.do("read", "nowhere.txt")
    counts = behaviour(tape.events)
    assert (counts.searches, counts.log_searches) == (4, 3)
    assert counts.empty == EmptySearches(no_line=1, empty_file=1, missing_file=1)


def test_a_write_is_consulted_if_its_file_was_looked_into_in_the_same_log() -> None:
    tape = begun(notes="cow\n", other="x\n")
    tape.do("append", "notes.txt", "one")
    tape.do("read", "other.txt")
    tape.do("append", "notes.txt", "two")
    tape.do("search", "notes.txt", "cow")
    tape.do("append", "notes.txt", "three")
    tape.do("append", "notes.txt", "four", phase="plan")
    tape.act("left")
    tape.see("b")
    tape.do("append", "notes.txt", "five")
    tape.do("search", "*", "cow")
    tape.do("append", "other.txt", "six")
    counts = behaviour(tape.events)
    assert (counts.writes, counts.log_writes, counts.consulted_writes) == (6, 5, 2)


def test_tokens_are_counted_over_answered_calls() -> None:
    tape = begun()
    tape.ask(100, cached=40)
    tape.ask(300)
    tape.ask(999, error="engine gone")
    counts = behaviour(tape.events)
    assert (counts.calls, counts.input_tokens, counts.cached_tokens) == (2, 400, 40)
    assert counts.largest_prompt == 300


def test_growth_is_final_less_seeded_size_and_everything_written_is_gross() -> None:
    tape = begun(notes="12345\n")
    tape.do("append", "notes.txt", "123")
    tape.do("write", "notes.txt", "12345\n1")
    tape.do("append", "notes.txt", "12", actor="code")
    tape.do("upsert", "map.txt", "1,2", "tree")
    tape.do("upsert", "map.txt", "1,2", "")
    counts = behaviour(tape.events)
    assert counts.grown == ByActor(llm=2, code=3)
    assert counts.written == ByActor(llm=4 + 8 + 9, code=3)
    assert sum(len(text) for text in tape.memory.files().values()) == 6 + 2 + 3


def test_a_trimmed_file_counts_only_what_was_added() -> None:
    tape = begun()
    for number in range(6):
        tape.do("append", "short.txt", f"line {number}")
    counts = behaviour(tape.events)
    assert tape.memory.files()["short.txt"] == "line 0\nline 4\nline 5\n"
    assert counts.written.llm == 6 * 7
    assert counts.lines == 6


def test_lines_count_as_read_again_when_first_shown() -> None:
    tape = begun(notes="seeded\n")
    tape.do("append", "notes.txt", "one\n\ntwo")
    tape.do("append", "notes.txt", "three")
    tape.act("left")
    tape.see("b")
    tape.do("tail", "notes.txt", "1")
    tape.act("left")
    tape.see("c")
    tape.do("search", "notes.txt", "one")
    tape.do("count", "notes.txt")
    tape.do("tail", "notes.txt", "1")
    counts = behaviour(tape.events)
    assert (counts.lines, counts.reread_lines, counts.dead_lines) == (3, 2, 1)
    assert counts.reread_age == 1 + 2


def test_a_range_shows_only_its_lines_and_a_search_everywhere_its_hits() -> None:
    tape = begun()
    tape.do("append", "notes.txt", "one\ntwo\nthree")
    tape.do("append", "other.txt", "four\nfive")
    tape.do("read", "notes.txt", "2-2")
    assert behaviour(tape.events).reread_lines == 1
    tape.do("search", "*", "o")
    assert behaviour(tape.events).reread_lines == 3
    tape.do("read", "notes.txt")
    tape.do("read", "notes.txt")
    assert behaviour(tape.events).reread_lines == 4


def test_a_prompt_slot_shows_lines_where_the_prompt_holds_them() -> None:
    tape = begun()
    tape.do("append", "notes.txt", "one\ntwo\nthree")
    slots = (
        Inject(slot="notes", file="notes.txt", phases=("plan",), operation="tail", lines=2),
        Inject(slot="none", file="none.txt"),
    )
    tape.ask(prompt="Notes: two\nthree")
    tape.ask(prompt="Notes: one\ntwo", phase="plan")
    tape.ask(prompt="Notes: three", phase="plan", turn=1)
    assert behaviour(tape.events).reread_lines == 0
    assert behaviour(tape.events, slots).reread_lines == 1


def test_an_edit_that_does_not_fit_is_told() -> None:
    tape = begun(notes="a\n")
    edit = Edit(start=3, removed=1, added=())
    tape.events.append(
        Remembered(
            step=0,
            phase="log",
            turn=0,
            operation="WRITE",
            kind="write",
            file="notes.txt",
            outcome="done",
            result="",
            edit=edit,
        )
    )
    with pytest.raises(TraceError, match=r"step 0: an edit of lines 3 to 4 does not fit notes"):
        behaviour(tape.events)


def test_a_trace_begins_with_its_start() -> None:
    with pytest.raises(TraceError, match="does not begin with the start"):
        behaviour(begun().events[1:])
    with pytest.raises(TraceError, match="does not begin with the start"):
        behaviour([])
