"""What a jailed process says is believed only as far as it can be checked."""

from __future__ import annotations

import pytest

from automem.errors import CodeFault
from automem.processes.jail.cell import Broken
from automem.processes.jail.replies import MOST_DEPTH, MOST_LETTERS, cleaned, value_of


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def test_values_of_builtin_types_pass() -> None:
    payload = b'{"a": [1, -9223372036854775808, 18446744073709551615, 0.5, null, true, "x"]}'
    assert value_of("code.py", "f", 0, payload) == {
        "a": [1, -(2**63), 2**64 - 1, 0.5, None, True, "x"]
    }
    assert value_of("code.py", "f", 0, nested(MOST_DEPTH)) is not None


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (nested(MOST_DEPTH + 1), "nested more than 32 deep"),
        (b'{"a": [18446744073709551616]}', "an integer of more than 64 bits"),
    ],
)
def test_what_nobody_could_store_is_a_fault_of_the_code(payload: bytes, said: str) -> None:
    with pytest.raises(CodeFault, match=said) as fault:
        value_of("code.py", "f", 0, payload)
    assert fault.value.kind == "invalid"


@pytest.mark.parametrize(
    ("status", "payload"),
    [
        (0, b""),
        (0, b"NaN"),
        (0, b"1e999"),
        (0, b'"\xff"'),
        (0, b'"\\ud800"'),
        (0, nested(100_000)),
        (1, b"[]"),
        (1, b'{"kind": 1, "message": "x"}'),
        (1, b'{"kind": "E", "message": "x", "line": "3"}'),
        (9, b"1"),
    ],
)
def test_what_our_worker_never_writes_ends_it(status: int, payload: bytes) -> None:
    with pytest.raises(Broken) as broken:
        value_of("code.py", "f", status, payload)
    assert broken.value.kind == "invalid"


def test_a_fault_says_where_and_what() -> None:
    payload = b'{"kind": "ValueError", "message": "no\\nmap", "line": 3}'
    with pytest.raises(CodeFault, match=r"^code\.py, line 3, in f: ValueError: no map$") as fault:
        value_of("code.py", "f", 1, payload)
    assert (fault.value.kind, fault.value.line) == ("exception", 3)


def test_messages_are_short_and_printable_and_hold_no_secret() -> None:
    said = cleaned("\x1b[31m\u202e red \t\r\n " + "sk-" + "a" * 30 + "x" * 1000)
    assert said.startswith("[31m red [redacted]")
    assert cleaned("é" * 1000) == "é" * MOST_LETTERS + " [...]"
