"""The fake engines as processes: the real ones' command lines, and what goes wrong on order."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from automem.testing import sglang_process, vllm_process
from automem.testing.adapters import write_adapter

pytestmark = pytest.mark.anyio

VLLM = (sys.executable, "-m", "automem.testing.vllm", "serve", "model", "--port", "0")
SGLANG = (sys.executable, "-m", "automem.testing.sglang", "--model-path", "model", "--port", "0")
ENVIRON = {"VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True", "VLLM_API_KEY": "secret"}
CALL = {"model": "base", "messages": [{"role": "user", "content": "hello"}]}


class Started(NamedTuple):
    process: subprocess.Popen[str]
    root: str


@contextmanager
def started(*command: str, environ: Mapping[str, str] | None = None) -> Iterator[Started]:
    """A process that says where it listens; ended with the block, and killed if it will not."""
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env={**os.environ, **(environ or {})},
        start_new_session=True,
    )
    assert process.stderr is not None
    with process:
        try:
            for line in process.stderr:
                if "running on" in line:
                    yield Started(process, line.split(" on ")[1].split()[0])
                    break
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=5)
            process.kill()


def ended(*command: str) -> tuple[int, str]:
    """Exit code and last words of a process that does not come up."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return done.returncode, done.stderr


async def test_vllm_takes_the_command_line_of_the_real_one(ask: Any, tmp_path: Path) -> None:
    memory = write_adapter(tmp_path / "memory", rank=32)
    as_json = f'{{"name": "other", "path": "{memory}"}}'
    with started(
        *VLLM,
        *("--served-model-name", "base", "--enable-lora", "--max-lora-rank", "32"),
        *("--lora-modules", f"memory={memory}", as_json, "--max-loras", "2"),
        *("--enable-prompt-tokens-details", "--gpu-memory-utilization", "0.9"),
        environ=ENVIRON,
    ) as (process, root):
        key = {"authorization": "Bearer secret"}
        _, listed = await ask(f"{root}/v1/models", **key)
        load = {"lora_name": "third", "lora_path": str(memory)}
        assert (await ask(f"{root}/v1/load_lora_adapter", load, **key))[0] == 200
        _, said = await ask(f"{root}/v1/chat/completions", CALL, **key)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    assert [each["id"] for each in listed["data"]] == ["base", "memory", "other"]
    assert said["usage"]["prompt_tokens_details"] == {"cached_tokens": 0}


async def test_sglang_takes_the_command_line_of_the_real_one(ask: Any, tmp_path: Path) -> None:
    memory = write_adapter(tmp_path / "memory", rank=32)
    with started(
        *SGLANG,
        *("--served-model-name", "base", "--enable-lora", "--lora-paths", f"memory={memory}"),
        *("--lora-target-modules", "all", "--mem-fraction-static", "0.8"),
    ) as (process, root):
        assert (await ask(f"{root}/health"))[0] == 200
        assert (await ask(f"{root}/metrics"))[0] == 404
        _, said = await ask(f"{root}/v1/chat/completions", {**CALL, "model": "base:memory"})
        load = {"lora_name": "big", "lora_path": str(write_adapter(tmp_path / "big", rank=64))}
        assert (await ask(f"{root}/load_lora_adapter", load))[0] == 400
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
    assert said["usage"]["prompt_tokens_details"] is None


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("out-of-memory", "torch.OutOfMemoryError: CUDA out of memory"),
        ("no-kv-room", "decreasing `max_model_len`"),
        ("memory-taken", "Decrease GPU memory utilization"),
        ("no-tokenizer", "Can't load tokenizer"),
        ("port-in-use", "Address already in use"),
    ],
)
def test_a_start_that_fails_says_so_as_the_real_one_does(
    fault: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert vllm_process.main(["serve", "model", "--port", "0", "--fault", fault], {}) == 1
    assert words in capsys.readouterr().err


def test_a_port_that_is_taken_ends_the_start(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert sglang_process.main(["--model-path", "model", "--port", port]) == 1
    assert "address already in use" in capsys.readouterr().err


def test_an_address_of_another_machine_is_no_taken_port() -> None:
    with pytest.raises(OSError, match="ssign"):
        vllm_process.main(["serve", "model", "--host", "192.0.2.1", "--port", "0"], {})


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        (("--max-lora-rank", "24"), 2, "invalid choice: 24"),
        (("--fault", "bad-luck"), 2, "no fault named bad-luck"),
        (("--lora-modules", "memory=/nowhere"), 1, "No adapter found for /nowhere"),
    ],
)
def test_a_command_line_it_cannot_follow_is_told(
    more: tuple[str, ...], code: int, words: str
) -> None:
    exit_code, said = ended(*VLLM, *more)
    assert exit_code == code
    assert words in said


def test_sglang_refuses_an_adapter_it_cannot_find(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        sglang_process.main(["--model-path", "model", "--lora-paths", "memory=/nowhere"])
    assert raised.value.code == 1
    assert "No adapter found" in capsys.readouterr().err


async def test_it_dies_with_the_call_after_so_many_and_once_only(ask: Any, tmp_path: Path) -> None:
    command = (*VLLM, "--served-model-name", "base", "--fault", "dies-after=1")
    once = ("--fault-once", str(tmp_path / "once"))
    with started(*command, *once) as (process, root):
        assert (await ask(f"{root}/v1/chat/completions", CALL))[0] == 200
        with pytest.raises(OSError, match=r"closed|reset"):
            await ask(f"{root}/v1/chat/completions", CALL)
        assert process.wait(timeout=10) == 1
        assert process.stderr is not None
        assert "EngineDeadError" in process.stderr.read()
    with started(*command, *once) as (_, root):
        for _ in range(2):
            assert (await ask(f"{root}/v1/chat/completions", CALL))[0] == 200


async def test_health_and_templates_go_wrong_on_order(ask: Any) -> None:
    faults = ("--fault", "never-healthy", "--fault", "no-chat-template")
    with started(*VLLM, "--served-model-name", "base", *faults) as (_, root):
        assert (await ask(f"{root}/health"))[0] == 503
        assert (await ask(f"{root}/v1/chat/completions", CALL))[0] == 400


def test_a_start_may_take_its_time_or_never_end() -> None:
    with started(*VLLM, "--start-delay", "0.1") as (process, root):
        assert root.startswith("http://127.0.0.1:")
        assert process.poll() is None
    with subprocess.Popen((*VLLM, "--fault", "never-listens"), stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"model model as 'model'" in process.stderr.readline()
        process.kill()


def test_a_hung_health_check_takes_the_connection_and_says_nothing() -> None:
    with started(*SGLANG, "--fault", "hung-health") as (_, root):
        port = int(root.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=0.3) as client:
            client.sendall(b"GET /health HTTP/1.1\r\n\r\n")
            with pytest.raises(TimeoutError):
                client.recv(1)


def test_one_that_will_not_end_leaves_a_child_unless_its_group_is_killed() -> None:
    with started(*VLLM, "--fault", "ignores-sigterm", "--fault", "child") as (process, _):
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.3)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        child = os.pidfd_open(int(children.read_text(encoding="ascii")))
        os.killpg(process.pid, signal.SIGKILL)
        assert select.select([child], [], [], 10.0)[0] == [child]
        os.close(child)
