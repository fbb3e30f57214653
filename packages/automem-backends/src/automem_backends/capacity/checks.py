"""A plan as `automem doctor CONFIG` shows it: one line for each engine."""

from __future__ import annotations

from automem.plugins import Plugins
from automem.records.capacity import Fit
from automem.records.config import RunConfig
from automem.ui.words import plural
from automem_backends.capacity.gpus import Supply, found
from automem_backends.capacity.plan import plan_capacity
from automem_backends.capacity.result import EngineCapacity

_SHOWN = 4


def fits(config: RunConfig, plugins: Plugins, supply: Supply | None = None) -> list[Fit]:
    """Whether each engine fits on the GPUs of this machine. Raises ConfigError."""
    planned = plan_capacity(config, plugins, found() if supply is None else supply)
    lines = [_fit(engine) for engine in planned.engines]
    lines += [Fit(name="the engines together", fits=False, text=said) for said in planned.problems]
    return lines


def _fit(engine: EngineCapacity) -> Fit:
    name = f"{engine.backend} with {engine.model}"
    if engine.attached:
        return Fit(name=name, fits=None, text=f"{engine.notes[0]}: automem serve CONFIG --plan")
    if engine.problems:
        return Fit(name=name, fits=False, text="; ".join(engine.problems))
    if engine.episodes is None:
        few = sorted(engine.alternatives, key=lambda other: other.gpus)[:_SHOWN]
        others = [f"{other.gpus} x {other.gpu}" for other in few]
        on = f"it would fit on {', '.join(others)}" if others else "it fits on no GPU that is known"
        return Fit(name=name, fits=None, text=f"no GPU to fit it on; {on}")
    said = f"{plural(engine.episodes, 'episode')} at once on {engine.gpu}"
    return Fit(name=name, fits=True, text=f"{said}; more: automem serve CONFIG --plan")
