"""What was trained: settings, data and losses of every recipe of the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from automem.records._struct import Record
from automem.records.ledger import Trial
from automem.records.training import LoraSettings
from automem.report.charts import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, color
from automem.report.svg import element, line, picture, ticks
from automem.run.layout import RunFolder
from automem.run.ledger import read_ledger
from automem.run.steps import read_steps

MOST_POINTS = 200
"""Of a curve; more steps are put together."""


class TrainingRow(Record):
    """One training."""

    number: int
    """Decides its color."""
    name: str
    run: str
    trial: Trial
    settings: str
    losses: tuple[float, ...]
    """Of every step."""
    tokens: int
    seconds: float


def training_rows(runs: Sequence[RunFolder]) -> list[TrainingRow]:
    """Every recipe that came to a training, in order. Raises RunError for a damaged ledger."""
    several = len(runs) > 1
    found: list[TrainingRow] = []
    for run in runs:
        for trial in read_ledger(run.ledger, "recipe"):
            key = trial.candidate or (trial.trained.adapter if trial.trained else "")
            steps = read_steps(run.adapters / key / "progress.jsonl") if key else []
            if not steps and trial.trained is None:
                continue
            found.append(
                TrainingRow(
                    number=len(found),
                    name=f"{run.name}: {trial.name}" if several else trial.name,
                    run=run.name,
                    trial=trial,
                    settings=settings_text(trial.trained.lora) if trial.trained else "",
                    losses=tuple([step.loss for step in steps]),
                    tokens=sum(step.tokens for step in steps),
                    seconds=sum(step.seconds for step in steps),
                )
            )
    return found


def settings_text(lora: LoraSettings) -> str:
    """A LoRA configuration in a line."""
    targets = ", ".join(target.removesuffix("_proj") for target in lora.targets)
    epochs = f"{lora.epochs} epoch{'s' * (lora.epochs > 1)}"
    return (
        f"rank {lora.rank}, alpha {lora.alpha:g}, learning rate {lora.learning_rate:g}, {epochs}, "
        f"{targets}"
    )


def loss_curves(rows: Sequence[TrainingRow]) -> Markup | None:
    """Loss over the steps of each training, all over one width; None where there are none."""
    drawn = [row for row in rows if len(row.losses) > 1]
    if not drawn:
        return None
    curves = [(row, _thinned(row.losses)) for row in drawn]
    scale = ticks(max(max(curve) for _, curve in curves))
    parts: list[Markup] = []
    for value in scale:
        y = _y(value, scale[-1])
        parts.append(line([(LEFT, y), (WIDTH - RIGHT, y)], class_="rung"))
        parts.append(element("text", f"{value:g}", x=LEFT - 8, y=y + 4, text_anchor="end"))
    for row, curve in curves:
        across = (WIDTH - LEFT - RIGHT) / (len(curve) - 1)
        points = [(LEFT + across * n, _y(loss, scale[-1])) for n, loss in enumerate(curve)]
        said = f"{row.name}: {row.losses[0]:.3f} to {row.losses[-1]:.3f}"
        parts.append(
            element(
                "g",
                element("title", said),
                line(points, class_=f"thick {color(row.number)}"),
                class_="hover",
            )
        )
    ends = {"first step": (LEFT, "start"), "last step": (WIDTH - RIGHT, "end")}
    for text, (x, anchor) in ends.items():
        parts.append(element("text", text, x=x, y=HEIGHT - BOTTOM + 20, text_anchor=anchor))
    spoken = "; ".join(f"{r.name} {r.losses[0]:.2f} to {r.losses[-1]:.2f}" for r in drawn)
    return picture(WIDTH, HEIGHT, f"Loss by step, in nats a token: {spoken}", *parts)


def _y(loss: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * max(loss, 0.0) / top


def _thinned(losses: Sequence[float]) -> list[float]:
    """Means of neighbors, so that there are not too many points."""
    size = -(-len(losses) // MOST_POINTS)
    groups = [losses[start : start + size] for start in range(0, len(losses), size)]
    return [sum(group) / len(group) for group in groups]
