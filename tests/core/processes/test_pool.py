"""Environments in workers: spread, answered in order, and failing alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import pytest
from automem_hanoi import Hanoi

from automem.errors import EnvironmentFailure, EvaluationError, PluginError
from automem.plugins import load_plugins
from automem.processes.pool import cores, in_process, open_pool
from automem.processes.remote import RemoteWorker
from automem.protocols import EnvironmentSession
from automem.records.environment import Frame, Observation
from automem.spec import EnvironmentSpec

pytestmark = pytest.mark.anyio


async def worker_of(session: EnvironmentSession) -> int:
    """The process the naughty game runs in, which it says when it is reset."""
    return int((await session.reset(1)).text)


async def test_an_episode_is_played_in_a_worker(tmp_path: Path) -> None:
    spec = load_plugins().get("environment", "hanoi")
    async with open_pool(spec, {}, logs=tmp_path) as pool, pool.session("3-disks") as session:
        assert session.info.task == "3-disks"
        assert (await session.reset(1)).text.startswith("The game begins.")
        assert (await session.step("A to C")).progression == pytest.approx(1 / 3)
        assert await session.frame() is None


async def test_a_picture_comes_back_from_a_worker(tmp_path: Path) -> None:
    spec = load_plugins().get("environment", "crafter")
    async with (
        open_pool(spec, {"frame_pixels": 63}, logs=tmp_path) as pool,
        pool.session("default") as session,
    ):
        await session.reset(1)
        frame = await session.frame()
    assert isinstance(frame, Frame)
    assert len(frame.rgb) == 63 * 63 * 3


async def test_sessions_are_spread_over_the_workers(
    naughty: EnvironmentSpec, tmp_path: Path
) -> None:
    async with (
        open_pool(naughty, {}, workers=2, logs=tmp_path) as pool,
        pool.session("a") as a,
        pool.session("b") as b,
        pool.session("c") as c,
        pool.session("d") as d,
    ):
        workers = [await worker_of(session) for session in (a, b, c, d)]
        assert workers[:2] == workers[2:]
        assert len(set(workers)) == 2


async def test_a_worker_without_sessions_is_used_again(
    naughty: EnvironmentSpec, tmp_path: Path
) -> None:
    async with open_pool(naughty, {}, workers=2, logs=tmp_path) as pool:
        async with pool.session("a") as first:
            before = await worker_of(first)
        async with pool.session("b") as second:
            assert await worker_of(second) == before
            with pytest.raises(EnvironmentFailure):
                await first.reset(1)


async def test_many_requests_are_in_flight_at_once(
    naughty: EnvironmentSpec, tmp_path: Path
) -> None:
    answered: list[str] = []

    async def play(session: EnvironmentSession, seed: int) -> None:
        await session.reset(seed)
        answered.append((await session.step("NOT_A_VARIABLE")).observation.status)

    async with (
        open_pool(naughty, {}, workers=1, logs=tmp_path) as pool,
        pool.session("a") as a,
        pool.session("b") as b,
        anyio.create_task_group() as group,
    ):
        group.start_soon(play, a, 1)
        group.start_soon(play, b, 2)
    assert sorted(answered) == ["1", "2"]


async def test_a_killed_worker_fails_its_own_sessions_alone(
    naughty: EnvironmentSpec, tmp_path: Path
) -> None:
    async with (
        open_pool(naughty, {}, workers=2, logs=tmp_path) as pool,
        pool.session("a") as doomed,
        pool.session("b") as spared,
    ):
        before = await worker_of(doomed)
        os.kill(before, signal.SIGKILL)
        with pytest.raises(EnvironmentFailure, match=r"was killed by SIGKILL; its log is .*\.log"):
            await doomed.step("go on")
        with pytest.raises(EnvironmentFailure, match="SIGKILL"):
            await doomed.reset(1)
        assert (await spared.step("go on")).reward == 0.5
        async with pool.session("c") as fresh:
            assert await worker_of(fresh) not in {before, await worker_of(spared)}


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ("die", "was killed by SIGKILL"),
        ("leave", "exited with status 3"),
        ("raise", "ValueError: the dice fell off the table"),
        ("exit", "SystemExit: I am done"),
        ("odd", "the game gave what it may not: Expected `float`"),
        ("nan", "the game gave what it may not: Expected `float` >= 0.0"),
        ("inf", "the game gave what it may not: Expected `float` <= 1.0"),
        ("-0.1", "the game gave what it may not: Expected `float` >= 0.0"),
        ("1.1", "the game gave what it may not: Expected `float` <= 1.0"),
        ("priceless", "the game gave what it may not: Expected `float`"),
    ],
)
async def test_whatever_a_game_does_is_a_failure_of_the_environment(
    naughty: EnvironmentSpec, tmp_path: Path, action: str, said: str
) -> None:
    async with open_pool(naughty, {}, logs=tmp_path) as pool, pool.session("a") as session:
        await session.reset(1)
        with pytest.raises(EnvironmentFailure, match=said):
            await session.step(action)


async def test_a_worker_that_does_not_answer_is_ended(
    naughty: EnvironmentSpec, tmp_path: Path
) -> None:
    async with (
        open_pool(naughty, {}, logs=tmp_path, answer_seconds=0.5) as pool,
        pool.session("a") as session,
    ):
        await session.reset(1)
        with pytest.raises(EnvironmentFailure, match="did not answer for"):
            await session.step("hang")


async def test_what_a_game_prints_goes_to_the_log(naughty: EnvironmentSpec, tmp_path: Path) -> None:
    async with open_pool(naughty, {}, logs=tmp_path) as pool, pool.session("a") as session:
        await session.reset(1)
        assert (await session.step("print")).reward == 0.5
    text = (tmp_path / "naughty-worker-1.log").read_text(encoding="utf-8")
    assert "another, without Python" in text
    assert "a word on standard output" in text


async def test_a_worker_knows_no_secret(
    naughty: EnvironmentSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "hidden")
    monkeypatch.setenv("SOME_COLOR", "red")
    async with open_pool(naughty, {}, logs=tmp_path) as pool, pool.session("a") as session:
        await session.reset(1)
        assert (await session.step("SOME_API_KEY")).observation.text == "unset"
        assert (await session.step("SOME_COLOR")).observation.text == "red"


async def test_a_game_that_cannot_be_made_names_the_log(
    naughty: EnvironmentSpec, tmp_path: Path
) -> None:
    async with open_pool(naughty, {}, logs=tmp_path) as pool:
        with pytest.raises(EnvironmentFailure, match=r"cannot be played .*naughty-worker-1\.log"):
            async with pool.session("unplayable"):
                pass


async def test_what_is_raised_inside_a_pool_comes_out_as_it_is(
    naughty: EnvironmentSpec, tmp_path: Path
) -> None:
    with pytest.raises(EvaluationError, match="no mean") as caught:
        async with open_pool(naughty, {}, logs=tmp_path):
            raise EvaluationError("no mean") from KeyError("cause")
    assert isinstance(caught.value.__cause__, KeyError)


async def test_a_game_for_another_interpreter_is_refused(tmp_path: Path) -> None:
    spec = EnvironmentSpec(name="old", make="a:b", summary="", interpreter="old-nle")
    with pytest.raises(PluginError, match="the interpreter 'old-nle'"):
        async with open_pool(spec, {}, logs=tmp_path):
            pass


async def test_a_worker_that_cannot_be_started_says_so(tmp_path: Path) -> None:
    worker = RemoteWorker(
        name="worker", log=tmp_path / "log", argv=(str(tmp_path / "no"),), answer_seconds=1
    )
    await worker.run()
    assert "cannot be started" in (worker.dead or "")


async def test_a_process_that_speaks_no_frames_is_ended(tmp_path: Path) -> None:
    argv = (sys.executable, "-c", "print('Hello, world', flush=True); input()")
    # It takes longer to speak than an answer may take; with nothing asked, that is no failure.
    worker = RemoteWorker(name="worker", log=tmp_path / "log", argv=argv, answer_seconds=0.001)
    await worker.run()
    assert "sent no answer: a length of" in (worker.dead or "")


async def test_a_process_that_closes_its_output_is_ended(tmp_path: Path) -> None:
    code = "import os, time; os.close(1); time.sleep(600)"
    worker = RemoteWorker(
        name="worker", log=tmp_path / "log", argv=(sys.executable, "-c", code), answer_seconds=60
    )
    await worker.run()
    assert "closed its output" in (worker.dead or "")


HOST = """
import sys
from pathlib import Path

