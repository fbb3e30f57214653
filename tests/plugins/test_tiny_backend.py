"""The backend tiny: a worker that lives as long as who opened it, asked as roles ask."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import anyio
import anyio.lowlevel
import msgspec
import pytest

from automem.errors import ConfigError, ModelError, ServerError
from automem.evaluate.evaluator import evaluate
from automem.evaluate.progress import Progress
from automem.plugins import load_plugins
from automem.records.config import (
    EnvironmentSection,
    EvaluationSection,
    RoleSection,
    RunConfig,
    RunSection,
    ScaffoldSection,
    SeedsSection,
)
from automem.records.model import ModelReply, ModelRequest, Sampling
from automem.records.result import Evaluation
from automem.run.layout import run_folder
from automem.tasks import beside
from automem.testing.toy import toy_entry_point
from automem_backends.serve import keep
from automem_tiny.engine import Engine
from automem_tiny.engine.asking import Ask
from automem_tiny.folders import model
from automem_tiny.serving.backend import tiny_client
from automem_tiny.serving.host import TinyEngine
from automem_tiny.serving.options import TinyOptions
from automem_tiny.testing import build_adapter, build_model

from .opening import Opener, ask, request

pytestmark = pytest.mark.anyio


@pytest.fixture
def opener(tmp_path: Path) -> Opener:
    return Opener(build_model(tmp_path / "model"), tmp_path)


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def test_roles_are_answered_together_by_base_and_adapter(opener: Opener) -> None:
    folder = opener.adapter()
    replies: dict[tuple[int, str | None], ModelReply] = {}
    async with opener.open(folder) as engine:

        async def one(number: int, adapter: str | None) -> None:
            replies[number, adapter] = await ask(engine, request(f"call {number}"), adapter)

        async with anyio.create_task_group() as tasks:
            for number in range(20):
                for adapter in (None, folder):
                    tasks.start_soon(one, number, adapter)
    alone = Engine.load(opener.model)
    for (number, adapter), reply in replies.items():
        asked = request(f"call {number}")
        (answer,) = alone.answer(
            [Ask(messages=asked.messages, temperature=0.0, max_tokens=16, adapter=adapter)]
        )
        assert reply.text == answer.text
        assert reply.finish == answer.finish
        assert reply.usage.output_tokens == answer.completion_tokens
    assert replies[0, None].model == str(opener.model)
    assert replies[0, folder].model.startswith("adapter-")
    assert sum(reply.usage.cached_tokens for reply in replies.values()) > 0
    assert opener.said == [f"adapter {folder} does not say on which base it was trained"]


async def test_the_worker_ends_with_who_opened_it(opener: Opener) -> None:
    async with opener.open() as engine:
        assert engine.process is not None
        pid = engine.process.pid
        assert is_alive(pid)
    assert not is_alive(pid)


async def test_the_worker_ends_with_a_host_that_is_killed(opener: Opener) -> None:
    script = (
        "import anyio, os, signal, sys\n"
        "from pathlib import Path\n"
        "from automem.models.engines import EngineRequest\n"
        "from automem_tiny.serving.backend import open_tiny\n"
        "from automem_tiny.serving.options import TinyOptions\n"
        "async def main():\n"
        "    asked = EngineRequest('tiny', sys.argv[1], (None,), TinyOptions(),\n"
        "        Path(sys.argv[2]), print)\n"
        "    async with open_tiny(asked) as engine:\n"
        "        await engine.ready()\n"
        "        print(engine.process.pid, flush=True)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "anyio.run(main)\n"
    )
    command = [sys.executable, "-c", script, str(opener.model), str(opener.folder)]
    ran = await anyio.to_thread.run_sync(
        lambda: subprocess.run(command, check=False, capture_output=True, encoding="utf-8")
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    with anyio.fail_after(10):
        while is_alive(int(ran.stdout)):  # noqa: ASYNC110 - no longer anybody's child
            await anyio.sleep(0.02)


async def test_a_worker_that_is_killed_is_started_again_once(opener: Opener) -> None:
    async with opener.open() as engine:
        before = await ask(engine, request("where?"))
        for death in (1, 2):
            assert engine.process is not None
            os.kill(engine.process.pid, signal.SIGKILL)
            if death == 1:
                after = await ask(engine, request("where?"))
                assert (after.text, after.retries, engine.deaths) == (before.text, 0, 1)
                assert "was killed by SIGKILL; it is started again" in opener.said[-1]
        with pytest.raises(ServerError, match="was killed by SIGKILL; it was started 2 times"):
            await ask(engine, request("where?"))


async def asked(engine: TinyEngine) -> None:
    """Until a call is in flight."""
    while not engine.in_flight:
        await anyio.lowlevel.checkpoint()


async def test_calls_in_flight_fail_for_now_where_the_worker_dies(opener: Opener) -> None:
    async with opener.open() as engine:
        assert engine.process is not None
        pid = engine.process.pid
        os.kill(pid, signal.SIGSTOP)

        async def kill() -> None:
            await asked(engine)
            os.kill(pid, signal.SIGKILL)

        backend = tiny_client(None, None, TinyOptions(), engine)
        async with beside(kill):
            with pytest.raises(ModelError, match="died in the middle of a call") as found:
                await backend.complete(request("where?"))
        assert found.value.retryable
        assert await engine.has_died(0)
        with pytest.raises(ModelError, match="is not up"):
            await backend.complete(request("where?"))


async def test_a_call_that_is_cancelled_is_left_and_others_go_on(opener: Opener) -> None:
    async with opener.open() as engine:
        assert engine.process is not None
        os.kill(engine.process.pid, signal.SIGSTOP)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask, engine, request("a long one", max_tokens=400))
            await asked(engine)
            tasks.cancel_scope.cancel()
        assert engine.in_flight == 0
        os.kill(engine.process.pid, signal.SIGCONT)
        reply = await ask(engine, request("a short one"))
        assert reply.usage.output_tokens > 0


ENDLESS = (
    "{{ messages[0].content }}{% if 'endless' in messages[0].content %}{% for a in range(99999) %}"
    "{% for b in range(99999) %}{% endfor %}{% endfor %}{% endif %}"
)


async def give_up(engine: TinyEngine, said: str) -> None:
    """Ask, and wait no longer than until it is on its way."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, engine, request(said))
        await asked(engine)
        tasks.cancel_scope.cancel()


