"""What each tool answers, to right calls and to wrong ones."""

import json

import anyio
import pytest

from automem.records.review import ToolCall
from automem.review.scaffolds.form import TOOLS
from automem.review.tools.computing import said
from automem.testing.reviews import Reviews, refusal_of, text_of

pytestmark = pytest.mark.anyio


def test_every_tool_has_a_flat_schema_and_describes_its_arguments() -> None:
    for tool in TOOLS:
        schema = tool.spec.parameters
        assert schema["type"] == "object"
        assert "$ref" not in json.dumps(schema)
        assert all("description" in field for field in schema["properties"].values()), tool.name


async def test_names_of_all_that_can_be_read_are_listed(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        everything = await text_of(desk, "list")
        prompts = await text_of(desk, "list", path="prompts/")
        below = await text_of(desk, "list", path="episodes/A1/")
        then = await text_of(desk, "list", path="episodes/A1/memory@2/")
        nothing = await text_of(desk, "list", path="secrets/")
    assert "scaffold.toml (" in everything
    assert "incumbent/prompts/log.md" in everything
    assert "episodes/A2/text" in everything
    assert all(line.startswith("prompts/") for line in prompts.splitlines())
    assert "episodes/A1/memory/signs.txt" in below
    assert "episodes/A1/memory@2/log.txt" in then
    assert "nothing begins with secrets/" in nothing


async def test_files_memory_and_episodes_are_read_by_lines(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        manifest = await text_of(desk, "read", path="scaffold.toml", first=2, last=3)
        memory = await text_of(desk, "read", path="episodes/A1/memory/signs.txt")
        early = await text_of(desk, "read", path="episodes/A1/memory@1/signs.txt")
        story = await text_of(desk, "read", path="episodes/a1/text", last=12)
        prefix = await text_of(desk, "read", path="./incumbent/prompts/log.md", first=1)
    assert manifest.splitlines()[0].startswith("scaffold.toml, lines 2 to 3 of ")
    assert "version = 1" in manifest
    assert len(memory.splitlines()) == 5
    assert len(early.splitlines()) == 2
    assert "# Step 0" in story
    assert "Action: walk, reward +0" in story
    assert "LOG" in prefix


async def test_a_long_text_is_read_on_with_an_offset(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        parts = [await text_of(desk, "read", path="episodes/A1/text")]
        while "read on with offset=" in parts[-1]:
            offset = int(parts[-1].rpartition("offset=")[2].rstrip("]"))
            parts[-1] = parts[-1].rpartition("\n[")[0]
            parts.append(await text_of(desk, "read", path="episodes/A1/text", offset=offset))
        beyond = await text_of(desk, "read", path="scaffold.toml", offset=10**6)
    parts[-1] = parts[-1].rpartition("\n[")[0] if len(parts) > 1 else parts[-1]
    whole = desk.place.library.text("episodes/A1/text")
    assert "".join(parts).partition("\n")[2] == whole
    assert "nothing more" in beyond


async def test_words_and_patterns_are_found_in_files_and_episodes(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        words = await text_of(desk, "grep", pattern="max_lines", path="scaffold.toml")
        pattern = await text_of(
            desk, "grep", pattern="a sign says: [a-z]+", path="episodes", regex=True
        )
        around = await text_of(desk, "grep", pattern="keep_last", path="incumbent/", context=1)
        exact = await text_of(desk, "grep", pattern="MAX_LINES", case=True)
        memory = await text_of(desk, "grep", pattern="room 1", path="episodes/A1/memory/signs.txt")
        nowhere = await text_of(desk, "grep", pattern="x", path="no/such")
    assert words.startswith("1 lines match:\nscaffold.toml:")
    assert "episodes/A2/text:" in pattern
    assert "max_lines = 20" in around
    assert "no line of" in exact
    assert "signs.txt:1: room 1" in memory
    assert "no file that begins with no/such" in nowhere


async def test_a_pattern_that_takes_forever_is_ended_while_the_host_goes_on(
    reviews: Reviews,
) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await anyio.sleep(0.01)
            ticks += 1

    async with reviews.open() as desk, anyio.create_task_group() as tasks:
        await text_of(desk, "write", path="files/x.txt", text="a" * 60)
        tasks.start_soon(tick)
        said = await refusal_of(desk, "grep", pattern="(a|aa)+$b", path="files/", regex=True)
        tasks.cancel_scope.cancel()
        # The pattern was tried for two seconds.
        assert ticks > 20
        assert "may take forever" in said
        odd = await text_of(desk, "grep", pattern="[[a]+$", path="files/", regex=True)
        assert "files/x.txt:1: aaa" in odd


async def test_episodes_are_a_table(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        table = await text_of(desk, "episodes", evaluation="A")
        assert "there is no evaluation 'B'" in await refusal_of(desk, "episodes", evaluation="B")
    assert "A: the incumbent, toy, 2 episodes, progression 100.00" in table
    assert "A2 | default | 2 | 100.00 | won" in table
    assert "achieved: door_0 at" in table


async def test_a_step_is_shown_whole(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        door = await text_of(desk, "step", episode="A1", step=3)
        last = await text_of(desk, "step", episode="A1", step=16)
        system = await text_of(desk, "step", episode="A1", step=3, system=True)
        assert "there is no step 99" in await refusal_of(desk, "step", episode="A1", step=99)
        assert "there is no episode 'C1'; there are A1, A2" in await refusal_of(
            desk, "step", episode="C1", step=1
        )
    for part in (
        "## Observation",
        "A door. It asks for the color",
        "## LOG turn 1 (memory role",
        "### Prompt",
        "<|SEARCH|>signs.txt|room 1:<|END|>",
        "- SEARCH signs.txt|room 1: -> done",
        "Action: say ",
        "achieved door_0",
    ):
        assert part in door
    assert len(system) > len(door)
    assert "the episode ended here" in last


async def test_measures_are_told_with_their_meaning(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        text = await text_of(desk, "metric")
        episodes = json.loads(await text_of(desk, "metric", by="episode", form="json"))
        memory = await text_of(desk, "metric", by="memory")
        plain = json.loads(await text_of(desk, "metric", by="memory", form="json"))
        by_letter = json.loads(await text_of(desk, "metric", form="json"))
        table = await text_of(desk, "metric", by="episode")
    assert "empty_searches | share | lower | 0.000" in text
    assert "empty_searches: Share of searches without a hit." in text
    assert set(episodes) == {"A1", "A2"}
    assert episodes["A1"]["progression"] == 100
    assert by_letter["A"]["progression"] == 100
    assert table.startswith("measure | unit | better | A1 | A2")
    assert "LOG | APPEND | signs.txt | llm | 8" in memory
    files = {file["file"]: file for file in plain["A"]["files"]}
    assert files["signs.txt"]["lines"] == 4
    assert files["signs.txt"]["writes"] == 8
    assert files["signs.txt"]["reads"] == 8


async def test_a_program_counts_over_whole_episodes(reviews: Reviews) -> None:
    program = """
from collections import Counter

def main(episodes):
    doors = Counter(s["action"] for e in episodes for s in e["steps"] if s["events"])
    print("doors:", sum(doors.values()))
    return {"names": [e["name"] for e in episodes], "files": sorted(episodes[0]["memory"])}
"""
    async with reviews.open() as desk:
        both = await text_of(desk, "python", code=program)
        one = await text_of(desk, "python", code=program, episodes=["A2"])
        silent = await text_of(desk, "python", code="def main(episodes): pass")
        long = await text_of(desk, "python", code="def main(episodes): print('ab ' * 9000)")
        kept = await text_of(desk, "read", path="outputs/001.txt", offset=26_900)
    assert both == 'doors: 8\n{"names":["A1","A2"],"files":["log.txt","signs.txt"]}'
    assert one.startswith("doors: 4")
    assert "printed and returned nothing" in silent
    assert "outputs/001.txt" in long
    assert "ab ab" in kept


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("x = 1", "must define: def main"),
        ("def main(episodes):\n    return 1 / 0", "division by zero"),
        ("def main(episodes):\n    open('/etc/passwd')", "not permitted"),
        ("def main(", "the program"),
        ("import socket\ndef main(episodes): pass", "socket"),
    ],
)
async def test_a_program_that_fails_is_told_why(reviews: Reviews, code: str, said: str) -> None:
    async with reviews.open() as desk:
        assert said in await refusal_of(desk, "python", code=code)


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("lst", {}, "there is no tool 'lst'; did you mean 'list'?"),
        ("fly", {}, "there are list, read"),
        ("read", {}, "missing required field `path`"),
        ("read", {"path": "a", "page": 1}, "read has no argument 'page'"),
        ("read", {"path": "a", "first": "one"}, "Expected `int`, got `str`"),
        ("read", {"path": "a", "first": 0}, "Expected `int` >= 1"),
        ("read", {"path": "scaffold.tml"}, "did you mean 'scaffold.toml'"),
        ("read", {"path": "../../run.toml"}, "no file '../../run.toml'"),
        ("read", {"path": "scaffold.toml", "first": 999}, "none from 999"),
        ("read", {"path": "episodes/A1/memory/x.txt"}, "has no file 'x.txt' then"),
        ("read", {"path": "episodes/A1/memory@99/x.txt"}, "there is no step 99"),
        ("grep", {"pattern": "(", "regex": True}, "missing ), unterminated subpattern"),
        ("grep", {"pattern": "a{99999999999}", "regex": True}, "repetition number is too large"),
        ("grep", {"pattern": "x" * 1001}, "length <= 1000"),
        ("read", {"path": "x" * 1_000_000}, "no file 'xxx"),
        ("read", {"path": f"episodes/A1/memory@{'9' * 5000}/x"}, "no file 'episodes/A1/memory@9"),
        ("metric", {"offset": float("inf")}, "Expected `int`, got `float`"),
        ("grep", {"pattern": "(%"}, "no line of"),
        ("metric", {"by": "moon"}, "Invalid enum value"),
    ],
)
async def test_a_wrong_call_is_answered_with_what_is_wrong(
    reviews: Reviews, name: str, arguments: dict[str, object], said: str
) -> None:
    async with reviews.open() as desk:
        answer = await desk.call(ToolCall(id="7", name=name, arguments=arguments))
    assert said in answer.text
    assert answer.id == "7"
    assert answer.failed == (said != "no line of")


async def test_a_program_may_change_its_wrapper_and_still_only_answers(reviews: Reviews) -> None:
    forged = "def main(episodes):\n    global automem_run\n"
    code = f"{forged}    return 'text'\n"
    async with reviews.open() as desk:
        assert await text_of(desk, "python", code=code) == "text"
        assert said({"a": 1}) == '{"a":1}'
        assert said(["", None]).startswith("(the program printed")
        assert said([3, 4]) == "4"


async def test_an_offset_that_is_no_number_is_told(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        assert "Expected `int`" in await refusal_of(desk, "list", offset="far")


async def test_the_text_of_many_episodes_and_an_empty_listing(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        assert "nothing begins with episodes/Q" in await text_of(desk, "list", path="episodes/Q")
        one = await text_of(desk, "list", path="episodes/A1/text")
        assert one == "episodes/A1/text"
        deep = await text_of(desk, "list", path="episodes/A1/memory/signs.txt")
        assert deep == "episodes/A1/memory/signs.txt"
        assert {tool.name for tool in desk.tools} == {tool.name for tool in TOOLS}
        assert desk.folder == reviews.folder()


async def test_numbers_as_text_and_nulls_are_understood(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        text = await text_of(desk, "read", path="scaffold.toml", first="2", last=None)
    assert "lines 2 to" in text


async def test_arguments_that_are_no_object_are_told(reviews: Reviews) -> None:
    async with reviews.open() as desk:
        answer = await desk.call(ToolCall(id="1", name="read", malformed='{"path": '))
    assert answer.failed
    assert "no JSON object" in answer.text
