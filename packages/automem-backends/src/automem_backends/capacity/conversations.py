"""How long the conversations of an episode get: as measured in the run, or at worst.

A measured prompt is the largest that any call of the role carried in the run's latest episodes. At
worst every turn of a phase is used, every answer is as long as it may be, and every operation shows
as much as the scaffold lets it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from automem.agent.making import plays_by_scaffold
from automem.episode.stream import stream_events, trace_of
from automem.errors import TraceError
from automem.models.roles import BackendKey
from automem.plugins import Plugins
from automem.records._struct import Record
from automem.records.config import AgentSection, RoleSection, RunConfig
from automem.records.model import Role
from automem.records.scaffold import Phase
from automem.records.trace import Asked
from automem.run.layout import RunFolder
from automem.scaffold.find import find_scaffold
from automem.scaffold.load import Scaffold, load_scaffold

LATEST = 8
"""Episodes that are looked at."""
BYTES_A_TOKEN = 3
"""What is counted for a token of a prompt: English has four, maps and screens have fewer."""
GAME_BYTES = 16_384
"""What is allowed for a game's instructions, its actions and two observations."""
ANSWER_TOKENS = 4096
"""The longest answer where no `max_tokens` is set."""
_INDEX_BYTES = 128


class Length(Record):
    """The longest conversation of one role."""

    role: Role
    tokens: int
    """Prompt and answer."""
    source: str
    """How it is known, in words."""
    measured: bool = False


def lengths(
    config: RunConfig, resolved: Mapping[Role, RoleSection], plugins: Plugins, run: RunFolder
) -> dict[Role, Length]:
    """The longest conversation of every role."""
    measured, episodes = _measured(run)
    worst = _worst(config, resolved, plugins)
    found: dict[Role, Length] = {}
    for role, section in resolved.items():
        answer = section.sampling.max_tokens or ANSWER_TOKENS
        if role in measured:
            tokens = measured[role] + answer
            source = (
                f"largest prompt measured in {episodes} of the run, and an answer of {answer:,}"
            )
        else:
            tokens = worst[role]
            source = "the most that the scaffold's limits allow"
            if not plays_by_scaffold(config.agent):
                source = "the most that the agent's history allows"
        found[role] = Length(role=role, tokens=tokens, source=source, measured=role in measured)
    return found


def _measured(run: RunFolder) -> tuple[dict[Role, int], str]:
    largest: dict[Role, int] = {}
    read = 0
    for trace in _latest(run):
        try:
            for event in stream_events(trace):
                if isinstance(event, Asked) and event.usage.input_tokens:
                    tokens = event.usage.input_tokens
                    largest[event.role] = max(largest.get(event.role, 0), tokens)
        except TraceError:
            continue
        read += 1
    return largest, "the last episode" if read == 1 else f"the last {read} episodes"


def _latest(run: RunFolder) -> list[Path]:
    found: list[tuple[float, Path]] = []
    for evaluation in run.evaluations():
        for folder in evaluation.episodes():
            try:
                trace = trace_of(folder)
                found.append((trace.stat().st_mtime, trace))
            except (TraceError, FileNotFoundError):
                continue
    return [path for _, path in sorted(found, reverse=True)[:LATEST]]


def _worst(
    config: RunConfig, resolved: Mapping[Role, RoleSection], plugins: Plugins
) -> dict[Role, int]:
    answers = {role: s.sampling.max_tokens or ANSWER_TOKENS for role, s in resolved.items()}
    if not plays_by_scaffold(config.agent):
        return {role: _of_window(config.agent, answers[role]) for role in resolved}
    folder = find_scaffold(config.scaffold.source, plugins.scaffolds(), plugins.load)
    whole = load_scaffold(folder)
    tasks = config.environment.tasks
    scaffolds = [whole.for_task(task) for task in tasks] if tasks else [whole]
    consults = BackendKey.of(resolved["memory"]) != BackendKey.of(resolved["gameplay"])
    memory, gameplay = answers["memory"], answers["gameplay"]
    worst: dict[Role, int] = {"memory": 0, "gameplay": 0}
    for scaffold in scaffolds:
        logged = _phase(scaffold, "log", [memory] * scaffold.manifest.limits.log_turns)
        asked = scaffold.manifest.limits.plan_turns
        consulted = [memory] * asked if consults else []
        planned = _phase(scaffold, "plan", [*consulted, *[gameplay] * asked])
        own = max(logged, _phase(scaffold, "plan", consulted)) if consults else logged
        worst["memory"] = max(worst["memory"], own)
        worst["gameplay"] = max(worst["gameplay"], planned)
    return worst


def _phase(scaffold: Scaffold, phase: Phase, answers: Iterable[int]) -> int:
    """Tokens of a phase in which every turn is used and every answer as long as it may be."""
    manifest = scaffold.manifest
    limits = manifest.limits
    injected = sum(
        min(limits.file_bytes, limits.result_bytes) for r in manifest.inject if phase in r.phases
    )
    prompts = sum(len(text.encode()) for text in scaffold.prompts.values())
    first = prompts + GAME_BYTES + injected + limits.files * _INDEX_BYTES
    turn = max(limits.reply_bytes, limits.result_bytes) + prompts // max(1, len(scaffold.prompts))
    said = list(answers)
    shown = first + turn * (len(said) - 1)
    return shown // BYTES_A_TOKEN + sum(said)


def _of_window(agent: AgentSection, answer: int) -> int:
    """The baseline's conversation: past observations and answers, and the present."""
    return agent.history * (GAME_BYTES // BYTES_A_TOKEN // 2 + answer) + GAME_BYTES // BYTES_A_TOKEN
