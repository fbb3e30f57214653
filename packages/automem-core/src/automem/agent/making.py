"""From a configuration's `[agent]` to the agent that plays one episode."""

from __future__ import annotations

from automem.agent.logplan import LogPlan
from automem.agent.protocol import Agent
from automem.agent.rendering import PhasePrompts
from automem.agent.window import Window
from automem.errors import ConfigError
from automem.records.config import AgentSection
from automem.records.environment import EnvironmentInfo
from automem.scaffold.load import Scaffold

AGENTS = ("logplan", "window")


def plays_by_scaffold(section: AgentSection) -> bool:
    """Whether this agent needs a scaffold. Raises ConfigError for an unknown agent."""
    if section.name not in AGENTS:
        raise ConfigError(
            f"agent.name: no agent named '{section.name}'; there are: logplan, window"
        )
    return section.name == "logplan"


def make_agent(
    section: AgentSection, info: EnvironmentInfo, scaffold: Scaffold | None, *, consults: bool
) -> Agent:
    """A fresh agent for one episode; `scaffold` has its task's variant applied.

    `consults` says that the two roles are different models. Raises ConfigError, ScaffoldError.
    """
    if not plays_by_scaffold(section):
        return Window.of(info, history=section.history, chain_of_thought=section.chain_of_thought)
    if scaffold is None:
        raise ConfigError('agent logplan needs a scaffold: set [scaffold] from = "..."')
    return LogPlan(PhasePrompts.of(scaffold, info), consults=consults)
