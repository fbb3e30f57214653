"""Adapters as a person reads them: a line of a list, and the whole of one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING

from automem.cli.tables import plain_table
from automem.records.training import Provenance
from automem.ui.words import count, duration, plural, size, visible
from automem_train.adapters.reading import AdapterState, ends

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

_SHORT = 8
_MOST_EPISODES = 10


def adapters_table(states: Sequence[AdapterState]) -> Table:
    """One line an adapter."""
    from rich.text import Text

    heads = ("state", "base", "data", "rank", "steps", "loss", "size")
    table = plain_table("adapter", *heads)
    for one in states:
        done = f"{one.step:,}" if one.state == "whole" else f"{one.step:,} of {one.steps or '?'}"
        cells = (
            one.key,
            one.state,
            PurePath(one.base).name or "?",
            one.data[:_SHORT] or "?",
            str(one.rank or "?"),
            "?" if one.state == "foreign" else done,
            _loss(one.first_loss, one.last_loss),
            size(one.bytes) if one.bytes else "-",
        )
        table.add_row(*(Text(visible(cell)) for cell in cells))
    return table


def problems(states: Sequence[AdapterState]) -> Iterator[str]:
    """What is wrong with which."""
    for one in states:
        if one.problem:
            yield f"{one.key}: {one.problem}"


def provenance_tables(name: str, said: Provenance) -> Iterator[RenderableType]:
    """Everything but the loss of every step, which is told in tenths."""
    from rich.text import Text

    table = plain_table("adapter", name)
    for head, text in _rows(said):
        table.add_row(head, Text(visible(text), overflow="fold"))
    yield table
    shown = said.data.episodes[:_MOST_EPISODES]
    if shown:
        more = len(said.data.episodes) - len(shown)
        yield f"episodes: {', '.join(shown)}" + (f" and {more} more" if more else "")


def _rows(said: Provenance) -> Iterator[tuple[str, str]]:
    job, lora, data, base = said.job, said.job.lora, said.data, said.base
    yield "base", base.model
    yield "  config.json", base.config_sha256[:16]
    yield "  weights", base.weights_sha256[:16]
    yield "  tokenizer", base.tokenizer_sha256[:16]
    yield "  chat template", base.template_sha256[:16]
    yield "data set", job.data
    yield "  examples", f"{data.examples:,} ({data.truncated:,} cut, {data.dropped:,} dropped)"
    yield "  tokens", f"{count(data.tokens)}, {count(data.labelled)} of them learned"
    yield "  episodes", f"{len(data.episodes):,}"
    yield "  played by", job.evaluation or "?"
    yield "  scaffold", said.parent or "?"
    yield "LoRA", f"rank {lora.rank}, alpha {lora.alpha:g}, dropout {lora.dropout:g}"
    yield "  targets", ", ".join(lora.targets)
    yield "learning rate", f"{lora.learning_rate:g}, {lora.schedule}, warmup {lora.warmup:g}"
    yield "batch", f"{lora.batch} x {lora.accumulate}, {said.processes} at once"
    yield "learned", f"{lora.train_on}, up to {lora.cutoff:,} tokens, seed {lora.seed}"
    yield "trainer", f"{job.trainer}, {job.precision}, on {said.device}"
    yield "steps", f"{said.steps:,} in {plural(lora.epochs, 'epoch')}, {duration(said.seconds)}"
    yield "loss", f"{_loss(*ends(said.losses))} nats a token"
    yield "  in tenths", " ".join(f"{loss:.3f}" for loss in _tenths(said.losses))
    yield "versions", ", ".join(f"{name} {v}" for name, v in sorted(said.versions.items()))
    yield "weights file", said.adapter_sha256[:16]


def _loss(first: float | None, last: float | None) -> str:
    return "-" if first is None or last is None else f"{first:.3f} -> {last:.3f}"


def _tenths(losses: Sequence[float]) -> list[float]:
    part = max(1, -(-len(losses) // 10))
    groups = [losses[at : at + part] for at in range(0, len(losses), part)]
    return [sum(group) / len(group) for group in groups]
