"""Code that attacks its process, its pipes and its host harms nothing but its own reply."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from automem.errors import CodeFault, FaultKind
from automem.processes.jail import JailLevel, JailLimits

from .conftest import STRONGEST, Opens

LIMITS = JailLimits(call_seconds=0.1, memory_bytes=96 * 1024 * 1024)
COMMON = """
import collections

_sys = vars(collections)["_sys"]
_modules = _sys.modules
_os = _modules["os"]


def fine():
    return "fine"


def _write(data):
    return _os.write(1, data)


def _frame(number, payload, status=0):
    return len(payload).to_bytes(4, "big") + number.to_bytes(4, "big") + bytes([status]) + payload


"""
ATTACKS: dict[str, tuple[str, FaultKind, str]] = {
    "a loop in Python": ("while True: pass", "timeout", ""),
    "a loop in C": ("return sum(range(10**18))", "timeout", ""),
    "a catastrophic pattern": (
        "import re\nreturn re.match('(a+)+$', 'a' * 64 + 'b')",
        "timeout",
        "",
    ),
    "a power that never ends": ("return (10**8)**(10**8) % 7", "timeout", ""),
    "waiting for a request that never comes": ("_os.read(0, 1)", "timeout", ""),
    "a reply byte by byte": (
        "_write(b'\\0\\1\\0\\0' + (3).to_bytes(4, 'big') + b'\\0')\n"
        "while True:\n    _write(b'x')\n    sum(range(10**5))",
        "timeout",
        "",
    ),
    "2 GiB": ("return len(bytearray(2**31))", "exception", "MemoryError"),
    "a list without end": (
        "kept = []\nwhile True: kept.append(' ' * 2**25)",
        "exception",
        "MemoryError",
    ),
    "a long text": ("return 'x' * 10**6", "too_large", "262144 are allowed"),
    "a long number": ("return 10**5000", "invalid", "not JSON-like"),
    "half a character": ("return '\\ud800'", "invalid", "no value"),
    "a list in itself": ("a = []\na.append(a)\nreturn a", "invalid", "not JSON-like"),
    "deep recursion": ("def f(): return f()\nreturn f()", "exception", "RecursionError"),
    "recursion without a limit": (
        "_sys.setrecursionlimit(10**9)\na = []\nfor _ in range(2 * 10**5): a = [a]\nreturn a",
        # Later ones bound recursion in C by themselves.
        "died" if sys.version_info < (3, 12) else "invalid",
        "",
    ),
    "ending the process": ("_os._exit(0)", "died", "ended with status 0"),
    "a null pointer": ("_modules['ctypes'].string_at(0)", "died", "was killed by SIGSEGV"),
    "SystemExit": ("raise SystemExit(0)", "exception", "SystemExit"),
    "KeyboardInterrupt": ("raise KeyboardInterrupt", "exception", "KeyboardInterrupt"),
    "closing the pipe": ("_os.close(1)", "exception", "PermissionError"),
    "an error that cannot be printed": (
        "class E(Exception):\n    def __str__(self): raise E\nraise E",
        "exception",
        "an error that cannot be printed",
    ),
    "a very long error": ("raise ValueError('x' * 10**7)", "exception", "[...]"),
    "an error with a key in it": (
        "raise ValueError('sk-' + 'a' * 20 + chr(27) + '[31m')",
        "exception",
        "ValueError: [redacted]",
    ),
    "a reply to the next request": (
        "_write(_frame(4, b'1'))",
        "invalid",
        "it answered request 4 when asked 3",
    ),
    "an endless reply": (
        "_write(b'\\xff' * 4 + (3).to_bytes(4, 'big') + b'\\0')\nwhile True: pass",
        "too_large",
        "it announced a reply of 4294967295 bytes",
    ),
    "rubbish": ("_write(b'no frame at all, only words')", "too_large", "announced"),
    "a status that means nothing": (
        "_write(_frame(3, b'1', 77))\nwhile True: pass",
        "invalid",
        "the status 77 of its reply means nothing",
    ),
    "an error that is no error": (
        "_write(_frame(3, b'[]', 1))\nwhile True: pass",
        "invalid",
        "no value",
    ),
    "JSON that is no JSON": (
        "_write(_frame(3, b'{]'))\nwhile True: pass",
        "invalid",
        "no value",
    ),
    "brackets without end": (
        "_write(_frame(3, b'[' * 200000))\nwhile True: pass",
        "invalid",
        "no value",
    ),
    "a number without end": (
        "_write(_frame(3, b'1e999'))\nwhile True: pass",
        "invalid",
        "no value",
    ),
    "another json": (
        "import json\njson.JSONEncoder.encode = json.dumps = lambda *a, **k: '{]'\nreturn {1, 2}",
        "invalid",
        "",
    ),
    "no builtins": (
        "_modules['builtins'].__dict__.clear()\nreturn 1",
        "died",
        "",
    ),
    "no write": ("_os.write = lambda *a: len(a[1])\nreturn 1", "timeout", ""),
}


def source_of(body: str) -> str:
    """A module with the attack as a function."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return f"{COMMON}def attack():\n{lines}\n"


