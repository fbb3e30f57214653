"""Playing a recorded episode again and comparing every transition.

A recording is one JSON line a transition, usually gzipped, of one or several seeds; step -1 is
the reset. A `manifest.json` beside it says what it was recorded from.
"""

from __future__ import annotations

import gzip
import math
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import anyio
import msgspec

from automem.episode.actions import invalid_prefix, resolve
from automem.errors import EnvironmentFailure, TraceError
from automem.processes.pool import in_process, open_pool
from automem.protocols import Environment, EnvironmentSession
from automem.records._struct import Record
from automem.records.environment import EnvironmentInfo, StepResult
from automem.records.scaffold import ActionRule
from automem.spec import EnvironmentSpec

_TOLERANCE = 1e-12


class RecordedSource(msgspec.Struct, frozen=True, kw_only=True):
    """What a recording was made from: one entry of `manifest.json`; other keys are ignored."""

    environment: str
    task: str
    profile: str
    engine: str | None = None
    clock: int | None = None
    """Seconds since 1970 at which the game's clock stood still."""
    default_action: str | None = None
    valid_actions: tuple[str, ...] | None = None

    @property
    def options(self) -> dict[str, Any]:
        """What of it the environment is told; what is null or empty is left to its defaults."""
        named = {"profile": self.profile, "engine": self.engine, "clock": self.clock}
        return {name: value for name, value in named.items() if value not in (None, "")}


class Transition(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a recording; other keys are ignored."""

    seed: int
    step: int
    action: str | None
    valid_action: str | None
    long_term_context: str
    short_term_context: str
    reward: float
    terminated: bool
    truncated: bool = False
    """Whether it was cut off at a limit; then it is not terminated."""
    progression: float


class Difference(Record):
    """Where a recording and the game disagree."""

    line: int
    seed: int
    step: int
    field: str
    recorded: str
    played: str


class Verification(Record):
    """What came of playing one recording."""

    matched: int
    total: int
    first_difference: Difference | None = None


def read_source(path: Path) -> RecordedSource:
    """The manifest entry of a recording. Raises TraceError if there is none."""
    manifest = path.parent / "manifest.json"
    try:
        entries = msgspec.json.decode(manifest.read_bytes(), type=dict[str, msgspec.Raw])
        return msgspec.json.decode(entries[path.name], type=RecordedSource)
    except FileNotFoundError as error:
        raise TraceError(f"{path} has no manifest.json beside it") from error
    except KeyError as error:
        raise TraceError(f"{manifest} has no entry for {path.name}") from error
    except msgspec.MsgspecError as error:
        raise TraceError(f"{manifest} cannot be read: {error}") from error


def verify_recording(
    path: Path, make: Callable[[], Environment], source: RecordedSource
) -> Verification:
    """Play the recorded actions in the environment that `make` gives, in this process.

    Compared are texts, reward, progression, whether the game ended, and the accepted action.
    Raises TraceError if the file cannot be read.
    """
    environment = make()
    try:
        return anyio.run(verify_session, path, in_process(environment), source)
    finally:
        environment.close()


async def verify_in_worker(
    path: Path, spec: EnvironmentSpec, source: RecordedSource, options: Mapping[str, Any]
) -> Verification:
    """As `verify_recording`, in a worker of the interpreter that the options ask for.

    `options` are laid over those of the recording. Raises also PluginError, ConfigError and
    EnvironmentFailure, whose log is kept.
    """
    logs = Path(tempfile.mkdtemp(prefix="automem-verify-"))
    try:
        async with (
            open_pool(spec, {**source.options, **options}, workers=1, logs=logs) as pool,
            pool.session(source.task) as session,
        ):
            verification = await verify_session(path, session, source)
    except EnvironmentFailure:
        # What it says names the log.
        raise
    except BaseException:
        shutil.rmtree(logs)
        raise
    shutil.rmtree(logs)
    return verification


async def verify_session(
    path: Path, session: EnvironmentSession, source: RecordedSource
) -> Verification:
    """As `verify_recording`, in one environment wherever it lives."""
    matched = total = 0
    first = _different_actions(session.info, source)
    for number, line in _lines(path):
        difference = await _play(session, number, line)
        total += 1
        matched += difference is None
        first = first or difference
    if total == 0:
        raise TraceError(f"{path} holds no transition")
    return Verification(matched=matched, total=total, first_difference=first)


def _lines(path: Path) -> Iterator[tuple[int, Transition]]:
    opened = gzip.open if path.suffix == ".gz" else open
    number = 0
    try:
        with opened(path, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, start=1):
                yield number, msgspec.json.decode(line, type=Transition)
    except (OSError, EOFError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise TraceError(f"{path} cannot be read near line {number}: {error}") from error


def _different_actions(info: EnvironmentInfo, source: RecordedSource) -> Difference | None:
    pairs = (
        ("default_action", source.default_action, info.default_action),
        ("valid_actions", source.valid_actions, info.actions),
    )
    for name, recorded, played in pairs:
        if recorded is not None and recorded != played:
            return Difference(
                line=0, seed=0, step=-1, field=name, recorded=repr(recorded), played=repr(played)
            )
    return None


async def _play(session: EnvironmentSession, number: int, line: Transition) -> Difference | None:
    """Play one line; its first field that differs."""
    if line.step < 0:
        result = StepResult(observation=await session.reset(line.seed))
        executed, prefix = None, ""
    else:
        resolved = resolve(line.action, session.info, ActionRule())
        executed = resolved.executed
        prefix = "" if resolved.valid else invalid_prefix(executed)
        result = await session.step(executed)
    # The notice of an invalid action is the host's, and not every recorder kept it.
    # A NUL is a byte that the recorder read beyond a message; which byte is there, nobody says.
    recorded_text = line.long_term_context.removeprefix(prefix).replace("\0", "")
    pairs: tuple[tuple[str, object, object], ...] = (
        ("valid_action", line.valid_action, executed),
        ("long_term_context", recorded_text, result.observation.text),
        ("short_term_context", line.short_term_context, result.observation.status),
        ("reward", line.reward, _near(result.reward, line.reward)),
        ("progression", line.progression, _near(result.progression, line.progression)),
        # Where it was cut off, a game may call that an end or leave it to the host.
        ("terminated", line.terminated, result.ended is not None and not line.truncated),
    )
    for field, recorded, played in pairs:
        if recorded != played:
            return Difference(
                line=number,
                seed=line.seed,
                step=line.step,
                field=field,
                recorded=repr(recorded),
                played=repr(played),
            )
    return None


def _near(played: float, recorded: float) -> float:
    """The recorded number where the played one differs by rounding alone."""
    return recorded if math.isclose(played, recorded, rel_tol=0, abs_tol=_TOLERANCE) else played
