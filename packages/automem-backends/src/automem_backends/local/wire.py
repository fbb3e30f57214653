"""The chat endpoint's JSON in vLLM's form: a request checked, an answer and a refusal written."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar, cast

import msgspec
from msgspec import Meta

from automem.errors import ModelError
from automem.records._struct import Record
from automem_backends.local.asked import Answer, Chosen, Sampling

_KINDS: Mapping[int, str] = {400: "BadRequestError", 404: "NotFoundError"}
_Form = TypeVar("_Form", bound=Record)
_STOPS = 64
_LONGEST_STOP = 1000


class ChatRequest(Record):
    """What may be asked; any other field is refused, so that none is silently ignored."""

    model: str
    messages: tuple[dict[str, Any], ...]
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    temperature: Annotated[float, Meta(ge=0.0, le=100.0)] | None = None
    top_p: Annotated[float, Meta(gt=0.0, le=1.0)] | None = None
    top_k: int | None = None
    seed: int | None = None
    stop: str | tuple[str, ...] | None = None
    include_stop_str_in_output: bool = False
    ignore_eos: bool = False
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    n: Annotated[int, Meta(ge=1, le=1)] | None = None
    cache_salt: str | None = None
    chat_template_kwargs: dict[str, Any] | None = None
    user: str | None = None


class AdapterRequest(Record):
    """The body of `load_lora_adapter` and `unload_lora_adapter`."""

    lora_name: str = ""
    lora_path: str = ""
    load_inplace: bool = False


def read(raw: bytes, form: type[_Form]) -> _Form:
    """Decode a body. Raises ModelError with the status 400, naming the field."""
    try:
        return msgspec.json.decode(raw, type=form)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ModelError(f"this request is not served: {error}", status=400) from error


def conversation(request: ChatRequest) -> list[dict[str, Any]]:
    """The messages, each with its content as one text. Raises ModelError."""
    if not request.messages:
        raise ModelError("messages: at least one is needed", status=400)
    return [
        {**message, "role": _role(message), "content": _text(message.get("content"))}
        for message in request.messages
    ]


def _role(message: Mapping[str, Any]) -> str:
    role = message.get("role")
    if not isinstance(role, str):
        raise ModelError("messages: each needs a role", status=400)
    return role


def _text(content: object) -> str:
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = cast("list[object]", content)
        texts = [
            cast("dict[str, object]", part).get("text") if isinstance(part, dict) else None
            for part in parts
        ]
        if all(isinstance(text, str) for text in texts):
            return "".join(cast("list[str]", texts))
    raise ModelError("messages: a content is neither a text nor parts of text", status=400)


def sampling_of(request: ChatRequest, prompt_tokens: int, context: int) -> Sampling:
    """How to answer a prompt of that many tokens. Raises ModelError where it does not fit.

    What is not given is 1.0 for `temperature` and `top_p`, and the rest of the context for the
    length of the answer.
    """
    wanted = request.max_completion_tokens or request.max_tokens
    if prompt_tokens >= context:
        raise ModelError(
            f"This model's maximum context length is {context} tokens. However, your prompt "
            f"contains {prompt_tokens} input tokens, which exceeds this limit even without any "
            "output tokens. Please reduce the length of the input prompt.",
            status=400,
        )
    if wanted is not None and prompt_tokens + wanted > context:
        raise ModelError(
            f"This model's maximum context length is {context} tokens. However, you requested "
            f"{wanted} output tokens and your prompt contains {prompt_tokens} input tokens, for a "
            f"total of {prompt_tokens + wanted} tokens. Please reduce the length of the input "
            "prompt or the number of requested output tokens.",
            status=400,
        )
    stop = (request.stop,) if isinstance(request.stop, str) else request.stop or ()
    if not all(stop) or len(stop) > _STOPS or any(len(one) > _LONGEST_STOP for one in stop):
        raise ModelError(
            f"stop: at most {_STOPS} texts of 1 to {_LONGEST_STOP} characters", status=400
        )
    return Sampling(
        max_tokens=wanted or context - prompt_tokens,
        temperature=1.0 if request.temperature is None else request.temperature,
        top_p=1.0 if request.top_p is None else request.top_p,
        top_k=max(0, request.top_k or 0),
        seed=request.seed,
        stop=stop,
        keeps_stop=request.include_stop_str_in_output,
        ignores_end=request.ignore_eos,
        logprobs=(request.top_logprobs or 0) if request.logprobs else None,
    )


def completion(answer: Answer, model: str, written: Callable[[int], str]) -> dict[str, Any]:
    """The JSON of an answer; `written` gives the text of a token alone."""
    logprobs = None
    if any(chosen.logprob is not None for chosen in answer.tokens):
        logprobs = {"content": [_logprob(chosen, written) for chosen in answer.tokens]}
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": answer.text},
                "logprobs": logprobs,
                "finish_reason": answer.ending,
                "stop_reason": answer.stop,
            }
        ],
        "usage": {
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": len(answer.tokens),
            "total_tokens": answer.prompt_tokens + len(answer.tokens),
            "prompt_tokens_details": {"cached_tokens": answer.cached_tokens},
        },
    }


def _logprob(chosen: Chosen, written: Callable[[int], str]) -> dict[str, Any]:
    def entry(token: int, value: float | None) -> dict[str, Any]:
        text = written(token)
        return {"token": text, "logprob": value, "bytes": list(text.encode())}

    alternatives = [entry(one.token, one.value) for one in chosen.alternatives]
    return {**entry(chosen.token, chosen.logprob), "top_logprobs": alternatives}


def failure(status: int, message: str) -> dict[str, Any]:
    """The JSON of a refusal or a failure."""
    kind = _KINDS.get(status, "InternalServerError")
    return {"error": {"message": message, "type": kind, "param": None, "code": status}}
