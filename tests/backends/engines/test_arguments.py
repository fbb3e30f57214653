"""What engines are told on their command lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from automem.models.served import Adapter
from automem_backends.engines.kind import ServerPlan
from automem_backends.engines.options import EngineOptions
from automem_backends.sglang.engine import SGLANG
from automem_backends.sglang.engine import arguments as sglang
from automem_backends.vllm.engine import VLLM
from automem_backends.vllm.engine import arguments as vllm


def plan(*ranks: int, gpus: tuple[int, ...] = (), **options: object) -> ServerPlan:
    adapters = tuple(
        Adapter(given=str(rank), path=Path("/a"), name="a", rank=rank, targets=("q_proj", "v_proj"))
        for rank in ranks
    )
    return ServerPlan("org/m", 8000, gpus, adapters, EngineOptions(**options))  # type: ignore[arg-type]


def test_vllm_serves_a_model_under_its_name_to_this_machine_alone() -> None:
    assert vllm(plan()) == (
        *("serve", "org/m", "--served-model-name", "org/m", "--host", "127.0.0.1"),
        *("--port", "8000", "--enable-prompt-tokens-details"),
    )


@pytest.mark.parametrize(
    ("ranks", "accepted"),
    [((1,), 1), ((2,), 8), ((17,), 32), ((4, 200), 256), ((300,), 320), ((512,), 512)],
)
def test_vllm_is_given_the_next_rank_it_accepts(ranks: tuple[int, ...], accepted: int) -> None:
    said = vllm(plan(*ranks))
    assert said[-5:] == (
        *("--enable-lora", "--max-lora-rank", str(accepted), "--max-loras", str(len(ranks))),
    )


def test_room_for_later_adapters_can_be_asked_for() -> None:
    assert vllm(plan(max_loras=4))[-4:] == ("--max-lora-rank", "16", "--max-loras", "4")
    assert vllm(plan(max_lora_rank=60))[-4:] == ("--max-lora-rank", "64", "--max-loras", "1")
    assert vllm(plan(8, max_lora_rank=64))[-4:] == ("--max-lora-rank", "64", "--max-loras", "1")


def test_several_gpus_share_one_model_and_memory_is_bounded_as_asked() -> None:
    given = plan(gpus=(2, 3), gpu_memory_utilization=0.85, max_model_len=16384, max_num_seqs=64)
    assert vllm(given)[9:] == (
        *("--tensor-parallel-size", "2"),
        *("--gpu-memory-utilization", "0.85", "--max-model-len", "16384", "--max-num-seqs", "64"),
    )
    assert sglang(given)[-8:] == (
        *("--tp-size", "2", "--mem-fraction-static", "0.85"),
        *("--context-length", "16384", "--max-running-requests", "64"),
    )


def test_sglang_is_told_of_ranks_projections_and_a_place_for_the_base() -> None:
    said = sglang(plan(17, 24))
    assert said[-8:] == (
        *("--enable-lora", "--max-loras-per-batch", "3", "--max-lora-rank", "24"),
        *("--lora-target-modules", "q_proj", "v_proj"),
    )
    assert sglang(plan(max_loras=1))[-2:] == ("--lora-target-modules", "all")


def test_each_engine_finds_an_adapter_in_its_own_way() -> None:
    assert VLLM.served_adapter("org/m", "a") == "a"
    assert SGLANG.served_adapter("org/m", "a") == "org/m:a"
    assert SGLANG.served_model("org/m:latest") == "org/m-latest"
    assert VLLM.served_model("org/m:latest") == "org/m:latest"


def test_urls_may_be_one_or_many() -> None:
    assert EngineOptions().urls == ()
    assert EngineOptions(base_url="http://a/v1/").urls == ("http://a/v1",)
    assert EngineOptions(base_url=("http://a/v1", "http://b/v1")).urls == (
        "http://a/v1",
        "http://b/v1",
    )
