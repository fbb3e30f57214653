"""The agent with memory files: LOG records what happened, PLAN recalls and commits an action.

Each phase is a fresh conversation; nothing carries over but the files. With two roles on
different models, the memory role writes and consults and the gameplay role commits.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from automem.agent.conversation import Conversation
from automem.agent.protocol import Committed, Desk, Scene
from automem.agent.rendering import NOTHING, PhasePrompts, results_text
from automem.memory.answers import fill, quoted
from automem.memory.grammar import Reply, grouped, parse
from automem.records.code import Judgment, Percept
from automem.records.memory import OperationResult
from automem.records.model import ModelReply, Role
from automem.records.scaffold import Phase
from automem.scaffold.context import PromptContext

ACCEPTED = Judgment()
REFUSED = "Your action {said} was not carried out: {why} Commit another one."
NOTHING_COMMITTED = (
    "Your reply held no memory operation and committed no action. "
    "Write <|ACTION|>name of an action<|END|> to act."
)


@dataclass(slots=True)
class LogPlan:
    """Plays by a scaffold. `consults` gives PLAN's first stage to the memory role."""

    prompts: PhasePrompts
    consults: bool = False

    async def act(self, scene: Scene, desk: Desk) -> Committed:
        """LOG the answer to the last action, then PLAN the next one."""
        notices = await desk.code.observed(scene) if desk.code else ()
        if scene.step > 0:
            await self._log(scene, desk, notices)
            if desk.code:
                notices = await desk.code.logged(scene)
        return await self._plan(scene, desk, notices)

    async def _log(self, scene: Scene, desk: Desk, notices: tuple[str, ...]) -> None:
        shown = await self._perceived(scene, "log", desk, notices)
        context = self.prompts.context(scene, "log", desk.memory, shown)
        talk = self._begin("log", context)
        while True:
            turn = talk.turns
            reply = self._parse(await desk.ask("memory", "log", talk), "log", desk)
            results = self._execute("log", turn, reply, desk)
            if reply.ending == "action":
                desk.warn("action_in_log", f"LOG does not act; ignored: {reply.action}")
            if reply.ending is not None or not (results or reply.broken):
                return
            if talk.turns >= self.prompts.turns("log"):
                desk.warn("turn_limit", f"LOG ended at its limit of {talk.turns} turns")
                return
            told = self._shown(results, reply)
            talk.user(self.prompts.next("log", context, desk.memory, told, talk.turns))

    async def _plan(self, scene: Scene, desk: Desk, notices: tuple[str, ...]) -> Committed:
        shown = await self._perceived(scene, "plan", desk, notices)
        context = self.prompts.context(scene, "plan", desk.memory, shown)
        talk = self._begin("plan", context, shown.prompt)
        if self.consults:
            told = await self._consult(context, talk, desk)
            talk.user(self.prompts.handoff(context, desk.memory, told, talk.turns))
        return await self._commit(scene, context, talk, desk)

    async def _perceived(
        self, scene: Scene, phase: Phase, desk: Desk, notices: tuple[str, ...]
    ) -> Percept:
        """What scaffold code adds to a phase: what `perceive` says, after what `remember` said."""
        if desk.code is None:
            return NOTHING
        percept = await desk.code.perceive(scene, phase)
        return msgspec.structs.replace(percept, notices=(*notices, *percept.notices))

    async def _consult(self, context: PromptContext, talk: Conversation, desk: Desk) -> str:
        """The memory role's part of PLAN; gives back the last results."""
        while True:
            reply, results = await self._turn("memory", talk, desk)
            shown = self._shown(results, reply)
            if reply.ending == "action":
                desk.warn(
                    "action_by_memory", f"the memory role does not act; ignored: {reply.action}"
                )
            if reply.ending is not None or not (results or reply.broken):
                return shown
            if talk.turns >= self.prompts.turns("plan"):
                desk.warn("turn_limit", f"consultation ended at its limit of {talk.turns} turns")
                return shown
            talk.user(self.prompts.next("plan", context, desk.memory, shown, talk.turns))

    async def _commit(
        self, scene: Scene, context: PromptContext, talk: Conversation, desk: Desk
    ) -> Committed:
        """The gameplay role's part of PLAN: it may read on, and alone commits.

        A refused action costs none of its replies.
        """
        before, refused = talk.turns, 0
        while True:
            reply, results = await self._turn("gameplay", talk, desk)
            turns = talk.turns - before - refused
            acts = reply.ending == "action"
            if not acts and turns < self.prompts.turns("plan"):
                shown = self._shown(results, reply) or NOTHING_COMMITTED
                talk.user(self.prompts.next("plan", context, desk.memory, shown, turns))
                continue
            if not acts:
                desk.warn("no_action", f"PLAN ended at its limit of {turns} turns, no action said")
            judged = await self._judged(scene, reply.action, refused, desk)
            if not acts or judged.reject is None:
                return Committed(said=reply.action, replaced=judged.replace, refused=refused)
            refused += 1
            said = fill(REFUSED, {"said": quoted(reply.action or ""), "why": judged.reject})
            shown = "\n\n".join(part for part in (self._shown(results, reply), said) if part)
            talk.user(self.prompts.next("plan", context, desk.memory, shown, max(0, turns - 1)))

    async def _judged(self, scene: Scene, said: str | None, refused: int, desk: Desk) -> Judgment:
        if desk.code is None:
            return ACCEPTED
        return await desk.code.guard(scene, said, refused)

    async def _turn(
        self, role: Role, talk: Conversation, desk: Desk
    ) -> tuple[Reply, list[OperationResult]]:
        turn = talk.turns
        reply = self._parse(await desk.ask(role, "plan", talk), "plan", desk)
        return reply, self._execute("plan", turn, reply, desk)

    def _begin(
        self, phase: Phase, context: PromptContext, prompt: str | None = None
    ) -> Conversation:
        talk = Conversation()
        talk.system(self.prompts.system)
        talk.user(self.prompts.first(phase, context, prompt))
        return talk

    def _parse(self, reply: ModelReply, phase: Phase, desk: Desk) -> Reply:
        cut_off = reply.finish == "length"
        read = parse(reply.text, self.prompts.vocabulary[phase], cut_off=cut_off)
        most = self.prompts.limits.reply_operations
        dropped = len(read.operations) - most
        if dropped <= 0:
            return read
        said = f"A reply may hold {most} operations; the last {dropped} were not carried out."
        desk.warn("operation_limit", said)
        return msgspec.structs.replace(
            read, operations=read.operations[:most], broken=(*read.broken, said)
        )

    def _shown(self, results: list[OperationResult], reply: Reply) -> str:
        limits = self.prompts.limits
        most = max(limits.reply_bytes, limits.result_bytes)
        return results_text(results, reply.broken, most)

    def _execute(self, phase: Phase, turn: int, reply: Reply, desk: Desk) -> list[OperationResult]:
        vocabulary = self.prompts.vocabulary[phase]
        operations = reply.operations
        if self.prompts.scaffold.manifest.order == "grouped":
            operations = grouped(operations, vocabulary)
        return [
            desk.remember(phase, turn, vocabulary[operation.name], operation)
            for operation in operations
        ]
