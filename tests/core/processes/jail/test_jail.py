"""Code in a jail answers calls, and its faults are the code's alone."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from automem.errors import CodeFault, JailError
from automem.processes.jail import JailLevel, JailLimits
from automem.processes.jail.process import start

from .conftest import READING, STRONGEST, Opens

CODE = """
import json
import math
import re

number = 0


def echo(value):
    return value


def count():
    global number
    number += 1
    return number


def divide(a, b):
    return a / b


def wrapped():
    return divide(
        1, 0
    )


def loop():
    while True:
        pass


def pairs():
    return {"pair": (1, 2), "letters": sorted({"a", "b"})}


def giant():
    return "x" * 300_000


def group():
    return {1, 2}


def endless_number():
    return float("nan")


def long_number():
    return 2**64


def deep():
    value = []
    for _ in range(40):
        value = [value]
    return value


def _private():
    return 1


class Helper:
    pass
"""
QUICK = JailLimits(call_seconds=0.1)
VALUES = [None, True, 0, -(2**63), 2**64 - 1, 0.25, "", "grüße \U0001f600 \x00\n", [], {"a": [1]}]


@pytest.mark.anyio
async def test_values_come_back_as_they_were_given(opens: Opens, offered: JailLevel) -> None:
    async with opens(CODE, level=offered) as jail:
        assert await jail.call("echo", VALUES) == VALUES


@pytest.mark.anyio
async def test_functions_are_those_the_source_defines(opens: Opens, interpreter: JailLevel) -> None:
    async with opens(CODE, level=interpreter) as jail:
        assert "echo" in jail.functions
        assert jail.functions.isdisjoint({"_private", "json", "number"})
        with pytest.raises(CodeFault, match="no function '_private'") as fault:
            await jail.call("_private")
    assert fault.value.kind == "invalid"


@pytest.mark.anyio
async def test_global_variables_live_until_the_process_ends(
    opens: Opens, offered: JailLevel
) -> None:
    async with opens(CODE, level=offered, limits=QUICK) as jail:
        assert [await jail.call("count") for _ in range(3)] == [1, 2, 3]
        with pytest.raises(CodeFault, match=r"loop: it took more than 0\.1 s") as fault:
            await jail.call("loop")
        assert fault.value.kind == "timeout"
        assert await jail.call("count") == 1
        assert (jail.calls, jail.faults, jail.restarts) == (5, 1, 1)


@pytest.mark.anyio
async def test_an_exception_names_the_line_of_the_code(
    opens: Opens, interpreter: JailLevel
) -> None:
    async with opens(CODE, level=interpreter) as jail:
        with pytest.raises(CodeFault, match="ZeroDivisionError: division by zero") as fault:
            await jail.call("wrapped")
        assert await jail.call("count") == 1
    line = next(number for number, text in enumerate(CODE.splitlines(), 1) if "a / b" in text)
    assert (fault.value.kind, fault.value.line) == ("exception", line)
    assert f"code.py, line {line}, in wrapped" in str(fault.value)


@pytest.mark.anyio
async def test_tuples_come_back_as_lists(opens: Opens, interpreter: JailLevel) -> None:
    async with opens(CODE, level=interpreter) as jail:
        assert await jail.call("pairs") == {"pair": [1, 2], "letters": ["a", "b"]}


@pytest.mark.anyio
@pytest.mark.parametrize("function", ["group", "endless_number", "long_number", "deep"])
async def test_what_cannot_be_stored_is_no_value(
    opens: Opens, interpreter: JailLevel, function: str
) -> None:
    async with opens(CODE, level=interpreter) as jail:
        with pytest.raises(CodeFault) as fault:
            await jail.call(function)
        assert fault.value.kind == "invalid"
        assert jail.restarts == 0


@pytest.mark.anyio
async def test_too_much_is_refused_in_both_directions(opens: Opens, interpreter: JailLevel) -> None:
    limits = JailLimits(request_bytes=1000)
    async with opens(CODE, level=interpreter, limits=limits) as jail:
        with pytest.raises(CodeFault, match="1000 are allowed") as asked:
            await jail.call("echo", "x" * 1000)
        with pytest.raises(CodeFault, match="262144 are allowed") as answered:
            await jail.call("giant")
        assert await jail.call("count") == 1
    assert (asked.value.kind, answered.value.kind) == ("too_large", "too_large")


@pytest.mark.anyio
async def test_large_values_travel_in_parts(opens: Opens, interpreter: JailLevel) -> None:
    large = "ab" * 100_000
    async with opens(CODE, level=interpreter) as jail:
        assert await jail.call("echo", large) == large


@pytest.mark.anyio
async def test_an_argument_of_another_type_is_the_callers_error(
    opens: Opens, interpreter: JailLevel
) -> None:
    async with opens(CODE, level=interpreter) as jail:
        with pytest.raises(TypeError, match="an argument of echo"):
            await jail.call("echo", Path("/"))


@pytest.mark.anyio
async def test_calls_made_at_once_are_answered_in_turn(
    opens: Opens, interpreter: JailLevel
) -> None:
    answers: list[object] = []
    async with opens(CODE, level=interpreter) as jail:

        async def ask(value: int) -> None:
            answers.append((value, await jail.call("echo", value)))

        async with anyio.create_task_group() as tasks:
            for value in range(10):
                tasks.start_soon(ask, value)
    assert sorted(answers, key=repr) == [(value, value) for value in range(10)]


@pytest.mark.anyio
async def test_the_reply_to_a_cancelled_call_answers_no_other(opens: Opens) -> None:
    async with opens(CODE, level=STRONGEST, limits=JailLimits(call_seconds=60)) as jail:
        with anyio.move_on_after(0.05) as scope:
            await jail.call("loop")
        assert scope.cancelled_caught
        assert jail.pid is None
        assert await jail.call("count") == 1


@pytest.mark.anyio
async def test_other_tasks_go_on_while_code_computes(opens: Opens) -> None:
    turns = 0
    async with (
        opens(CODE, level=STRONGEST, limits=QUICK) as jail,
        anyio.create_task_group() as tasks,
    ):

        async def turn() -> None:
            nonlocal turns
            while True:
                turns += 1
                await anyio.lowlevel.checkpoint()

        tasks.start_soon(turn)
        with pytest.raises(CodeFault):
            await jail.call("loop")
        tasks.cancel_scope.cancel()
    assert turns > 10


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("def f(:\n    pass", r"code\.py, line 1, .*SyntaxError"),
        ("x = 1\ny = x + nothing", r"code\.py, line 2, .*NameError"),
        ("import os.path.sep", r"(may not be imported|No module named)"),
        ("raise ValueError('no')", "ValueError: no"),
    ],
)
async def test_source_that_does_not_load_is_a_fault(
    opens: Opens, interpreter: JailLevel, source: str, said: str
) -> None:
    with pytest.raises(CodeFault, match=said) as fault:
        async with opens(source, level=interpreter):
            pass
    assert fault.value.kind == "exception"


@pytest.mark.anyio
async def test_source_that_never_ends_is_a_fault(opens: Opens) -> None:
    limits = JailLimits(load_seconds=1.0)
    with pytest.raises(CodeFault, match="when it was loaded: it took more than 1 s") as fault:
        async with opens("while True: pass", level=STRONGEST, limits=limits):
            pass
    assert fault.value.kind == "timeout"


@pytest.mark.anyio
async def test_sets_and_random_numbers_repeat(opens: Opens) -> None:
    source = (
        "import random\ndef order():\n    return [list({'a', 'b', 'c', 'd', 'e'}), random.random()]"
    )
    seen: list[object] = []
    for _ in range(2):
        async with opens(source, level=STRONGEST) as jail:
            seen.append(await jail.call("order"))
    assert seen[0] == seen[1]


@pytest.mark.anyio
@pytest.mark.parametrize("level", READING)
async def test_listed_paths_can_be_read_and_no_others(
    opens: Opens, level: JailLevel, tmp_path: Path
) -> None:
    shown, hidden = tmp_path / "shown.txt", tmp_path / "hidden.txt"
    shown.write_text("seen", encoding="utf-8")
    hidden.write_text("unseen", encoding="utf-8")
    source = "def read(path):\n    with open(path) as file:\n        return file.read()"
    async with opens(source, level=level, readable=[shown]) as jail:
        assert await jail.call("read", str(shown)) == "seen"
        with pytest.raises(CodeFault, match=r"PermissionError|FileNotFoundError"):
            await jail.call("read", str(hidden))
        with pytest.raises(CodeFault, match=r"PermissionError|FileNotFoundError"):
            await jail.call("read", "/proc/self/environ")


@pytest.mark.anyio
@pytest.mark.parametrize("level", ["seccomp", "monty"])
async def test_paths_are_readable_only_where_landlock_is(opens: Opens, level: JailLevel) -> None:
    with pytest.raises(JailError, match="Landlock is needed"):
        async with opens(CODE, level=level, readable=[Path("/")]):
            pass


@pytest.mark.anyio
@pytest.mark.parametrize("level", READING)
async def test_a_jail_that_cannot_be_locked_is_an_error(opens: Opens, level: JailLevel) -> None:
    with pytest.raises(JailError, match=r"cannot be locked: FileNotFoundError|did not start"):
        async with opens(CODE, level=level, readable=[Path("/no-such-folder")]):
            pass


@pytest.mark.anyio
async def test_a_jail_that_does_not_start_is_an_error(opens: Opens) -> None:
    with pytest.raises(JailError, match=r"did not start: it took more than 0\.001 s; its log is"):
        async with opens(CODE, level="seccomp", limits=JailLimits(load_seconds=0.001)):
            pass


@pytest.mark.anyio
async def test_a_process_that_was_killed_is_started_again(
    opens: Opens, interpreter: JailLevel
) -> None:
    async with opens(CODE, level=interpreter) as jail:
        assert jail.pid is not None
        os.kill(jail.pid, signal.SIGKILL)
        with pytest.raises(CodeFault) as fault:
            await jail.call("echo", "x" * 200_000)
        assert fault.value.kind == "died"
        assert await jail.call("echo", 1) == 1
        assert jail.restarts == 1


def test_a_program_that_is_not_there_leaves_no_descriptor(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(FileNotFoundError):
        start(["/no-such-program"], log=tmp_path / "log", reply_bytes=1, clocked=True)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.anyio
async def test_a_request_waits_for_a_busy_process_no_longer_than_its_limit(
    opens: Opens,
) -> None:
    source = "late = False\ndef f(x):\n    return len(x)\ndef g():\n    return Slow()\n"
    source += "class Slow:\n    def __del__(self):\n        while True: pass\n"
    limits = JailLimits(call_seconds=0.1)
    async with opens(source, level=STRONGEST, limits=limits) as jail:
        for _ in range(2):
            with pytest.raises(CodeFault) as fault:
                await jail.call("g")
            assert fault.value.kind == "timeout"
        assert await jail.call("f", "x" * 500_000) == 500_000


@pytest.mark.anyio
async def test_many_jails_begin_at_once_and_start_in_turn(opens: Opens) -> None:
    answers: list[object] = []

    async def one(number: int) -> None:
        async with opens(CODE, level=STRONGEST) as jail:
            answers.append(await jail.call("echo", number))

    async with anyio.create_task_group() as tasks:
        for number in range(8):
            tasks.start_soon(one, number)
    assert sorted(answers, key=repr) == list(range(8))
