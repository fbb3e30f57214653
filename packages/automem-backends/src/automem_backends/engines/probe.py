"""Proof that an engine answers, and that its base and its adapters answer each in their own way.

An adapter can be loaded and yet not be used: a server that does not know its name may answer with
the base model and say nothing. So a few questions are put to each over the very path that players
take, and compared by what the models think of their own tokens, not by the text alone. Then all
are asked once more, at the same time: some engines mix models up within a batch. Engines do not
give the same numbers twice, and as much as a model differs from itself proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import inf
from statistics import fmean
from typing import Any, NamedTuple

import anyio
import msgspec

from automem.errors import ServerError
from automem_backends.engines.failures import advice_for
from automem_backends.engines.wire import EngineWire

QUESTIONS = (
    "You stand in a forest. A lake is to the east and night is falling. What do you do first?",
    "Write down the three most useful facts from this: stone lies at (3, 4), a cow went north, "
    "you have one sapling.",
    "<|SEARCH|>map.txt|stone<|END|>",
    "Answer with one action and nothing else.",
)
"""Of the kinds that players get."""
TOKENS = 16
LEAST_DIFFERENCE = 1e-4
"""Of a log probability, below which two numbers are one."""
NOISE_FACTOR = 2.0
"""Two models must differ by so many times what one differs from itself."""


class _Token(msgspec.Struct, frozen=True):
    token: str = ""
    logprob: float | None = None


class _Logprobs(msgspec.Struct, frozen=True):
    content: tuple[_Token, ...] | None = None


class _Message(msgspec.Struct, frozen=True):
    content: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    message: _Message = _Message()
    logprobs: _Logprobs | None = None


class _Completion(msgspec.Struct, frozen=True):
    choices: tuple[_Choice, ...] = ()


class Answered(NamedTuple):
    """One answer: its text, and token by token what the model thought."""

    text: str
    tokens: tuple[tuple[str, float], ...]


async def probe(wire: EngineWire, base: str, adapters: Mapping[str, str]) -> None:
    """Ask the base and each adapter (what a request names -> what the user named).

    Raises ServerError where one does not answer, where two of them answer alike, each for itself
    or when asked at the same time, or where there is no telling.
    """
    alone = {base: await _ask_all(wire, base)}
    if not adapters:
        return
    for served in adapters:
        alone[served] = await _ask_all(wire, served)
    together = await _ask_together(wire, list(alone))
    noise = max(_distance(alone[served], together[served]) for served in alone)
    if noise == inf:
        raise ServerError(
            f"{wire.root} answers the same question as the same model in ever other words, and "
            "gives no log probabilities: nothing shows whether an adapter is used. Set "
            "probe = false to play without that proof"
        )
    for (other, answers), (served, adapted) in combinations(alone.items(), 2):
        apart = _distance(answers, adapted)
        if apart <= LEAST_DIFFERENCE:
            raise ServerError(
                f"{wire.root} answers as '{served}' just as it does as '{other}': the adapter "
                f"{adapters[served]} is not used, or does nothing. Check that it was trained on "
                "this model and is served under this name; for an adapter that is meant to change "
                "next to nothing, set probe = false"
            )
        if apart <= NOISE_FACTOR * noise:
            raise ServerError(
                f"{wire.root} answers as '{served}' hardly otherwise than as '{other}' (log "
                f"probabilities differ by {apart:.2g}), given how much an answer changes when all "
                f"models are asked at the same time ({noise:.2g}): it mixes models up within a "
                f"batch, or the adapter {adapters[served]} does next to nothing. Try another "
                "version of the engine, a larger max_loras (vLLM's build for the CPU wants more "
                "than there are adapters), or an engine for each role; probe = false plays without "
                "that proof"
            )


async def _ask_all(wire: EngineWire, model: str) -> list[Answered]:
    return [await _ask(wire, model, question) for question in QUESTIONS]


async def _ask_together(wire: EngineWire, models: Sequence[str]) -> dict[str, list[Answered]]:
    """What each answers when all are asked everything at once."""
    answers: dict[tuple[str, str], Answered] = {}
    failures: list[ServerError] = []

    async def ask(model: str, question: str) -> None:
        try:
            answers[model, question] = await _ask(wire, model, question)
        except ServerError as error:
            failures.append(error)

    async with anyio.create_task_group() as group:
        for question in QUESTIONS:
            for model in models:
                group.start_soon(ask, model, question)
    if failures:
        raise failures[0]
    return {model: [answers[model, question] for question in QUESTIONS] for model in models}


def _distance(one: Sequence[Answered], other: Sequence[Answered]) -> float:
    """How far apart two models are: the mean difference of their log probabilities.

    An answer counts up to the first token that differs, since what follows is another text. Where
    an engine gives no probabilities, texts that differ are infinitely far apart.
    """
    differences: list[float] = []
    for a, b in zip(one, other, strict=True):
        if not (a.tokens and b.tokens):
            differences.append(0.0 if a.text == b.text else inf)
        for (token, mine), (also, theirs) in zip(a.tokens, b.tokens, strict=False):
            differences.append(abs(mine - theirs))
            if token != also:
                break
    return fmean(differences)


async def _ask(wire: EngineWire, model: str, question: str) -> Answered:
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": "user", "content": question}],
        "temperature": 0.0,
        "max_tokens": TOKENS,
        "logprobs": True,
        "top_logprobs": 1,
    }
    reply = await wire.post("/v1/chat/completions", body)
    if reply.status != 200:
        raise ServerError(
            f"{wire.root} cannot be asked as '{model}': it answered {reply.status}: "
            f"{reply.words}{advice_for(reply.words)}"
        )
    try:
        choice = msgspec.json.decode(reply.raw, type=_Completion).choices[0]
    except (msgspec.MsgspecError, UnicodeDecodeError, IndexError) as error:
        raise ServerError(f"{wire.root} sent no chat completion: {reply.words}") from error
    thought = choice.logprobs.content if choice.logprobs and choice.logprobs.content else ()
    tokens = tuple((one.token, one.logprob) for one in thought if one.logprob is not None)
    return Answered(choice.message.content or "", tokens)
