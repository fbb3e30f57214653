"""The baseline without memory files: the last few observations are the whole memory.

With `chain_of_thought` it is asked to reason before it acts. Its state is the list of recent
steps, which a resumed episode builds up again from the recording.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from importlib import resources

from automem.agent.conversation import Conversation
from automem.agent.protocol import Committed, Desk, Scene
from automem.memory.grammar import parse
from automem.records.environment import EnvironmentInfo
from automem.records.model import ModelReply
from automem.scaffold.sandbox import PromptEnvironment, loader_of

PROMPT = "window.md"


@dataclass(slots=True)
class Window:
    """Shows the last `history` observations and replies, and takes the reply as the action."""

    system: str
    history: int
    chain_of_thought: bool
    _past: deque[tuple[str, str]] = field(default_factory=deque[tuple[str, str]])

    @classmethod
    def of(cls, info: EnvironmentInfo, *, history: int, chain_of_thought: bool) -> Window:
        """Render what stays the same over an episode."""
        source = resources.files("automem.agent") / "prompts" / PROMPT
        environment = PromptEnvironment(loader_of({PROMPT: source.read_text(encoding="utf-8")}.get))
        system = environment.get_template(PROMPT).render(
            instructions=info.instructions,
            actions=info.actions,
            action_help=info.action_help,
            history=history,
            chain_of_thought=chain_of_thought,
        )
        return cls(system=system.strip(), history=history, chain_of_thought=chain_of_thought)

    async def act(self, scene: Scene, desk: Desk) -> Committed:
        """One call: the recent past, the present, and one action back."""
        shown = "\n\n".join(part for part in (scene.text, scene.observed.status) if part)
        talk = Conversation()
        talk.system(self.system)
        for observation, reply in self._past:
            talk.user(observation)
            talk.assistant(reply)
        talk.user(shown)
        answer = await desk.ask("gameplay", "plan", talk)
        self._past.append((shown, answer.text))
        while len(self._past) >= self.history:
            self._past.popleft()
        return Committed(said=self._action(answer, desk))

    def _action(self, answer: ModelReply, desk: Desk) -> str | None:
        reply = parse(answer.text, {}, cut_off=answer.finish == "length")
        if reply.ending == "action":
            return reply.action
        said = answer.text.strip()
        if self.chain_of_thought or not said:
            desk.warn("no_action", "the reply commits no action")
            return None
        return said
