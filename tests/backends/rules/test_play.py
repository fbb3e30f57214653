"""Decisions on conversations written by hand, under both scaffolds and under strange ones."""

from __future__ import annotations

import asyncio

import msgspec

from automem.models.cost import FREE
from automem.records.model import Message, ModelRequest
from automem.records.scaffold import OperationRule
from automem_backends.rules.player import RulesOptions, RulesPlayer

VITALS = "Your status:\n- health: {}/9\n- food: {}/9\n- drink: {}/9\n- energy: {}/9\n\n"
MEADOW = "You see:\n- grass 1 step to your west\n\nYou face grass at your front."
LAKE = (
    "You see:\n- grass 1 step to your west\n- water 1 step to your south\n\n"
    "You face water at your front."
)


def carrying(*items: str, vitals: tuple[int, int, int, int] = (9, 9, 9, 9)) -> str:
    listed = "Your inventory:\n" + "".join(f"- {item}\n" for item in items)
    return VITALS.format(*vitals) + (listed if items else "You have nothing in your inventory.")


def act(table, **scene) -> str:
    reply = table.play("plan", **scene)
    assert reply.ending == "action"
    return reply.action


def walk(table, action: str, step: int, before: str = MEADOW, now: str = MEADOW, **scene) -> None:
    """LOG one action."""
    fields = {"observation": now, "previous_observation": before, "action": action, **scene}
    reply = table.play("log", step=step, previous_status=carrying(), **fields)
    assert reply.ending == "done"


def memory(table) -> str:
    return "\n".join(table.store.files().values())


def test_grass_ahead_is_searched_for_a_sapling_first(table):
    assert act(table) == "Do"


def test_a_sapling_is_planted(table):
    assert act(table, status=carrying("sapling: 1")) == "Place Plant"


def test_a_tree_ahead_is_cut(table):
    tree = "You see:\n- tree 1 step to your south\n\nYou face tree at your front."
    assert act(table, observation=tree) == "Do"


def test_with_wood_enough_a_table_is_placed_and_next_to_it_a_tool_is_made(table):
    status = carrying("sapling: 1", "wood: 4")
    sand = "You see:\n- sand 1 step to your west\n\nYou face sand at your front."
    assert act(table, observation=sand, status=status) == "Place Table"
    beside = "You see:\n- table 1 step to your south\n\nYou face table at your front."
    assert act(table, observation=beside, status=status) == "Make Wood Pickaxe"


def test_a_zombie_that_stands_beside_is_faced_and_struck(table):
    beside = (
        "You see:\n- grass 1 step to your west\n- zombie 1 step to your east\n\n"
        "You face grass at your front."
    )
    assert act(table, observation=beside) == "Move East"
    ahead = beside.replace("face grass", "face zombie")
    assert act(table, observation=ahead) == "Do"


def test_no_step_is_taken_where_lava_may_be(table):
    view = (
        "You see:\n- lava 1 step to your south\n- path 1 step to your north\n"
        "- iron 2 steps to your south\n\nYou face lava at your front."
    )
    status = carrying("wood_pickaxe: 1", "stone_pickaxe: 1")
    assert act(table, observation=view, status=status) != "Move South"


def test_a_walk_is_reckoned_in_the_memory_files(table):
    walk(table, "Move West", 1)
    walk(table, "Move West", 2)
    walk(table, "Move North", 3)
    assert "Step 3: at -2,-1 facing north after Move North" in memory(table)


def test_landmarks_and_achievements_are_noted_once(table):
    walk(table, "Move South", 1, now=LAKE)
    walk(table, "Do", 2, LAKE, LAKE, events=("collect_drink",))
    text = memory(table)
    assert text.count("water in area") + text.count("water at") == 1
    assert text.count("Done: collect_drink.") == 1


def test_a_thirsty_player_walks_back_to_water_it_wrote_down(table):
    walk(table, "Move South", 1, now=LAKE)
    walk(table, "Do", 2, LAKE, LAKE, events=("collect_drink", "collect_sapling", "place_plant"))
    for step in range(3, 13):
        walk(table, "Move East", step, LAKE if step == 3 else MEADOW)
    thirsty = carrying("wood: 1", vitals=(9, 9, 2, 9))
    asked = len(table.asked)
    action = act(table, step=12, status=thirsty, action="Move East", previous_observation=MEADOW)
    assert action in {"Move West", "Move South"}
    assert len(table.asked) - asked > 1
    assert any("water" in reply for reply in table.replies[asked:])


