"""OpenAI's models through the Responses API, by OpenAI's own SDK.

Nothing is stored there: the whole conversation goes along with every turn, the model's reasoning
included, which comes and goes encrypted.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from automem.records._struct import Record
from automem.records.model import Usage
from automem.records.review import MetaTurn, TurnEnd
from automem_meta.providers.openai_errors import failed, failures
from automem_meta.providers.wire import (
    PriceOption,
    chosen_price,
    cut,
    required_key,
    required_model,
    sealed,
    tool_call,
    unsealed,
)
from automem_meta.session.conversation import Conversation, Replies, Spoke, Told
from automem_meta.session.loop import ChatProvider
from automem_meta.session.tries import Patience

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.responses import Response, ResponseStreamEvent

Item = dict[str, Any]
API = "openai"


class OpenAIOptions(Record):
    """Options of the meta-LLM provider `openai`."""

    api_key_env: str = "OPENAI_API_KEY"
    """Name of the environment variable that holds the key."""
    base_url: str = "https://api.openai.com/v1"
    max_tokens: Annotated[int, Meta(ge=1)] = 32_000
    """Most output tokens of one turn, reasoning included."""
    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    """How much the model reasons; None is the model's default."""
    price: PriceOption | None = None
    """US dollars per million tokens: input, cached input, output; comes before the table."""
    timeout_seconds: Annotated[float, Meta(gt=0.0)] = 1800.0
    """Of one turn, with its retries."""
    retries: Annotated[int, Meta(ge=0)] = 8


def make_provider(
    model: str | None, options: OpenAIOptions, environ: Mapping[str, str] = os.environ
) -> ChatProvider:
    """The provider. Raises ConfigError without a model or a key."""
    name = required_model(API, model)
    key = required_key(API, options.api_key_env, environ)
    return ChatProvider(
        chat=ResponsesChat(name, options, key),
        price=chosen_price(name, options.price),
        patience=Patience(timeout_seconds=options.timeout_seconds, retries=options.retries),
    )


@dataclass(slots=True, repr=False)
class ResponsesChat:
    """One model behind the Responses API; the SDK is imported with the first turn."""

    model: str
    options: OpenAIOptions
    key: str
    _client: AsyncOpenAI | None = field(default=None)

    @property
    def name(self) -> str:
        """Who is asked."""
        return f"{API} {self.model}"

    async def turn(self, conversation: Conversation) -> MetaTurn:
        """One attempt."""
        final: Response | None = None
        async with failures(self.name, self.key, self.options.api_key_env):
            responses: Any = self._opened().responses
            stream: AsyncStream[ResponseStreamEvent]
            stream = await responses.create(**self._request(conversation))
            async with stream as events:
                async for event in events:
                    match event.type:
                        case "response.completed" | "response.incomplete":
                            final = event.response
                        case "response.failed":
                            error = event.response.error
                            code, said = (error.code, error.message) if error else ("", "no reason")
                            raise failed(self.name, self.key, code, said)
                        case "error":
                            raise failed(self.name, self.key, event.code or "", event.message)
                        case _:
                            continue
        if final is None:
            raise cut(self.name, "the stream ended in the middle of an answer")
        return self._turn(final)

    async def aclose(self) -> None:
        """Close the connections; may be called twice."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    def _opened(self) -> AsyncOpenAI:
        if self._client is None:
            import openai

            self._client = openai.AsyncOpenAI(
                api_key=self.key,
                base_url=self.options.base_url,
                max_retries=0,
                timeout=self.options.timeout_seconds,
            )
        return self._client

    def _request(self, conversation: Conversation) -> dict[str, Any]:
        """The constant part first; the key keeps one review on machines that know its prefix."""
        brief = conversation.entries[0]
        constant = f"{conversation.instructions}\n{brief.text if isinstance(brief, Told) else ''}"
        request: dict[str, Any] = {
            "model": self.model,
            "instructions": conversation.instructions,
            "input": items_of(conversation, self.model),
            "max_output_tokens": self.options.max_tokens,
            "store": False,
            "stream": True,
            "include": ["reasoning.encrypted_content"],
            "prompt_cache_key": hashlib.sha256(constant.encode()).hexdigest()[:32],
        }
        if conversation.tools:
            request["tools"] = [
                {
                    "type": "function",
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                    "strict": False,
                }
                for tool in conversation.tools
            ]
        if self.options.effort is not None:
            request["reasoning"] = {"effort": self.options.effort}
        return request

    def _turn(self, response: Response) -> MetaTurn:
        items: list[Item] = [item.to_dict() for item in response.output]
        parts = [part for item in items if item["type"] == "message" for part in item["content"]]
        refusals = [part["refusal"] for part in parts if part["type"] == "refusal"]
        texts = [part["text"] for part in parts if part["type"] == "output_text"]
        calls = tuple(
            tool_call(item["call_id"], item["name"], item["arguments"])
            for item in items
            if item["type"] == "function_call"
        )
        usage = response.usage
        details = usage.input_tokens_details if usage else None
        return MetaTurn(
            text="".join(texts + refusals),
            calls=calls,
            end=_end(response, has_calls=bool(calls), refused=bool(refusals)),
            usage=Usage(
                input_tokens=usage.input_tokens if usage else 0,
                cached_tokens=(details.cached_tokens or 0) if details else 0,
                output_tokens=usage.output_tokens if usage else 0,
            ),
            cache_written_tokens=getattr(details, "cache_write_tokens", None) or 0,
            model=response.model,
            raw=sealed(API, self.model, items),
        )


def items_of(conversation: Conversation, model: str) -> list[Item]:
    """The conversation in this API's form."""
    items: list[Item] = []
    for entry in conversation.entries:
        match entry:
            case Told():
                items.append({"role": "user", "content": entry.text})
            case Spoke():
                items += _spoken(entry.turn, model)
            case Replies():
                items += [
                    {
                        "type": "function_call_output",
                        "call_id": reply.call.id,
                        "output": reply.text or "(nothing)",
                    }
                    for reply in entry.replies
                ]
                if entry.note:
                    items.append({"role": "user", "content": entry.note})
    return items


def _spoken(turn: MetaTurn, model: str) -> list[Item]:
    """The turn's own items; where it was another model's, its text and its calls."""
    own: list[Item] | None = unsealed(turn, API, model)
    if own is not None:
        return own
    items: list[Item] = [{"role": "assistant", "content": turn.text}] if turn.text else []
    items += [
        {
            "type": "function_call",
            "call_id": call.id,
            "name": call.name,
            "arguments": call.malformed or _json(call.arguments),
        }
        for call in turn.calls
    ]
    return items


def _json(arguments: Mapping[str, Any]) -> str:
    import msgspec

    return msgspec.json.encode(arguments).decode()


def _end(response: Response, *, has_calls: bool, refused: bool) -> TurnEnd:
    details = response.incomplete_details
    reason = details.reason if details else None
    if refused or reason == "content_filter":
        return "refusal"
    if reason == "max_output_tokens":
        return "length"
    return "tools" if has_calls else "end"
