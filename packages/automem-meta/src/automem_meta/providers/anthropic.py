"""Claude models through the Messages API, by Anthropic's own SDK.

The answer is streamed, because a long one would run into a timeout otherwise, and put together
here: the SDK's own helper reads arguments that were cut off as if they were whole. Thoughts go
back as they came, for as long as all before them reads as it did: they are signed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

import structlog
from msgspec import Meta

from automem.errors import ModelError
from automem.records._struct import Record
from automem.records.review import MetaTurn
from automem_meta.providers.anthropic_form import API, MARK, Block, Gathered, messages_of
from automem_meta.providers.wire import (
    PriceOption,
    chosen_price,
    cut,
    failure,
    required_key,
    required_model,
)
from automem_meta.session.conversation import Conversation
from automem_meta.session.loop import ChatProvider
from automem_meta.session.tries import Patience

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic, AsyncStream
    from anthropic.types import RawMessageStreamEvent

Effort = Literal["low", "medium", "high", "xhigh", "max"]
Thinking = Literal["auto", "adaptive", "between_tools", "disabled", "default"]
log = structlog.get_logger()


class AnthropicOptions(Record):
    """Options of the meta-LLM provider `anthropic`."""

    api_key_env: str = "ANTHROPIC_API_KEY"
    """Name of the environment variable that holds the key."""
    base_url: str = "https://api.anthropic.com"
    max_tokens: Annotated[int, Meta(ge=1)] = 32_000
    """Most output tokens of one turn, thoughts included."""
    thinking: Thinking = "auto"
    """`auto` asks for adaptive thinking and does without where the model has none; `default`
    leaves it to the API."""
    thinking_tokens: Annotated[int, Meta(ge=1024)] | None = None
    """A fixed budget for thoughts, for models of before adaptive thinking; it comes first."""
    effort: Effort | None = None
    """How much work goes into a turn; None is the model's default."""
    price: PriceOption | None = None
    """US dollars per million tokens: input, cached input, output; comes before the table."""
    timeout_seconds: Annotated[float, Meta(gt=0.0)] = 1800.0
    """Of one turn, with its retries."""
    retries: Annotated[int, Meta(ge=0)] = 8


def make_provider(
    model: str | None, options: AnthropicOptions, environ: Mapping[str, str] = os.environ
) -> ChatProvider:
    """The provider. Raises ConfigError without a model or a key."""
    name = required_model(API, model)
    key = required_key(API, options.api_key_env, environ)
    return ChatProvider(
        chat=AnthropicChat(name, options, key),
        price=chosen_price(name, options.price),
        patience=Patience(timeout_seconds=options.timeout_seconds, retries=options.retries),
    )


@dataclass(slots=True, repr=False)
class AnthropicChat:
    """One model behind the Messages API; the SDK is imported with the first turn."""

    model: str
    options: AnthropicOptions
    key: str
    _thinks: bool = True
    """Whether the model is asked to think; learned from its answer where it is left to it."""
    _client: AsyncAnthropic | None = field(default=None)

    @property
    def name(self) -> str:
        """Who is asked."""
        return f"{API} {self.model}"

    async def turn(self, conversation: Conversation) -> MetaTurn:
        """One attempt; asked once more where the model turns out not to think adaptively."""
        try:
            return await self._attempt(conversation)
        except ModelError as error:
            asked = self.options.thinking == "auto" and self._thinks and error.status == 400
            if not (asked and "adaptive" in str(error)):
                raise
            self._thinks = False
            log.info("meta_does_not_think", who=self.name, said=str(error))
            return await self._attempt(conversation)

    async def aclose(self) -> None:
        """Close the connections; may be called twice."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _attempt(self, conversation: Conversation) -> MetaTurn:
        import anthropic
        import httpx2

        gathered = Gathered()
        try:
            messages: Any = self._opened().messages
            stream: AsyncStream[RawMessageStreamEvent]
            stream = await messages.create(**self._request(conversation))
            async with stream as events:
                async for event in events:
                    gathered.take(event.to_dict())
        except anthropic.APIStatusError as error:
            status = error.status_code
            raise failure(
                self.name,
                _said(error),
                key=self.key,
                status=status if status >= 400 else None,
                word=error.type or "",
                retry_after=error.response.headers.get("retry-after"),
                key_name=self.options.api_key_env,
            ) from error
        except (anthropic.APIConnectionError, httpx2.HTTPError) as error:
            raise cut(self.name, error) from error
        if not gathered.is_whole:
            raise cut(self.name, "the stream ended in the middle of an answer")
        return gathered.turn(self.model)

    def _opened(self) -> AsyncAnthropic:
        if self._client is None:
            import anthropic

            self._client = anthropic.AsyncAnthropic(
                api_key=self.key,
                base_url=self.options.base_url,
                max_retries=0,
                timeout=self.options.timeout_seconds,
            )
        return self._client

    def _request(self, conversation: Conversation) -> dict[str, Any]:
        """All that changes comes last, and the breakpoints stand where later turns find them."""
        tools: list[Block] = [
            {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
            for tool in conversation.tools
        ]
        system: list[Block] = [{"type": "text", "text": conversation.instructions}]
        for constant in (tools, system):
            if constant:
                constant[-1] |= MARK
        request: dict[str, Any] = {
            "model": self.model,
            "max_tokens": self.options.max_tokens,
            "system": system,
            "messages": messages_of(conversation, self.model),
            "stream": True,
        }
        if tools:
            request["tools"] = tools
        if self.options.effort is not None:
            request["output_config"] = {"effort": self.options.effort}
        if (thinking := self._thinking()) is not None:
            request["thinking"] = thinking
        return request

    def _thinking(self) -> Block | None:
        if self.options.thinking_tokens is not None:
            return {"type": "enabled", "budget_tokens": self.options.thinking_tokens}
        match self.options.thinking:
            case "default":
                return None
            case "auto":
                return {"type": "adaptive"} if self._thinks else None
            case chosen:
                return {"type": chosen}


def _said(error: Any) -> str:
    """The API's own words, without the rest of its answer."""
    words: Sequence[object] = (getattr(error, "api_message", None), error.message)
    return str(next((word for word in words if word), error))
