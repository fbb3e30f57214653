"""Decisions on screens drawn by hand, under both NetHack scaffolds."""

from __future__ import annotations

ROOM = ("-------", "|.....|", "|..@...", "|.....|", "-------")


def memory(table) -> str:
    return "\n".join(table.store.files().values())


def test_stairs_in_sight_are_walked_to_and_taken(table, draw, act):
    before = draw("-------", "|..@>.|", "-------")
    assert act(table, before) == "east"
    on = draw("-------", "|...@.|", "-------")
    scene = {"action": "east", "previous_observation": before, "step": 2}
    assert act(table, on, **scene) == "down"


def test_stairs_under_a_thing_are_remembered(table, draw, act, note):
    seen = draw("--------", "|@...>.|", "--------")
    hidden = draw("--------", "|.@..%.|", "--------")
    note(table, draw("--------", "|@......", "--------"), "search", seen, 1)
    note(table, seen, "east", hidden, 2)
    scene = {"action": "east", "previous_observation": seen, "step": 2}
    assert act(table, hidden, **scene) in {"east", "far east"}


def test_the_way_out_of_a_room_is_found(table, draw, act):
    assert act(table, draw(*ROOM)) in {"east", "far east"}


def test_a_corridor_that_was_walked_is_not_walked_again(table, draw, act, note):
    screens = [draw("  " + "#" * (at - 2) + "@" + "#" * (8 - at)) for at in (4, 3, 2)]
    note(table, screens[0], "west", screens[1], 1)
    note(table, screens[1], "west", screens[2], 2)
    scene = {"action": "west", "previous_observation": screens[1], "step": 2}
    assert "east" in act(table, screens[2], **scene)


def test_foes_beside_are_struck_and_pets_are_not(table, draw, act):
    rows = ("-------", "|..r..|", "|..@d.|", "-------")
    seen = "sewer rat 1 step away north\ntame little dog 1 step away east"
    assert act(table, draw(*rows, seen=seen)) == "north"


def test_a_floating_eye_is_never_touched(table, draw, act):
    rows = ("  #", "  e", "  @", "  #")
    seen = "floating eye 1 step away north"
    assert act(table, draw(*rows, seen=seen)) != "north"


def test_a_floating_eye_in_line_is_shot_at(table, draw, act):
    rows = ("  #", "  e", "  @", "  #")
    seen = "floating eye 1 step away north"
    quiver = "inventory:\nf: 20 arrows (in quiver)\n"
    assert act(table, draw(*rows, seen=seen), status=quiver) == "fire"
    asked = draw(*rows, seen=seen, message="In what direction?", asks=True)
    assert act(table, asked, status=quiver, action="fire", step=2) == "north"


def test_who_turns_out_peaceful_is_left_alone(table, draw, act, note):
    rows = ("-------", "|..G..|", "|..@...", "-------")
    seen = "gnome 1 step away north"
    calm = draw(*rows, seen=seen)
    asked = draw(*rows, seen=seen, message="Really attack the gnome? [yn] (n)", asks=True)
    note(table, calm, "north", asked, 1)
    scene = {"action": "north", "previous_observation": calm}
    assert act(table, asked, **scene) == "n"
    note(table, asked, "n", calm, 2)
    assert act(table, calm, step=2, action="n", previous_observation=asked) != "north"


def test_an_answered_question_that_still_stands_there_is_not_answered_again(table, draw, act):
    answered = draw(*ROOM, message="Really attack the gnome? [yn] (n)")
    assert act(table, answered) != "n"


def test_a_locked_door_is_noted_and_kicked(table, draw, act, note):
    rows = ("-----", "|..@+", "-----")
    shut, locked = draw(*rows), draw(*rows, message="This door is locked.")
    assert act(table, shut) == "east"
    note(table, shut, "east", locked, 1)
    assert "locked 4,6" in memory(table)
    scene = {"action": "east", "previous_observation": shut}
    assert act(table, locked, **scene) == "kick"
    asked = draw(*rows, message="In what direction?", asks=True)
    note(table, locked, "kick", asked, 2)
    scene = {"action": "kick", "previous_observation": locked, "step": 2}
    assert act(table, asked, **scene) == "east"


