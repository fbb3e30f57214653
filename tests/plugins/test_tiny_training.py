"""Training, in the interpreter that has torch: exact, and the same however it is run."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

from automem.processes.interpreters import python_of
from automem_tiny.folders import PACKAGE, model

pytestmark = [pytest.mark.slow, pytest.mark.server, pytest.mark.timeout(900)]

LESSONS = [
    {
        "messages": [
            {"role": "system", "content": "Count."},
            {"role": "user", "content": f"LOG.\n\nat {number},{-number} south\n\n## Now"},
            {"role": "assistant", "content": f"<|APPEND|>log.txt|at {number},1 south<|END|>"},
        ],
        "seed": number,
        "phase": "log",
    }
    for number in range(1, 61)
]


def there(*arguments: str | Path) -> int:
    environment = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    argv = [python_of("local"), *map(str, arguments)]
    return subprocess.run(argv, env=environment, check=False).returncode


def train(out: Path, lessons: Path, *more: str) -> int:
    steps = ("--steps", "24", "--start", str(model()), "--checkpoint-seconds", "0")
    return there("-m", "automem_tiny.training.train", out, lessons, *steps, *more)


@pytest.fixture
def lessons(tmp_path: Path) -> Path:
    path = tmp_path / "lessons.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in LESSONS), encoding="utf-8")
    return path


def test_losses_and_gradients_are_those_of_transformers() -> None:
    assert there(Path(__file__).with_name("against_transformers.py")) == 0


def test_a_second_process_that_is_gone_is_told_with_what_to_do(lessons: Path) -> None:
    script = (
        "import sys\n"
        "from automem_tiny.training.learner import Task, learning\n"
        "from automem_tiny.training.network import make_network\n"
        "from automem_tiny.training.parameters import Shape\n"
        "from automem_tiny.training.lessons import Encoder\n"
        "from pathlib import Path\n"
        "size = Encoder(Path(sys.argv[1])).size\n"
        "shape = Shape.of(make_network('small', size, 2, 0, 1, {}).config)\n"
        "task = Task(shape, sys.argv[1], (sys.argv[2],), 1, 8, 4)\n"
        "try:\n"
        "    with learning(task, 2) as learner:\n"
        "        learner._other.kill()\n"
        "        learner._other.wait()\n"
        "        learner.gradients(0)\n"
        "except RuntimeError as error:\n"
        "    sys.exit(0 if 'run it again to go on' in str(error) else 1)\n"
    )
    assert there("-c", script, model(), lessons) == 0


def test_one_process_and_two_make_the_same_weights(tmp_path: Path, lessons: Path) -> None:
    digests: set[str] = set()
    for processes in ("1", "2"):
        out = tmp_path / processes
        assert train(out, lessons, "--processes", processes) == 0
        digests.add(hashlib.sha256((out / "model.safetensors").read_bytes()).hexdigest())
        assert json.loads((out / "curve.jsonl").read_text(encoding="utf-8"))["step"] == 24
    assert len(digests) == 1


def test_a_training_with_other_numbers_is_refused(tmp_path: Path, lessons: Path) -> None:
    assert train(tmp_path / "out", lessons) == 0
    assert train(tmp_path / "out", lessons) == 0
    assert train(tmp_path / "out", lessons, "--seed", "2") == 2
