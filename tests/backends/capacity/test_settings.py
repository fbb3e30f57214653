"""What engines are told on their command lines, as far as it decides about memory."""

from __future__ import annotations

import pytest

from automem.errors import ConfigError
from automem_backends.capacity.settings import Settings, settings_of
from automem_backends.engines.options import EngineOptions


def told(*arguments: str, engine: str = "vllm", **options: object) -> Settings:
    given = EngineOptions(engine_arguments=arguments, **options)  # pyright: ignore[reportArgumentType]
    return settings_of(engine, given)  # pyright: ignore[reportArgumentType]


def test_options_of_the_configuration_count() -> None:
    found = told(gpus=(0, 1, 2, 3), replicas=2, max_model_len=8192, gpu_memory_utilization=0.8)
    assert (found.tensor, found.gpus, found.max_model_len, found.share) == (2, 2, 8192, 0.8)


def test_arguments_come_last_and_win() -> None:
    found = told(
        "--max-model-len", "16k", "--tensor-parallel-size=4", "--gpu_memory_utilization", "0.5",
        "--enforce-eager", "--kv-cache-dtype", "fp8", "-q", "fp8", "--dtype", "float32",
        "--pipeline-parallel-size", "2", "--kv-cache-memory-bytes", "2G",
        "--max-num-batched-tokens", "4096", "--max-num-seqs", "32", max_model_len=8192,
    )  # fmt: skip
    assert found == Settings(
        engine="vllm",
        tensor=4,
        pipeline=2,
        share=0.5,
        max_model_len=16_000,
        max_num_seqs=32,
        batch_tokens=4096,
        graphs=False,
        dtype_bytes=4,
        kv_dtype_bytes=1,
        quantization="fp8",
        kv_bytes=2 << 30,
    )
    assert found.gpus == 8


def test_sglang_calls_them_otherwise() -> None:
    found = told(
        "--tp", "2", "--mem-fraction-static", "0.7", "--context-length", "4096", "--dp", "2",
        "--chunked-prefill-size", "-1", "--max-running-requests", "auto",
        "--disable-cuda-graph", "--kv-cache-dtype", "auto",
        engine="sglang",
    )  # fmt: skip
    assert (found.tensor, found.data, found.gpus, found.share) == (2, 2, 4, 0.7)
    assert (found.max_model_len, found.batch_tokens, found.graphs) == (4096, None, False)
    assert (found.kv_dtype_bytes, found.max_num_seqs) == (None, None)


def test_the_local_engine_has_its_own_cache() -> None:
    assert told(engine="local").kv_bytes == 1 << 30
    assert told("--kv-cache-mib", "64", engine="local").kv_bytes == 64 << 20
    assert told(engine="local", gpus=(0,)).tensor == 1


@pytest.mark.parametrize(
    "arguments",
    [("--max-model-len", "long"), ("--gpu-memory-utilization", "2"), ("--max-num-seqs",)],
)
def test_what_is_no_number_is_refused(arguments: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="engine_arguments"):
        told(*arguments)
