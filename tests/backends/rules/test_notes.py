"""What the player writes, it reads back the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from automem_backends.rules.crafter import notes
from automem_backends.rules.crafter.notes import Heading, Moment, area_of, read_notes
from automem_backends.rules.crafter.recipes import ACHIEVEMENTS, LANDMARKS

cells = st.tuples(st.integers(-99, 99), st.integers(-99, 99))
kinds = st.sampled_from(sorted(LANDMARKS))
moments = st.builds(
    Moment,
    step=st.integers(0, 9999),
    at=cells,
    facing=st.sampled_from(["west", "east", "north", "south"]),
    action=st.sampled_from(["Do", "Move West", "Make Iron Pickaxe"]),
    clear=st.integers(0, 7),
    sees=st.lists(st.tuples(kinds, cells), max_size=4).map(tuple),
)


@given(st.lists(moments, max_size=6, unique_by=lambda moment: moment.step))
def test_the_journal_comes_back_in_the_order_of_its_steps(written: list[Moment]):
    text = "\n".join(notes.journal_line(moment) for moment in written)
    assert read_notes(text).journal == sorted(written, key=lambda moment: moment.step)


@given(kinds, cells, st.integers(0, 2000))
def test_a_landmark_reads_the_same_from_a_keyed_map_and_from_a_list(kind, cell, step):
    keyed = f"7: {cell[0]},{cell[1]}|{notes.landmark_body(kind, cell, step)}"
    listed = f"12: {notes.landmark_line(kind, cell, step)}"
    assert read_notes(keyed).landmarks == read_notes(listed).landmarks == {cell: kind}


def test_what_is_gone_is_no_landmark_until_it_is_noted_again():
    seen, gone = notes.landmark_line("iron", (3, -4), 5), notes.gone_line("iron", (3, -4), 9)
    assert read_notes(f"{seen}\n{gone}").landmarks == {}
    assert read_notes(f"{seen}\n{gone}\n{seen}").landmarks == {(3, -4): "iron"}
    assert read_notes(f"{seen}\n{notes.gone_line('coal', (3, -4), 9)}").landmarks != {}


@given(
    st.sets(st.sampled_from(sorted(ACHIEVEMENTS)), min_size=1),
    st.dictionaries(cells, st.sampled_from(["grass", "stone", "out of reach"]), min_size=1),
    st.builds(Heading, area=cells, since=st.integers(0, 2000), kind=kinds),
)
def test_progress_and_exploration_come_back(done, explored, heading):
    text = "\n".join(
        [notes.done_text(done), notes.explored_text(explored), notes.heading_text(heading)]
    )
    read = read_notes(text)
    assert (read.done, read.explored, read.heading) == (done, explored, heading)


def test_the_areas_lie_around_the_start():
    assert area_of((0, 0)) == area_of((3, -4)) == (0, 0)
    assert area_of((4, 0)) == (1, 0)
    assert area_of((-5, 0)) == (-1, 0)
    assert area_of((-4, 3)) == (0, 0)


def test_text_of_others_holds_no_notes():
    assert read_notes("A map: 3,4 is nice. Done. Explored nothing; heading home.") == notes.Notes()
