"""Training teaches: a small model that could do a thing both ways does it the selected way.

The base is trained from scratch on a toy game until it has mastered it. In two of three cases it
writes a sight down at once, and otherwise searches for it first: which, is chance. An adapter
trained on the turns that search first makes that its habit, for sights that it was never shown. The
same turns with their replies exchanged among prompts teach nothing of the kind.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import msgspec
import pytest

from automem.memory.grammar import parse
from automem.records.scaffold import OperationRule
from automem.records.training import PROJECTIONS

from .interpreters import HERE, peft_python, run
from .sittings import job_in
from .toy_language import CAREFUL, Messages, Sight, selected, shuffled, split

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(1800)]
SAMPLES = 6
WORDS = {
    "SEARCH": OperationRule(name="SEARCH", kind="search"),
    "APPEND": OperationRule(name="APPEND", kind="append"),
}
LORA = {
    "rank": 8,
    "alpha": 16.0,
    "learning_rate": 2e-3,
    "epochs": 3,
    "batch": 8,
    "accumulate": 1,
    "targets": PROJECTIONS,
}


class Said(msgspec.Struct, frozen=True):
    """What one model says, as `toy_behavior.py` found it."""

    greedy: list[str]
    sampled: list[str]
    loss: float


@dataclass(frozen=True, slots=True)
class Behavior:
    """Of one model, on sights that no adapter was shown."""

    loss: float
    """On selected turns, in nats a token."""
    greedy: float
    """The share of first replies that search for what is seen, in its file, and write nothing."""
    sampled: float
    """The same at temperature 1."""

    def __str__(self) -> str:
        return f"loss {self.loss:.3f}, looks first {self.greedy:.2f} ({self.sampled:.2f} sampled)"


def looks_first(reply: str, seen: Sight) -> bool:
    """Whether it is read so by AutoMem itself."""
    operations = parse(reply, WORDS).operations
    wanted = parse(seen.search, WORDS).operations
    return bool(wanted) and operations == wanted


def behavior(said: Said, seen: Sequence[Sight]) -> Behavior:
    def share(replies: Sequence[str]) -> float:
        pairs = zip(replies, list(seen) * (len(replies) // len(seen)), strict=True)
        return sum(looks_first(reply, one) for reply, one in pairs) / len(replies)

    return Behavior(said.loss, share(said.greedy), share(said.sampled))


def adapter(folder: Path, base: Path, turns: Sequence[Messages], seed: int) -> Path:
    """Of the real trainer."""
    lines = "".join(json.dumps({"messages": turn}) + "\n" for turn in turns)
    job = job_in(folder, base, lines=lines, lora={**LORA, "seed": seed})
    return job.trained().path


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_selected_turns_change_what_is_done_and_shuffled_ones_do_not(
    tmp_path: Path, seed: int
) -> None:
    base = tmp_path / "base"
    made = run(peft_python(), str(HERE / "toy_base.py"), str(base), str(seed))
    assert made.returncode == 0, made.stderr
    chance = Random(seed)
    shown, unseen = split(chance)
    turns = selected(shown)
    adapters = [
        f"{name}={adapter(tmp_path / name, base, taught, seed)}"
        for name, taught in (("selected", turns), ("shuffled", shuffled(turns, chance)))
    ]
    # What is known shows only in what a search answers.
    seen = [one for one in unseen if one.known]
    asked = {
        "prompts": [one.prompt for one in seen],
        "samples": SAMPLES,
        "turns": selected(unseen),
    }
    (tmp_path / "asked.json").write_text(json.dumps(asked), encoding="utf-8")
    ran = run(
        peft_python(),
        str(HERE / "toy_behavior.py"),
        str(base),
        str(tmp_path / "asked.json"),
        *adapters,
    )
    assert ran.returncode == 0, ran.stderr
    said = msgspec.json.decode(ran.stdout, type=dict[str, Said])
    found = {name: behavior(one, seen) for name, one in said.items()}
    for name, one in found.items():
        sys.stderr.write(f"\nseed {seed}, {name}: {one}")

    before, after, control = (found[name] for name in ("base", "selected", "shuffled"))
    # It had learned the game: both habits as often as they were shown to it, and hardly an error.
    assert abs(before.sampled - CAREFUL) < 0.15
    assert before.loss < 0.12
    assert after.loss < 0.75 * before.loss
    assert after.greedy > before.greedy + 0.6
    assert after.sampled > before.sampled + 0.4
    assert control.loss > before.loss
    assert control.greedy < before.greedy + 0.1
    assert control.sampled < before.sampled + 0.1
