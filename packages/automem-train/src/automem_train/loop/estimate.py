"""`--estimate`: what loop 2 will come to, from the plan and from what was measured before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from automem.errors import DataError
from automem.loops.beginning import given_root
from automem.loops.foretelling import (
    NO_REVIEW,
    NOT_ASSUMED,
    NOT_MEASURED,
    assumed_source,
    foretell,
    notes,
    seeds_of_noise,
)
from automem.loops.loop import Amounts, LoopEstimate
from automem.loops.measured import Measured, mean_review, measure, most_review
from automem.loops.playing import Player, Side, settings_of
from automem.loops.versions import versions
from automem.run.layout import RunFolder
from automem.run.ledger import read_ledger
from automem.run.steps import read_steps
from automem_train.dataset.folder import data_folders
from automem_train.loop.foretelling import Ahead, ahead
from automem_train.loop.opening import Opened
from automem_train.recipes.parameters import parameters_of
from automem_train.recipes.priors import priors

CHARACTERS_PER_TOKEN = 4
"""Of replies, whose tokens the data report does not have."""


@dataclass(frozen=True, slots=True)
class Trainings:
    """What one training takes; None where nothing says so."""

    tokens: float | None
    """Of all examples, once for each epoch."""
    tokens_per_second: float | None
    notes: tuple[str, ...] = ()


def estimate(opened: Opened, player: Player, source: RunFolder) -> LoopEstimate:
    """Count what is left, and multiply it with what was measured in the run `source`.

    Nothing is written. Raises ScaffoldError, RunError.
    """
    trials = read_ledger(opened.run.ledger)
    loop, section = opened.loop, opened.section
    measured = measure(source, loop.config)
    root, given = given_root(player)
    scaffold = versions(root, trials)[-1]
    alone = Side(given if scaffold == root else player.folder(scaffold.hash))
    settings = settings_of(player.plan(alone, loop.search))
    least = ahead(root, trials, section, settings, is_kept=False)
    most = ahead(root, trials, section, settings, is_kept=True)
    wanted = (*opened.train, *loop.search) if most.trainings else ()
    unplayed = sum(not player.has(alone, seed) for seed in wanted)
    recipes = [trial for trial in trials if trial.kind == "recipe"]
    reviews = [trial.review_cost for trial in recipes if trial.attempt == 1]
    training = training_of(opened, source, measured)
    noise = unplayed + least.trainings * seeds_of_noise(loop.gate)
    # A specialist that is kept is also played on the search seeds that its gate did not ask for.
    each = max(loop.needs.search, len(loop.search)) + 2 * loop.needs.fresh
    kept = sum(trial.verdict == "kept" for trial in recipes)
    amounts_least = foretell(
        loop,
        tries=least.trainings,
        reviews=least.recipes,
        episodes=noise * len(loop.tasks),
        measured=measured,
        review=mean_review(reviews),
    )
    amounts_most = foretell(
        loop,
        tries=most.trainings,
        reviews=most.recipes,
        episodes=(unplayed + most.trainings * each) * len(loop.tasks),
        measured=measured,
        review=most_review(section.review),
    )
    return LoopEstimate(
        if_nothing_helps=_with_training(amounts_least, least, training),
        at_most=_with_training(amounts_most, most, training),
        kept=kept,
        may_keep=kept + most.trainings,
        report_episodes=len(loop.report) * len(loop.tasks) * (1 + kept + most.trainings),
        measured_episodes=measured.episodes if measured else 0,
        measured_in=str(source.path) if measured else "",
        assumed=assumed_source(loop, measured) if most.trainings else "",
        notes=(*notes(loop, measured, reviews), *_unknown(training)) if most.trainings else (),
        unmeasured=(NOT_MEASURED, NOT_ASSUMED, NO_REVIEW, *_unknown(training)),
    )


def training_of(opened: Opened, source: RunFolder, measured: Measured | None) -> Trainings:
    """What one training takes, by the data sets of a run, by its calls, or as it is assumed."""
    assumed = opened.config.pipeline.assumed
    prior = priors(opened.config.environment.name, parameters_of(opened.base))[0]
    epochs = prior.lora.epochs
    sizes = list(_sizes(source))
    tokens, told = None, ()
    if sizes:
        tokens = epochs * sum(sizes) / len(sizes)
        told = (
            f"a training is taken to have {epochs} times the tokens of a data set of {source.path}",
        )
    elif measured is not None and measured.calls:
        used = measured.usage.input_tokens + measured.usage.output_tokens
        tokens = epochs * prior.minimum * used / (measured.episodes * measured.calls)
        told = (
            f"no data set was made yet: a training is taken to have {prior.minimum} examples, as "
            f"long as calls were, {epochs} times",
        )
    if tokens is None and assumed.training_tokens is not None:
        tokens, told = assumed.training_tokens, ("tokens of training: assumed likewise",)
    speed = opened.section.tokens_per_second or measured_speed(source) or assumed.training
    return Trainings(tokens, speed, told)


def _sizes(source: RunFolder) -> Iterator[float]:
    """Tokens of each data set of a run."""
    for folder in data_folders(source):
        try:
            sums = folder.read_report().sums
        except DataError:
            continue  # of another version; the command that reads it says so
        yield sums.prompt_tokens + sums.target_characters / CHARACTERS_PER_TOKEN


def measured_speed(source: RunFolder) -> float | None:
    """Tokens a second over all steps of all trainings of a run; None where there were none."""
    tokens, seconds = 0, 0.0
    for path in sorted(source.adapters.glob("*/progress.jsonl")):
        for step in read_steps(path):
            tokens, seconds = tokens + step.tokens, seconds + step.seconds
    return tokens / seconds if seconds else None


def _with_training(amounts: Amounts, left: Ahead, training: Trainings) -> Amounts:
    tokens = hours = 0.0 if not left.trainings else None
    if left.trainings and training.tokens is not None:
        tokens = left.trainings * training.tokens
        if training.tokens_per_second is not None:
            hours = tokens / training.tokens_per_second / 3600
    return msgspec.structs.replace(
        amounts,
        trainings=float(left.trainings),
        training_tokens=tokens,
        training_hours=hours,
    )


def _unknown(training: Trainings) -> Iterator[str]:
    yield from training.notes
    if training.tokens is None:
        yield (
            "neither a data set was made nor an episode measured, so tokens and hours of training "
            "are not known; name a run that has some with --measured-in"
        )
    if training.tokens_per_second is None:
        yield (
            "no training was measured, so its hours are not known; give [train] tokens_per_second"
        )
