"""A person plays a game in the terminal."""

from __future__ import annotations

import click

from automem.episode.actions import resolve
from automem.protocols import Environment
from automem.records.environment import EnvironmentInfo, Observation, StepResult
from automem.records.scaffold import ActionRule
from automem.ui.words import visible

_QUIT = "q"
_QUIT_WHERE_Q_ACTS = ":q"


def play_by_hand(environment: Environment, seed: int) -> StepResult:
    """Ask for actions until the game is over or the player ends it; the last result."""
    info = environment.info
    _tell(info.instructions)
    _tell(_choices(info))
    result = StepResult(observation=environment.reset(seed))
    _show(result.observation)
    for step in range(1, info.max_steps + 1):
        said = _ask(step, _quit_word(info))
        if said is None:
            break
        resolved = resolve(_by_number(said, info), info, ActionRule())
        if not resolved.valid:
            _tell(f"{said!r} is not an action; '{resolved.executed}' was played instead")
        result = environment.step(resolved.executed)
        _show(result.observation)
        _tell(_summary(result))
        if result.ended is not None:
            break
    return result


def _quit_word(info: EnvironmentInfo) -> str:
    return _QUIT_WHERE_Q_ACTS if _QUIT in info.actions else _QUIT


def _ask(step: int, quit_word: str) -> str | None:
    try:
        said = click.prompt(f"step {step}", prompt_suffix="> ", err=True)
    except click.Abort:
        _tell("")
        return None
    text = str(said).strip()
    return None if text == quit_word else text


def _by_number(said: str, info: EnvironmentInfo) -> str:
    """What is an action itself, such as a digit, is not taken for a number of the list."""
    if said not in info.actions and said.isdecimal() and 1 <= int(said) <= len(info.actions):
        return info.actions[int(said) - 1]
    return said


def _choices(info: EnvironmentInfo) -> str:
    if not info.actions:
        return f"Any text is an action; {_quit_word(info)} ends."
    lines = [f"{number:3} {action}" for number, action in enumerate(info.actions, start=1)]
    return "\n".join(("Actions:", *lines, f"  {_quit_word(info)} ends"))


def _show(observation: Observation) -> None:
    _tell(f"\n{observation.text}\n")
    if observation.status:
        _tell(f"{observation.status}\n")


def _summary(result: StepResult) -> str:
    parts = [f"reward {result.reward:g}", f"progression {100 * result.progression:.1f} %"]
    parts += result.events
    if result.ended is not None:
        parts.append(f"the game is over: {result.ended}")
    return "; ".join(parts)


def _tell(text: str) -> None:
    click.echo(visible(text), err=True)
