"""Steps of an episode as text: one of them whole, or all of them in short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from automem.episode.views import StepView
from automem.records.scaffold import Phase
from automem.records.trace import Acted, Asked, Remembered

PHASES: tuple[Phase, ...] = ("log", "plan")
_SHORT = 300


def whole_step(step: StepView, *, system: bool = False) -> str:
    """Observation, prompts, replies, operations with their answers, action and what it brought.

    The instructions, which are the same in every conversation, are left out unless asked for.
    """
    lines = [f"# Step {step.number}", "", "## Observation", *_observation(step)]
    for phase in PHASES:
        for asked in step.turns(phase):
            lines += ["", *_turn(step, asked, system=system)]
    written = step.of_code()
    if written:
        lines += ["", "## Written by code", *(_operation(one) for one in written)]
    lines += ["", "## Action", *_ending(step)]
    return "\n".join(lines)


def short_steps(steps: Iterable[StepView]) -> Iterator[str]:
    """Lines that tell an episode: observation, what was said, operations, action."""
    for step in steps:
        yield f"# Step {step.number}"
        yield from _observation(step)
        for asked in step.asked:
            for line in asked.reply.strip().splitlines():
                yield f"{asked.phase.upper()} {asked.turn + 1} said: {line}"
            for operation in step.operations(asked):
                if operation.actor == "llm":
                    yield _operation(operation, short=True)
        for operation in step.of_code():
            yield _operation(operation, short=True)
        yield from _ending(step)


def _observation(step: StepView) -> list[str]:
    seen = step.observed
    if seen is None:
        return []
    lines = (seen.prefix + seen.text).strip("\n").split("\n")
    return [*lines, *(["Status:", *seen.status.strip("\n").split("\n")] if seen.status else [])]


def _turn(step: StepView, asked: Asked, *, system: bool) -> list[str]:
    usage = asked.usage
    cut_off = ", cut off by its length" if asked.finish == "length" else ""
    lines = [
        f"## {asked.phase.upper()} turn {asked.turn + 1} ({asked.role} role, "
        f"{usage.input_tokens} tokens in, {usage.output_tokens} out{cut_off})"
    ]
    for message in asked.messages:
        if message.role == "system" and not system:
            lines.append("### Instructions: as in every conversation (system=true shows them)")
        else:
            heading = "Instructions" if message.role == "system" else "Prompt"
            lines += [f"### {heading}", message.content]
    lines += ["### Reply", asked.reply or "(empty)"]
    done = [one for one in step.operations(asked) if one.actor == "llm"]
    if done:
        lines += ["### Operations", *(_operation(one) for one in done)]
    return lines


def _operation(operation: Remembered, *, short: bool = False) -> str:
    said, result = "|".join(operation.arguments), operation.result
    if short:
        said, result = _cut(said), _cut(result)
    by = "" if operation.actor == "llm" else f" by {operation.actor}"
    change = operation.bytes_after - operation.bytes_before
    grown = f" ({change:+} bytes)" if operation.edit is not None else ""
    return f"- {operation.operation} {said} -> {operation.outcome}{grown}{by}: {result}"


def _cut(text: str) -> str:
    flat = " / ".join(text.split("\n"))
    return flat if len(flat) <= _SHORT else f"{flat[:_SHORT]}..."


def _ending(step: StepView) -> Iterator[str]:
    for failed in step.failed:
        yield f"A {failed.phase.upper()} call failed: {failed.error}"
    for warned in step.warned:
        about = f", {warned.about}" if warned.about else ""
        yield f"Warning ({warned.kind}{about}): {warned.text}"
    if step.acted is None:
        yield "No action: the episode ended here."
    else:
        yield _acted(step.acted)


def _acted(acted: Acted) -> str:
    said = "" if acted.said == acted.executed else f" (said: {acted.said!r})"
    valid = "" if acted.valid else ", not a valid action"
    if acted.replaced is not None:
        valid += ", put there by the scaffold's guard"
    if acted.refused:
        valid += f", after guard refused {acted.refused}"
    achieved = f", achieved {', '.join(acted.events)}" if acted.events else ""
    ended = f", ended: {acted.ended}" if acted.ended else ""
    return (
        f"Action: {acted.executed}{said}{valid}, reward {acted.reward:+g}, "
        f"progression {100 * acted.progression:.1f} %{achieved}{ended}"
    )
