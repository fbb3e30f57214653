"""What an agent is given and what it gives back; it has no file, no clock and no network."""

from __future__ import annotations

from typing import Protocol

from automem.agent.conversation import Conversation
from automem.memory.store import MemoryStore
from automem.records._struct import Record
from automem.records.code import Judgment, Percept
from automem.records.memory import Operation, OperationResult
from automem.records.model import ModelReply, Role
from automem.records.scaffold import OperationRule, Phase
from automem.records.trace import Acted, Observed


class Scene(Record):
    """One step as the agent meets it."""

    step: int
    observed: Observed
    previous: Observed | None = None
    """The observation before; None at step 0, as is `acted`."""
    acted: Acted | None = None
    """The action between the two and its answer."""
    unchanged: int = 0
    """How many actions in a row changed nothing that can be seen, chosen waiting apart."""

    @property
    def text(self) -> str:
        """The observation as the model is shown it."""
        return self.observed.prefix + self.observed.text


class Committed(Record):
    """What an agent gives back for a step."""

    said: str | None
    """Verbatim; None where nothing was committed."""
    replaced: str | None = None
    """What scaffold code put in its place."""
    refused: int = 0
    """How often scaffold code rejected what was said before."""


class Coder(Protocol):
    """The scaffold's code in a running episode. A call that fails is in the trace and does nothing.

    Raises ScaffoldError where it fails too often, CodeFault where it answered when the episode was
    recorded and does not now.
    """

    async def observed(self, scene: Scene) -> tuple[str, ...]:
        """Let `remember` write before LOG; gives back its notices."""
        ...

    async def logged(self, scene: Scene) -> tuple[str, ...]:
        """Let `remember` write after LOG; gives back its notices."""
        ...

    async def perceive(self, scene: Scene, phase: Phase) -> Percept:
        """What `perceive` makes of the scene, every declared slot filled."""
        ...

    async def guard(self, scene: Scene, said: str | None, refused: int) -> Judgment:
        """What `guard` makes of what was committed; `refused` is how often it rejected before."""
        ...


class Desk(Protocol):
    """Where an agent's wishes become events: every call passes the trace and the limits."""

    @property
    def memory(self) -> MemoryStore:
        """The memory folder, for reading; writing goes through `remember`."""
        ...

    @property
    def code(self) -> Coder | None:
        """The scaffold's code; None where it has none."""
        ...

    async def ask(self, role: Role, phase: Phase, conversation: Conversation) -> ModelReply:
        """Ask a role to go on with the conversation, which takes the reply.

        Raises ModelError when the call failed for good, LimitReached at a limit.
        """
        ...

    def remember(
        self, phase: Phase, turn: int, rule: OperationRule, operation: Operation
    ) -> OperationResult:
        """Execute one memory operation."""
        ...

    def warn(self, kind: str, text: str) -> None:
        """Write down something a reader of the trace should know."""
        ...


class Agent(Protocol):
    """Turns what it sees into what it says. Its only state over steps is the memory folder."""

    async def act(self, scene: Scene, desk: Desk) -> Committed:
        """What to do at this step."""
        ...
