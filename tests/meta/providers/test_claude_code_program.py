"""The real Claude Code program against a fake API; wants `automem-meta[claude-code]` (361 MB)."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import anyio
import pytest

from automem.errors import LimitReached
from automem.testing.meta_script import (
    Asked,
    MetaAnswer,
    MetaFault,
    ScriptedCall,
    ScriptedTurn,
)
from automem.testing.meta_server import FakeMetaLLM, fake_meta_llm
from automem_meta.providers.claude_code import ClaudeCodeOptions, make_provider

from .conftest import KEY
from .test_reviews import READ, REVIEW, desk

pytestmark = [pytest.mark.anyio, pytest.mark.server]
MODEL = "claude-sonnet-5-5"
HOST = """
import anyio, sys
from automem.testing.meta_desk import MemoryDesk
from automem_meta.providers.claude_code import ClaudeCodeOptions, make_provider
provider = make_provider(
    "claude-sonnet-5-5", ClaudeCodeOptions(base_url=sys.argv[1]), {"ANTHROPIC_API_KEY": "sk-x"}
)
anyio.run(provider.review, MemoryDesk())
"""


async def review(at: object, llm: FakeMetaLLM) -> None:
    options = ClaudeCodeOptions(base_url=llm.anthropic_url, retries=2)
    provider = make_provider(MODEL, options, {"ANTHROPIC_API_KEY": KEY})
    await provider.review(at)  # pyright: ignore[reportArgumentType]


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()


def programs() -> list[tuple[str, str, str]]:
    """(process, command line, environment) of each Claude Code that this process runs."""
    found: list[tuple[str, str, str]] = []
    for pid in children(os.getpid()):
        folder = Path(f"/proc/{pid}")
        command = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
        if "claude" in command.split("\0")[0]:
            environment = (folder / "environ").read_bytes().decode("utf-8", "replace")
            found.append((pid, command, environment))
    return found


async def test_a_whole_review_with_faults() -> None:
    wrong = ScriptedTurn(
        calls=(
            ScriptedCall(name="Bash", arguments={"command": "ls"}),
            ScriptedCall(name="read", malformed='{"path": "scaff'),
            ScriptedCall(name="read", arguments={"path": 7}),
            READ,
            READ,
        )
    )
    faults = (MetaFault(kind="status", status=529), MetaFault(kind="cut"))
    idle = ScriptedTurn(text="Hm.")
    at = desk(cost=2.0, turns=40)
    async with fake_meta_llm((wrong, *faults, idle, *REVIEW), key=KEY) as llm:
        await review(at, llm)
    assert at.finished
    assert [name for name, _ in at.answers] == ["read", "read", "list", "read", "write", "finish"]
    assert [note.split(":")[0] for note in at.notes[:3]] == [
        "Claude Code itself answered Bash",
        "Claude Code itself answered read",
        "Claude Code itself answered read",
    ]
    assert all("without calling a tool" in note for note in at.notes[3:])
    assert llm.refused == []
    # What the model could call, and that nothing was asked for after the end.
    names = [name for name in llm.asked[0].tools if name.startswith("mcp__review__")]
    assert sorted(set(llm.asked[0].tools) - set(names)) in ([], ["DeferredToolPlaceholder"])
    # The program may keep the beginning of an answer whose connection was cut, as a turn.
    assert len(llm.asked) - len(at.turns) in (1, 2)
    assert programs() == []


async def test_the_program_sees_one_key_and_none_on_its_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTHER_API_KEY", "sk-not-for-it-0123456789")
    seen: list[tuple[str, str, str]] = []

    def answer(asked: Asked) -> MetaAnswer:
        seen.extend(programs())
        return REVIEW[asked.turns]

    at = desk()
    async with fake_meta_llm(answer) as llm:
        await review(at, llm)
    assert at.finished
    for _, command, environment in seen:
        assert KEY not in command
        assert f"ANTHROPIC_API_KEY={KEY}" in environment
        assert "sk-not-for-it" not in environment
    assert len(seen) == len(llm.asked)


async def test_what_was_broken_off_goes_on_without_a_turn_asked_twice() -> None:
    at = desk(tool_calls=2)
    async with fake_meta_llm(REVIEW) as llm:
        with pytest.raises(LimitReached, match="2 tools"):
            await review(at, llm)
    again = at.reopened()
    again.budget = desk().budget
    async with fake_meta_llm(REVIEW[2:]) as other:
        await review(again, other)
    assert again.finished
    assert (len(llm.asked), len(other.asked)) == (2, 1)
    assert "What you did so far" in other.asked[0].told[0]
    assert "You said: First I look." in other.asked[0].told[0]


async def test_a_killed_host_leaves_no_program_behind() -> None:
    asked = anyio.Event()

    def answer(_: Asked) -> MetaAnswer:
        asked.set()
        return MetaFault(kind="hang")

    async with fake_meta_llm(answer) as llm:
        command = [sys.executable, "-c", HOST, llm.anthropic_url]
        async with await anyio.open_process(command, stdout=None, stderr=None) as host:
            with anyio.fail_after(60):
                await asked.wait()
                left = [os.pidfd_open(int(pid)) for pid in children(host.pid)]
                assert left
                host.send_signal(signal.SIGKILL)
                await host.wait()
                for program in left:
                    await anyio.wait_readable(program)
                    os.close(program)