async def test_a_worker_that_is_stuck_in_a_template_is_ended_and_started_again_once(
    opener: Opener,
) -> None:
    (opener.model / "chat_template.jinja").write_text(ENDLESS, encoding="utf-8")
    async with opener.open() as engine:
        await give_up(engine, "endless")
        assert engine.deaths == 0
        engine.silent_seconds = 0.0
        await give_up(engine, "short")
        assert engine.deaths == 1
        assert "showed no life for 0 s and was ended; it is started again" in opener.said[-1]
        assert (await ask(engine, request("short"))).text
        await give_up(engine, "endless")
        with pytest.raises(ServerError, match=r"showed no life for 0 s .* it was started 2 times"):
            await ask(engine, request("short"))


async def test_a_worker_that_shows_life_is_not_ended(opener: Opener) -> None:
    async with opener.open() as engine:
        await give_up(engine, "where?")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(give_up, engine, "where?")
            assert (await ask(engine, request("here?"))).text
        # It owes nothing, as it said that it has read what was left.
        while engine.unheard_since is not None:
            await anyio.lowlevel.checkpoint()
        assert engine.deaths == 0


async def test_a_conversation_that_does_not_fit_fails_for_good(opener: Opener) -> None:
    async with opener.open() as engine:
        with pytest.raises(ModelError, match="lower max_tokens, or the scaffold's") as found:
            await ask(engine, request("x" * 1000), retries=3)
        assert (found.value.status, found.value.retryable) == (400, False)
        assert (await ask(engine, request("x"))).text


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (request("\ud800"), "surrogates not allowed"),
        (msgspec.structs.replace(request("x"), seed=2**70), "can't serialize ints"),
        (request("x" * (65 << 20)), "is longer than"),
        (request("x", max_tokens=0), r"Expected `int` >= 1 .*max_tokens"),
        (request("x", top_p=0.0), r"Expected `float` > 0.0 .*top_p"),
    ],
    ids=["surrogates", "seed", "size", "max_tokens", "top_p"],
)
async def test_what_cannot_be_asked_fails_for_good_and_ends_no_worker(
    opener: Opener, asked: ModelRequest, why: str
) -> None:
    async with opener.open() as engine:
        with pytest.raises(ModelError, match=why) as found:
            await ask(engine, asked, retries=3)
        assert (found.value.status, found.value.retryable) == (400, False)
        assert (await ask(engine, request("x"))).text
        assert engine.deaths == 0


async def test_a_conversation_that_the_engine_fails_over_ends_no_worker(opener: Opener) -> None:
    broken = (
        "{{ messages[0].content }}{% if 'bad' in messages[0].content %}{{ '\\ud800' }}{% endif %}"
    )
    (opener.model / "chat_template.jinja").write_text(broken, encoding="utf-8")
    async with opener.open() as engine:
        with pytest.raises(ModelError, match="failed over this conversation: TypeError"):
            await ask(engine, request("bad"), retries=3)
        assert (await ask(engine, request("good"))).text
        assert engine.deaths == 0


async def test_there_is_nothing_of_it_to_attach_to(tmp_path: Path) -> None:
    role = RoleSection(backend="tiny")
    run = run_folder(str(tmp_path), "served")
    with pytest.raises(ConfigError, match=r"whose engine can be attached to \(they name tiny\)"):
        await keep({"memory": role, "gameplay": role}, load_plugins(), run, as_json=False)
    assert not run.logs.exists()


async def play(folder: Path, **roles: RoleSection) -> Evaluation:
    config = RunConfig(
        run=RunSection(name="toy", folder=str(folder)),
        environment=EnvironmentSection(name="toy", tasks=("default",), max_steps=3),
        scaffold=ScaffoldSection(source="toy"),
        roles=roles,
        seeds=SeedsSection(search=(1, 2)),
        evaluation=EvaluationSection(workers=1),
    )
    found = metadata.entry_points(group="automem")
    return await evaluate(
        config,
        load_plugins(entry_points=[*found, toy_entry_point()]),
        run_folder(config.run.folder, config.run.name),
        progress=Progress(),
    )


async def test_the_model_that_ships_plays_with_and_without_an_adapter(tmp_path: Path) -> None:
    role = RoleSection(backend="tiny", sampling=Sampling(temperature=0.5, max_tokens=40))
    alone = await play(tmp_path / "one", default=role)
    assert len(alone.episodes) == 2
    assert alone.totals.usage.cached_tokens > 0
    adapter = str(build_adapter(tmp_path / "adapter", model()))
    both = await play(tmp_path / "two", default=role, memory=RoleSection(adapter=adapter))
    assert len(both.episodes) == 2
    assert both.key != alone.key
