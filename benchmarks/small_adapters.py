"""The adapters of the small model: of its own better turns, of turns at random, and of nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import anyio
import msgspec
import numpy as np
import tomli_w
from evaluations import automem
from matching import Prompt, matched
from safetensors.numpy import load_file, save_file
from small_play import Settings, tell

from automem.errors import TrainerError
from automem.models.adapters import SETTINGS, WEIGHTS, read_provenance
from automem.records.ledger import Trial
from automem.records.training import Provenance
from automem_train.adapters.reading import ends
from automem_train.dataset.folder import DataFolder, locate_data
from automem_train.dataset.record import DataReport
from automem_train.loop.making import with_data
from automem_train.loop.working import Done
from automem_train.select.judging import episodes_of
from automem_train.select.selection import load_selection
from automem_train.trainers.peft import PeftOptions, PeftTrainer
from automem_train.training.running import train
from automem_train.turns.record import Turn
from automem_train.turns.source import complete_evaluations, sources_of
from automem_train.turns.table import turn_table

DRAW = 0
"""Seed of the draw."""
CRITERIA = """\
A control: turns drawn at random from the episodes that the other selection chose from, one for \
each of its examples, asked for in the same phase and shape by a prompt of like length. What a \
reply says does not count, but for having an operation, without which nothing is left to learn."""


class Learned(msgspec.Struct, frozen=True):
    """An adapter, and what it was trained on."""

    adapter: Path
    data: str
    """Hash of its data set."""
    examples: int
    episodes: int
    shapes: dict[str, int]
    """Shape of the prompt -> examples."""
    prompt_tokens: float
    """Mean of the examples."""
    looks: int
    """Examples of LOG that look into a file."""
    first_loss: float
    last_loss: float
    steps: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Control:
    """The adapter of turns at random, and how well they match."""

    learned: Learned
    wanted: int
    same: int
    """Turns that were drawn and are also in the other data set."""


def by_rules(settings: Settings) -> tuple[Learned, Trial]:
    """One recipe of `automem train`, provider `rules`. Raises TrainerError where it has none."""
    tell("learning from its own better turns")
    words = ("train", str(settings.config), "--json", "--display", "plain")
    used = automem(*words, usage=settings.folder / "usage.json")
    trial = msgspec.json.decode(used.said, type=Done).trials[-1]
    if trial.trained is None:
        raise TrainerError(f"the recipe of the rules came to no adapter: {trial.why}")
    return _learned(settings, settings.run.adapters / trial.candidate, trial.trained.data), trial


def at_random(settings: Settings, trial: Trial) -> Control:
    """The same training on turns drawn at random, matched to those that the rules chose."""
    assert trial.trained is not None
    wanted = locate_data(settings.run, trial.trained.data)
    drawn = _drawn(settings, wanted, settings.run.path / trial.review / "overlay")
    selection = settings.folder / "random-turns"
    selection.mkdir(exist_ok=True)
    tables = {
        "criteria": CRITERIA,
        "evaluations": sorted(wanted.read_report().evaluations),
        "include": [{"id": id, "reason": f"drawn for {other}"} for other, id in drawn.items()],
    }
    (selection / "selection.toml").write_text(tomli_w.dumps(tables), encoding="utf-8")
    tell(f"learning from {len(drawn)} turns drawn at random")
    words = ("data", "select", str(settings.run.path), str(selection), "--json")
    used = automem(*words, usage=settings.folder / "usage.json")
    data = locate_data(settings.run, msgspec.json.decode(used.said, type=DataReport).hash)
    job = read_provenance(settings.run.adapters / trial.candidate).job
    job = with_data(job, data, f"{job.evaluation}, turns drawn at random")
    adapter = settings.run.adapters / job.key
    anyio.run(train, job, PeftTrainer(PeftOptions()), adapter)
    return Control(
        learned=_learned(settings, adapter, data.path.name),
        wanted=sum(1 for _ in wanted.read_examples()),
        same=len(set(drawn) & set(drawn.values())),
    )


def of_nothing(settings: Settings, adapter: Path) -> Path:
    """A copy of an adapter that adds nothing: with it two roles play, and both are the base."""
    folder = settings.folder / "nothing"
    folder.mkdir(exist_ok=True)
    shutil.copy(adapter / SETTINGS, folder / SETTINGS)
    tensors = load_file(adapter / WEIGHTS[0])
    zeros = {
        name: np.zeros_like(tensor) if "lora_B" in name else tensor
        for name, tensor in tensors.items()
    }
    save_file(zeros, folder / WEIGHTS[0])
    return folder


def _drawn(settings: Settings, wanted: DataFolder, overlay: Path) -> dict[str, str]:
    """Id of an example -> that of the turn drawn for it."""
    turns = _turns(settings, wanted)
    chooser = load_selection(overlay)
    report = wanted.read_report()
    evaluations = complete_evaluations(settings.run, sorted(report.evaluations))
    allowed = episodes_of(chooser, sources_of(settings.run, evaluations))
    return matched(
        [Prompt(one.id, one.shape, one.prompt_tokens) for one in wanted.read_examples()],
        [
            Prompt(turn.id, turn.shape, turn.prompt_tokens)
            for turn in turns
            if turn.episode in allowed and turn.position != "handoff" and turn.operations
        ],
        Random(DRAW),
    )


def _turns(settings: Settings, data: DataFolder) -> Iterator[Turn]:
    """Every turn that the data set was chosen from."""
    evaluations = complete_evaluations(settings.run, sorted(data.read_report().evaluations))
    return turn_table(settings.run, sources_of(settings.run, evaluations)).turns()


def _learned(settings: Settings, adapter: Path, data: str) -> Learned:
    folder = locate_data(settings.run, data)
    examples = list(folder.read_examples())
    ids = {one.id for one in examples}
    looks = sum(
        any(operation.kind == "search" for operation in turn.operations)
        for turn in _turns(settings, folder)
        if turn.phase == "log" and turn.id in ids
    )
    shapes = sorted({one.shape for one in examples})
    said: Provenance = read_provenance(adapter)
    first, last = ends(said.losses)
    return Learned(
        adapter=adapter,
        data=data,
        examples=len(examples),
        episodes=len({one.episode for one in examples}),
        shapes={shape: sum(one.shape == shape for one in examples) for shape in shapes},
        prompt_tokens=sum(one.prompt_tokens for one in examples) / len(examples),
        looks=looks,
        first_loss=first or 0.0,
        last_loss=last or 0.0,
        steps=said.steps,
        seconds=said.seconds,
    )
