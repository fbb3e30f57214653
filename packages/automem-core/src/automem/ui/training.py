"""What a person sees while an adapter is trained: steps, loss, tokens a second, time left."""

from __future__ import annotations

from dataclasses import dataclass, field

from automem.records._struct import Record
from automem.records.training import TrainingStep
from automem.ui.words import count, duration

RECENT_STEPS = 20
"""Over which loss and pace are told."""


class TrainingLine(Record, tag_field="event", tag="training"):
    """How a training stands."""

    title: str
    doing: str
    """What is done where no step is: loading, keeping a checkpoint; empty while it learns."""
    step: int = 0
    steps: int = 0
    """In all; 0 until the first one is done."""
    epoch: float = 0.0
    loss: float | None = None
    """Mean over the last steps, nats a token; likewise `first_loss` over the first ones."""
    first_loss: float | None = None
    learning_rate: float = 0.0
    tokens_per_second: float | None = None
    seconds_left: float | None = None


@dataclass(slots=True)
class TrainingProgress:
    """What a running training is doing right now; the display reads it, the host writes it."""

    doing: str = ""
    steps: list[TrainingStep] = field(default_factory=list[TrainingStep])
    """All that are done, those of earlier sittings included."""

    def line(self, title: str) -> TrainingLine:
        """How it stands."""
        if not self.steps:
            return TrainingLine(title=title, doing=self.doing)
        last, recent, first = self.steps[-1], self.steps[-RECENT_STEPS:], self.steps[:RECENT_STEPS]
        seconds = sum(step.seconds for step in recent)
        return TrainingLine(
            title=title,
            doing=self.doing,
            step=last.step,
            steps=last.steps,
            epoch=last.epoch,
            loss=_mean(recent),
            first_loss=_mean(first),
            learning_rate=last.learning_rate,
            tokens_per_second=sum(step.tokens for step in recent) / seconds if seconds else None,
            seconds_left=(last.steps - last.step) * seconds / len(recent),
        )


def training_text(line: TrainingLine) -> str:
    """The same in one line of text."""
    if line.loss is None or line.first_loss is None:
        return line.doing
    parts = [
        f"step {line.step:,} of {line.steps:,}, epoch {line.epoch:.2f}",
        f"loss {line.first_loss:.3f} -> {line.loss:.3f}",
    ]
    if line.tokens_per_second is not None:
        parts.append(f"{count(round(line.tokens_per_second))} tokens/s")
    parts.append(f"rate {line.learning_rate:.2g}")
    if line.step < line.steps:
        parts.append(f"{duration(line.seconds_left)} left")
    return " | ".join([*parts, line.doing] if line.doing else parts)


def _mean(steps: list[TrainingStep]) -> float:
    return sum(step.loss for step in steps) / len(steps)