def test_the_door_of_a_closed_shop_is_left_alone(table, draw, act, note):
    rows = ("-----", "|..@+", "-----")
    written = draw(*rows, message='You read: "Closed for inventory".')
    note(table, draw("-----", "|.@.+", "-----"), "east", written, 1)
    note(table, written, "east", draw(*rows, message="This door is locked."), 2)
    scene = {"action": "east", "previous_observation": written, "step": 2}
    assert act(table, draw(*rows), **scene) != "kick"


def test_where_nothing_leads_on_hidden_ways_are_searched_for_and_counted(table, draw, act, note):
    cell = ("---", "|@|", "---")
    closed = draw(*cell)
    assert act(table, closed) == "1"
    counted = draw(*cell, message="Count: 15", asks=True)
    assert act(table, draw(*cell, asks=True), action="1", step=2) == "5"
    assert act(table, counted, action="5", step=3) == "search"
    note(table, counted, "search", closed, 4)
    assert "searched 1,6 x15" in memory(table)


def test_a_wounded_character_prays_once_in_a_long_while(table, draw, act, note):
    dying = draw(*ROOM, hp=1, turn=400)
    assert act(table, dying) == "pray"
    asked = draw(
        *ROOM, hp=1, turn=400, message="Are you sure you want to pray? [yn] (n)", asks=True
    )
    assert act(table, asked, action="pray", step=2) == "y"
    note(table, asked, "y", draw(*ROOM, hp=1, turn=403), 2)
    assert "Prayed on turn 403." in memory(table)
    again = draw(*ROOM, hp=1, turn=500)
    assert act(table, again, step=3) != "pray"
    later = draw(*ROOM, hp=1, turn=1500)
    assert act(table, later, step=4) == "pray"


def test_the_hungry_eat_what_is_food(table, draw, act):
    pack = "inventory:\na: a spear\nf: 2 food rations\n"
    assert act(table, draw(*ROOM, hunger="Hungry"), status=pack) == "eat"
    asked = draw(*ROOM, message="What do you want to eat? [f or ?*]", asks=True, hunger="Hungry")
    assert act(table, asked, status=pack, action="eat", step=2) == "f"


def test_a_pick_axe_digs_down(table, draw, act):
    pack = "inventory:\nf: a +0 pick-axe\n"
    assert act(table, draw(*ROOM), status=pack) == "apply"
    asked = draw(*ROOM, message="What do you want to use or apply? [f or ?*]", asks=True)
    assert act(table, asked, status=pack, action="apply", step=2) == "f"
    where = draw(*ROOM, message="In what direction do you want to dig? [><.. or .]", asks=True)
    assert act(table, where, status=pack, action="f", step=3) == "down"


def test_letters_are_typed_by_commands_where_they_are_no_actions(table, draw, act):
    few = ("north", "east", "south", "west", "southeast", "northwest", "pray")
    asked = draw(*ROOM, message="Really attack the gnome? [yn] (n)", asks=True)
    assert act(table, asked, actions=few) == "southeast"
    asked = draw(*ROOM, message="Are you sure you want to pray? [yn] (n)", asks=True)
    assert act(table, asked, actions=few) == "northwest"


def test_a_menu_is_left(table, draw, act):
    menu = draw(*ROOM, message="Weapons\na - a pick\n(end)", asks=True)
    assert act(table, menu) == "esc"


def test_the_journal_is_added_up_now_and_then(table, draw, act, note):
    last = draw("#" * 2 + "@" + " " * 20)
    for step in range(1, 16):
        now = draw("#" * (step + 2) + "@")
        note(table, last, "east", now, step)
        last = now
    notes = memory(table)
    assert "Dlvl 1 by step 15: walked" in notes
    before = len(table.replies)
    act(table, last, step=15, action="east", previous_observation=last)
    assert any("Dlvl 1 by" in reply for reply in table.replies[before:])


def test_the_same_messages_get_the_same_answer(table, draw, act, ask):
    act(table, draw(*ROOM))
    for messages in table.asked:
        assert ask(messages).text == ask(messages).text


def test_a_thing_that_may_hide_the_stairs_is_looked_under(table, draw, act, note):
    closed = ("------", "|@.%.|", "------")
    assert act(table, draw(*closed)) in {"east", "far east"}
    on = draw("------", "|..@.|", "------", message="There is a staircase down here.")
    note(table, draw("------", "|.@%.|", "------"), "east", on, 1)
    assert "down 3,6" in memory(table)
    assert act(table, on) == "down"