def test_what_was_dug_out_is_struck_off_the_map(table):
    iron = "You see:\n- iron 1 step to your south\n\nYou face iron at your front."
    path = "You see:\n- path 1 step to your south\n\nYou face path at your front."
    walk(table, "Move South", 1, iron, iron)
    walk(table, "Do", 2, iron, path)
    status = carrying("stone_pickaxe: 1", "wood_pickaxe: 1")
    before = len(table.replies)
    act(table, step=2, observation=path, status=status, action="Do", previous_observation=iron)
    assert "iron" not in "".join(
        line for line in memory(table).splitlines() if "|" in line and "0,1" in line
    )
    assert len(table.replies) > before


def test_a_tired_player_sleeps_only_where_nothing_can_walk_up(table):
    walled = "You see:\n- stone 1 step to your west\n\nYou face stone at your front."
    tired = carrying("wood: 1", vitals=(9, 9, 9, 2))
    assert act(table, observation=walled, status=tired) == "Sleep"
    assert act(table, observation=MEADOW, status=tired) != "Sleep"


def test_nothing_but_sleep_is_said_while_asleep(table):
    asleep = (
        f"You are sleeping, and will not be able take actions until energy is full.\n\n{MEADOW}"
    )
    assert act(table, observation=asleep) == "Sleep"


def test_the_same_messages_get_the_same_answer_from_any_instance(table, ask):
    walk(table, "Move South", 1, now=LAKE)
    options = RulesOptions(seed=3, variation=1.0)
    for messages in table.asked:
        assert ask(messages) == ask(messages)
        assert ask(messages, options) == ask(messages, options)


def test_nothing_is_carried_from_one_call_to_the_next(table, ask):
    walk(table, "Move West", 1)
    fresh = table.begin("plan", step=1, action="Move West", previous_observation=MEADOW)
    first = ask(fresh)
    walk(table, "Move North", 2)
    assert ask(fresh) == first


def test_habits_vary_with_the_seed_but_only_if_asked_to(table, ask):
    walk(table, "Move South", 1, now=LAKE)
    messages = table.asked[-1]
    plain = ask(messages, RulesOptions(seed=1)).text
    assert ask(messages, RulesOptions(seed=2)).text == plain
    varied = {ask(messages, RulesOptions(seed=seed, variation=1.0)).text for seed in range(12)}
    assert len(varied) > 1


def test_it_says_that_it_is_rules_and_costs_nothing(table, ask):
    reply = ask(table.begin("plan"))
    assert reply.model == "rules"
    assert RulesPlayer(None, None, RulesOptions()).price == FREE
    assert reply.usage.input_tokens > 100
    assert reply.usage.cached_tokens == 0


def test_renamed_files_and_operations_are_understood(table, make_table):
    manifest = table.scaffold.manifest
    names = {"SEARCH": "FIND", "READ": "OPEN", "TAIL": "LATEST", "APPEND": "JOT",
             "UPSERT_MAP": "MARK", "LOG_STEP": "DIARY", "WRITE_GOALS": "AIMS",
             "SEARCH_MAP": "FIND_PLACE"}  # fmt: skip
    files = {"map_notes.txt": "places.md", "actions_log.txt": "diary.md", "map.txt": "atlas.md",
             "log.txt": "diary.md", "goals.txt": "aims.md"}  # fmt: skip

    def renamed(rule: OperationRule) -> OperationRule:
        return msgspec.structs.replace(
            rule,
            name=names.get(rule.name, rule.name),
            file=files.get(rule.file or "", rule.file),
        )

    strange = msgspec.structs.replace(
        manifest,
        files={files.get(name, name): rule for name, rule in manifest.files.items()},
        operation=tuple(renamed(rule) for rule in manifest.operation),
        inject=tuple(
            msgspec.structs.replace(rule, file=files[rule.file]) for rule in manifest.inject
        ),
    )
    scaffold = table.scaffold
    seeds = {files.get(name, name): text for name, text in scaffold.files.items()}
    other = make_table(
        type(scaffold)(
            folder=scaffold.folder,
            manifest=strange,
            prompts=scaffold.prompts,
            files=seeds,
            code=scaffold.code,
            hash=scaffold.hash,
        )
    )
    walk(other, "Move West", 1)
    walk(other, "Move South", 2, now=LAKE)
    assert "Step 2: at -1,1 facing south" in memory(other)
    assert "water" in memory(other)
    assert act(other, step=2, action="Move South", previous_observation=MEADOW) != ""


