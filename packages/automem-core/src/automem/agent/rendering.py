"""What each prompt of a step shows: the template variables, filled from scene and memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from automem.agent.protocol import Scene
from automem.memory.operations import file_notices, inject
from automem.memory.store import MemoryStore
from automem.records.code import Percept
from automem.records.environment import EnvironmentInfo
from automem.records.memory import OperationResult
from automem.records.scaffold import OperationRule, Phase, ScaffoldLimits
from automem.scaffold.context import PromptContext, StaticContext
from automem.scaffold.load import Scaffold
from automem.scaffold.prompts import Prompts
from automem.scaffold.text import index_text, operations_text, static_context

NOTHING = Percept()
NOT_SHOWN = "Not shown: one reply asked for too much. Ask for this alone, or for less of it."


@dataclass(frozen=True, slots=True)
class PhasePrompts:
    """The prompts of one scaffold for one environment, ready to be filled."""

    scaffold: Scaffold
    prompts: Prompts
    static: StaticContext
    system: str
    """The same in every conversation of the episode, so that prefix caches hold it."""
    operations: Mapping[Phase, str]
    """The operations of a phase as its prompt lists them."""
    vocabulary: Mapping[Phase, Mapping[str, OperationRule]]
    """The operations of a phase, by name."""

    @classmethod
    def of(cls, scaffold: Scaffold, info: EnvironmentInfo) -> PhasePrompts:
        """Render what stays the same over an episode. Raises ScaffoldError."""
        manifest = scaffold.manifest
        static = static_context(manifest, info)
        prompts = Prompts(scaffold)
        phases: tuple[Phase, ...] = ("log", "plan")
        return cls(
            scaffold=scaffold,
            prompts=prompts,
            static=static,
            system=prompts.system(static),
            operations={phase: operations_text(manifest.operation, phase) for phase in phases},
            vocabulary={phase: scaffold.vocabulary(phase) for phase in phases},
        )

    def context(
        self, scene: Scene, phase: Phase, memory: MemoryStore, shown: Percept = NOTHING
    ) -> PromptContext:
        """The variables of a phase's first prompt; `shown` is what scaffold code adds."""
        manifest = self.scaffold.manifest
        files = memory.index()
        return PromptContext(
            **msgspec.structs.asdict(self.static),
            step=scene.step,
            observation=scene.text,
            status=scene.observed.status,
            previous_observation=scene.previous.text if scene.previous else "",
            previous_status=scene.previous.status if scene.previous else "",
            action=scene.acted.executed if scene.acted else "",
            reward=scene.acted.reward if scene.acted else 0.0,
            events=scene.acted.events if scene.acted else (),
            notices=(*self._unchanged(scene.unchanged), *file_notices(memory), *shown.notices),
            operations=self.operations[phase],
            files=files,
            index=index_text(files),
            slots={
                **{r.slot: inject(memory, r) for r in manifest.inject if phase in r.phases},
                **manifest.code.slots,
                **shown.slots,
            },
            results="",
            turn=0,
            turns_left=self.turns(phase),
        )

    def first(self, phase: Phase, context: PromptContext, prompt: str | None = None) -> str:
        """The first user message of a phase; `prompt` takes the place of the usual one."""
        return self.prompts.render(prompt or phase, context)

    def next(
        self, phase: Phase, context: PromptContext, memory: MemoryStore, results: str, turn: int
    ) -> str:
        """What follows a reply of a phase: the results, and the file index as it is now."""
        return self.prompts.render(
            f"{phase}_continue", self._later(phase, context, memory, results, turn)
        )

    def handoff(self, context: PromptContext, memory: MemoryStore, results: str, turn: int) -> str:
        """What tells the gameplay role that consultation is over and it is to commit."""
        return self.prompts.render("handoff", self._later("plan", context, memory, results, turn))

    @property
    def limits(self) -> ScaffoldLimits:
        """The scaffold's bounds inside one step."""
        return self.scaffold.manifest.limits

    def turns(self, phase: Phase) -> int:
        """How many replies a phase may take."""
        return self.limits.log_turns if phase == "log" else self.limits.plan_turns

    def _later(
        self, phase: Phase, context: PromptContext, memory: MemoryStore, results: str, turn: int
    ) -> PromptContext:
        files = memory.index()
        return msgspec.structs.replace(
            context,
            files=files,
            index=index_text(files),
            results=results,
            turn=turn,
            turns_left=max(0, self.turns(phase) - turn),
        )

    def _unchanged(self, count: int) -> tuple[str, ...]:
        if count == 0:
            return ()
        notices = self.scaffold.manifest.notices
        if count < notices.repeated_from:
            return (notices.unchanged,)
        return (notices.unchanged_repeated.replace("{count}", str(count)),)


def results_text(results: list[OperationResult], problems: tuple[str, ...], most_bytes: int) -> str:
    """The answers of one reply's operations, in their order, as the next prompt shows them.

    An answer that would make them longer than `most_bytes` is named and not shown.
    """
    parts: list[str] = []
    left = most_bytes
    for result in results:
        size = len(result.text.encode())
        text = result.text if size <= left else NOT_SHOWN
        left -= min(size, left) if text is result.text else 0
        parts.append(f"[{result.operation} {result.file}".rstrip() + f"]\n{text}")
    parts.extend(problems)
    return "\n\n".join(parts)
