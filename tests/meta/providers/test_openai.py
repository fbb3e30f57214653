"""What is particular to the Responses API."""

from __future__ import annotations

from typing import Any

import pytest

from automem.errors import MetaError
from automem.testing.meta_desk import MemoryDesk
from automem.testing.meta_script import ScriptedCall, ScriptedTurn
from automem.testing.meta_server import FakeMetaLLM, fake_meta_llm
from automem_meta.providers.openai import OpenAIOptions, make_provider
from automem_meta.providers.openai_errors import failed

from .conftest import KEY
from .test_reviews import REVIEW, desk

pytestmark = pytest.mark.anyio


async def review(at: MemoryDesk, llm: FakeMetaLLM, **options: Any) -> None:
    given = OpenAIOptions(base_url=llm.openai_url, **options)
    reviewer = make_provider("gpt-test", given, {"OPENAI_API_KEY": KEY})
    try:
        await reviewer.review(at)
    finally:
        await reviewer.aclose()


async def test_nothing_is_stored_and_reasoning_comes_back_sealed() -> None:
    async with fake_meta_llm(REVIEW) as llm:
        await review(desk(), llm, effort="low", max_tokens=99)
    first, second, _ = [asked.body for asked in llm.asked]
    assert first["store"] is False
    assert first["include"] == ["reasoning.encrypted_content"]
    assert first["reasoning"] == {"effort": "low"}
    assert first["max_output_tokens"] == 99
    assert first["prompt_cache_key"] == second["prompt_cache_key"]
    kinds = [item.get("type", item.get("role")) for item in second["input"]]
    assert kinds == [
        "user",
        "reasoning",
        "message",
        "function_call",
        "function_call",
        "function_call_output",
        "function_call_output",
    ]
    assert second["input"][1]["encrypted_content"] == "sealed-1"


async def test_what_is_sent_grows_only_at_its_end() -> None:
    async with fake_meta_llm(REVIEW) as llm:
        await review(desk(), llm)
    first, second, third = [asked.body["input"] for asked in llm.asked]
    assert second[: len(first)] == first
    assert third[: len(second)] == second


async def test_malformed_arguments_go_back_as_they_came() -> None:
    wrong = ScriptedTurn(calls=(ScriptedCall(name="read", malformed='{"path": '),))
    async with fake_meta_llm((wrong, *REVIEW)) as llm:
        await review(desk(), llm)
    assert llm.asked[1].body["input"][1]["arguments"] == '{"path": '


async def test_a_refusal_is_kept_in_words() -> None:
    at = desk()
    async with fake_meta_llm([ScriptedTurn(text="No.", end="refusal")]) as llm:
        await review(at, llm)
    assert at.turns[-1].text == "No."


@pytest.mark.parametrize("code", ["server_error", "rate_limit_exceeded", ""])
def test_a_response_that_failed_may_be_tried_again(code: str) -> None:
    assert failed("openai", KEY, code, "sorry").retryable


@pytest.mark.parametrize("code", ["invalid_prompt", "bio_policy", "data_residency_mismatch"])
def test_a_response_that_was_not_wanted_is_not(code: str) -> None:
    assert not failed("openai", KEY, code, "sorry").retryable


async def test_variables_of_the_sdk_do_not_lead_a_key_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-another-0123456789")
    at = desk()
    async with fake_meta_llm(REVIEW, key=KEY) as llm:
        await review(at, llm)
    assert at.finished


async def test_a_request_the_api_does_not_take_is_said() -> None:
    async with fake_meta_llm([]) as llm:
        with pytest.raises(MetaError, match="no answer left for request 1"):
            await review(desk(), llm)
