"""The time line of a memory as text."""

from automem.records.behaviour import LineLife, Timeline
from automem.ui.timeline import timeline_text


def test_each_file_lists_its_lines_with_what_became_of_them() -> None:
    lines = (
        LineLife(file="a.txt", text="rules", written_step=0, actor="seed", read_steps=(3, 9)),
        LineLife(
            file="b.txt", text="x" * 80, written_step=4, actor="llm", removed_step=7, dead=True
        ),
        LineLife(
            file="a.txt",
            text="cow",
            written_step=2,
            actor="code",
            rewritten_step=5,
            searched_steps=(4,),
            slot_steps=(2, 3),
        ),
        LineLife(file="b.txt", text="", written_step=4, actor="llm"),
    )
    told = timeline_text(Timeline(steps=9, lines=lines)).split("\n")
    assert [" ".join(line.split()) for line in told] == [
        "a.txt: 2 lines written, 0 never shown again",
        "0 seed read 2x (first 3) rules",
        "2 code rewritten 5 searched 1x, in a slot 2x (first 2) cow",
        "b.txt: 2 lines written, 1 never shown again",
        f"4 llm removed 7 dead {'x' * 60}...",
        "4 llm",
    ]
    assert told[1].index("rules") == told[2].index("cow")


def test_a_memory_that_was_never_written_to_says_so() -> None:
    assert timeline_text(Timeline(steps=2, lines=())) == "Nothing was ever written."
