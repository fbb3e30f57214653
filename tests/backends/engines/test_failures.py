"""What the log of an engine tells a person."""

from __future__ import annotations

import pytest

from automem.processes.tail import visible_lines
from automem_backends.engines.failures import advice_for, explain, is_port_taken

LOGS = {
    "OSError: [Errno 98] Address already in use": "its port is in use",
    "ValueError: To serve at least one request with the models's max seq len (32768), (8.0 GiB KV "
    "cache is needed, which is larger than the available KV cache memory (3.2 GiB).": "lower "
    "max_model_len",
    "ValueError: Free memory on device (11.2/79.1 GiB) on startup is less than desired GPU memory "
    "utilization": "something else uses the GPU's memory; lower gpu_memory_utilization",
    "ValueError: The memory capacity is unbalanced. Some GPUs may be occupied by other "
    "processes.": "name other GPUs in gpus",
    "ValueError: No available memory for the cache blocks. Try increasing "
    "`gpu_memory_utilization`": "leave no room for conversations",
    "RuntimeError: Not enough memory. Please try to increase --mem-fraction-static.": "raise "
    "gpu_memory_utilization",
    "RuntimeError: CUDA out of memory occurred when warming up sampler with 1024 dummy "
    "requests.": "lower max_num_seqs",
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB": "memory does not "
    "suffice; lower gpu_memory_utilization if something else uses the GPU, then max_model_len",
    "OSError: Can't load tokenizer for 'm'.": "has no tokenizer",
    "ValueError: default chat template is no longer allowed": "no chat template",
    "Cannot use chat template functions because tokenizer.chat_template is not set": "no chat",
    "OSError: You are trying to access a gated repo.": 'variables = ["HF_TOKEN"]',
    "OSError: org/m does not appear to have a file named config.json": "the model is not there",
    "vllm: error: unrecognized arguments: --speed": "check engine_arguments",
    "RuntimeError: No CUDA GPUs are available": "it finds no GPU it can use",
    "ModuleNotFoundError: No module named 'vllm'": "automem setup vllm",
    "cannot call /nowhere: No such file or directory": "check `program`",
}


@pytest.mark.parametrize("log", LOGS)
def test_a_known_cause_is_named_with_what_to_do(log: str) -> None:
    said = explain(f"INFO: starting\n{log}\nINFO: bye\n")
    assert LOGS[log] in said
    assert said.endswith(f"{log[:300]}\n  INFO: bye")


def test_only_a_port_in_use_is_one() -> None:
    taken, *others = LOGS
    assert is_port_taken(taken)
    assert not any(map(is_port_taken, others))


def test_what_an_engine_tells_while_all_is_well_is_no_cause() -> None:
    log = (
        "(APIServer pid=1) INFO 11-20 [hf.py:1] Detected the chat template content format\n"
        "(EngineCore pid=2) WARNING 11-20 [core.py:9] CUDA out of memory may follow\n"
        "(APIServer pid=1) ERROR 11-20 [client.py:4] Engine core proc died unexpectedly\n"
    )
    assert explain(log).startswith("\n  (APIServer pid=1) INFO")


def test_an_unknown_cause_is_left_to_the_last_lines() -> None:
    said = explain("".join(f"line {number}\n" for number in range(20)))
    assert said == "".join(f"\n  line {number}" for number in range(16, 20))
    assert explain("") == ""


def test_an_error_is_shown_though_much_is_said_after_it() -> None:
    noise = "".join(f"nanobind: leaked {number}\n" for number in range(50))
    said = explain(f"INFO: up\nRuntimeError: the fan has stopped\n{noise}")
    assert said.startswith("\n  RuntimeError: the fan has stopped\n  nanobind: leaked 46")


def test_a_refusal_that_says_nothing_known_gets_no_advice() -> None:
    assert advice_for("no such thing") == ""
    assert "name one: engine_arguments" in advice_for("no chat template")


def test_a_progress_bar_is_its_last_state_and_no_key_is_shown() -> None:
    lines = visible_lines("\x1b[1mLoading\x1b[0m: 1%\rLoading: 99%\r\nhf_abcdefghijklmnopqrstuv\n")
    assert lines == ["Loading: 99%", "[redacted]", ""]


def test_a_line_without_end_is_searched_in_no_time() -> None:
    line = "tokenizer " * 20_000
    assert explain(line) == f"\n  {line[:300]}"
    assert explain(f"{line}\r\nstd::bad_alloc").startswith(": memory does not suffice")