def test_a_single_file_is_memory_enough(table, make_table):
    scaffold = table.scaffold
    rule = scaffold.manifest.files[next(iter(scaffold.manifest.files))]
    one = msgspec.structs.replace(
        scaffold.manifest,
        files={"notebook.txt": msgspec.structs.replace(rule, key=None, modes=("append",))},
        operation=(
            OperationRule(name="SEARCH", kind="search", phases=("log", "plan")),
            OperationRule(name="TAIL", kind="tail", phases=("log", "plan")),
            OperationRule(name="NOTE", kind="append", phases=("log",)),
        ),
        inject=(),
    )
    other = make_table(
        type(scaffold)(
            folder=scaffold.folder,
            manifest=one,
            prompts=scaffold.prompts,
            files={"notebook.txt": ""},
            code=scaffold.code,
            hash=scaffold.hash,
        )
    )
    walk(other, "Move West", 1)
    walk(other, "Move West", 2)
    assert "Step 2: at -2,0 facing west" in memory(other)


def test_after_a_hand_off_the_action_is_committed_from_what_was_consulted(table, ask):
    walk(table, "Move South", 1, now=LAKE)
    scene = {"step": 1, "observation": LAKE, "action": "Move South"}
    table.play("plan", previous_observation=MEADOW, **scene)
    consulted = table.asked[-1]
    told = [
        *consulted,
        Message(role="assistant", content=table.replies[-1]),
        Message(role="user", content="Consultation is over. Commit one action."),
    ]
    assert ask(told).text == table.replies[-1]


def test_an_unknown_game_is_answered_without_pretence(ask):
    def said(prompt: str) -> str:
        return ask([Message(role="user", content=prompt)]).text

    assert said("PLAN. A dragon. <|ACTION|>name<|END|>") == "<|ACTION|>Noop<|END|>"
    assert said("LOG. A dragon. End with <|DONE|>") == "<|DONE|>"


def test_without_memory_the_present_observation_decides_and_the_action_stands_alone(ask):
    faced = "You see:\n- tree 1 step to your west\n\nYou face tree at your front."
    status = "Your status:\n- health: 9/9\n- food: 9/9\n- drink: 9/9\n- energy: 9/9"
    rules = "You survive.\n\n- Move West\n- Do\n\nReply with the name of one action."
    told = [
        Message(role="system", content=rules),
        Message(role="user", content=f"{MEADOW}\n\n{status}"),
        Message(role="assistant", content="Move West"),
        Message(role="user", content=f"{faced}\n\n{status}"),
    ]
    assert ask(told).text == "Do"
    reasoned = Message(role="system", content=f"{rules} End with <|ACTION|>name<|END|>")
    assert ask([reasoned, *told[1:]]).text == "<|ACTION|>Do<|END|>"


def test_closing_twice_is_harmless():
    import asyncio

    player = RulesPlayer("rules", None, RulesOptions())

    async def close_twice() -> None:
        await player.aclose()
        await player.aclose()

    asyncio.run(close_twice())


def answered(messages: list[Message], options: RulesOptions) -> str:
    player = RulesPlayer(None, None, options)
    return asyncio.run(player.complete(ModelRequest(messages=tuple(messages)))).text


def test_a_player_that_never_consults_acts_on_what_the_prompt_shows(table):
    walk(table, "Move East", 1)
    asks = answered(table.begin("plan", step=1), RulesOptions())
    acts = answered(table.begin("plan", step=1), RulesOptions(consults=0.0))
    assert "<|ACTION|>" not in asks
    assert acts.startswith("<|ACTION|>")


def test_the_notes_are_kept_whether_they_are_consulted_or_not(table):
    walk(table, "Move East", 1)
    log = table.begin("log", step=2, action="Noop")
    assert answered(log, RulesOptions(consults=0.0)) == answered(log, RulesOptions())


def test_half_a_habit_is_kept_in_about_half_of_the_phases_and_always_the_same_ones(table):
    walk(table, "Move East", 1)
    options = RulesOptions(consults=0.5)
    twice = [
        [answered(table.begin("plan", step=step), options) for step in range(1, 61)]
        for _ in range(2)
    ]
    assert twice[0] == twice[1]
    assert 15 < sum("<|ACTION|>" not in text for text in twice[0]) < 45
