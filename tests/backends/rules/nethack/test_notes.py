"""What is written down is read back the same, whichever file or line it stands in."""

from __future__ import annotations

from automem_backends.rules.nethack import notes as wording
from automem_backends.rules.nethack.notes import Fact, Level, Moment, read_notes


def test_a_line_of_the_journal_is_read_back():
    moment = Moment(
        step=57,
        depth=3,
        at=(45, 12),
        action="far east",
        facts=(Fact("walked", (43, 12)), Fact("walked", (44, 12)), Fact("searched", (4, 5), 15)),
        peaceful="gnome lord",
        killed="newt",
    )
    assert read_notes(wording.journal_line(moment)).journal == [moment]


def test_a_level_is_read_back_from_one_line():
    level = Level()
    for fact in (
        Fact("walked", (4, 5)),
        Fact("walked", (5, 5)),
        Fact("walked", (9, 6)),
        Fact("searched", (9, 6), 30),
        Fact("down", (60, 12)),
    ):
        level.add(fact)
    line = wording.level_line(2, 30, level)
    assert line.startswith(wording.level_query(2))
    assert "walked 4-5,5 9,6" in line
    assert read_notes(line).level(2).places == level.places


def test_a_level_is_read_back_from_keyed_lines():
    body = wording.place_body(4, 30, {"walked": 1, "searched": 15})
    text = f"[SEARCH_MAP map.txt]\n{wording.place_key(4, (9, 6))}|{body}\n4,7,7|a sink, I think"
    assert read_notes(text).level(4).places == {(9, 6): {"walked": 1, "searched": 15}}


def test_the_latest_line_of_a_level_counts_and_later_steps_on_top():
    text = (
        "Dlvl 1 by step 15: searched 4,5 x5.\n"
        "Dlvl 1 by step 30: searched 4,5 x20; up 7,7.\n"
        "Step 29: Dlvl 1 at 4,5 after search. Found searched 4,5.\n"
        "Step 31: Dlvl 1 at 4,5 after search. Found searched 4,5 x15.\n"
        "Step 32: Dlvl 2 at 8,8 after down."
    )
    notes = read_notes(text)
    assert notes.level(1).count("searched", (4, 5)) == 35
    assert notes.level(1).cells("up") == {(7, 7)}
    assert notes.level(2).cells("walked") == {(8, 8)}
    assert notes.level(3).places == {}


def test_the_words_for_a_level_find_no_other_level():
    assert wording.level_query(1) not in wording.level_line(11, 3, Level())


def test_prayers_and_plans_are_read_back():
    text = f"{wording.prayer_line(312)}\n{wording.plan_line(1, ['north', 'west'])}"
    notes = read_notes(text)
    assert notes.prayed == 312
    assert (notes.planned, notes.plan) == (1, ("north", "west"))
