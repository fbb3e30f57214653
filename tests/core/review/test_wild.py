"""Whatever a model calls, it is answered, written down, and nothing outside is touched."""

from __future__ import annotations

import tempfile
from pathlib import Path

import anyio
import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automem.records.review import MetaTurn, ToolCall
from automem.review.scaffolds.form import TOOLS
from automem.review.transcript import open_transcript
from automem.review.wording import harmless_turn, portion
from automem.testing.reviews import Reviews

NAMES = [tool.name for tool in TOOLS if tool.name != "python"]
FIELDS = sorted({name for tool in TOOLS for name in tool.arguments.__struct_fields__} - {"code"})
WORDS = st.one_of(
    st.text(max_size=12),
    st.text(alphabet=st.characters(), max_size=4),
    st.sampled_from(
        [
            "scaffold.toml",
            "prompts/log.md",
            "files/../../x",
            "episodes/A1/text",
            "episodes/A1/memory@" + "9" * 5000 + "/log.txt",
            "episodes",
            "incumbent/",
            "A1",
            "A",
            "[",
            "(a|b)*c",
            "\x00",
        ]
    ),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(WORDS, inner, max_size=2)),
    max_leaves=4,
)
CALLS = st.builds(
    ToolCall,
    id=st.text(max_size=4),
    name=st.one_of(st.sampled_from(NAMES), WORDS),
    arguments=st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4),
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(calls=st.lists(CALLS, min_size=1, max_size=4))
def test_any_call_is_answered_and_can_be_read_back(played: Reviews, calls: list[ToolCall]) -> None:
    async def sit(reviews: Reviews) -> None:
        async with reviews.open() as desk:
            desk.said(MetaTurn(calls=tuple(calls)))
            for call in calls:
                answer = await desk.call(call)
                assert answer.id == call.id
                assert len(answer.text) < 20_000
        assert open_transcript(reviews.folder() / "transcript.jsonl").events == desk.events

    with tempfile.TemporaryDirectory() as folder:
        reviews = played.copy(Path(folder) / "inside" / "toy")
        anyio.run(sit, reviews)
        assert [path.name for path in Path(folder).iterdir()] == ["inside"]
        assert [path.name for path in (Path(folder) / "inside").iterdir()] == ["toy"]


@given(raw=VALUES)
def test_the_providers_own_form_stays_json(raw: object) -> None:
    import json

    turn = MetaTurn(raw=msgspec.Raw(json.dumps(raw, indent=2).encode()))
    kept = bytes(harmless_turn(turn, ("secret-value",)).raw)
    assert b"\n" not in kept
    msgspec.json.decode(kept)


@given(text=st.text(max_size=200), most=st.integers(1, 50))
def test_portions_together_are_the_whole(text: str, most: int) -> None:
    parts: list[str] = []
    offset = 0
    while offset < max(1, len(text)):
        part = portion(text, offset, most)
        if "\n[characters " in part:
            part = part.rpartition("\n[")[0]
        parts.append(part)
        offset += most
    assert "".join(parts) == text
