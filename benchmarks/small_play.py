"""Plays the small model by `automem eval`: its configuration, its evaluations, and their cost."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import tomli_w
from evaluations import automem

from automem.episode.stream import stream_events, trace_of
from automem.errors import ConfigError
from automem.files import write_json
from automem.memory.grammar import parse
from automem.models.bases import content_name
from automem.records.result import Evaluation
from automem.records.trace import Asked
from automem.review.view import scaffold_folder
from automem.run.layout import RunFolder, run_folder
from automem.run.seeds import parse_seeds
from automem.scaffold.load import load_scaffold
from automem_tiny import folders

RUN = "play"
V0, MAP = "crafter-tiny-v0", "crafter-tiny-map"
TEMPERATURE = 0.5
"""Where the model's own generation_config.json names none."""
MAX_TOKENS = 96
TIMED_TOGETHER = 12
"""Seeds that are played at once on one core; their cost is that of a step."""
TIMED_ALONE = 2
"""Seeds that are played one after the other."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is measured, and where it is kept."""

    folder: Path
    model: Path | None
    """None is the one that comes with automem-tiny."""
    seeds: str
    train: str
    steps: int

    @property
    def model_folder(self) -> Path:
        """Where the weights are."""
        return self.model or folders.model()

    @property
    def model_name(self) -> str:
        """With a hash of what its answers depend on."""
        return content_name(self.model_folder)

    @property
    def temperature(self) -> float:
        """As the model is shipped with, else 0.5."""
        path = self.model_folder / "generation_config.json"
        shipped = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return shipped.get("temperature", TEMPERATURE)

    @property
    def run(self) -> RunFolder:
        """Of everything but the timing."""
        return run_folder(self.folder, RUN)

    @property
    def config(self) -> Path:
        """What the commands are given."""
        return self.folder / "small-model.toml"

    def scaffold(self, name: str) -> Path:
        """A copy of its own: the package's may change while episodes are played."""
        return self.folder / "scaffolds" / name

    def tables(self) -> dict[str, Any]:
        """The configuration of the model alone under `crafter-tiny-v0`, and of its training."""
        count = len(parse_seeds(self.seeds))
        return {
            "run": {"name": RUN, "folder": str(self.folder)},
            "environment": {"name": "crafter", "profile": "corrected", "max_steps": self.steps},
            "scaffold": {"from": str(self.scaffold(V0))},
            "roles": {
                "default": {
                    "backend": "tiny",
                    **({"model": str(self.model)} if self.model else {}),
                    "temperature": self.temperature,
                    "max_tokens": MAX_TOKENS,
                    "seeded": True,
                    "price": [0.0, 0.0, 0.0],
                }
            },
            "seeds": {"search": self.seeds, "train": self.train},
            # The paper's gate plays all of its seeds at once, and they are those of this measure.
            "train": {
                "provider": "rules",
                "trainer": "peft",
                "precision": "float32",
                "iterations": 1,
                "configs": 1,
                "gate": "paper",
                "gate_options": {"seeds": count},
            },
        }

    def begin(self) -> None:
        """Write the configuration. Raises ConfigError where the folder holds something else."""
        self.folder.mkdir(parents=True, exist_ok=True)
        shipped = {name: load_scaffold(folders.scaffold(name)).hash for name in (V0, MAP)}
        kept = self.folder / "settings.json"
        said = {
            "model": self.model_name,
            "seeds": self.seeds,
            "train": self.train,
            "steps": self.steps,
            "scaffolds": shipped,
        }
        if kept.exists() and json.loads(kept.read_text(encoding="utf-8")) != said:
            raise ConfigError(
                f"{self.folder} was begun with another model, scaffold or setting (settings.json "
                "there): name another folder, or take that one away"
            )
        write_json(kept, said)
        for name in shipped:
            shutil.copytree(folders.scaffold(name), self.scaffold(name), dirs_exist_ok=True)
        self.config.write_text(tomli_w.dumps(self.tables()), encoding="utf-8")


def tell(sentence: str) -> None:
    """Say how far it has come; the table is printed at the end."""
    sys.stderr.write(f"small-model: {sentence}\n")
    sys.stderr.flush()


def evaluated(settings: Settings, what: str, *overrides: str) -> Evaluation:
    """Play the seeds, or go on with it, or read what was played."""
    tell(f"playing {what}")
    used = automem(*_eval(settings, *overrides), usage=settings.folder / "usage.json")
    evaluation = msgspec.json.decode(used.said, type=Evaluation)
    tell(f"{what}: {evaluation.mean:.1f} ± {evaluation.standard_error or 0:.1f} %")
    return evaluation


def unreadable(settings: Settings, evaluation: Evaluation) -> int:
    """What looked like an operation in a reply and was none: it is in no count of operations."""
    scaffold = load_scaffold(scaffold_folder(settings.run, evaluation.scaffold))
    found = 0
    for result in evaluation.episodes:
        words = scaffold.for_task(result.task)
        vocabulary = {phase: words.vocabulary(phase) for phase in ("log", "plan")}
        folder = settings.run.evaluation(evaluation.key).episode(result.task, result.seed)
        for event in stream_events(trace_of(folder)):
            if isinstance(event, Asked):
                cut_off = event.finish == "length"
                read = parse(event.reply, vocabulary[event.phase], cut_off=cut_off)
                found += len(read.broken)
    return found


class Cost(msgspec.Struct, frozen=True):
    """Seconds a step of one scaffold."""

    scaffold: str
    steps: int
    cpu: float
    """Of the host, the games and the model together."""
    wall: float
    """On one core, many episodes at once."""
    wall_alone: float
    """On all cores, one episode after the other; the start left out."""


def cost_of(settings: Settings, scaffold: str) -> Cost:
    """Measured once in runs of its own, which an interruption begins anew."""
    kept = settings.folder / f"cost-{scaffold}.json"
    if kept.exists():
        return msgspec.json.decode(kept.read_bytes(), type=Cost)
    tell(f"timing {scaffold}")
    runs = settings.folder / f"cost-{scaffold}"
    shutil.rmtree(runs, ignore_errors=True)
    runs.mkdir()
    seeds = parse_seeds(settings.seeds)
    one_core = frozenset([max(os.sched_getaffinity(0))])
    overrides = (f"run.folder={runs}", f"scaffold.from={settings.scaffold(scaffold)}")
    together = automem(
        *_eval(settings, *overrides, _seeds(seeds[:TIMED_TOGETHER]), "run.name=together"),
        usage=runs / "usage.json",
        cores=one_core,
    )
    alone = automem(
        *_eval(settings, *overrides, _seeds(seeds[:TIMED_ALONE]), "run.name=alone"),
        *("-s", "evaluation.episodes_at_once=1"),
        usage=runs / "usage.json",
    )
    totals = msgspec.json.decode(alone.said, type=Evaluation).totals
    steps = msgspec.json.decode(together.said, type=Evaluation).totals.steps
    cost = Cost(
        scaffold=scaffold,
        steps=steps,
        cpu=together.cpu_seconds / steps,
        wall=together.wall_seconds / steps,
        wall_alone=totals.seconds / totals.steps,
    )
    write_json(kept, cost)
    return cost


def _eval(settings: Settings, *overrides: str) -> list[str]:
    words = ["eval", str(settings.config), "--json", "--display", "plain"]
    return words + [word for override in overrides for word in ("-s", override)]


def _seeds(seeds: Sequence[int]) -> str:
    return f"seeds.search={list(seeds)}"
