"""The worker's side of the conversation, without a lock around it."""

from __future__ import annotations

import json
import marshal
import os
from collections.abc import Callable
from typing import Any

import pytest

from automem.processes.jail.inside.modules import ALLOWED, importer, preload
from automem.processes.jail.inside.serve import (
    EXCEPTION,
    INVALID,
    REPLY,
    REQUEST,
    TOO_LARGE,
    VALUE,
    Code,
    Nowhere,
    serve,
)

SOURCE = """
from dataclasses import dataclass
import collections.abc

@dataclass
class Point:
    x: int

def shout(text):
    print(text)
    return text.upper()

def broken():
    raise Point

imported = collections.abc.Sized
"""


def framed(*parts: object) -> bytes:
    request: Any = parts
    payload = marshal.dumps(request, 2)
    return REQUEST.pack(len(payload)) + payload


def talk(sent: bytes) -> list[tuple[int, int, Any]]:
    """Number, status and payload of every reply to what was sent."""
    requests, ours = os.pipe()
    theirs, replies = os.pipe()
    os.write(ours, sent)
    os.close(ours)
    serve(requests, replies, 100)
    os.close(requests)
    os.close(replies)
    with os.fdopen(theirs, "rb") as stream:
        data = stream.read()
    answers: list[tuple[int, int, Any]] = []
    while data:
        size, number, status = REPLY.unpack_from(data)
        payload, data = data[REPLY.size : REPLY.size + size], data[REPLY.size + size :]
        answers.append((number, status, json.loads(payload)))
    return answers


def loaded(source: str = SOURCE) -> Code:
    code = Code(100)
    assert code.load(source, "code.py").status == VALUE
    return code


def test_requests_are_answered_by_their_number_until_the_host_is_gone() -> None:
    sent = framed(1, "load", SOURCE, "code.py") + b""
    assert talk(sent) == [(1, VALUE, ["Point", "broken", "shout"])]


@pytest.mark.parametrize("cut", [2, 30])
def test_a_request_cut_short_is_not_answered(cut: int) -> None:
    request = framed(1, "load", SOURCE, "code.py")
    assert talk(request[:-cut]) == []


def test_a_request_longer_than_a_read_is_put_together(make_pipe: Callable[[bytes], int]) -> None:
    code = "def f():\n    return 1\n" + "#" * 100_000
    requests = make_pipe(framed(3, "load", code, "code.py"))
    theirs, replies = os.pipe()
    serve(requests, replies, 100)
    assert REPLY.unpack_from(os.read(theirs, 100))[1:] == (3, VALUE)
    for descriptor in (theirs, replies):
        os.close(descriptor)


@pytest.fixture
def make_pipe() -> Callable[[bytes], int]:
    """A file stands for a pipe that holds more than the system's pipes do."""

    def make(data: bytes) -> int:
        descriptor = os.memfd_create("requests")
        os.write(descriptor, data)
        os.lseek(descriptor, 0, os.SEEK_SET)
        return descriptor

    return make


def test_what_is_printed_goes_nowhere() -> None:
    assert Nowhere().write("words") == 5


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("return {'a': [1, 2.5, None]}", VALUE, {"a": [1, 2.5, None]}),
        ("return {1, 2}", INVALID, "what it returned is not JSON-like: TypeError"),
        ("return float('inf')", INVALID, "ValueError"),
        ("return 'x' * 100", TOO_LARGE, "it returned 102 bytes; 100 are allowed"),
        ("return 1 / 0", EXCEPTION, "division by zero"),
        ("class E(Exception):\n  def __str__(self): raise E\n raise E", EXCEPTION, "printed"),
        ("import os", EXCEPTION, "'os' may not be imported here"),
        ("from . import other", EXCEPTION, "may not be imported"),
        ("from collections import abc, OrderedDict\n return 1", VALUE, 1),
    ],
)
def test_a_call_is_answered_by_its_value_or_its_fault(body: str, status: int, said: Any) -> None:
    code = loaded(f"def f():\n {body}")
    served = code.call("f", ())
    assert served.status == status
    answer = json.loads(served.payload)
    assert answer == said if status == VALUE else said in answer["message"]


def test_lines_are_those_of_the_code_and_not_of_what_it_calls() -> None:
    code = loaded("import json\ndef f(text):\n    return json.loads(text)")
    assert json.loads(code.call("f", ("{",)).payload)["line"] == 3
    assert json.loads(code.call("g", ()).payload)["line"] is None


def test_a_syntax_error_has_the_line_it_is_in() -> None:
    said = json.loads(Code(100).load("x = 1\nif", "code.py").payload)
    assert (said["kind"], said["line"]) == ("SyntaxError", 2)


def test_an_error_of_a_nested_compilation_has_the_line_that_asked_for_it() -> None:
    code = loaded("def f():\n    x = 1\n    return eval('1 +')")
    assert json.loads(code.call("f", ()).payload)["line"] == 3


def test_every_allowed_module_can_be_imported() -> None:
    preload()
    limited = importer()
    for name in ALLOWED:
        assert limited(name, {}, {}, ("x",), 0).__name__ == name
