"""Whether the small model plays, needs its memory, and gains by LoRA on its own better turns.

    python benchmarks/run.py small-model --folder FOLDER

Everything is played and trained by the commands that users have, in a run that stays in FOLDER:
the same command goes on where it was interrupted. `results.json` there holds the raw numbers.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import small_figures as say
from figures import Figure
from memory import forgetful
from small_adapters import Control, Learned, at_random, by_rules, of_nothing
from small_play import MAP, V0, Settings, cost_of, evaluated, unreadable

from automem.files import write_json
from automem.records.result import Evaluation

SEEDS = "60 from 70000"
"""Worlds that nothing was ever trained or chosen on."""
TRAIN = "40 from 1000"
STEPS = 2000
FOLDER = Path("runs/small-model")
_Raw = TypeVar("_Raw")


def add_options(parser: argparse.ArgumentParser) -> None:
    """What can be set of this measure."""
    group = parser.add_argument_group("small-model")
    group.add_argument("--folder", type=Path, default=FOLDER, help="keeps what is played")
    group.add_argument("--model", type=Path, help="a folder; else the one of automem-tiny")
    group.add_argument("--seeds", default=SEEDS, help="played by everything that is compared")
    group.add_argument("--train-seeds", default=TRAIN, help="to learn from")
    group.add_argument("--max-steps", type=int, default=STEPS, help="of an episode")


def settings_of(given: argparse.Namespace) -> Settings:
    """The options as they were given."""
    return Settings(
        folder=given.folder.resolve(),
        model=None if given.model is None else given.model.resolve(),
        seeds=given.seeds,
        train=given.train_seeds,
        steps=given.max_steps,
    )


@dataclass(slots=True)
class Results:
    """What was found so far."""

    settings: Settings
    figures: list[Figure] = field(default_factory=list[Figure])
    played: dict[str, Evaluation] = field(default_factory=dict[str, Evaluation])
    numbers: dict[str, Any] = field(default_factory=dict[str, Any])

    def play(self, what: str, *overrides: str) -> Evaluation:
        """An evaluation, kept under its name."""
        self.played[what] = evaluated(self.settings, what, *overrides)
        return self.played[what]

    def add(self, found: tuple[Figure, _Raw]) -> None:
        """A figure, and the numbers it is made of."""
        figure, raw = found
        self.figures.append(figure)
        self.numbers[figure.what] = raw

    def write(self) -> None:
        """Keep all of it as JSON."""
        kept = {
            "model": self.settings.model_name,
            "temperature": self.settings.temperature,
            "seeds": self.settings.seeds,
            "train": self.settings.train,
            "steps": self.settings.steps,
            "figures": [
                {"what": f.what, "measured": f.measured, "wanted": f.wanted, "how": f.about}
                for f in self.figures
            ],
            "numbers": self.numbers,
            "evaluations": say.raw(self.played),
        }
        write_json(self.settings.folder / "results.json", msgspec.to_builtins(kept, enc_hook=vars))


def measure(settings: Settings) -> list[Figure]:
    """The figures of this file."""
    # A command that it started ends with it, and does not go on holding the run.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    settings.begin()
    results = Results(settings)
    _needs_memory(results)
    results.write()
    _learns(results)
    results.write()
    for scaffold in (V0, MAP):
        cost = cost_of(settings, scaffold)
        results.figures += say.cost(cost)
        results.numbers[f"cost, {scaffold}"] = cost
    results.write()
    return results.figures


def _needs_memory(results: Results) -> None:
    """Two scaffolds, and the better one with memory that answers nothing."""
    settings = results.settings
    v0, mapped = results.play(V0), results.play(MAP, f"scaffold.from={settings.scaffold(MAP)}")
    empty = settings.folder / f"{MAP}-forgetful"
    shutil.rmtree(empty, ignore_errors=True)
    forgetful(settings.scaffold(MAP), settings.folder)
    nothing = results.play(f"{MAP}, memory answers nothing", f"scaffold.from={empty}")
    for name, evaluation in ((MAP, mapped), (V0, v0)):
        results.figures += say.valid(name, evaluation, unreadable(settings, evaluation))
    results.figures += [say.progression(MAP, mapped, say.PROGRESSION), say.progression(V0, v0)]
    results.add(say.times(f"{MAP} over {V0}", mapped, v0))
    results.add(say.better(f"{MAP} less {V0}", v0, mapped))
    results.figures.append(say.progression(f"{MAP}, memory answers nothing", nothing))
    results.add(say.better(f"{MAP} less the same, memory answers nothing", nothing, mapped))


def _learns(results: Results) -> None:
    """Adapters of chosen turns, of turns at random and of nothing, each beside the base."""
    settings, base = results.settings, results.played[V0]
    learned, trial = by_rules(settings)
    control = at_random(settings, trial)
    nothing = of_nothing(settings, learned.adapter)
    results.figures += _data(learned, control)
    results.numbers |= {"chosen turns": _plain(learned), "random turns": _plain(control.learned)}
    results.numbers["gate"] = {"verdict": trial.verdict, "why": trial.why}
    chosen = results.play("adapter of chosen turns", _memory(learned.adapter))
    drawn = results.play("adapter of random turns", _memory(control.learned.adapter))
    handed = results.play("adapter of nothing, hand-off alone", _memory(nothing))
    results.figures += say.valid("adapter of chosen turns", chosen, unreadable(settings, chosen))
    sides = {
        "base alone": base,
        "chosen turns": chosen,
        "random turns": drawn,
        "hand-off alone": handed,
    }
    for name, evaluation in sides.items():
        results.figures.append(say.writes_per_search(name, evaluation))
    change = "writes per search, times that of the base"
    results.add(say.change(f"{change}: chosen turns", base, chosen, halves=True))
    results.add(say.change(f"{change}: random turns", base, drawn, halves=False))
    results.add(say.change(f"{change}: hand-off alone", base, handed, halves=None))
    for name, evaluation in list(sides.items())[1:]:
        results.figures.append(say.progression(f"{V0}, {name}", evaluation))
    results.add(say.not_worse("chosen turns less base alone", base, chosen))
    results.add(say.told("chosen turns less hand-off alone", handed, chosen))
    results.add(say.told("chosen turns less random turns", drawn, chosen))
    results.add(say.told("hand-off alone less base alone", base, handed))


def _memory(adapter: Path) -> str:
    return f"roles.memory.adapter={adapter}"


def _data(learned: Learned, control: Control) -> list[Figure]:
    figures: list[Figure] = []
    for name, one in (("chosen turns", learned), ("random turns", control.learned)):
        shapes = ", ".join(f"{shape} {count}" for shape, count in one.shapes.items())
        about = (
            f"of {one.episodes} episodes; {shapes}; {one.looks} look in LOG; prompts of "
            f"{one.prompt_tokens:.0f} tokens; loss {one.first_loss:.3f} to {one.last_loss:.3f} in "
            f"{one.steps} steps, {one.seconds:.0f} s"
        )
        if one is control.learned:
            about += f"; {control.same} are among the chosen ones"
        wanted = f"as many as {control.wanted}" if one is control.learned else ""
        figures.append(Figure(f"examples, {name}", f"{one.examples}", about, wanted))
    return figures


def _plain(learned: Learned) -> dict[str, Any]:
    """Without the place of its folder."""
    plain = {name: getattr(learned, name) for name in Learned.__struct_fields__}
    return {**plain, "adapter": learned.adapter.name}
