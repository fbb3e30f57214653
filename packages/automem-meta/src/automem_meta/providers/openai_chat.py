"""Any model behind an OpenAI-style chat endpoint: a local engine, or a hosted service.

Tools are called as the endpoint offers it, or, with `tools = "text"`, in fenced blocks of the
answer, for engines that offer nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from automem.records._struct import Record
from automem.records.model import Usage
from automem.records.review import MetaTurn, ToolCall, TurnEnd
from automem_meta.providers.openai_errors import error_in, failures
from automem_meta.providers.wire import (
    PriceOption,
    chosen_price,
    cut,
    failure,
    required_key,
    required_model,
    sealed,
    tool_call,
    unsealed,
)
from automem_meta.session.conversation import Conversation, Replies, Spoke, Told
from automem_meta.session.loop import ChatProvider
from automem_meta.session.tool_text import answers_text, calls_in, tools_text
from automem_meta.session.tries import Patience

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletion

Message = dict[str, Any]
API = "openai-chat"
NO_KEY = "none"
"""Sent where the server asks for no key; the SDK wants one."""


class OpenAIChatOptions(Record):
    """Options of the meta-LLM provider `openai-chat`."""

    base_url: str
    """`http://127.0.0.1:8000/v1`."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key; None where the server asks for none."""
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    """Most output tokens of one turn; None leaves it to the server."""
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """Newer hosted models want `max_completion_tokens`."""
    temperature: Annotated[float, Meta(ge=0.0)] | None = None
    """None leaves it to the server."""
    tools: Literal["native", "text"] = "native"
    """`text` for an engine that was not started with a parser of tool calls."""
    extra_body: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """Further fields of every request, such as `chat_template_kwargs`."""
    price: PriceOption | None = None
    """US dollars per million tokens: input, cached input, output; comes before the table."""
    timeout_seconds: Annotated[float, Meta(gt=0.0)] = 1800.0
    """Of one turn, with its retries."""
    retries: Annotated[int, Meta(ge=0)] = 8


def make_provider(
    model: str | None, options: OpenAIChatOptions, environ: Mapping[str, str] = os.environ
) -> ChatProvider:
    """The provider. Raises ConfigError without a model, or without a key that is named."""
    name = required_model(API, model)
    key_name = options.api_key_env
    key = NO_KEY if key_name is None else required_key(API, key_name, environ)
    return ChatProvider(
        chat=CompletionsChat(name, options, key),
        price=chosen_price(name, options.price),
        patience=Patience(timeout_seconds=options.timeout_seconds, retries=options.retries),
    )


@dataclass(slots=True, repr=False)
class CompletionsChat:
    """One model behind a chat endpoint; the SDK is imported with the first turn."""

    model: str
    options: OpenAIChatOptions
    key: str
    _client: AsyncOpenAI | None = field(default=None)

    @property
    def name(self) -> str:
        """Who is asked."""
        return f"{API} {self.model}"

    async def turn(self, conversation: Conversation) -> MetaTurn:
        """One attempt. Not streamed: parsers of tool calls are at their best on whole answers."""
        async with failures(self.name, self.key, self.options.api_key_env or "api_key_env"):
            completions: Any = self._opened().chat.completions
            answer: ChatCompletion = await completions.create(**self._request(conversation))
        if (error := error_in(answer)) is not None:
            status, code, said = error
            raise failure(self.name, said, key=self.key, status=status, word=code)
        if not getattr(answer, "choices", None):
            raise cut(self.name, "the answer is no chat completion with a choice")
        return self._turn(answer, conversation)

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
        options = self.options
        settings = {
            "temperature": options.temperature,
            options.max_tokens_field: options.max_tokens,
        }
        request: dict[str, Any] = {
            "model": self.model,
            "messages": messages_of(conversation, self.model, in_text=options.tools == "text"),
            **{name: value for name, value in settings.items() if value is not None},
        }
        if conversation.tools and options.tools == "native":
            request["tools"] = [
                {
                    "type": "function",
                    "function": {
                        "name": tool.name,
                        "description": tool.description,
                        "parameters": tool.parameters,
                    },
                }
                for tool in conversation.tools
            ]
        if options.extra_body:
            request["extra_body"] = options.extra_body
        return request

    def _turn(self, answer: ChatCompletion, conversation: Conversation) -> MetaTurn:
        choice = answer.choices[0]
        message: Message = choice.message.to_dict()
        text = _text(message.get("content"))
        turn = sum(isinstance(entry, Spoke) for entry in conversation.entries) + 1
        calls = calls_in(text, turn) if self.options.tools == "text" else _calls(message, turn)
        refusal = message.get("refusal")
        usage = answer.usage
        details = usage.prompt_tokens_details if usage else None
        return MetaTurn(
            text=text or (refusal or ""),
            calls=calls,
            end=_end(choice.finish_reason, has_calls=bool(calls), refused=bool(refusal)),
            usage=Usage(
                input_tokens=usage.prompt_tokens if usage else 0,
                cached_tokens=(details.cached_tokens or 0) if details else 0,
                output_tokens=usage.completion_tokens if usage else 0,
            ),
            model=answer.model or "",
            raw=sealed(API, self.model, _kept(message, text, calls)),
        )


