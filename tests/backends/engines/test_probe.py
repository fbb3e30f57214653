"""Two models are told apart by what they think, and an engine's own noise proves nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from automem.errors import ServerError
from automem.testing.http import Connection, HttpRequest, listening
from automem_backends.engines.probe import QUESTIONS, probe
from automem_backends.engines.wire import EngineWire, wires

pytestmark = pytest.mark.anyio

Thought = tuple[str, list[tuple[str, float]] | None]
"""A text, and its tokens with their log probabilities, where the engine tells them."""


@asynccontextmanager
async def engine(think: Callable[[str, int], Thought]) -> AsyncGenerator[EngineWire]:
    """Answers as a model (its name, how often it was asked this) thinks."""
    asked: Counter[tuple[str, str]] = Counter()

    def handle(connection: Connection, request: HttpRequest) -> None:
        body = json.loads(request.raw)
        question = (body["model"], body["messages"][0]["content"])
        asked[question] += 1
        text, tokens = think(body["model"], asked[question])
        content = None if tokens is None else [{"token": t, "logprob": p} for t, p in tokens]
        choice: dict[str, Any] = {"message": {"content": text}, "logprobs": {"content": content}}
        connection.send_json(200, {"choices": [choice]})

    async with listening(handle) as port, wires() as to:
        yield to.to(f"http://127.0.0.1:{port}")


def noisy(shift: float, noise: float) -> Callable[[str, int], Thought]:
    """The adapter is off by `shift`; every call is off by up to `noise`."""

    def think(model: str, call: int) -> Thought:
        off = (shift if model == "adapter" else 0.0) + noise * (call % 3)
        return "same words", [("same", -0.5 - off), ("words", -1.0 - off)]

    return think


async def test_one_model_alone_must_only_answer() -> None:
    seen: list[str] = []

    def think(model: str, call: int) -> Thought:
        seen.append(model)
        return "yes", None

    async with engine(think) as wire:
        await probe(wire, "base", {})
    assert seen == ["base"] * len(QUESTIONS)


async def test_the_same_words_may_be_thought_otherwise() -> None:
    async with engine(noisy(shift=0.2, noise=0.01)) as wire:
        await probe(wire, "base", {"adapter": "a/folder"})


@pytest.mark.parametrize(
    ("shift", "noise", "said"),
    [
        (0.0, 0.0, "just as it does as 'base'"),
        (0.0, 0.05, "just as it does as 'base'"),
        (0.01, 0.05, r"hardly otherwise than as 'base' \(log probabilities differ by 0.01\)"),
    ],
)
async def test_what_differs_no_more_than_the_base_from_itself_is_the_base(
    shift: float, noise: float, said: str
) -> None:
    async with engine(noisy(shift, noise)) as wire:
        with pytest.raises(ServerError, match=f"'adapter' {said}.*a/folder"):
            await probe(wire, "base", {"adapter": "a/folder"})


async def test_other_words_count_where_an_engine_tells_no_thoughts() -> None:
    async with engine(lambda model, _: (model, None)) as wire:
        await probe(wire, "base", {"adapter": "a"})
    async with engine(lambda _model, _call: ("same", None)) as wire:
        with pytest.raises(ServerError, match="just as it does"):
            await probe(wire, "base", {"adapter": "a"})


async def test_without_a_way_to_tell_there_is_no_proof() -> None:
    async with engine(lambda _model, call: (str(call), None)) as wire:
        with pytest.raises(ServerError, match="nothing shows whether an adapter is used"):
            await probe(wire, "base", {"adapter": "a"})
        await probe(wire, "base", {})


async def test_two_adapters_that_answer_alike_are_one() -> None:
    def think(model: str, _call: int) -> Thought:
        return "words", [("words", -0.5 if model == "base" else -1.0)]

    async with engine(think) as wire:
        with pytest.raises(ServerError, match="'other' just as it does as 'adapter'"):
            await probe(wire, "base", {"adapter": "a", "other": "b"})


async def test_what_follows_another_token_is_not_compared() -> None:
    def think(model: str, _call: int) -> Thought:
        # A tie at the first token; all that follows is another text.
        token, then = ("one", -1.0) if model == "base" else ("two", -5.0)
        return token, [(token, -0.7), (token * 2, then)]

    async with engine(think) as wire:
        with pytest.raises(ServerError, match="just as it does"):
            await probe(wire, "base", {"adapter": "a"})


@pytest.mark.parametrize("lost", ["base", "adapter"])
async def test_models_that_are_mixed_up_within_a_batch_are_told(lost: str) -> None:
    def think(model: str, call: int) -> Thought:
        # Alone, each answers for itself; beside the other, one is answered with the other.
        is_adapter = (model == "adapter") != (call == 2 and model == lost)
        return "words", [("words", -0.9 if is_adapter else -0.5)]

    async with engine(think) as wire:
        with pytest.raises(ServerError, match=r"differ by 0.4\).*\(0.4\): it mixes models up"):
            await probe(wire, "base", {"adapter": "a"})


async def test_a_question_refused_among_many_is_told() -> None:
    def handle(connection: Connection, request: HttpRequest) -> None:
        seen.append(1)
        choice = {"message": {"content": json.loads(request.raw)["model"]}}
        status = 200 if len(seen) <= 2 * len(QUESTIONS) else 429
        connection.send_json(status, {"choices": [choice]})

    seen: list[int] = []
    async with listening(handle) as port, wires() as to:
        with pytest.raises(ServerError, match="it answered 429"):
            await probe(to.to(f"http://127.0.0.1:{port}"), "base", {"adapter": "a"})


async def test_an_answer_that_is_none_is_told() -> None:
    def handle(connection: Connection, request: HttpRequest) -> None:
        connection.send_json(200, {"choices": []})

    async with listening(handle) as port, wires() as to:
        wire = to.to(f"http://127.0.0.1:{port}")
        with pytest.raises(ServerError, match="sent no chat completion"):
            await probe(wire, "base", {})
        assert await wire.models() == ()


async def test_a_list_of_models_that_is_none_is_told() -> None:
    def handle(connection: Connection, request: HttpRequest) -> None:
        connection.send_json(200, ["base"])

    async with listening(handle) as port, wires() as to:
        with pytest.raises(ServerError, match="sent no list of models"):
            await to.to(f"http://127.0.0.1:{port}").models()


async def test_a_question_that_is_not_answered_in_time_is_told() -> None:
    async with listening(lambda _connection, _request: None) as port, wires() as to:
        with pytest.raises(ServerError, match="did not answer within"):
            await to.to(f"http://127.0.0.1:{port}").post("/v1/load_lora_adapter", {}, 0.05)
