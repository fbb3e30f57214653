"""What a fake engine is asked and says, and what may go wrong with a call."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec

from automem.records._struct import Record
from automem.testing.scripted import count_tokens

Body = Mapping[str, Any]
"""The JSON of a request, as the client sent it."""
FaultKind = Literal[
    "status",
    "hang",
    "drop",
    "close_early",
    "broken_json",
    "empty_text",
    "null_text",
    "no_choices",
    "no_usage",
    "endless",
]


class Fault(Record):
    """What goes wrong with one call.

    `status` answers with that status; `hang` never answers; `drop` closes without a byte;
    `close_early` closes in the middle of the body; `broken_json` cuts the JSON but ends the
    body properly; `endless` sends blanks as long as the client reads.
    """

    kind: FaultKind
    status: int = 500
    message: str = "out of order"
    code: str | None = None
    retry_after: str | None = None
    """The header's value: seconds, or a date."""


class Call(Record):
    """One call as it arrived."""

    identity: str
    """Its X-Request-Id."""
    body: dict[str, Any]
    authorization: str = ""


def in_order(*faults: Fault | None) -> Callable[[Call], Fault | None]:
    """Faults for the first calls, one each, whatever they ask; None lets a call pass."""
    following: Iterator[Fault | None] = iter(faults)
    return lambda _: next(following, None)


def completion(body: Body, text: str | None) -> dict[str, Any]:
    """The chat completion that says `text`.

    Tokens are counted by `automem.testing.scripted.count_tokens`; all messages but the last
    count as cached, so that usage is a function of the request alone.
    """
    messages: Sequence[Mapping[str, str]] = body["messages"]
    counts = [count_tokens(message["content"]) for message in messages]
    output = count_tokens(text or "")
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 0,
        "model": body.get("model", ""),
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
                "stop_reason": None,
            }
        ],
        "usage": {
            "prompt_tokens": sum(counts),
            "completion_tokens": output,
            "total_tokens": sum(counts) + output,
            "prompt_tokens_details": {"cached_tokens": sum(counts[:-1])},
        },
    }


def faulty(body: Body, text: str, fault: Fault) -> bytes:
    """The bytes that answer a call with a fault, where it has any."""
    said = completion(body, text)
    match fault.kind:
        case "status":
            error = {"message": fault.message, "type": "error", "code": fault.code}
            return msgspec.json.encode({"error": error})
        case "close_early" | "broken_json":
            good = msgspec.json.encode(said)
            return good[: len(good) // 2]
        case "empty_text":
            return msgspec.json.encode(completion(body, ""))
        case "null_text":
            return msgspec.json.encode(completion(body, None))
        case "no_choices":
            return msgspec.json.encode({**said, "choices": []})
        case "no_usage":
            return msgspec.json.encode({**said, "usage": None})
        case _:
            return b""
