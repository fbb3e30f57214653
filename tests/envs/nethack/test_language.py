"""The language observation, against recorded ones and by itself."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import numpy as np
import pytest

from automem_envs.nethack.engine import nethack
from automem_envs.nethack.glyphs import glyph_names, plural
from automem_envs.nethack.language import Language, between, place, reworded
from automem_envs.nethack.screen import (
    inventory,
    map_text,
    message,
    rows_of,
    shows_menu,
    unbroken,
)

GOLDEN = Path(__file__).parents[2] / "golden" / "lang_obs"


class Expected(msgspec.Struct):
    """What nle-language-wrapper says of one raw observation."""

    text_glyphs: str
    text_message: str
    text_inventory: str
    text_cursor: str


@pytest.fixture(scope="module")
def raw() -> dict[str, np.ndarray]:
    with np.load(GOLDEN / "lang_obs.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def expected() -> list[Expected]:
    with gzip.open(GOLDEN / "lang_obs.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [msgspec.json.decode(line, type=Expected) for line in lines]


def test_every_recorded_observation_is_told_in_the_same_words(
    raw: dict[str, np.ndarray], expected: list[Expected]
) -> None:
    language = Language("balrog")
    assert len(expected) == len(raw["glyphs"]) == 236
    for i, told in enumerate(expected):
        x, y = raw["blstats"][i][:2].tolist()
        row, column = raw["tty_cursor"][i].tolist()
        glyphs = raw["glyphs"][i]
        assert language.describe(glyphs, x, y) == told.text_glyphs
        assert language.cursor(glyphs, x, y, column, row) == told.text_cursor
        assert message(rows_of(raw["tty_chars"][i])) == told.text_message
        assert inventory(raw["inv_letters"][i], raw["inv_strs"][i]) == told.text_inventory


def test_the_corrected_words_tell_the_true_distances(raw: dict[str, np.ndarray]) -> None:
    true, balrog = Language("true"), Language("balrog")
    x, y = raw["blstats"][0][:2].tolist()
    theirs = balrog.describe(raw["glyphs"][0], x, y).splitlines()
    ours = true.describe(raw["glyphs"][0], x, y).splitlines()
    assert "newt adjacent west" in theirs
    assert "newt 1 step away west" in ours
    assert "copper wand very near northeast" in theirs
    assert "copper wand 2 steps away northeast" in ours
    assert len(ours) == len(theirs)


@pytest.mark.parametrize(
    ("dx", "dy", "told"),
    [
        (1, 0, ("1 step away", "east")),
        (-2, 2, ("2 steps away", "southwest")),
        (0, -5, ("3-5 steps away", "north")),
        (6, -1, ("6-19 steps away", "between east and northeast")),
        (-20, 3, ("20+ steps away", "between west and southwest")),
    ],
)
def test_distances_are_counted_in_moves(dx: int, dy: int, told: tuple[str, str]) -> None:
    glyphs = np.full((21, 79), nethack.GLYPH_CMAP_OFF, np.int16)
    x, y = 40, 10
    glyphs[y + dy, x + dx] = nethack.GLYPH_CMAP_OFF + 24
    line = Language("true").describe(glyphs, x, y).splitlines()
    assert f"stairs down {told[0]} {told[1]}" in line


def test_a_cell_has_a_distance_and_one_of_sixteen_directions() -> None:
    found = {place(dx, dy)[1] for dx in range(-9, 10) for dy in range(-9, 10) if (dx, dy) != (0, 0)}
    assert found == set(range(16))
    assert place(0, 0) == (0, -1)


def test_the_paper_words_replace_the_benchmarks_everywhere() -> None:
    said = "You hear it from far away.\nnewt very near eastnortheast\nwall adjacent north"
    assert reworded(said) == (
        "You hear it from 5-8 steps away away.\n"
        "newt 2 steps away between east and northeast\n"
        "wall 1 step away (directly reachable) north"
    )
    assert between("northeast") == "northeast"


@pytest.mark.parametrize(
    ("one", "several"),
    [
        ("fox", "foxes"),
        ("jackalwere", "jackalweres"),
        ("dwarf", "dwarves"),
        ("mumak", "mumaks"),
        ("fly", "flies"),
        ("key", "keys"),
        ("low boots", "low boots"),
        ("lava", "area of lava"),
        ("scroll labeled ZELGO MER", "scrolls labeled ZELGO MER"),
        ("staff", "staves"),
        ("vampire bats", "vampire batses"),
    ],
)
def test_plurals_are_the_wrappers(one: str, several: str) -> None:
    assert plural(one) == several


def test_every_glyph_is_named_in_one_way_at_most() -> None:
    names, ray_names = glyph_names()
    assert len(names) == len(ray_names) == nethack.MAX_GLYPH
    assert not [name for name, ray in zip(names, ray_names, strict=True) if name and ray]
    assert {"invisible creature", "tame kitten", "newt corpse", "boulder"} <= set(names)
    assert {"doorway", "web", "dark area", "horizontal wall"} <= set(ray_names)


def _screen(*rows: str) -> np.ndarray:
    screen = np.full((24, 80), ord(" "), np.uint8)
    for row, text in enumerate(rows):
        screen[row, : len(text)] = np.frombuffer(text.encode("latin-1"), np.uint8)
    return screen


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (("You see here a sword.", "", "|.@|"), "You see here a sword."),
        (("", "|.@|"), ""),
        (("   Weapons", "   a - an axe", "", "   (end)", "|.@|"), "Weapons\na - an axe\n(end)"),
        (("  x (of) y", "  a", "  (2 of 3)", "  b"), "x (of) y\na\n(2 of 3)"),
        (("One", "Two--More--", "|.@|"), "One\nTwo--More--"),
        (("", "You made the top ten list!", "", "1  30"), "\nYou made the top ten list!\n1  30\n"),
        (("One of many", "|.@|"), "One of many"),
    ],
)
def test_a_message_ends_where_its_page_does(rows: tuple[str, ...], said: str) -> None:
    assert message(rows_of(_screen(*rows))) == said


@pytest.mark.parametrize("cut", range(1, 8))
def test_a_more_that_the_edge_cuts_in_two_is_read_as_one(cut: int) -> None:
    told = ("It is as they say. " * 5)[: 80 - cut]
    rows = rows_of(_screen(told + "--More--"[:cut], "--More--"[cut:], "|.@|"))
    assert "--More--" not in message(rows)
    assert message(unbroken(rows)).replace("\n", "") == f"{told.rstrip()}--More--"


@pytest.mark.parametrize("rows", [("Hm-", "-More--"), ("a" * 79 + "-", "x--More--"), ("A row.",)])
def test_what_the_edge_does_not_cut_is_left_as_it_is(rows: tuple[str, ...]) -> None:
    found = rows_of(_screen(*rows))
    assert unbroken(found) == found


def test_a_menu_is_not_taken_for_a_page_of_text() -> None:
    assert shows_menu(rows_of(_screen("  Weapons", "  a - an axe", "  (end)")))
    assert shows_menu(rows_of(_screen("  a - an axe", "  (1 of 2)")))
    assert not shows_menu(rows_of(_screen("One", "Two--More--")))
    assert not shows_menu(rows_of(_screen("You see here an axe.", "|.@|")))


def test_the_map_keeps_its_blanks() -> None:
    text = map_text(rows_of(_screen("message", "|.@|")))
    lines = text.split("\n")
    assert lines[0] == "|.@|" + " " * 76
    assert len(lines) == 24
    assert lines[-1] == ""
