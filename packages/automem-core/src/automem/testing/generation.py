"""What a fake engine makes of a conversation: text, where it ended, tokens, log probabilities."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from automem.records._struct import Record
from automem.testing.answers import play
from automem.testing.prefix_cache import CHARACTERS, PrefixCache, rendered, tokens_of
from automem.testing.toy_player import toy_answer
from automem.testing.wire import Body

Answer = Callable[[Body, str | None], str]
"""The text for a request and the content hash of its adapter, None for the base model."""
_WORDS = ("ash", "brook", "cliff", "dune", "elm", "fern", "gorge", "heath")


class Generated(Record):
    """One answer before it takes an engine's form."""

    text: str
    """With its stop string, where the request wants it kept."""
    finish: str
    """`stop` or `length`."""
    stop: str | None
    """The stop string that ended it."""
    prompt_tokens: int
    cached_tokens: int
    output_tokens: int
    logprobs: tuple[tuple[str, float], ...] = ()
    """Token and log probability, where they were asked for."""


def default_answer(body: Body, adapter: str | None) -> str:
    """Play the toy game, play any scaffold badly, or say words that tell models apart.

    A function of the request and the adapter's content alone. The toy game and other scaffolds
    are played alike with and without an adapter; whatever else is asked is not.
    """
    said = [str(message["content"]) for message in body["messages"]]
    if any(text.startswith(("LOG. Record", "PLAN. Recall")) for text in said):
        return toy_answer(body)
    if any("<|DONE|>" in text or "<|ACTION|>" in text for text in said):
        return play(body)
    drawn = _drawn(rendered(body["messages"]), adapter)
    return " ".join(drawn.choices(_WORDS, k=8))


def generate(
    body: Body,
    *,
    answer: Answer,
    cache: PrefixCache,
    space: str,
    content: str | None,
    keeps_stop: bool,
) -> Generated:
    """Answer a request by the adapter whose files hash to `content`; None is the base.

    Where the beginning of the prompt is in the cache, it is answered by the adapter that computed
    it then, even if other files have been loaded under the same identity since.
    """
    prompt = rendered(body["messages"])
    found = cache.find(space, prompt)
    used = (found.origin if found.cached else content or "") or None
    text, finish, stop = _ended(answer(body, used), body, keeps_stop=keeps_stop)
    cache.keep(space, prompt + text, used or "")
    return Generated(
        text=text,
        finish=finish,
        stop=stop,
        prompt_tokens=found.tokens,
        cached_tokens=found.cached,
        output_tokens=max(1, tokens_of(text)),
        logprobs=_logprobs(prompt, text, used) if body.get("logprobs") else (),
    )


def completion_of(generated: Generated, *, model: str, reports_cached: bool) -> dict[str, Any]:
    """The chat completion in the form both engines share; each adds how it names the stop."""
    tokens = [_token(text, value) for text, value in generated.logprobs]
    cached = {"cached_tokens": generated.cached_tokens}
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": generated.text},
                "logprobs": {"content": tokens} if tokens else None,
                "finish_reason": generated.finish,
            }
        ],
        "usage": {
            "prompt_tokens": generated.prompt_tokens,
            "completion_tokens": generated.output_tokens,
            "total_tokens": generated.prompt_tokens + generated.output_tokens,
            "prompt_tokens_details": cached if reports_cached else None,
        },
    }


def stops_of(body: Mapping[str, Any]) -> Sequence[str]:
    """The stop strings of a request, which may be one or several."""
    stop = body.get("stop") or ()
    return (stop,) if isinstance(stop, str) else stop


def most_tokens(body: Mapping[str, Any]) -> int | None:
    """The longest answer a request allows, under either of its names."""
    return body.get("max_completion_tokens") or body.get("max_tokens")


def _ended(text: str, body: Body, *, keeps_stop: bool) -> tuple[str, str, str | None]:
    places = [(text.find(stop), stop) for stop in stops_of(body) if stop in text]
    stop: str | None = None
    if places:
        place, stop = min(places)
        text = text[: place + len(stop)] if keeps_stop else text[:place]
    most = most_tokens(body)
    if most is not None and len(text) > most * CHARACTERS:
        return text[: most * CHARACTERS], "length", None
    return text, "stop", stop


def _logprobs(prompt: str, text: str, adapter: str | None) -> tuple[tuple[str, float], ...]:
    drawn = _drawn(prompt, adapter)
    parts = [text[begin : begin + CHARACTERS] for begin in range(0, len(text), CHARACTERS)]
    return tuple((part, -round(drawn.uniform(0.001, 3.0), 6)) for part in parts)


def _token(text: str, value: float) -> dict[str, Any]:
    return {"token": text, "logprob": value, "bytes": list(text.encode()), "top_logprobs": []}


def _drawn(prompt: str, adapter: str | None) -> random.Random:
    seed = hashlib.sha256(f"{adapter}\n{prompt}".encode("utf-8", "replace")).digest()
    return random.Random(seed)  # noqa: S311 - an answer, not a secret
