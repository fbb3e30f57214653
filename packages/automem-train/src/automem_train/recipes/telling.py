"""A recipe and the priors in words, for people and for whoever writes the next recipe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from automem.records.training import ATTENTION, PROJECTIONS, LoraSettings
from automem_train.recipes.priors import Prior
from automem_train.recipes.ranks import rank_note
from automem_train.recipes.recipe import Recipe

_USUAL = LoraSettings()
_TOLD = ("rank", "alpha", "learning_rate", "epochs", "targets", "batch", "accumulate", "cutoff")


def recipe_text(recipe: Recipe) -> str:
    """What is trained on, and each configuration on a line, with what is to be said of its rank."""
    data = "turns are selected anew" if recipe.selects else f"the data set {recipe.data} again"
    lines = [f"data: {data}"]
    for number, lora in enumerate(recipe.lora):
        note = rank_note(lora)
        lines.append(f"lora[{number}]: {settings_text(lora)}{f' ({note})' if note else ''}")
    return "\n".join(lines)


def settings_text(lora: LoraSettings) -> str:
    """One configuration on one line: the chief keys, and what differs from the defaults."""
    return ", ".join(_parts(lora))


def priors_text(priors: Iterable[Prior]) -> str:
    """Each prior on a line of a list."""
    return "\n".join(map(_prior_line, priors))


def _prior_line(prior: Prior) -> str:
    line = (
        f"- {prior.name} ({prior.says}; at least {prior.minimum} examples): "
        f"{settings_text(prior.lora)}"
    )
    if prior.learning_rates:
        rates = ", ".join([f"{rate:g}" for rate in prior.learning_rates])
        line += f"; learning rates worth trying: {rates}"
    return line


def _parts(lora: LoraSettings) -> Iterator[str]:
    yield f"rank {lora.rank}"
    yield f"alpha {lora.alpha:g}"
    yield f"learning rate {lora.learning_rate:g}"
    yield f"{lora.epochs} {'epoch' if lora.epochs == 1 else 'epochs'}"
    yield _targets(lora)
    yield f"batch {lora.batch} x {lora.accumulate}"
    yield f"cutoff {lora.cutoff}"
    for field in msgspec.structs.fields(LoraSettings):
        value: object = getattr(lora, field.name)
        if field.name not in _TOLD and value != getattr(_USUAL, field.name):
            yield f"{field.name} {value:g}" if isinstance(value, float) else f"{field.name} {value}"


def _targets(lora: LoraSettings) -> str:
    if set(lora.targets) == set(ATTENTION):
        return "attention"
    if set(lora.targets) == set(PROJECTIONS):
        return "all seven projections"
    return " ".join(lora.targets)
