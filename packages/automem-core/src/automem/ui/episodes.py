"""An episode on one page: what was achieved when, what it took, what was remembered."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from automem.episode.reader import TraceReader
from automem.ui.words import count, percent, plural, size


@dataclass(slots=True)
class _Sums:
    steps: int = 0
    achieved: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    calls: Counter[str] = field(default_factory=Counter[str])
    tokens_in: int = 0
    tokens_cached: int = 0
    tokens_out: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    invalid: int = 0
    reward: float = 0.0
    progression: float = 0.0
    warnings: list[str] = field(default_factory=list[str])


def episode_text(trace: TraceReader) -> str:
    """The summary of one episode."""
    sums = _sum(trace)
    started, ended = trace.started, trace.ended
    profile = started.info.versions.get("profile", "")
    roles = ", ".join(f"{role}: {model}" for role, model in started.roles.items())
    lines = [
        f"# {started.info.name} {started.info.task}, seed {started.seed}",
        "",
        f"- agent: {started.agent}"
        + (f", scaffold {started.scaffold}" if started.scaffold else ""),
        f"- roles: {roles}",
        *([f"- profile: {profile}"] if profile else []),
        f"- steps: {sums.steps:,} of at most {started.info.max_steps:,}; "
        + (f"ended: {ended.reason}" if ended else "not finished"),
        f"- progression: {percent(100 * sums.progression)}, reward {sums.reward:.2f}",
        f"- calls: {sums.calls.total():,}{_by_role(sums)}; "
        f"tokens: {count(sums.tokens_in)} in, of them {count(sums.tokens_cached)} cached, "
        f"{count(sums.tokens_out)} out",
        f"- invalid actions: {sums.invalid}",
        "",
        f"## Achieved ({len(sums.achieved)})",
        "",
        *([f"- step {step:>5}  {name}" for name, step in sums.achieved] or ["- nothing"]),
        "",
        "## Memory operations",
        "",
        *(_operations(sums) or ["- none"]),
        "",
        "## Memory files at the end",
        "",
        *(_files(trace) or ["- none"]),
    ]
    if sums.warnings:
        lines += ["", f"## Warnings ({len(sums.warnings)})", "", *sums.warnings[-20:]]
    return "\n".join(lines)


def _sum(trace: TraceReader) -> _Sums:
    sums = _Sums()
    for step in trace.steps():
        for asked in step.asked:
            sums.calls[f"{asked.role} in {asked.phase}"] += 1
            sums.tokens_in += asked.usage.input_tokens
            sums.tokens_cached += asked.usage.cached_tokens
            sums.tokens_out += asked.usage.output_tokens
        for operation in step.remembered:
            sums.outcomes[operation.operation, operation.outcome] += 1
        for warned in step.warned:
            sums.warnings.append(f"- step {step.number}: {warned.kind}: {warned.text}")
        if step.acted is not None:
            sums.steps += 1
            sums.invalid += not step.acted.valid
            sums.reward += step.acted.reward
            sums.progression = step.acted.progression
            sums.achieved += [(event, step.number) for event in step.acted.events]
    return sums


def _by_role(sums: _Sums) -> str:
    named = ", ".join(f"{name} {number:,}" for name, number in sorted(sums.calls.items()))
    return f" ({named})" if named else ""


def _operations(sums: _Sums) -> list[str]:
    names = sorted({name for name, _ in sums.outcomes})
    lines: list[str] = []
    for name in names:
        outcomes = {o: n for (of, o), n in sums.outcomes.items() if of == name}
        parts = ", ".join(f"{n:,} {o}" for o, n in sorted(outcomes.items(), key=lambda x: -x[1]))
        lines.append(f"- {name}: {parts}")
    return lines


def _files(trace: TraceReader) -> list[str]:
    return [
        f"- {name}: {plural(len(text.splitlines()), 'line')}, {size(len(text.encode()))}"
        for name, text in sorted(trace.memory_at(trace.count - 1).items())
    ]
