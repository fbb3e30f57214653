"""The life of every line, on a trace written by hand."""

import msgspec

from automem.evaluate.timeline import timeline
from automem.records.behaviour import LineLife, Timeline
from automem.records.scaffold import Inject

from .behaviour.tape import Tape


def played() -> Tape:
    tape = Tape(seeded={"notes.txt": "rules\n"})
    tape.see("a")
    tape.do("append", "notes.txt", "cow at 1,1\nlake at 2,2")
    tape.act("left")
    tape.see("b")
    tape.do("search", "notes.txt", "cow")
    tape.do("search", "*", "cow")
    tape.do("read", "notes.txt")
    tape.act("left")
    tape.see("c")
    tape.do("write", "notes.txt", "rules\nno cow at 1,1\nlake at 2,2\n", actor="code")
    tape.act("left")
    tape.see("d")
    tape.do("write", "notes.txt", "rules\nlake at 2,2")
    tape.do("tail", "notes.txt", "1")
    return tape


def line(story: Timeline, text: str) -> LineLife:
    (found,) = [life for life in story.lines if life.text == text]
    return found


def test_each_line_tells_who_wrote_it_and_when_it_was_shown_rewritten_and_removed() -> None:
    story = timeline(played().events)
    assert story.steps == 4
    assert [life.text for life in story.lines] == [
        "rules",
        "cow at 1,1",
        "lake at 2,2",
        "no cow at 1,1",
    ]
    assert line(story, "rules") == LineLife(
        file="notes.txt", text="rules", written_step=0, actor="seed", read_steps=(1,)
    )
    assert line(story, "cow at 1,1") == LineLife(
        file="notes.txt",
        text="cow at 1,1",
        written_step=0,
        actor="llm",
        rewritten_step=2,
        searched_steps=(1,),
        read_steps=(1,),
    )
    assert line(story, "lake at 2,2").read_steps == (1, 3)
    assert line(story, "no cow at 1,1") == LineLife(
        file="notes.txt",
        text="no cow at 1,1",
        written_step=2,
        actor="code",
        removed_step=3,
        dead=True,
    )


def test_a_prompt_slot_keeps_a_line_from_being_dead() -> None:
    tape = Tape()
    tape.see("a")
    tape.do("append", "notes.txt", "one\n\ntwo")
    tape.ask(prompt="Now: two", phase="plan")
    slots = (Inject(slot="notes", file="notes.txt", lines=2),)
    log = (Inject(slot="notes", file="notes.txt", phases=("log",)),)
    assert not any(life.slot_steps for life in timeline(tape.events, log).lines)
    assert [life.dead for life in timeline(tape.events).lines] == [True, False, True]
    ahead = timeline(tape.events, slots)
    assert [life.dead for life in ahead.lines] == [True, False, True]
    tail = timeline(tape.events, (Inject(slot="n", file="notes.txt", operation="tail", lines=1),))
    assert line(tail, "two").slot_steps == (0,) and not line(tail, "two").dead


def test_a_search_shows_only_what_it_lists() -> None:
    tape = Tape()
    tape.see("a")
    tape.do("append", "many.txt", "\n".join(f"cow {number}" for number in range(15)))
    tape.do("append", "many.txt", "cow " + "x" * 20_000)
    tape.do("search", "many.txt", "cow")
    shown = [life.text for life in timeline(tape.events).lines if life.searched_steps]
    assert len(shown) == 1 and shown[0].startswith("cow xxx")
    tape.do("search", "many.txt", "cow 1")
    shown = [life.text for life in timeline(tape.events).lines if life.searched_steps]
    assert len(shown) == 7


def test_a_line_that_looks_like_a_hit_but_is_none_is_not_shown() -> None:
    tape = Tape()
    tape.see("a")
    tape.do("append", "notes.txt", "9: cow\nlake")
    found = tape.do("search", "notes.txt", "cow")
    assert "1: 9: cow" in found.result
    assert [bool(life.searched_steps) for life in timeline(tape.events).lines] == [True, False]
    for result in ("99: cow", "2: cow", "nothing"):
        tape.events[-1] = msgspec.structs.replace(found, result=result)
        assert not any(life.searched_steps for life in timeline(tape.events).lines)
