"""A set-up that is killed is done again, and two of them never fight."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from automem.errors import SetupError
from automem.records.setup import Interpreter

from .conftest import Bench

SCRIPT = """
import sys
import msgspec
from automem.records.setup import Interpreter
from automem.setups.make import Setup, make
from automem.setups.place import place_of
from automem.spec import Spec

made_from = msgspec.json.decode(sys.argv[1], type=Interpreter)
spec = Spec(name="tiny", make="nobody:asks", summary="")
make(Setup(spec=spec, made_from=made_from, place=place_of("tiny", made_from)), sys.stderr.write)
"""
# It leaves something behind, and waits to be allowed to go on.
HALF = 'for last; do :; done\necho half > "$last/half"\nread go < {gate}\n'


@pytest.fixture
def gate(bench: Bench) -> Path:
    """What takes the place of uv reads this pipe before it does anything."""
    path = bench.folder / "gate"
    os.mkfifo(path)
    return path


def test_a_killed_set_up_is_done_again(bench: Bench, bare: Interpreter, gate: Path) -> None:
    bench.instead_of_uv(HALF.format(gate=gate))
    argv = [sys.executable, "-c", SCRIPT, msgspec.json.encode(bare).decode()]
    setup = bench.setup(bare)
    with subprocess.Popen(argv, env=bench.environ, stderr=subprocess.PIPE) as first:
        with gate.open("w", encoding="utf-8") as opened:
            first.kill()
            first.wait()
            assert setup.status().state == "not made"
            assert (setup.place.part / "half").exists()

            # What the killed one had started lives on and is waited for.
            del bench.environ["UV"]
            second = threading.Thread(target=bench.make, args=(setup,))
            waiting = threading.Event()
            bench.told = Watched(waiting)
            second.start()
            assert waiting.wait(60)
            opened.write("go\n")
        second.join(60)
    assert setup.status().state == "made"
    assert not (setup.place.folder / "half").exists()
    assert not setup.place.part.exists()


class Watched(list[str]):
    """Lines that are told; the first one about waiting sets an event."""

    def __init__(self, waiting: threading.Event) -> None:
        super().__init__()
        self.waiting = waiting

    def append(self, line: str) -> None:
        super().append(line)
        if "waiting for it" in line:
            self.waiting.set()


def test_of_two_at_once_one_makes_it(bench: Bench, tiny: Interpreter, gate: Path) -> None:
    calls = bench.folder / "calls"
    bench.instead_of_uv(
        f'echo "$1" >> {calls}\n[ "$1" = venv ] && read go < {gate}\nexec "$real" "$@"'
    )
    setup = bench.setup(tiny)
    results: list[bool] = []
    waiting = threading.Event()
    bench.told = Watched(waiting)
    both = [threading.Thread(target=lambda: results.append(bench.make(setup))) for _ in range(2)]
    for one in both:
        one.start()
    assert waiting.wait(60)
    gate.write_text("go\n", encoding="utf-8")
    for one in both:
        one.join(60)
    assert sorted(results) == [False, True]
    assert calls.read_text(encoding="utf-8") == "venv\npip\n"
    assert len([line for line in bench.told if "waiting for it" in line]) == 1


def test_an_interrupted_program_is_ended(bench: Bench, bare: Interpreter) -> None:
    bench.instead_of_uv('echo "Resolved nothing yet"\nexec sleep 600')
    setup = bench.setup(bare)

    class Impatient(list[str]):
        def append(self, line: str) -> None:
            if "Resolved" in line:
                raise KeyboardInterrupt

    bench.told = Impatient()
    with pytest.raises(KeyboardInterrupt):
        bench.make(setup)
    assert setup.status().state == "not made"
    bench.told = []
    del bench.environ["UV"]
    assert bench.make(setup)
    assert not any("waiting" in line for line in bench.told)


def test_an_interrupted_exchange_leaves_something_to_do_again(
    bench: Bench, bare: Interpreter
) -> None:
    setup = bench.setup(bare)
    bench.make(setup)
    # As if killed between taking the old one away and putting the new one in its place.
    setup.place.folder.rename(setup.place.old)
    setup.place.part.mkdir()
    assert setup.status().state == "not made"
    assert bench.make(setup)
    assert not setup.place.old.exists()


def test_a_set_up_that_never_finishes_is_not_waited_for_forever(
    bench: Bench, bare: Interpreter
) -> None:
    place = bench.setup(bare).place
    with (
        place.locked(bench.told.append),
        pytest.raises(SetupError, match=r"another process holds .*tiny\.lock and does not finish"),
        place.locked(bench.told.append, wait_seconds=0),
    ):
        raise AssertionError


def test_an_interpreter_comes_from_no_other_place(bench: Bench, bare: Interpreter) -> None:
    with pytest.raises(SetupError, match="comes from no other place"):
        bench.make(bench.setup(bare), source="elsewhere")
