"""The engine: batches asks, lets each of them leave when it is answered, keeps what they share."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from threadpoolctl import ThreadpoolController

from automem.errors import ModelError
from automem_tiny.engine.adapters import Adapter, read_adapter
from automem_tiny.engine.asking import Answer, Ask, Ending, Generation, Tokens
from automem_tiny.engine.choosing import choose, require_finite
from automem_tiny.engine.keeping import Arena, Kept, KeyValues, shared
from automem_tiny.engine.network import Network
from automem_tiny.engine.shape import read_shape
from automem_tiny.engine.text import Text, read_text, too_long
from automem_tiny.engine.weights import Matrix, read_weights

_PROMPT_TOKENS: Final = 1024
"""New tokens of prompts that are computed together, unless one prompt has more."""
_WORTH_WAITING: Final = 16
"""A prompt waits for one before it, where it can begin with so many more tokens after it."""


@dataclass(slots=True)
class Engine:
    """One base model, its adapters, and the conversations it is in. Used from one thread.

    The same calls of a new engine give the same answers. What was kept of earlier calls changes
    the last bits of logits, as what is computed together does.
    """

    network: Network
    text: Text
    kept: Kept
    adapters: dict[str, Adapter] = field(default_factory=dict[str, Adapter])
    running: list[Generation] = field(default_factory=list[Generation])
    """Those that have a slot; their place in this list is its number."""
    _blas: ThreadpoolController = field(default_factory=ThreadpoolController)

    @classmethod
    def load(cls, folder: Path, *, at_once: int = 16, kept_tokens: int = 32_768) -> Engine:
        """Read a model. Raises ServerError, which says what is wrong with the folder."""
        shape = read_shape(folder)
        text = read_text(folder, shape)
        network = Network(read_weights(folder, shape), Arena.of(shape, at_once))
        return cls(network, text, Kept(kept_tokens))

    def answer(self, asks: Sequence[Ask]) -> list[Answer]:
        """Answer all, in their order. Raises ModelError, AdapterError."""
        generations = [self.begin(ask) for ask in asks]
        waiting = deque(generations)
        while waiting or self.running:
            self.step(waiting)
        return [one.answer for one in generations if one.answer is not None]

    def begin(self, ask: Ask) -> Generation:
        """Find the tokens of an ask, and its adapter. Raises ModelError, AdapterError."""
        adapter = None if ask.adapter is None else self.adapter(ask.adapter)
        prompt = self.text.prompt(ask.messages)
        context = self.network.arena.context
        wanted = ask.max_tokens or 1
        if len(prompt) == 0:
            raise ModelError(
                "the model's chat template makes nothing of this conversation, so there is nothing "
                "to answer: put the template that belongs to the model beside its tokenizer",
                status=400,
            )
        if len(prompt) + wanted > context:
            raise too_long(context, f"{len(prompt)} of the prompt, {wanted} for its answer")
        temperature = self.text.temperature if ask.temperature is None else ask.temperature
        most = ask.max_tokens or context - len(prompt)
        return Generation(ask, prompt, most, adapter, temperature)

    def adapter(self, path: str) -> Adapter:
        """The adapter in a folder, read once. Raises AdapterError."""
        found = self.adapters.get(path)
        if found is None:
            found = self.adapters[path] = read_adapter(path, self.network.weights)
        return found

    def step(self, waiting: deque[Generation]) -> list[Generation]:
        """Let waiting ones in while there is room, and all go on by a token; those that are done.

        Whoever is abandoned leaves first.
        """
        # Products of this size take far longer on several threads.
        one_thread: AbstractContextManager[object] = self._blas.limit(limits=1)  # pyright: ignore[reportUnknownMemberType]
        # What is not finite in the end is refused there.
        with one_thread, np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for slot in reversed(range(len(self.running))):
                if self.running[slot].abandoned:
                    self._leave(slot)
            done = self._enter(waiting)
            if self.running:
                tokens = np.array([one.tokens[-1] for one in self.running], np.int64)
                logits = self.network.grow(tokens, [one.adapter for one in self.running])
                done += self._chosen(logits, 0)
            return done

    def _enter(self, waiting: deque[Generation]) -> list[Generation]:
        room = len(self.network.arena.lengths) - len(self.running)
        entering: list[tuple[int, Tokens, Adapter | None]] = []
        first, new = len(self.running), 0
        while waiting and len(entering) < room:
            generation = waiting[0]
            if generation.abandoned:
                waiting.popleft()
                continue
            known, values = self._known(generation, first)
            rest = len(generation.prompt) - known
            beside = self._shared_with(generation, self.running[first:])
            if entering and (new + rest > _PROMPT_TOKENS or beside > known + _WORTH_WAITING):
                break
            slot = len(self.running)
            self.running.append(waiting.popleft())
            self.network.arena.lengths[slot] = 0
            if values is not None:
                self.network.arena.put(slot, values, known)
            generation.cached = known
            entering.append((slot, generation.prompt[known:], generation.adapter))
            new += rest
        return self._chosen(self.network.read(entering), first) if entering else []

    def _known(self, generation: Generation, count: int) -> tuple[int, KeyValues | None]:
        """How much of a prompt is there already, and where: kept, or in one of the slots."""
        most = len(generation.prompt) - 1
        prefix, longest = self.kept.best(generation.adapter, generation.prompt)
        values = None if prefix is None else prefix.values
        for slot, other in enumerate(self.running[:count]):
            if longest < most and other.adapter is generation.adapter:
                length = shared(other.prompt, generation.prompt)
                if length > longest:
                    longest, values = length, self.network.arena.written(slot)
        return min(longest, most), values

    def _shared_with(self, generation: Generation, others: Sequence[Generation]) -> int:
        lengths = [
            shared(other.prompt, generation.prompt)
            for other in others
            if other.adapter is generation.adapter
        ]
        return min(max(lengths, default=0), len(generation.prompt) - 1)

    def _chosen(self, logits: Matrix, first: int) -> list[Generation]:
        """Give each from the slot `first` on its next token; those that are done leave."""
        require_finite(logits)
        generations = self.running[first:]
        done: list[Generation] = []
        for generation, token in zip(generations, choose(logits, generations), strict=True):
            generation.tokens.append(token)
            generation.answer = self._finished(generation)
            if generation.answer is not None:
                done.append(generation)
        for slot in reversed(range(first, len(self.running))):
            if self.running[slot].answer is not None:
                self._leave(slot)
        return done

    def _finished(self, generation: Generation) -> Answer | None:
        tokens = generation.tokens
        finish: Ending | None = None
        if tokens[-1] in self.text.ends:
            finish = "stop"
        elif len(tokens) == generation.most_tokens:
            finish = "length"
        stop = generation.ask.stop
        if finish is None and not stop:
            return None
        text = self.text.written(tokens[:-1] if finish == "stop" else tokens)
        ends = [text.find(one) + len(one) for one in stop if one in text]
        if ends:
            text, finish = text[: min(ends)], "stop"
        if finish is None:
            return None
        return Answer(
            text=text,
            prompt_tokens=len(generation.prompt),
            cached_tokens=generation.cached,
            completion_tokens=len(tokens),
            finish=finish,
        )

    def _leave(self, slot: int) -> None:
        """Keep what a slot holds, and move the last one into its place."""
        arena, generation = self.network.arena, self.running[slot]
        # The last token chosen has no keys and values.
        said = np.concatenate([generation.prompt, np.array(generation.tokens[:-1], np.int64)])
        self.kept.keep(generation.adapter, said, arena.written(slot))
        last = self.running.pop()
        if last is not generation:
            self.running[slot] = last
            arena.put(slot, arena.written(len(self.running)), int(arena.lengths[len(self.running)]))