import anyio

from automem.processes.pool import open_pool
from automem.spec import EnvironmentSpec


async def main():
    spec = EnvironmentSpec(name="naughty", make="naughty:Game", summary="")
    async with open_pool(spec, {}, logs=Path(sys.argv[1])) as pool:
        async with pool.session(sys.argv[2]) as session:
            await session.reset(1)
            print("playing", flush=True)
            await session.step(sys.argv[3])
            await anyio.sleep_forever()


anyio.run(main)
"""


@pytest.mark.parametrize("action", ["go on", "hang"])
def test_workers_end_with_a_host_that_is_killed(
    naughty: EnvironmentSpec, tmp_path: Path, action: str
) -> None:
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    argv = [sys.executable, "-c", HOST, str(tmp_path), str(alive), action]
    # The game holds the other end of this pipe open for as long as its process lives.
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as host, alive.open("rb") as end:
        assert host.stdout is not None
        assert host.stdout.readline() == b"playing\n"
        host.kill()
        assert end.read() == b""


def test_there_is_at_least_one_core() -> None:
    assert cores() >= 1


async def test_a_game_in_this_process_is_a_session_too() -> None:
    session = in_process(Hanoi("3-disks", None))
    assert session.info.name == "hanoi"
    assert isinstance(await session.reset(1), Observation)
    assert (await session.step("A to B")).reward == 0
    assert await session.frame() is None
    with pytest.raises(EnvironmentFailure, match="KeyError: 'd'"):
        await session.step("dance")
