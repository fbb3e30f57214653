"""Lets many requests share the steps of one model: they join and leave between any two steps.

A step computes the next token of every running answer and, beside them, a piece of one prompt.
Prompts are computed one after the other, so those that begin alike share their beginning even
where they arrive together.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from automem.errors import ServerError
from automem.records._struct import Record
from automem_backends.local.asked import Answer, Chosen, Ending, Generation, Model, Part, Weights
from automem_backends.local.prefixes import Kept, Prefixes, packed
from automem_backends.local.text import AnswerText


class Limits(Record):
    """How much is done at once."""

    sequences: int = 16
    """Answers that grow at the same time; others wait."""
    prompt_tokens: int = 1024
    """Of a prompt, in one step; what runs beside it waits for as long."""
    cache_bytes: int = 1 << 30
    """Keys and values, running and kept."""


@dataclass(slots=True)
class Counts:
    """What has happened since the start."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    generated_tokens: int = 0
    answered: int = 0
    abandoned: int = 0
    failed: int = 0


@dataclass(slots=True)
class Running:
    """A generation that has its place."""

    generation: Generation
    text: AnswerText

    @property
    def reserved(self) -> int:
        """Tokens it may come to."""
        return len(self.generation.prompt) + self.generation.sampling.max_tokens


@dataclass(slots=True)
class Scheduler:
    """Owns the model; its thread alone calls it."""

    model: Model
    ends: frozenset[int]
    """Tokens by which the model ends an answer."""
    limits: Limits
    counts: Counts = field(default_factory=Counts)
    _prefixes: Prefixes = field(init=False)
    _running: list[Running] = field(default_factory=list[Running], init=False)
    _waiting: deque[Generation] = field(default_factory=deque[Generation], init=False)
    _orders: deque[Callable[[], None]] = field(
        default_factory=deque[Callable[[], None]], init=False
    )
    _changed: threading.Condition = field(default_factory=threading.Condition, init=False)
    _stopped: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self._prefixes = Prefixes(self.limits.cache_bytes)

    def submit(self, generation: Generation) -> None:
        """Let it be generated; `generation.done` says what came of it."""
        with self._changed:
            if self._stopped:
                raise ServerError("the local engine is ending")
            self._waiting.append(generation)
            self._changed.notify()

    def order(self, what: Callable[[], None]) -> None:
        """Have the thread call `what` between two steps; it may not raise."""
        with self._changed:
            self._orders.append(what)
            self._changed.notify()

    def forget(self, weights: Weights) -> None:
        """Drop what is kept of these weights; only from an order."""
        self._prefixes.forget(weights)

    def stop(self) -> None:
        """End after the step that is being computed."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def load(self) -> tuple[int, int, float]:
        """Answers that grow, requests that wait, and the share of the cache in use."""
        running = tuple(self._running)
        used = self._prefixes.size + sum(
            one.generation.values.size for one in running if one.generation.values is not None
        )
        return len(running), len(self._waiting), used / self.limits.cache_bytes

    def run(self) -> None:
        """Serve until `stop`; the body of the thread."""
        while self._wait():
            self.advance()
        for generation in (*[one.generation for one in self._running], *self._waiting):
            _fail(generation, ServerError("the local engine ended before this answer did"))

    def _wait(self) -> bool:
        with self._changed:
            while not (self._stopped or self._running or self._waiting or self._orders):
                self._changed.wait()
            return not self._stopped

    def advance(self) -> None:
        """One step: what is ordered, who leaves, who joins, and the next tokens."""
        while self._orders:
            self._orders.popleft()()
        self._leave()
        self._join()
        if not self._running:
            return
        try:
            parts, asking = self._parts()
            chosen = self.model.step(parts)
        except Exception as error:  # noqa: BLE001 - a request's failure is not the server's
            structlog.get_logger().exception("step_failed", sequences=len(self._running))
            self._fail_all(error)
            return
        for one, choice in zip(asking, chosen, strict=True):
            if choice is not None:
                self._take(one, choice)

    def _leave(self) -> None:
        for one in tuple(self._running):
            if one.generation.done.cancelled():
                self.counts.abandoned += 1
                self._end(one)
        with self._changed:
            for generation in tuple(self._waiting):
                if generation.done.cancelled():
                    self.counts.abandoned += 1
                    self._waiting.remove(generation)

    def _join(self) -> None:
        while self._waiting and len(self._running) < self.limits.sequences:
            generation = self._waiting[0]
            one = Running(
                generation,
                AnswerText(
                    self.model.decode, generation.sampling.stop, generation.sampling.keeps_stop
                ),
            )
            reserved = sum(self.model.size_of(other.reserved) for other in (*self._running, one))
            reserved -= self._prefixes.touch(generation.weights, generation.salt, generation.prompt)
            # One alone always gets its place: the longest that is accepted fits.
            if self._running and reserved > self.limits.cache_bytes:
                return
            self._prefixes.make_room(reserved)
            self._waiting.popleft()
            self._running.append(one)

    def _parts(self) -> tuple[tuple[Part, ...], list[Running]]:
        parts: list[Part] = []
        asking: list[Running] = []
        prompting = False
        for one in self._running:
            generation = one.generation
            if not generation.tokens:
                if prompting:
                    continue
                prompting = True
            parts.append(self._part(generation))
            asking.append(one)
        return tuple(parts), asking

    def _part(self, generation: Generation) -> Part:
        values = generation.values
        if values is None:
            values = self._begin(generation)
        if generation.tokens:
            tokens, is_whole = (generation.tokens[-1].token,), True
        else:
            end = values.length + self.limits.prompt_tokens
            tokens = generation.prompt[values.length : end]
            is_whole = end >= len(generation.prompt)
        return Part(
            weights=generation.weights,
            values=values,
            tokens=tokens,
            sampling=generation.sampling if is_whole else None,
            draw=generation.draw() if is_whole else 0.0,
        )

    def _begin(self, generation: Generation):
        running = [
            kept(one.generation)
            for one in self._running
            if one.generation.values is not None and one.generation.values.length
        ]
        found, generation.cached = self._prefixes.find(
            generation.weights, generation.salt, generation.prompt, running
        )
        values = generation.values = self.model.empty() if found is None else found
        values.reserve(len(generation.prompt) + 1)
        self.counts.prompt_tokens += len(generation.prompt)
        self.counts.cached_tokens += generation.cached
        return values

    def _take(self, one: Running, choice: Chosen) -> None:
        generation = one.generation
        generation.tokens.append(choice)
        self.counts.generated_tokens += 1
        ending: Ending | None = None
        if (choice.token in self.ends and not generation.sampling.ignores_end) or one.text.add(
            choice.token
        ):
            ending = "stop"
        elif len(generation.tokens) >= generation.sampling.max_tokens:
            ending = "length"
        if ending is not None:
            self._end(one)
            self._answer(one, ending)

    def _answer(self, one: Running, ending: Ending) -> None:
        generation = one.generation
        answer = Answer(
            text=one.text.finish(),
            tokens=tuple(generation.tokens),
            ending=ending,
            stop=one.text.stopped,
            prompt_tokens=len(generation.prompt),
            cached_tokens=generation.cached,
        )
        if generation.done.set_running_or_notify_cancel():
            self.counts.answered += 1
            generation.done.set_result(answer)

    def _end(self, one: Running) -> None:
        """Give its place up, and keep what was computed."""
        self._running.remove(one)
        generation = one.generation
        if generation.values is not None and not generation.weights.retired:
            self._prefixes.keep(kept(generation))

    def _fail_all(self, error: Exception) -> None:
        for one in self._running:
            self.counts.failed += 1
            _fail(one.generation, error)
        self._running.clear()


def kept(generation: Generation) -> Kept:
    """What is computed of it, for others to begin with. Raises ValueError if nothing is."""
    if generation.values is None:
        raise ValueError("nothing of this generation is computed yet")
    return Kept(
        generation.weights,
        generation.salt,
        packed(generation.ids[: generation.values.length]),
        generation.values,
    )


def _fail(generation: Generation, error: Exception) -> None:
    if generation.done.set_running_or_notify_cancel():
        generation.done.set_exception(error)
