"""`python`: a program of the meta-LLM over the episodes as plain data, in a jail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, cast

import msgspec
from anyio import to_thread
from msgspec import Meta

from automem.episode.views import StepView
from automem.errors import CodeFault, JailError
from automem.files import write_text
from automem.processes.jail import JailLimits, open_jail
from automem.records._struct import Record
from automem.review.library import OUTPUTS
from automem.review.refusal import ToolRefusal
from automem.review.tool import Offset, Tool
from automem.review.view import ShownEpisode
from automem.review.wording import MOST_CHARACTERS
from automem.review.workplace import Workplace

MAIN = "main"
LIMITS = JailLimits(
    call_seconds=30.0,
    memory_bytes=2 * 1024**3,
    request_bytes=256 * 1024**2,
    reply_bytes=1024**2,
)
_CALLED = "automem_run"
_GIVEN = "automem_give"
_WRAPPER = f"""
_automem_given = []

def {_GIVEN}(episode):
    _automem_given.append(episode)

def {_CALLED}():
    global print
    printed = []

    def print(*values, sep=" ", end="\\n", **ignored):
        printed.append(sep.join([str(value) for value in values]) + end)

    value = {MAIN}(_automem_given)
    return ["".join(printed), value]
"""


class PythonArguments(Record):
    """Arguments of `python`."""

    code: Annotated[
        str,
        Meta(
            description=f"A program that defines `def {MAIN}(episodes):`. It prints, or returns "
            "plain data. `episodes` is a list of dicts: name, evaluation, task, progression, "
            "reason, achievements, memory (file -> text at the end), and steps: a list of dicts "
            "with step, observation, status, replies (phase, text, input_tokens, output_tokens), "
            "operations (phase, turn, actor, operation, kind, file, arguments, outcome, result, "
            "hits, bytes_before, bytes_after), said, action, replaced, valid, reward, "
            "progression, events, ended, warnings. Only computing modules of the standard library "
            "can be imported."
        ),
    ]
    episodes: Annotated[
        tuple[str, ...],
        Meta(description="Names of episodes such as A1; empty is all of evaluation A."),
    ] = ()
    offset: Offset = 0


async def compute(place: Workplace, arguments: PythonArguments) -> str:
    """What the program printed and returned; a long output is kept to be read on."""
    chosen = [place.view.episode(name) for name in arguments.episodes] or place.view.episodes(
        place.view.evaluations[0].letter
    )
    log = place.run.logs / "jail-review.log"
    try:
        async with open_jail(
            arguments.code + _WRAPPER, name="the program", limits=LIMITS, log=log
        ) as jail:
            if MAIN not in jail.functions:
                raise ToolRefusal(f"the program must define: def {MAIN}(episodes)")
            # One after another: all of them at once would hold the event loop up.
            for episode in chosen:
                await jail.call(_GIVEN, await to_thread.run_sync(_episode, place, episode))
            answer = await jail.call(_CALLED)
    except CodeFault as fault:
        raise ToolRefusal(str(fault)) from fault
    except JailError as error:
        raise ToolRefusal(f"programs cannot be run on this machine: {error}") from error
    return _kept(place, said(answer))


def said(answer: object) -> str:
    """The jail promises plain data, not its shape: the program may have changed the wrapper."""
    if not isinstance(answer, list) or len(cast("list[object]", answer)) != 2:
        return msgspec.json.encode(answer).decode()
    printed, value = cast("list[object]", answer)
    parts = [printed.rstrip("\n")] if isinstance(printed, str) and printed else []
    if value is not None:
        parts.append(value if isinstance(value, str) else msgspec.json.encode(value).decode())
    return "\n".join(parts) or "(the program printed and returned nothing)"


def _kept(place: Workplace, text: str) -> str:
    if len(text) <= MOST_CHARACTERS:
        return text
    number = len(list(place.outputs.glob("*.txt"))) + 1
    name = f"{number:03d}.txt"
    write_text(place.outputs / name, text)
    return f"(the whole output is kept as {OUTPUTS}/{name}; read on there)\n{text}"


def _episode(place: Workplace, episode: ShownEpisode) -> dict[str, Any]:
    reader = place.view.reader(episode)
    return {
        "name": episode.name,
        "evaluation": episode.evaluation.letter,
        "task": episode.task,
        "progression": episode.result.progression,
        "reason": episode.result.reason,
        "achievements": dict(episode.result.achievements),
        "memory": reader.memory_at(reader.count - 1),
        "steps": list(_steps(reader.steps())),
    }


def _steps(steps: Iterator[StepView]) -> Iterator[dict[str, Any]]:
    for step in steps:
        seen, acted = step.observed, step.acted
        yield {
            "step": step.number,
            "observation": seen.prefix + seen.text if seen else "",
            "status": seen.status if seen else "",
            "replies": [
                {
                    "phase": asked.phase,
                    "text": asked.reply,
                    "input_tokens": asked.usage.input_tokens,
                    "output_tokens": asked.usage.output_tokens,
                }
                for asked in step.asked
            ],
            "operations": [
                {
                    "phase": one.phase,
                    "turn": one.turn,
                    "actor": one.actor,
                    "operation": one.operation,
                    "kind": one.kind,
                    "file": one.file,
                    "arguments": list(one.arguments),
                    "outcome": one.outcome,
                    "result": one.result,
                    "hits": one.hits,
                    "bytes_before": one.bytes_before,
                    "bytes_after": one.bytes_after,
                }
                for one in step.remembered
            ],
            "said": acted.said if acted else None,
            "action": acted.executed if acted else None,
            "replaced": acted.replaced if acted else None,
            "valid": acted.valid if acted else None,
            "reward": acted.reward if acted else 0.0,
            "progression": acted.progression if acted else None,
            "events": list(acted.events) if acted else [],
            "ended": acted.ended if acted else None,
            "warnings": [warned.text for warned in step.warned],
        }


PYTHON = Tool(
    "python",
    "Run a small program over whole episodes as plain data: counts, curves, comparisons. It sees "
    "nothing else: no files, no network.",
    PythonArguments,
    compute,
)
