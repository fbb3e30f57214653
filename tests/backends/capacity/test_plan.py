"""Whole plans: what fits, what does not, and what is said about it."""

from __future__ import annotations

import pytest

from automem.errors import ConfigError
from automem.testing.adapters import write_adapter
from automem_backends.capacity.gpus import GIB, Gpu, Supply
from automem_backends.capacity.result import Capacity, EngineCapacity

from .conftest import Planning

NO_GPU = Supply(origin="none")
SHORT = ("roles.default.max_model_len=8192",)


def only(capacity: Capacity) -> EngineCapacity:
    (engine,) = capacity.engines
    return engine


def test_one_model_keeps_one_conversation_of_an_episode(planning: Planning) -> None:
    capacity = planning.plan("h100-80g", *SHORT)
    engine = only(capacity)
    assert engine.roles == ("memory", "gameplay")
    assert [one.tokens for one in engine.conversations] == [8192]
    assert engine.figures is not None
    assert engine.figures.episode_bytes == 8192 * 57_344
    assert capacity.fits
    assert capacity.episodes == engine.figures.cache_bytes // (8192 * 57_344)
    assert capacity.wanted == 4


def test_base_and_adapter_keep_one_each(planning: Planning) -> None:
    write_adapter(planning.folder / "memory", rank=20)
    capacity = planning.plan("h100-80g", *SHORT, "roles.memory.adapter=memory")
    engine = only(capacity)
    assert [one.adapter for one in engine.conversations] == ["memory", None]
    # vLLM is told the next rank that it accepts.
    assert (engine.adapters, engine.rank) == (1, 32)
    assert engine.figures is not None
    assert engine.figures.episode_bytes == 2 * 8192 * 57_344
    assert engine.figures.adapter_bytes > 0
    assert engine.notes == ()


def test_an_adapter_that_is_not_trained_yet_is_planned_with(planning: Planning) -> None:
    engine = only(planning.plan("h100-80g", "roles.memory.adapter=later"))
    assert engine.rank == 256
    assert engine.notes == ("there is no adapter at later yet: planned with rank 256",)
    engine = only(
        planning.plan("h100-80g", "roles.memory.adapter=later", "roles.default.max_lora_rank=64")
    )
    assert engine.rank == 64


def test_sglang_sets_aside_only_what_adapters_adapt_and_a_place_for_the_base(
    planning: Planning,
) -> None:
    write_adapter(planning.folder / "memory", rank=16)
    memory = "roles.memory.adapter=memory"
    sglang = only(planning.plan("h100-80g", memory, "roles.default.backend=sglang"))
    vllm = only(planning.plan("h100-80g", memory))
    assert sglang.figures is not None
    assert vllm.figures is not None
    assert sglang.adapters == 2
    assert sglang.figures.adapter_bytes < vllm.figures.adapter_bytes
    assert sglang.figures.sequences is None


def test_more_for_sglang_than_it_would_take_is_noted(planning: Planning) -> None:
    engine = only(
        planning.plan(
            "rtx4090-24g",
            "roles.default.backend=sglang",
            "roles.default.gpu_memory_utilization=0.95",
        )
    )
    assert "SGLang needs what gpu_memory_utilization leaves" in engine.notes[0]
    modest = "roles.default.gpu_memory_utilization=0.7"
    assert not only(planning.plan("h100-80g", "roles.default.backend=sglang", modest)).notes


def test_roles_on_engines_of_their_own_fit_as_many_as_the_smaller_holds(
    planning: Planning,
) -> None:
    capacity = planning.plan(
        "h100-80g,2",
        *SHORT,
        "roles.default.gpus=[0]",
        "roles.memory.backend=sglang",
        "roles.memory.model=Qwen/Qwen2.5-14B-Instruct",
        "roles.memory.gpus=[1]",
    )
    assert [engine.backend for engine in capacity.engines] == ["sglang", "vllm"]
    assert capacity.fits
    assert capacity.episodes == min(engine.episodes or 0 for engine in capacity.engines)


def test_two_engines_that_want_the_same_gpu_do_not_fit(planning: Planning) -> None:
    other = "roles.memory.model=Qwen/Qwen2.5-3B-Instruct"
    capacity = planning.plan("h100-80g,2", *SHORT, other)
    assert capacity.fits is False
    assert "several engines want GPU 0, together more" in capacity.problems[0]
    shared = planning.plan("h100-80g", *SHORT, other, "roles.default.gpu_memory_utilization=0.45")
    assert shared.fits
    assert shared.problems == ()


