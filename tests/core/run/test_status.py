"""The lock on a run and its `run.json`."""

import fcntl
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from automem.errors import LimitReached, RunError
from automem.records.jail import JailReport
from automem.records.run import RunStatus
from automem.run.layout import RunFolder
from automem.run.status import hold, is_held, note_jail, read_status, working_on


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path / "runs" / "first")


def read(run: RunFolder) -> RunStatus:
    found = read_status(run)
    assert found is not None
    return found


async def work(run: RunFolder, outcome: BaseException | None = None) -> RunStatus:
    async with working_on(run, ["eval", "x.toml", "-s", "a.b=sk-abcdefghijklmnop"]):
        during = read(run)
        if outcome is not None:
            raise outcome
        return during


def test_a_run_is_running_while_it_is_worked_on_and_finished_after(run: RunFolder) -> None:
    during = anyio.run(work, run)
    assert (during.status, during.pid) == ("running", os.getpid())
    assert during.command == ("eval", "x.toml", "-s", "a.b=[redacted]")
    after = read(run)
    assert (after.status, after.message) == ("finished", "")
    assert after.started_at == during.started_at
    assert not is_held(run)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (ValueError("it broke"), "failed"),
        (LimitReached("no money left"), "interrupted"),
    ],
)
def test_how_the_work_ended_is_written(run: RunFolder, outcome: Exception, state: str) -> None:
    with pytest.raises(type(outcome), match=str(outcome)):
        anyio.run(work, run, outcome)
    assert (read(run).status, read(run).message) == (state, str(outcome))


def test_an_interrupted_run_says_so(run: RunFolder) -> None:
    with pytest.raises(BaseExceptionGroup) as caught:
        anyio.run(work, run, KeyboardInterrupt())
    assert isinstance(caught.value.exceptions[0], KeyboardInterrupt)
    assert read(run).status == "interrupted"


def test_somebody_who_only_looks_keeps_nobody_out(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hold(run):
        pass
    with run.lock.open("r", encoding="utf-8") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        monkeypatch.setattr(time, "sleep", lambda _: fcntl.flock(looking, fcntl.LOCK_UN))
        with hold(run):
            assert is_held(run)


def test_the_heartbeat_goes_on_while_the_work_does(run: RunFolder) -> None:
    async def watch() -> None:
        async with working_on(run, [], beat_seconds=0.0):
            first = run.status.stat().st_ino
            with anyio.fail_after(30):
                while run.status.stat().st_ino == first:
                    await anyio.lowlevel.checkpoint()
            assert read(run).status == "running"

    anyio.run(watch)


def test_a_status_that_cannot_be_written_ends_no_work_and_hides_no_error(run: RunFolder) -> None:
    async def working(outcome: Exception | None) -> None:
        async with working_on(run, [], beat_seconds=0.001):
            run.status.unlink()
            run.status.mkdir()
            await anyio.sleep(0.02)
            if outcome is not None:
                raise outcome

    for outcome in (None, ValueError("odd")):
        with pytest.raises(ValueError, match="odd") if outcome else nullcontext():
            anyio.run(working, outcome)
        run.status.rmdir()


def test_a_second_process_is_refused_and_told_who_has_the_run(run: RunFolder) -> None:
    with hold(run):
        with pytest.raises(RunError, match=f"by process {os.getpid()}"), hold(run):
            raise AssertionError
        assert is_held(run)
    with hold(run):
        assert run.lock.read_text(encoding="utf-8") == str(os.getpid())


def test_a_killed_process_frees_the_run_which_then_counts_as_interrupted(run: RunFolder) -> None:
    script = (
        "import sys, os, anyio\n"
        "from pathlib import Path\n"
        "from automem.run.layout import RunFolder\n"
        "from automem.run.status import working_on\n"
        "async def work():\n"
        "    async with working_on(RunFolder(Path(sys.argv[1])), ['eval']):\n"
        "        os.kill(os.getpid(), 9)\n"
        "anyio.run(work)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(run.path)], check=False)
    assert done.returncode == -9
    assert read(run).status == "interrupted"
    assert read(run).message == "the process ended without a word"
    anyio.run(work, run)


def test_a_run_without_a_status_has_none_and_a_damaged_one_is_an_error(run: RunFolder) -> None:
    assert read_status(run) is None
    assert not is_held(run)
    run.path.mkdir(parents=True)
    run.status.write_text("{", encoding="utf-8")
    with pytest.raises(RunError, match=r"cannot read .*run\.json"):
        read_status(run)


JAIL = JailReport(
    level="landlock", probes={"exec": True}, refused={}, python="3", kernel="6", architecture="x",
    landlock=5,
)  # fmt: skip


def test_the_jail_that_was_proven_stays_in_the_status_over_heartbeats_and_commands(
    run: RunFolder,
) -> None:
    async def noted() -> RunStatus:
        async with working_on(run, ["eval"], beat_seconds=0.001):
            note_jail(run, JAIL)
            first = read(run).heartbeat
            with anyio.fail_after(10):
                while read(run).heartbeat == first:
                    await anyio.lowlevel.checkpoint()
            return read(run)

    assert anyio.run(noted).jail == JAIL
    assert read(run).jail == JAIL
    assert anyio.run(work, run).jail == JAIL


def test_a_jail_is_noted_only_where_a_run_is_worked_on(run: RunFolder) -> None:
    note_jail(run, JAIL)
    assert read_status(run) is None
    run.path.mkdir(parents=True)
    run.status.write_text("broken", encoding="utf-8")
    note_jail(run, JAIL)
    assert run.status.read_text(encoding="utf-8") == "broken"
