"""Scaffold code in a running episode: asked, held to its contract, its deeds written down.

Code is asked again while a recorded episode is played again, and has to answer as it did. Only
what went wrong is repeated from the recording, since a clock decides on some of that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from automem.agent.protocol import Scene
from automem.episode.actions import resolve
from automem.episode.progress import EpisodeProgress
from automem.episode.recorder import CODE_FAULT, Recorder
from automem.errors import CodeFault, ScaffoldError
from automem.memory.operations import execute
from automem.memory.store import MemoryStore
from automem.records.code import (
    MOST_REFUSALS,
    CodeContext,
    CodeFunction,
    CodeWrite,
    Counters,
    Judgment,
    Moment,
    Percept,
    Remembrance,
    State,
)
from automem.records.environment import EnvironmentInfo
from automem.records.memory import Operation
from automem.records.scaffold import OperationRule, Phase
from automem.records.trace import Remembered, Warned
from automem.scaffold.code import Caller, ask, check_percept, plan_prompts, shown_files
from automem.scaffold.load import Scaffold

FAULTS_IN_A_ROW = 5
"""So many failures of one function, one after another, fail the scaffold."""
FAULTS_IN_EPISODE = 20
REPLAY_TRIES = 4
"""A call that was answered once may time out on a busy machine; it is asked again so often."""
NO_CALL = -1
_CALLED: Mapping[Moment, CodeFunction] = {
    "observed": "remember",
    "logged": "remember",
    "log": "perceive",
    "plan": "perceive",
    "action": "guard",
}

R = TypeVar("R", Remembrance, Percept, Judgment)


@dataclass(slots=True)
class EpisodeCode:
    """Implements `automem.agent.protocol.Coder` for one episode."""

    caller: Caller
    scaffold: Scaffold
    info: EnvironmentInfo
    memory: MemoryStore
    recorder: Recorder
    progress: EpisodeProgress
    functions: frozenset[str]
    """Those that are played; the others count as missing."""
    log_writes: int = 0
    """Writes of the model in this step's LOG that changed a file; counted by the desk."""
    _states: dict[CodeFunction, State] = field(default_factory=dict[CodeFunction, State])
    _faults: int = 0
    _in_a_row: Counter[CodeFunction] = field(default_factory=Counter[CodeFunction])
    _files: dict[str, str] = field(default_factory=dict[str, str])
    _files_of: object = None
    """The index that `_files` belong to; it is another object after every change."""
    _since_event: int = 0
    _invalid: int = 0
    _instead: frozenset[str] = field(init=False)
    """The prompts that `perceive` may choose."""

    def __post_init__(self) -> None:
        self._instead = plan_prompts(self.scaffold.prompts)

    async def observed(self, scene: Scene) -> tuple[str, ...]:
        """Let `remember` write before LOG; gives back its notices."""
        self.log_writes = 0
        self._count(scene)
        return await self._remember(scene, "observed")

    async def logged(self, scene: Scene) -> tuple[str, ...]:
        """Let `remember` write after LOG; gives back its notices."""
        return await self._remember(scene, "logged")

    async def perceive(self, scene: Scene, phase: Phase) -> Percept:
        """What `perceive` makes of the scene."""
        context = self._context(scene, phase)
        return await self._ask("perceive", Percept, context, self._fits) or Percept()

    async def guard(self, scene: Scene, said: str | None, refused: int) -> Judgment:
        """What `guard` makes of what was committed."""
        resolved = resolve(said, self.info, self.scaffold.manifest.actions)
        context = msgspec.structs.replace(
            self._context(scene, "action", refused),
            executed=resolved.executed,
            accepted=resolved.valid,
        )
        judged = await self._ask("guard", Judgment, context, self._allowed, said) or Judgment()
        if judged.reject is not None:
            if said is None or refused >= MOST_REFUSALS:
                return Judgment()
            self._warn(scene.step, "action_refused", "guard/action", f"{said}: {judged.reject}")
        return judged

    async def _remember(self, scene: Scene, moment: Moment) -> tuple[str, ...]:
        context = self._context(scene, moment)
        answer = await self._ask("remember", Remembrance, context, self._named)
        if answer is None:
            return ()
        for write in answer.writes:
            self._write(scene.step, write)
        return answer.notices

    async def _ask(
        self,
        function: CodeFunction,
        expected: type[R],
        context: CodeContext,
        check: Callable[[R], None],
        *more: object,
    ) -> R | None:
        """The answer, or None where there is no such function or it failed."""
        if function not in self.functions:
            return None
        about = f"{function}/{context.moment}"
        repeated = self.recorder.recorded_fault(context.step, about)
        if repeated is not None:
            await self._failed(function, repeated)
            return None
        tries = REPLAY_TRIES if self.recorder.replaying else 1
        while True:
            try:
                answer = await ask(self.caller, function, expected, context, *more)
                check(answer)
            except CodeFault as fault:
                tries -= 1
                if self.recorder.replaying and fault.kind in ("timeout", "died"):
                    if tries:
                        continue
                    # Not the scaffold's failure: its code did answer.
                    raise CodeFault(
                        f"step {context.step}: {about} was answered when the episode was played, "
                        f"and now it is not ({fault.kind}: {fault}); start the same command again "
                        "when the machine is less busy",
                        kind=fault.kind,
                    ) from fault
                text = f"{fault.kind}: {fault}"
                warned = Warned(step=context.step, kind=CODE_FAULT, text=text, about=about)
                await self._failed(function, warned)
                return None
            self._in_a_row[function] = 0
            if answer.state is not None:
                self._states[function] = answer.state
            return answer

    async def _failed(self, function: CodeFunction, warned: Warned) -> None:
        # Some faults end the process, and the recording does not say which: now every one does.
        await self.caller.end()
        self.recorder.record(warned)
        self.progress.note = f"scaffold code, {warned.about}: {warned.text}"
        self._faults += 1
        self._in_a_row[function] += 1
        row = self._in_a_row[function]
        if row >= FAULTS_IN_A_ROW or self._faults >= FAULTS_IN_EPISODE:
            often = f"{row} times in a row" if row >= FAULTS_IN_A_ROW else f"{self._faults} times"
            raise ScaffoldError(
                f"the code of {self.scaffold.manifest.name} failed {often}, last in "
                f"{warned.about} at step {warned.step}: {warned.text}; mend code.py, "
                "and check it with: automem scaffold check"
            )

    def _context(self, scene: Scene, moment: Moment, refused: int = 0) -> CodeContext:
        acted, previous, function = scene.acted, scene.previous, _CALLED[moment]
        return CodeContext(
            moment=moment,
            step=scene.step,
            steps_left=max(0, self.info.max_steps - scene.step),
            task=self.info.task,
            actions=self.info.actions,
            observation=scene.observed.text,
            status=scene.observed.status,
            previous_observation=previous.text if previous else "",
            previous_status=previous.status if previous else "",
            action=acted.executed if acted else "",
            said=acted.said if acted else None,
            valid=acted.valid if acted else True,
            reward=acted.reward if acted else 0.0,
            events=acted.events if acted else (),
            counters=Counters(
                unchanged=scene.unchanged,
                since_event=self._since_event,
                invalid=self._invalid,
                log_writes=self.log_writes,
                refused=refused,
            ),
            files=self._shown(),
            # No function sees the state of a later one: memory never depends on perception.
            state=self._states.get(function, {}),
            remembered={} if function == "remember" else self._states.get("remember", {}),
            perceived=self._states.get("perceive", {}) if function == "guard" else {},
        )

    def _shown(self) -> dict[str, str]:
        index = self.memory.index()
        if index is not self._files_of:
            self._files_of = index
            self._files = shown_files(self.memory, self.scaffold.manifest)
        return self._files

    def _count(self, scene: Scene) -> None:
        acted = scene.acted
        if acted is not None:
            achieved = bool(acted.events) or acted.reward > 0
            self._since_event = 0 if achieved else self._since_event + 1
            self._invalid = 0 if acted.valid else self._invalid + 1

    def _write(self, step: int, write: CodeWrite) -> None:
        rule = OperationRule(
            name=f"CODE_{write.mode.upper()}", kind=write.mode, file=write.file, phases=()
        )
        keyed = write.mode == "upsert"
        arguments = (write.key, write.text) if keyed else (write.text,)
        operation = Operation(name=rule.name, arguments=arguments)
        result = execute(self.memory, rule, operation, actor="code")
        self.recorder.record(
            Remembered(
                step=step,
                phase="log",
                turn=NO_CALL,
                actor="code",
                operation=result.operation,
                kind=result.kind,
                file=result.file,
                arguments=arguments,
                outcome=result.outcome,
                result=result.text,
                bytes_before=result.bytes_before,
                bytes_after=result.bytes_after,
                edit=result.edit,
            )
        )

    def _warn(self, step: int, kind: str, about: str, text: str) -> None:
        self.recorder.record(Warned(step=step, kind=kind, text=text, about=about))
        self.progress.note = text

    def _named(self, answer: Remembrance) -> None:
        for write in answer.writes:
            if write.file not in self.scaffold.manifest.files:
                there = ", ".join(self.scaffold.manifest.files) or "none"
                raise CodeFault(
                    f"remember writes to {write.file!r}, which is not declared under [files]; "
                    f"there are: {there}",
                    kind="invalid",
                )

    def _fits(self, answer: Percept) -> None:
        check_percept(answer, self.scaffold.manifest, self._instead)

    def _allowed(self, answer: Judgment) -> None:
        if answer.replace is None:
            return
        if answer.reject is not None:
            raise CodeFault("guard both replaces and rejects; do one of them", kind="invalid")
        if not resolve(answer.replace, self.info, self.scaffold.manifest.actions).valid:
            raise CodeFault(
                f"guard puts {answer.replace!r} in place, which is no action of the game",
                kind="invalid",
            )