@pytest.mark.anyio
@pytest.mark.parametrize("attack", ATTACKS)
async def test_an_attack_ends_in_a_fault_and_the_next_call_is_answered(
    opens: Opens, attack: str
) -> None:
    body, kind, said = ATTACKS[attack]
    async with opens(source_of(body), level=STRONGEST, limits=LIMITS) as jail:
        assert await jail.call("fine") == "fine"
        with pytest.raises(CodeFault) as fault:
            await jail.call("attack")
        assert (fault.value.kind, said in str(fault.value)) == (kind, True), str(fault.value)
        assert len(str(fault.value)) < 700
        assert str(fault.value).isprintable()
        assert await jail.call("fine") == "fine"


@pytest.mark.anyio
async def test_a_forged_reply_is_at_worst_the_codes_own(opens: Opens) -> None:
    source = source_of("_write(_frame(3, b'[1]'))\nsum(range(10**5))\nreturn 2")
    async with opens(source, level=STRONGEST) as jail:
        await jail.call("fine")
        try:
            assert await jail.call("attack") == [1]
        except CodeFault as fault:
            assert fault.kind == "invalid"
        else:
            with pytest.raises(CodeFault, match=r"before it was asked|request 3 when") as late:
                await jail.call("fine")
            assert late.value.kind == "invalid"
        assert await jail.call("fine") == "fine"


@pytest.mark.anyio
async def test_a_worker_that_was_rewritten_answers_for_its_code_alone(opens: Opens) -> None:
    body = """
for found in _modules["gc"].get_objects():
    if type(found).__name__ == "Code":
        found._encode = lambda value: '"forged"'
        found._most = 10**9
return "true"
"""
    async with opens(source_of(body), level=STRONGEST) as jail:
        assert await jail.call("attack") == "forged"
        assert await jail.call("fine") == "forged"
        assert jail.restarts == 0


@pytest.mark.anyio
async def test_nothing_of_the_code_runs_after_its_process_was_told_to_end(
    opens: Opens, tmp_path: Path
) -> None:
    body = """
class Late:
    def __del__(self):
        _write(b"late")
        print("late", file=_sys.stderr)
        _os.write(2, b"late")

_sys.late = Late()
_modules["builtins"].__import__("atexit").register(print, "late")
print("x" * 10**6)
return _os.write(2, b"into the log")
"""
    async with opens(source_of(body), level=STRONGEST) as jail:
        assert await jail.call("attack") == 12
        assert await jail.call("fine") == "fine"
    assert (tmp_path / "jail.log").read_bytes() == b""


@pytest.mark.anyio
async def test_the_process_knows_nothing_of_its_host(
    opens: Opens, locked: JailLevel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "sk-aaaaaaaaaaaaaaaaaaaa")
    body = """
return [dict(_os.environ), _sys.argv[2:], [name for name in _modules if "msgspec" in name]]
"""
    async with opens(source_of(body), level=locked) as jail:
        environment, arguments, modules = await jail.call("attack")  # type: ignore[misc]
    assert set(environment) <= {"PYTHONHASHSEED", "PWD", "LC_CTYPE"}
    assert (arguments, modules) == ([], [])


@pytest.mark.anyio
@pytest.mark.parametrize("reply", ["1", '{"a": 1}', '[{"deep": []}, "f"]'])
async def test_forged_functions_are_names_at_most(opens: Opens, reply: str) -> None:
    source = f"{COMMON}_write(_frame(1, b{reply!r}))\nwhile True: pass\n"
    try:
        async with opens(source, level=STRONGEST, limits=LIMITS) as jail:
            assert jail.functions == {"{'deep': []}", "f"}
    except CodeFault as fault:
        assert fault.kind == "invalid"
        assert "its functions are no list" in str(fault)


@pytest.mark.anyio
async def test_the_frames_of_the_worker_lead_nowhere(opens: Opens) -> None:
    body = """
frame = _sys._getframe()
while frame.f_back is not None:
    frame = frame.f_back
    frame.f_locals.update({'number': 9, 'requests': 9, 'replies': 1})
return "mine"
"""
    async with opens(source_of(body), level=STRONGEST, limits=LIMITS) as jail:
        try:
            assert await jail.call("attack") == "mine"
        except CodeFault as fault:
            # From Python 3.13 on, local variables of others can be written.
            assert fault.kind == "invalid"
        assert await jail.call("fine") == "fine"


@pytest.mark.anyio
async def test_a_worker_that_forgets_its_limit_is_reminded_by_the_host(opens: Opens) -> None:
    limits = JailLimits(call_seconds=0.1, reply_bytes=100)
    body = "_write(_frame(2, b'[' + b'1,' * 100 + b'1]'))\nwhile True: pass"
    async with opens(source_of(body), level=STRONGEST, limits=limits) as jail:
        with pytest.raises(CodeFault, match="past its own limit") as fault:
            await jail.call("attack")
        assert fault.value.kind == "too_large"
        assert await jail.call("fine") == "fine"
