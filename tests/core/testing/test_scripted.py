"""The model whose answers are written down beforehand."""

from __future__ import annotations

import pytest

from automem.errors import ModelError
from automem.records.model import Message, ModelReply, ModelRequest, Usage
from automem.testing.scripted import ScriptedModel, count_tokens

pytestmark = pytest.mark.anyio

REQUEST = ModelRequest(messages=(Message(role="user", content="12345678"),), identity="x/1")


async def test_answers_come_in_order_with_counted_usage() -> None:
    model = ScriptedModel(["yes", ModelReply(text="no", model="other")], name="mine")
    assert await model.complete(REQUEST) == ModelReply(
        text="yes", usage=Usage(input_tokens=2, output_tokens=1), model="mine"
    )
    assert await model.complete(REQUEST) == ModelReply(text="no", model="other")
    assert model.requests == [REQUEST, REQUEST]


async def test_a_script_that_runs_out_says_at_which_call() -> None:
    model = ScriptedModel([])
    with pytest.raises(ModelError, match=r"no answer left for call 1 \(x/1\)") as raised:
        await model.complete(REQUEST)
    assert not raised.value.retryable


async def test_a_function_may_answer_or_have_an_error_raised() -> None:
    model = ScriptedModel(lambda request: ValueError(request.identity))
    with pytest.raises(ValueError, match="x/1"):
        await model.complete(REQUEST)


async def test_closing_is_remembered() -> None:
    model = ScriptedModel([])
    await model.aclose()
    assert model.is_closed


def test_four_characters_begun_are_a_token() -> None:
    assert [count_tokens("x" * length) for length in (0, 1, 4, 5)] == [0, 1, 1, 2]