def messages_of(conversation: Conversation, model: str, *, in_text: bool) -> list[Message]:
    """The conversation in this API's form; `in_text` tells of tools and answers in words."""
    system = conversation.instructions
    if in_text and conversation.tools:
        system = f"{system}\n\n{tools_text(conversation.tools)}"
    messages: list[Message] = [{"role": "system", "content": system}]
    for entry in conversation.entries:
        match entry:
            case Told():
                _tell(messages, entry.text)
            case Spoke():
                messages += _spoken(entry.turn, model, in_text=in_text)
            case Replies() if in_text:
                _tell(messages, answers_text(entry))
            case Replies():
                messages += [
                    {
                        "role": "tool",
                        "tool_call_id": reply.call.id,
                        "content": reply.text or "(nothing)",
                    }
                    for reply in entry.replies
                ]
                if entry.note:
                    _tell(messages, entry.note)
    return messages


def _tell(messages: list[Message], text: str) -> None:
    """Many chat templates want the speakers to take turns."""
    if messages[-1]["role"] == "user":
        messages[-1]["content"] += f"\n\n{text}"
    else:
        messages.append({"role": "user", "content": text})


def _spoken(turn: MetaTurn, model: str, *, in_text: bool) -> list[Message]:
    own: Message | None = unsealed(turn, API, model)
    if own is None:
        own = _kept({}, turn.text, turn.calls)
    if in_text:
        own = {name: value for name, value in own.items() if name != "tool_calls"}
    if not own.get("content") and not own.get("tool_calls"):
        return [{**own, "content": "(nothing)"}]
    return [own]


def _kept(message: Message, text: str, calls: tuple[ToolCall, ...]) -> Message:
    """What the next request repeats: text and calls, and no thoughts, which templates drop."""
    kept: Message = {"role": "assistant", "content": text}
    if message.get("tool_calls") or (calls and not message):
        kept["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {
                    "name": call.name,
                    # An engine's template reads them as JSON, so what is none cannot go back.
                    "arguments": msgspec.json.encode(call.arguments).decode(),
                },
            }
            for call in calls
        ]
    return kept


def _calls(message: Message, turn: int) -> tuple[ToolCall, ...]:
    """The calls; an id that is missing, or there twice, is made anew."""
    calls: list[ToolCall] = []
    known: set[str] = set()
    for position, call in enumerate(message.get("tool_calls") or (), start=1):
        function: Mapping[str, Any] = call.get("function") or {}
        given = str(call.get("id") or "")
        name = given if given and given not in known else f"call-{turn}-{position}"
        known.add(name)
        calls.append(
            tool_call(name, str(function.get("name") or ""), str(function.get("arguments") or ""))
        )
    return tuple(calls)


def _text(content: object) -> str:
    return content if isinstance(content, str) else ""


def _end(reason: str | None, *, has_calls: bool, refused: bool) -> TurnEnd:
    if refused or reason == "content_filter":
        return "refusal"
    if reason == "length":
        return "length"
    return "tools" if has_calls else "end"
