"""What vLLM and SGLang printed at published starts, against what is worked out here.

Of each start the source is named. The size of the cache follows from the model alone, so it must
agree within what the printed GiB are rounded to. What is left for it is estimated: at most 5 % of
the engine's share of the GPU may be between the estimate and the start, and where it is more than
1 %, the estimate is the smaller one.
"""

from __future__ import annotations

from typing import NamedTuple

import pytest

from automem_backends.capacity.fit import Figures, Need, figures, starts
from automem_backends.capacity.gpus import GIB, named
from automem_backends.capacity.settings import Settings
from automem_backends.capacity.weights import read_weights

NOWHERE = {"HF_HOME": "/nonexistent"}
LARGEST_ERROR = 0.05
LARGEST_HOPE = 0.01


class Cache(NamedTuple):
    """Room for conversations as a start printed it."""

    model: str
    gib: float
    tokens: int
    tensor: int = 1


CACHES = (
    # https://github.com/vllm-project/vllm/issues/12330: 5691 blocks of 16
    Cache("meta-llama/Meta-Llama-3-8B", 11.12, 91_056),
    # https://github.com/LMCache/LMCache/issues/1739
    Cache("Qwen/Qwen3-14B", 6.51, 42_656),
    # https://github.com/ilseokoh/vllm-gce, vLLM 0.15.1
    Cache("meta-llama/Llama-3.1-8B-Instruct", 19.28, 157_936),
    # https://github.com/sgl-project/sglang/pull/18263: K and V of 76.44 GiB each
    Cache("Qwen/Qwen3-30B-A3B", 152.88, 1_669_816),
    # a comparison of tensor with pipeline parallelism, vLLM 0.27.1
    Cache("Qwen/Qwen3-32B", 8.22, 67_296, tensor=2),
    # a log of vLLM 0.18.0
    Cache("Qwen/Qwen2.5-7B-Instruct", 13.1, 245_360),
)


@pytest.mark.parametrize("cache", CACHES, ids=lambda cache: cache.model)
def test_a_token_takes_what_it_took_in_published_starts(cache: Cache) -> None:
    token = read_weights(cache.model, environ=NOWHERE).shape.token_bytes(tensor=cache.tensor)
    rounding = 0.005 / cache.gib + 16 / cache.tokens
    assert cache.tokens * token / GIB == pytest.approx(cache.gib, rel=rounding)


class Start(NamedTuple):
    """A start of vLLM with everything that decides about memory."""

    model: str
    gpu: str
    settings: Settings
    weights_gib: float
    cache_gib: float
    cache_tokens: int = 0


def vllm(share: float, *, length: int | None = 32_768, tensor: int = 1) -> Settings:
    return Settings(engine="vllm", share=share, max_model_len=length, tensor=tensor)


EAGER = Settings(engine="vllm", share=0.9, graphs=False, batch_tokens=8192)
STARTS = (
    # https://github.com/ilseokoh/vllm-gce, vLLM 0.15.1 as a library, eager
    Start("meta-llama/Llama-3.1-8B-Instruct", "a100-40g", EAGER, 14.99, 19.28, 157_936),
    # three machines of one benchmark of agents, May 2026; the GiB of two are from their tokens, and
    # the share, which is not printed, is vLLM's default of then
    Start("meta-llama/Llama-3.1-8B-Instruct", "a100-40g", vllm(0.9), 14.99, 19.92, 163_168),
    Start("meta-llama/Llama-3.1-8B-Instruct", "a6000-48g", vllm(0.9), 14.99, 27.08, 221_824),
    Start("meta-llama/Llama-3.1-8B-Instruct", "h100-94g", vllm(0.9), 14.99, 66.58, 545_456),
    # a comparison of tensor with pipeline parallelism, vLLM 0.27.1
    Start("Qwen/Qwen3-32B", "rtxpro6000-96g", vllm(0.426, tensor=2), 30.59, 8.22, 67_296),
    Start("Qwen/Qwen3-32B", "rtxpro6000-96g", vllm(0.426), 61.03, -24.42),
    # a log of vLLM 0.18.0, eager; its GPU is not named, but older than Ampere and of 32 GB
    Start("Qwen/Qwen2.5-7B-Instruct", "v100-32g", EAGER, 14.25, 13.1, 245_360),
)


def planned(start: Start) -> tuple[Need, Figures]:
    weights = read_weights(start.model, environ=NOWHERE)
    need = Need(settings=start.settings, shape=weights.shape, weight_bytes=weights.bytes)
    return need, figures(need, named(start.gpu).gpus[0])


@pytest.mark.parametrize("start", STARTS, ids=lambda start: f"{start.model} {start.gpu}")
def test_what_is_left_for_conversations_is_near_published_starts(start: Start) -> None:
    need, found = planned(start)
    assert found.weight_bytes / GIB == pytest.approx(start.weights_gib, rel=0.005)
    error = (found.cache_bytes / GIB - start.cache_gib) / (found.budget_bytes / GIB)
    assert -LARGEST_ERROR <= error <= LARGEST_HOPE
    assert starts(need, found) == (start.cache_gib > 0)
    tokens_error = (found.cache_tokens - start.cache_tokens) * found.token_bytes
    assert abs(tokens_error) <= LARGEST_ERROR * found.budget_bytes


PARAMETERS = {
    # as the hub's pages of the models count them from their files
    "Qwen/Qwen2.5-0.5B-Instruct": 494_032_768,
    "Qwen/Qwen2.5-7B-Instruct": 7_615_616_512,
    "Qwen/Qwen2.5-32B-Instruct": 32_763_876_352,
    "Qwen/Qwen2.5-72B-Instruct": 72_706_203_648,
    "Qwen/Qwen3-8B": 8_190_735_360,
    "Qwen/Qwen3-30B-A3B": 30_532_122_624,
    "meta-llama/Llama-3.1-8B-Instruct": 8_030_261_248,
    "meta-llama/Llama-3.1-70B-Instruct": 70_553_706_496,
    "meta-llama/Llama-3.2-3B-Instruct": 3_212_749_824,
    "mistralai/Mistral-7B-Instruct-v0.3": 7_248_023_552,
    "mistralai/Mixtral-8x7B-Instruct-v0.1": 46_702_792_704,
    "google/gemma-2-9b-it": 9_241_705_984,
}


@pytest.mark.parametrize(("model", "parameters"), PARAMETERS.items(), ids=PARAMETERS)
def test_parameters_are_those_of_the_published_models(model: str, parameters: int) -> None:
    shape = read_weights(model, environ=NOWHERE).shape
    assert shape.parameters == pytest.approx(parameters, rel=0.001)
