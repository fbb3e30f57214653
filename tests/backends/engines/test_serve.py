"""`automem serve`, as a process of its own, and however it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager

from .conftest import Engines, program

CONFIG = """
[run]
name = "served"

[environment]
name = "crafter"

[scaffold]
from = "crafter-v0"

[roles.default]
backend = "{backend}"
model = "org/base"
program = {program}

[roles.memory]
adapter = "{adapter}"

[seeds]
search = "42"
"""
PLAIN = '[roles.default]\nbackend = "rules"\n'


def write(engines: Engines, *orders: str, backend: str = "vllm") -> None:
    """A configuration whose engine is a fake with these orders."""
    text = CONFIG.format(
        backend=backend,
        program=json.dumps(program(backend, *orders)),
        adapter=engines.adapter(),
    )
    (engines.folder / "serve.toml").write_text(text, encoding="utf-8")


@contextmanager
def serving(engines: Engines, *options: str) -> Generator[subprocess.Popen[str]]:
    """`automem serve serve.toml` as a person starts it."""
    command = "import sys; from automem.cli import main; main(sys.argv[1:])"
    # It is counted like its engines, which inherit its environment.
    with subprocess.Popen(
        [sys.executable, "-c", command, "serve", "serve.toml", *options],
        cwd=engines.folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


def read_until(process: subprocess.Popen[str], words: str) -> str:
    said = ""
    assert process.stderr
    while words not in said:
        line = process.stderr.readline()
        assert line, said
        said += line
    return said


def test_it_says_where_engines_are_and_ends_them_when_interrupted(engines: Engines) -> None:
    write(engines)
    with serving(engines, "--json") as process:
        said = read_until(process, "Ctrl-C")
        assert "[roles.memory]  # asks for memory-" in said
        assert 'base_url = "http://127.0.0.1:' in said
        assert len(engines.processes()) == 3
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "interrupted" in err
    memory, gameplay = json.loads(out)
    assert memory["urls"] == gameplay["urls"]
    assert memory["served_as"].startswith("memory-")
    assert gameplay["served_as"] == gameplay["model"] == "org/base"
    assert engines.processes() == []
    assert list((engines.folder / "runs" / "served" / "logs").glob("vllm-*.log"))


def test_interrupted_during_a_start_it_leaves_nothing(engines: Engines) -> None:
    write(engines, "--fault", "never-healthy", "--fault", "child", backend="sglang")
    with serving(engines) as process:
        read_until(process, "| INFO:     Uvicorn running")
        assert len(engines.processes()) == 4
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode == 130
    assert engines.processes() == []


def test_killed_it_leaves_nothing(engines: Engines) -> None:
    write(engines, "--fault", "child")
    with serving(engines) as process:
        read_until(process, "Ctrl-C")
        process.kill()
        process.communicate(timeout=30)
        engines.wait_for_end()


def test_it_ends_with_an_engine_that_is_gone_for_good(engines: Engines) -> None:
    write(engines)
    with serving(engines) as process:
        read_until(process, "Ctrl-C")
        for _ in range(2):
            (main,) = [pid for pid in engines.mains() if pid != process.pid]
            os.kill(main, signal.SIGKILL)
            said = read_until(process, "died with status 137")
            if "given up" not in said:
                read_until(process, "ready after")
        _, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "started 2 times" in err


def test_without_an_engine_there_is_nothing_to_serve(engines: Engines) -> None:
    write(engines)
    file = engines.folder / "serve.toml"
    text = file.read_text(encoding="utf-8")
    begin, end = text.index("[roles.default]"), text.index("[seeds]")
    file.write_text(text[:begin] + PLAIN + text[end:], encoding="utf-8")
    with serving(engines) as process:
        _, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert "no role names a backend whose engine can be attached to (they name rules)" in err
    assert "such are vllm, sglang and local" in err
