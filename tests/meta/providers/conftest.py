"""The three chat providers, each as one value, so that one suite holds for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest

from automem.testing.meta_desk import MemoryDesk
from automem.testing.meta_script import Api
from automem.testing.meta_server import FakeMetaLLM
from automem_meta.providers import anthropic, openai, openai_chat
from automem_meta.session.loop import ChatProvider
from automem_meta.session.tries import Patience

KEY = "sk-test-0123456789abcdef"
PRICE = (10.0, 1.0, 50.0)


@dataclass(slots=True)
class Clock:
    """Time that passes only by waiting."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True, slots=True)
class Provider:
    """One of them: its name, and how it is made for a fake server."""

    name: Api
    _make: Callable[[FakeMetaLLM], ChatProvider]

    def __call__(
        self, llm: FakeMetaLLM, *, retries: int = 8, clock: Clock | None = None
    ) -> ChatProvider:
        provider = self._make(llm)
        clock = clock or Clock()
        provider.patience = Patience(
            timeout_seconds=600.0, retries=retries, random=Random(1), clock=clock, sleep=clock.sleep
        )
        return provider

    async def review(
        self,
        desk: MemoryDesk,
        llm: FakeMetaLLM,
        *,
        retries: int = 8,
        clock: Clock | None = None,
    ) -> None:
        """One review by a provider of its own, closed at the end."""
        reviewer = self(llm, retries=retries, clock=clock)
        try:
            await reviewer.review(desk)
        finally:
            await reviewer.aclose()


def _anthropic(llm: FakeMetaLLM) -> ChatProvider:
    options = anthropic.AnthropicOptions(base_url=llm.anthropic_url, price=PRICE)
    return anthropic.make_provider("claude-test", options, {"ANTHROPIC_API_KEY": KEY})


def _openai(llm: FakeMetaLLM) -> ChatProvider:
    options = openai.OpenAIOptions(base_url=llm.openai_url, price=PRICE)
    return openai.make_provider("gpt-test", options, {"OPENAI_API_KEY": KEY})


def _chat(llm: FakeMetaLLM) -> ChatProvider:
    options = openai_chat.OpenAIChatOptions(
        base_url=llm.openai_url, api_key_env="LOCAL_KEY", price=PRICE
    )
    return openai_chat.make_provider("local-test", options, {"LOCAL_KEY": KEY})


PROVIDERS = (
    Provider("anthropic", _anthropic),
    Provider("openai", _openai),
    Provider("openai-chat", _chat),
)


@pytest.fixture(params=PROVIDERS, ids=lambda provider: provider.name)
def provider(request: pytest.FixtureRequest) -> Provider:
    return request.param