def test_replicas_multiply(planning: Planning) -> None:
    one = only(planning.plan("h100-80g", *SHORT, "roles.default.gpus=[0]"))
    four = only(
        planning.plan(
            "h100-80g,4", *SHORT, "roles.default.gpus=[0,1,2,3]", "roles.default.replicas=4"
        )
    )
    assert (four.servers, four.gpus_each) == (4, 1)
    assert four.episodes == 4 * (one.episodes or 0)


def test_calls_at_once_bound_episodes_at_once(planning: Planning) -> None:
    engine = only(planning.plan("h200-141g", *SHORT, "roles.default.max_num_seqs=8"))
    assert engine.episodes == 8


def test_episodes_at_once_of_the_configuration_are_those_that_are_wanted(
    planning: Planning,
) -> None:
    assert planning.plan("h100-80g", "evaluation.episodes_at_once=2").wanted == 2


@pytest.mark.parametrize(
    ("gpu", "overrides", "said"),
    [
        (
            "rtx4090-24g",
            ("roles.default.model=Qwen/Qwen2.5-32B-Instruct", *SHORT),
            "are taken before any conversation, and the engine has 21.6 GiB of the 23.5 GiB of "
            "rtx4090-24g: name 4 GPUs for each server in gpus; or take h100-80g",
        ),
        (
            "rtx4090-24g",
            ("roles.default.model=meta-llama/Llama-3.1-8B-Instruct",),
            "one conversation of 131,072 tokens needs 16.0 GiB a GPU, as the model's full length, "
            "where max_model_len is not set, and 5.2 GiB are left: set max_model_len = 42_704; or "
            "name 2 GPUs",
        ),
        (
            "t4-16g",
            ("roles.default.model=Qwen/Qwen2.5-3B-Instruct", "roles.default.max_model_len=32768",
             "roles.default.gpu_memory_utilization=0.5"),
            "as max_model_len asks for",
        ),
        (
            "t4-16g",
            (*SHORT, "roles.default.model=Qwen/Qwen2.5-3B-Instruct",
             "roles.default.gpu_memory_utilization=0.4"),
            "raise gpu_memory_utilization to 0.95",
        ),
        (
            "rtx4090-24g",
            ("roles.default.backend=sglang", "roles.default.max_model_len=65536",
             "roles.memory.adapter=later", "roles.default.max_lora_rank=64"),
            "the conversations of one episode need",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_says_which_number_or_which_gpu(
    planning: Planning, gpu: str, overrides: tuple[str, ...], said: str
) -> None:
    capacity = planning.plan(gpu, *overrides)
    assert capacity.fits is False
    assert capacity.episodes == 0
    assert any(said in problem for problem in only(capacity).problems), only(capacity).problems


def test_the_length_it_advises_fits(planning: Planning) -> None:
    llama = "roles.default.model=meta-llama/Llama-3.1-8B-Instruct"
    figures = only(planning.plan("rtx4090-24g", llama)).figures
    assert figures is not None
    advised = f"roles.default.max_model_len={figures.longest}"
    assert planning.plan("rtx4090-24g", llama, advised).fits
    longer = f"roles.default.max_model_len={figures.longest + 16}"
    assert planning.plan("rtx4090-24g", llama, longer).fits is False


def test_nothing_helps_a_model_that_is_too_large_for_all(planning: Planning) -> None:
    capacity = planning.plan("t4-16g", "roles.default.model=Qwen/Qwen3-235B-A22B")
    assert "take a smaller model, or a quantized one" in only(capacity).problems[0]


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (("roles.default.gpus=[0,1]",), "asks for 2 GPUs numbered 0, 1, and there are 1"),
        (("roles.default.gpus=[0,1,2]", "roles.default.replicas=2"), "cannot be divided among 2"),
        (("roles.default.replicas=2",), "all of them would start on the first GPU; name 2 in gpus"),
        (
            (
                "roles.default.gpus=[0]",
                'roles.default.engine_arguments=["--tensor-parallel-size","2"]',
            ),
            "engine_arguments ask for 2 GPUs a server, and gpus gives 1",
        ),
        (
            ('roles.default.engine_arguments=["--tensor-parallel-size","3"]',),
            "3 GPUs cannot share the model's 28 heads",
        ),
    ],
)
def test_gpus_that_are_not_there_or_cannot_be_used_are_told(
    planning: Planning, overrides: tuple[str, ...], said: str
) -> None:
    capacity = planning.plan("h100-80g,1", *overrides)
    assert capacity.fits is False
    assert any(said in problem for problem in only(capacity).problems), only(capacity).problems


def test_of_unlike_gpus_the_smallest_decides(planning: Planning) -> None:
    pair = (
        Gpu(name="large", memory_bytes=80 * GIB),
        Gpu(name="small", memory_bytes=24 * GIB),
    )
    supply = Supply(origin="found", gpus=pair)
    engine = only(planning.plan(supply, *SHORT, "roles.default.gpus=[0,1]"))
    assert engine.gpu == "small"


def test_without_a_gpu_it_says_where_it_would_fit(planning: Planning) -> None:
    capacity = planning.plan(NO_GPU, *SHORT)
    assert capacity.fits is None
    assert capacity.episodes is None
    fewest = {other.gpu: other.gpus for other in only(capacity).alternatives}
    assert fewest["rtx4090-24g"] == 1
    assert fewest["t4-16g"] == 2


def test_an_engine_that_runs_already_is_planned_as_if_it_started(planning: Planning) -> None:
    urls = 'roles.default.base_url=["http://127.0.0.1:1/v1","http://127.0.0.1:2/v1"]'
    engine = only(planning.plan("h100-80g", *SHORT, urls))
    assert engine.servers == 2
    assert "it runs already at http://127.0.0.1:1/v1, http://127.0.0.1:2/v1" in engine.notes[0]


def test_prompts_that_grew_past_the_engines_limit_are_a_problem(planning: Planning) -> None:
    planning.play(1, [("gameplay", 9000)])
    capacity = planning.plan("h100-80g", *SHORT)
    assert capacity.fits is False
    assert (
        "reach 10,024 tokens with their answer, and the engine takes 8,192"
        in only(capacity).problems[0]
    )


def test_a_model_nobody_knows_cannot_be_planned(planning: Planning) -> None:
    capacity = planning.plan("h100-80g", "roles.default.model=org/base")
    assert capacity.fits is False
    assert "nothing is known of the model org/base" in only(capacity).problems[0]


def test_services_and_rules_take_no_gpu(planning: Planning) -> None:
    capacity = planning.plan(NO_GPU, "roles.memory.backend=rules")
    assert capacity.elsewhere == {"memory": "rules"}
    assert only(capacity).roles == ("gameplay",)
    assert planning.plan(NO_GPU, "roles.default.backend=rules").engines == ()


def test_the_baseline_asks_one_role_alone(planning: Planning) -> None:
    engine = only(planning.plan("h100-80g", "agent.name=window"))
    assert engine.roles == ("gameplay",)


def test_the_local_engine_is_planned_for_main_memory(planning: Planning) -> None:
    local = ("roles.default.backend=local", "roles.default.model=Qwen/Qwen2.5-0.5B-Instruct")
    engine = only(planning.plan(NO_GPU, *local, "roles.default.max_model_len=2048"))
    assert (engine.gpu, engine.gpus_each) == ("main memory", 0)
    assert engine.figures is not None
    # On a processor it computes with 32 bits.
    assert engine.figures.weight_bytes == pytest.approx(4 * engine.parameters)
    assert engine.figures.cache_bytes <= 1 << 30
    assert engine.figures.episode_bytes == 2048 * 24 * 2 * 2 * 64 * 4
    # As many answers as it lets grow at once.
    assert engine.episodes == 16


def test_the_local_engine_is_told_how_large_a_cache_it_needs(planning: Planning) -> None:
    local = ("roles.default.backend=local", "roles.default.model=Qwen/Qwen2.5-0.5B-Instruct")
    cache = 'roles.default.engine_arguments=["--kv-cache-mib","16"]'
    length = "roles.default.max_model_len=4096"
    engine = only(planning.plan("rtx3090-24g", *local, cache, length))
    assert 'set engine_arguments = ["--kv-cache-mib", "256"]' in engine.problems[0]


def test_a_role_without_a_model_is_refused(planning: Planning) -> None:
    text = planning.file.read_text(encoding="utf-8")
    planning.file.write_text(text.replace('model = "Qwen/Qwen2.5-7B-Instruct"', ""), "utf-8")
    with pytest.raises(ConfigError, match="backend vllm needs `model`"):
        planning.plan()
