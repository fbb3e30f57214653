"""The OpenAI chat wire form."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from automem.errors import ModelError
from automem.records.model import Message, ModelReply, ModelRequest, Sampling, Usage
from automem_backends.chat import Engine, body_of, failure_of, reply_of

URL = "http://127.0.0.1:1/v1"
CONVERSATION = (Message(role="system", content="rules"), Message(role="user", content="go"))


def body(request: ModelRequest, **changes: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "model": "m",
        "engine": "openai",
        "max_tokens_field": "max_tokens",
        "extra": {},
    }
    return msgspec.json.decode(body_of(request, **{**settings, **changes}))


def completion(**changes: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": "hi"}}
    return msgspec.json.encode({"id": "1", "choices": [{**choice, **changes}], "model": "served"})


def failure(status: int, raw: bytes = b"", **changes: Any) -> ModelError:
    settings: dict[str, Any] = {
        "url": URL,
        "model": "m",
        "retry_after": None,
        "key": None,
        "key_name": None,
    }
    return failure_of(status, raw, **{**settings, **changes})


def said(message: str, code: str | None = None) -> bytes:
    return msgspec.json.encode({"error": {"message": message, "type": "x", "code": code}})


def test_what_is_not_set_is_left_to_the_server() -> None:
    assert body(ModelRequest(messages=CONVERSATION)) == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "rules"},
            {"role": "user", "content": "go"},
        ],
    }


def test_sampling_and_seed_are_sent() -> None:
    sampling = Sampling(temperature=0.0, top_p=0.9, max_tokens=5, stop=("<|END|>",))
    sent = body(ModelRequest(messages=CONVERSATION, sampling=sampling, seed=0))
    assert {key: sent[key] for key in sent if key not in ("model", "messages")} == {
        "temperature": 0.0,
        "top_p": 0.9,
        "max_tokens": 5,
        "stop": ["<|END|>"],
        "seed": 0,
    }


def test_the_newer_name_of_max_tokens_can_be_asked_for() -> None:
    request = ModelRequest(messages=CONVERSATION, sampling=Sampling(max_tokens=5))
    sent = body(request, max_tokens_field="max_completion_tokens")
    assert sent["max_completion_tokens"] == 5
    assert "max_tokens" not in sent


@pytest.mark.parametrize(
    ("engine", "field"), [("vllm", "include_stop_str_in_output"), ("sglang", "no_stop_trim")]
)
def test_engines_that_can_are_asked_to_keep_the_stop_string(engine: Engine, field: str) -> None:
    with_stop = ModelRequest(messages=CONVERSATION, sampling=Sampling(stop=("x",)))
    assert body(with_stop, engine=engine)[field] is True
    assert field not in body(ModelRequest(messages=CONVERSATION), engine=engine)
    assert field not in body(with_stop)


def test_extra_fields_come_last_and_win() -> None:
    request = ModelRequest(messages=CONVERSATION, sampling=Sampling(temperature=1.0))
    assert body(request, extra={"temperature": 0.5, "top_k": 3})["temperature"] == 0.5


def test_a_reply_is_read_with_its_usage() -> None:
    raw = msgspec.json.encode(
        {
            "choices": [{"message": {"content": "hi"}, "finish_reason": "length"}],
            "model": "served",
            "usage": {
                "prompt_tokens": 10,
                "completion_tokens": 2,
                "prompt_tokens_details": {"cached_tokens": 8},
            },
        }
    )
    assert reply_of(raw, URL, ()) == ModelReply(
        text="hi",
        usage=Usage(input_tokens=10, cached_tokens=8, output_tokens=2),
        finish="length",
        model="served",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"usage": "none"},
        {"usage": [1]},
        {"usage": {"prompt_tokens": "12", "completion_tokens": True, "prompt_tokens_details": 5}},
        {"usage": {"prompt_tokens": -5, "completion_tokens": 10**30}},
        {"model": 5},
        {"choices": [{"message": {"content": "hi"}, "finish_reason": 5, "matched_stop": [1]}]},
    ],
)
def test_an_answer_is_kept_whatever_is_told_beside_it(changes: dict[str, Any]) -> None:
    raw = msgspec.json.encode({"choices": [{"message": {"content": "hi"}}], **changes})
    reply = reply_of(raw, URL, ())
    assert reply.text == "hi"
    assert reply.usage.input_tokens >= 0
    assert reply.usage.output_tokens in (0, 1)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (rb'"a\ud800b"', "a?b"),
        (b'"a\xffb"', "a\ufffdb"),
        (rb'"\ud83d\ude00\ud83d"', "\U0001f600?"),
        (b'[{"type": "text", "text": "a"}, {"type": "image"}, 5, {"text": "b"}]', "ab"),
    ],
)
def test_a_text_of_odd_form_is_read(content: bytes, text: str) -> None:
    raw = b'{"choices": [{"message": {"content": ' + content + b"}}]}"
    assert reply_of(raw, URL, ()).text == text


def test_an_error_that_comes_as_an_answer_is_told_without_the_key() -> None:
    raw = said("quota of key-123 is used up")
    with pytest.raises(ModelError, match=r"an error: quota of \*\*\* is used up") as caught:
        reply_of(raw, URL, (), "key-123")
    assert caught.value.retryable


def test_an_answer_of_endless_depth_is_an_error() -> None:
    deep = b'{"choices": [], "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    with pytest.raises(ModelError, match="no chat completion"):
        reply_of(deep, URL, ())
    assert failure(500, deep).retryable


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"prompt_tokens": None, "completion_tokens": None},
        {"prompt_tokens_details": None},
        {"prompt_tokens_details": {"cached_tokens": None}},
    ],
)
def test_usage_that_is_not_told_is_zero(usage: dict[str, Any] | None) -> None:
    raw = msgspec.json.encode({"choices": [{"message": {"content": "hi"}}], "usage": usage})
    assert reply_of(raw, URL, ()).usage == Usage()


@pytest.mark.parametrize("content", ["", None])
def test_no_text_is_an_empty_answer(content: str | None) -> None:
    assert reply_of(completion(message={"content": content}), URL, ()).text == ""


@pytest.mark.parametrize(
    ("told", "finish"),
    [("stop", "stop"), (None, "stop"), ("length", "length"), ("content_filter", "other")],
)
def test_reasons_to_finish_are_mapped(told: str | None, finish: str) -> None:
    assert reply_of(completion(finish_reason=told), URL, ()).finish == finish


@pytest.mark.parametrize("field", ["stop_reason", "matched_stop"])
def test_a_stop_string_that_was_cut_off_and_named_is_put_back(field: str) -> None:
    cut = completion(message={"content": "<|DONE"}, **{field: "|>"})
    assert reply_of(cut, URL, ("|>",)).text == "<|DONE|>"
    kept = completion(message={"content": "<|DONE|>"}, **{field: "|>"})
    assert reply_of(kept, URL, ("|>",)).text == "<|DONE|>"


@pytest.mark.parametrize("ending", [None, 151645, "</s>"])
def test_an_ending_that_is_no_stop_string_of_ours_is_not_added(ending: Any) -> None:
    assert reply_of(completion(stop_reason=ending), URL, ("|>",)).text == "hi"


@pytest.mark.parametrize(
    "raw", [b"", b"<html>", b'{"choices": [{"mess', b'{"ok": true}', b"\xff\xfe", b'{"choices":[]}']
)
def test_what_is_no_chat_completion_may_be_asked_for_again(raw: bytes) -> None:
    with pytest.raises(ModelError, match=URL) as raised:
        reply_of(raw, URL, ())
    assert raised.value.retryable


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_what_may_pass_is_retryable(status: int) -> None:
    error = failure(status, said("later"))
    assert error.retryable
    assert error.status == status
    assert str(error) == f"{URL} answered {status}: later"


@pytest.mark.parametrize(
    ("status", "raw", "advice"),
    [
        (400, said("bad field"), "check the role's sampling and options"),
        (401, b"", "set api_key_env to the name of the variable"),
        (403, b"", "this key may not use this model"),
        (404, said("no model"), "ends in /v1 and that the server lists 'm'"),
        (422, b"", "check the role's sampling and options"),
        (307, b"", "it redirects"),
        (400, said("no", "context_length_exceeded"), "lower max_tokens, or the scaffold's limits"),
        (400, said("This model's maximum context length is 8192 tokens"), "longer than"),
        (400, said("Input exceeds max_model_len"), "longer than the model's context"),
        (413, said("prompt is too long: 9 tokens > 8 maximum"), "longer than the model's context"),
    ],
)
def test_what_will_not_pass_says_what_to_do(status: int, raw: bytes, advice: str) -> None:
    error = failure(status, raw)
    assert not error.retryable
    assert advice in str(error)


def test_a_refused_key_is_named_by_its_variable_and_never_shown() -> None:
    raw = said("Incorrect API key provided: sk-secret")
    error = failure(401, raw, key="sk-secret", key_name="MY_KEY")
    assert "the environment variable MY_KEY was refused" in str(error)
    assert "sk-secret" not in str(error)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"error": "plain"}', "plain"),
        (b'{"object": "error", "message": "older vllm"}', "older vllm"),
        (b'{"detail": [{"msg": "field required"}]}', "[{'msg': 'field required'}]"),
        (b"<html>\n  Bad   Gateway</html>", "<html> Bad Gateway</html>"),
        (b"{}", "answered 500"),
    ],
)
def test_the_server_s_own_words_are_found(raw: bytes, words: str) -> None:
    assert str(failure(500, raw)).endswith(words)


def test_long_words_are_cut() -> None:
    assert len(str(failure(500, said("x" * 5000)))) < 400


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("soon", None),
    ],
)
def test_retry_after_is_read_in_both_forms(header: str | None, seconds: float | None) -> None:
    assert failure(429, retry_after=header).retry_after_seconds == seconds


def test_a_date_to_come_is_a_wait() -> None:
    waited = failure(429, retry_after="Wed, 21 Oct 2499 07:28:00 GMT").retry_after_seconds
    assert waited is not None
    assert waited > 1e9
