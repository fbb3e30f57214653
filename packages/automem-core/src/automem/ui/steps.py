"""One step of an episode as text that reads well on a terminal and as Markdown."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterator, Mapping

from automem.episode.views import StepView
from automem.records.trace import Acted, Asked, Observed, Remembered
from automem.ui.words import duration, money, percent, plural

PHASES = {"log": "LOG", "plan": "PLAN"}


def step_text(step: StepView) -> str:
    """Observation, each call with its reply and operations, action and reward."""
    lines = [f"## Step {step.number}", ""]
    if step.observed is not None:
        lines += [*observed_lines(step.observed), ""]
    early, late = _code_around_log(step)
    lines += _operations(early)
    for asked in step.asked:
        if asked.phase == "plan":
            lines += _operations(late)
            late = []
        lines += [*asked_lines(asked), "", *_operations(step.operations(asked))]
    lines += _operations(late)
    for failed in step.failed:
        lines += [f"**{_phase(failed)} call failed**: {failed.error}", ""]
    for warned in step.warned:
        about = f", {warned.about}" if warned.about else ""
        lines += [f"**Warning** ({warned.kind}{about}): {warned.text}", ""]
    lines += acted_lines(step.acted) if step.acted else ["No action: the episode ends here."]
    return "\n".join(lines)


def _code_around_log(step: StepView) -> tuple[list[Remembered], list[Remembered]]:
    """What code wrote before the model did, and what it wrote later; all of it before PLAN.

    Where LOG did nothing to the memory, which of the two it was is not in the trace.
    """
    of_code = step.of_code()
    logged = any(each.actor == "llm" and each.phase == "log" for each in step.remembered)
    before = itertools.takewhile(lambda each: each.actor == "code", step.remembered)
    early = list(before) if logged else []
    return early, of_code[len(early) :]


def _operations(operations: list[Remembered]) -> list[str]:
    return [line for each in operations for line in (*operation_lines(each), "")]


def observed_lines(observed: Observed) -> list[str]:
    """What the game showed, notices of the host included."""
    lines = ["**Observation**", "", *_block(observed.prefix + observed.text)]
    if observed.status:
        lines += ["", *_block(observed.status)]
    return lines


def asked_lines(asked: Asked) -> list[str]:
    """One call: who was asked, tokens, seconds, the reply."""
    usage = asked.usage
    cached = f" ({usage.cached_tokens:,} cached)" if usage.cached_tokens else ""
    facts = [
        f"{asked.role} role",
        asked.model,
        f"{usage.input_tokens:,} tokens in{cached}, {usage.output_tokens:,} out",
        f"{asked.seconds:.2f} s",
    ]
    if asked.waited_seconds >= 0.01:
        facts.append(f"waited {duration(asked.waited_seconds)}")
    if asked.retries:
        facts.append(f"{asked.retries} retries")
    if asked.cost:
        facts.append(money(asked.cost))
    if asked.finish != "stop":
        facts.append(f"ended by {asked.finish}")
    head = f"**{_phase(asked)} turn {asked.turn + 1}**: {', '.join(f for f in facts if f)}"
    return [head, "", *_block(asked.reply or "(empty reply)")]


def operation_lines(operation: Remembered) -> list[str]:
    """One memory operation and what the model was shown of it."""
    arguments = "|".join(operation.arguments)
    by = "" if operation.actor == "llm" else f", by {operation.actor}"
    change = operation.bytes_after - operation.bytes_before
    grown = f", {change:+,} bytes" if operation.edit is not None else ""
    return [
        f"- {operation.operation} `{_one_line(arguments)}` -> {operation.outcome}{grown}{by}",
        "",
        *_block(operation.result, indent="      "),
    ]


def acted_lines(acted: Acted) -> list[str]:
    """The action and what came of it."""
    said = ""
    if acted.replaced is not None:
        before = "nothing was committed" if acted.said is None else f"committed: `{acted.said}`"
        said = f" ({_one_line(before)}, replaced by the scaffold's guard)"
    elif acted.said is None:
        said = " (nothing was committed)"
    elif acted.said != acted.executed:
        said = f" (committed: `{_one_line(acted.said)}`{'' if acted.valid else ', not valid'})"
    line = (
        f"**Action**: {acted.executed}{said}, reward {acted.reward:+g}, "
        f"progression {percent(100 * acted.progression)}"
    )
    if acted.events:
        line += f", achieved {', '.join(acted.events)}"
    if acted.ended:
        line += f", ended: {acted.ended}"
    return [line]


def memory_text(before: Mapping[str, str], after: Mapping[str, str], step: int) -> str:
    """The memory files after a step; lines it added are marked `+`, lines it removed `-`."""
    lines = [f"## Memory after step {step}", ""]
    for name in sorted(before.keys() | after.keys()):
        old, new = _lines(before.get(name)), _lines(after.get(name))
        state = "new" if name not in before else "gone" if name not in after else ""
        changed = state or ("changed" if old != new else "")
        lines += [f"**{name}**, {plural(len(new), 'line')}{f', {changed}' if changed else ''}", ""]
        lines += [f"    {line}" for line in _marked(old, new)] or ["    (empty)"]
        lines.append("")
    return "\n".join(lines).rstrip()


def searchable(step: StepView) -> Iterator[tuple[str, str]]:
    """Every text of a step with what it is, for searching."""
    if step.observed is not None:
        yield "observation", step.observed.text
        yield "status", step.observed.status
    for asked in (*step.asked, *step.failed):
        yield f"{_phase(asked)} reply", asked.error or asked.reply
    for operation in step.remembered:
        yield f"{operation.operation} result", operation.result
    for warned in step.warned:
        yield f"warning {warned.kind}", f"{warned.about} {warned.text}".lstrip()
    if step.acted is not None:
        yield "action", step.acted.executed
        yield "achieved", "\n".join(step.acted.events)


def _marked(old: list[str], new: list[str]) -> Iterator[str]:
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    for tag, first, last, new_first, new_last in matcher.get_opcodes():
        if tag == "equal":
            yield from (f"  {line}" for line in new[new_first:new_last])
            continue
        yield from (f"- {line}" for line in old[first:last])
        yield from (f"+ {line}" for line in new[new_first:new_last])


def _lines(text: str | None) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _block(text: str, indent: str = "    ") -> list[str]:
    return [f"{indent}{line}".rstrip() for line in text.strip("\n").split("\n")]


def _one_line(text: str, most: int = 120) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 3] + "..."


def _phase(asked: Asked) -> str:
    return PHASES[asked.phase]
