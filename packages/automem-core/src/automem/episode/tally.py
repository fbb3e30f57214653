"""Adds up what an episode has cost and reached, from its events alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from automem.records.model import Role, Usage
from automem.records.trace import Acted, AnyEvent, Asked, Remembered, Totals


@dataclass(slots=True)
class Tally:
    """Running sums; the same events give the same sums, played live or from a recording."""

    steps: int = 0
    calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    roles: dict[Role, Usage] = field(default_factory=dict[Role, Usage])
    cost: float | None = 0.0
    retries: int = 0
    seconds: float = 0.0
    """Model calls, their waits and the environment; not the host's own time."""
    invalid_actions: int = 0
    operations: int = 0
    reward: float = 0.0
    progression: float = 0.0
    benchmark_progression: float | None = None
    success: bool | None = None
    achievements: dict[str, int] = field(default_factory=dict[str, int])

    def add(self, event: AnyEvent) -> None:
        """Count one event."""
        match event:
            case Asked():
                self._add_call(event)
            case Remembered():
                self.operations += event.actor == "llm"
            case Acted():
                self._add_action(event)
            case _:
                pass

    @property
    def tokens(self) -> int:
        """Input and output tokens so far."""
        return self.input_tokens + self.output_tokens

    def totals(self) -> Totals:
        """The sums as a record."""
        return Totals(
            steps=self.steps,
            calls=self.calls,
            usage=Usage(
                input_tokens=self.input_tokens,
                cached_tokens=self.cached_tokens,
                output_tokens=self.output_tokens,
            ),
            roles=dict(self.roles),
            cost=self.cost,
            retries=self.retries,
            seconds=round(self.seconds, 6),
            invalid_actions=self.invalid_actions,
            operations=self.operations,
        )

    def _add_call(self, event: Asked) -> None:
        self.calls += 1
        self.input_tokens += event.usage.input_tokens
        self.cached_tokens += event.usage.cached_tokens
        self.output_tokens += event.usage.output_tokens
        self.roles[event.role] = self.roles.get(event.role, Usage()) + event.usage
        self.retries += event.retries
        self.seconds += event.seconds + event.waited_seconds
        if event.cost is None:
            self.cost = None
        elif self.cost is not None:
            self.cost += event.cost

    def _add_action(self, event: Acted) -> None:
        self.steps += 1
        self.seconds += event.seconds
        self.invalid_actions += not event.valid
        self.reward += event.reward
        self.progression = event.progression
        self.benchmark_progression = event.benchmark_progression
        self.success = event.success if event.success is not None else self.success
        for name in event.events:
            self.achievements.setdefault(name, event.step)


def totals_of(parts: list[Totals]) -> Totals:
    """The sum over episodes; the cost is None as soon as one is."""
    costs = [part.cost for part in parts]
    roles: dict[Role, Usage] = {}
    for part in parts:
        for role, usage in part.roles.items():
            roles[role] = roles.get(role, Usage()) + usage
    return Totals(
        steps=sum(part.steps for part in parts),
        calls=sum(part.calls for part in parts),
        usage=sum((part.usage for part in parts), Usage()),
        roles=roles,
        cost=None if None in costs else sum(cost for cost in costs if cost is not None),
        retries=sum(part.retries for part in parts),
        seconds=sum(part.seconds for part in parts),
        invalid_actions=sum(part.invalid_actions for part in parts),
        operations=sum(part.operations for part in parts),
    )
