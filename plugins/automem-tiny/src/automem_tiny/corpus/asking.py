"""Asks the trained model, which an engine serves over HTTP."""

from __future__ import annotations

import http.client
import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import anyio.to_thread

from automem.agent.protocol import Scene
from automem.errors import ModelError
from automem.records.model import Message
from automem.records.scaffold import Phase

SECONDS = 120.0


@dataclass(slots=True)
class Pupil:
    """A player that is a model behind an OpenAI-style endpoint on this machine."""

    base_url: str
    model: str
    temperature: float
    seed: int
    most_tokens: int = 96
    _calls: int = 0

    async def reply(self, phase: Phase, scene: Scene, talk: tuple[Message, ...]) -> str:
        """What the model says. Raises ModelError."""
        del phase, scene
        self._calls += 1
        return await anyio.to_thread.run_sync(self._ask, talk, self.seed * 100_000 + self._calls)

    def _ask(self, talk: Sequence[Message], seed: int) -> str:
        where = urlsplit(self.base_url)
        body = {
            "model": self.model,
            "messages": [{"role": m.role, "content": m.content} for m in talk],
            "temperature": self.temperature,
            "max_tokens": self.most_tokens,
            "seed": seed & 0x7FFFFFFF,
        }
        link = http.client.HTTPConnection(where.hostname or "", where.port, timeout=SECONDS)
        try:
            link.request(
                "POST",
                f"{where.path}/chat/completions",
                json.dumps(body),
                {"Content-Type": "application/json"},
            )
            answer = link.getresponse()
            text = answer.read().decode()
        except OSError as error:
            raise ModelError(f"{self.base_url} does not answer: {error}") from error
        finally:
            link.close()
        if answer.status != 200:
            raise ModelError(f"{self.base_url} answered {answer.status}: {text[:300]}")
        return json.loads(text)["choices"][0]["message"]["content"]
