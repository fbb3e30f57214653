"""Scaffold code in an evaluation: the jail is proven once, and each episode gets its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from automem.errors import CodeFault, JailError, ScaffoldError
from automem.processes.jail import JailLimits, JailReport, open_jail, self_test
from automem.records.code import CODE_FUNCTIONS
from automem.scaffold.code import Caller
from automem.scaffold.content import CODE
from automem.scaffold.load import Scaffold

Prove = Callable[[], Awaitable[JailReport]]
LIMITS = JailLimits()
MEMORY_FUNCTIONS = frozenset({"remember"})
"""What plays where memory alone is to be measured."""


@dataclass(frozen=True, slots=True)
class CodePlay:
    """How code is played in an evaluation."""

    source: str
    name: str
    """The scaffold's, for messages."""
    report: JailReport
    """What was tried from inside the jail, and how it ended."""
    log: Path
    memory_only: bool = False

    @property
    def functions(self) -> frozenset[str]:
        """The functions that are called, where the code has them."""
        return MEMORY_FUNCTIONS if self.memory_only else frozenset(CODE_FUNCTIONS)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Caller]:
        """The code in a jail of its own. Raises ScaffoldError where it cannot be loaded."""
        async with AsyncExitStack() as stack:
            jail = open_jail(
                self.source, name=CODE, limits=LIMITS, level=self.report.level, log=self.log
            )
            try:
                caller = await stack.enter_async_context(jail)
            except CodeFault as fault:
                raise ScaffoldError(f"the code of {self.name} cannot be loaded: {fault}") from fault
            yield caller


async def code_play(
    scaffold: Scaffold | None,
    log: Path,
    *,
    unsafe: bool,
    memory_only: bool = False,
    prove: Prove = self_test,
) -> CodePlay | None:
    """How this scaffold's code is played; None where it has none. The jail is tried first.

    Raises JailError where nothing keeps code in and `unsafe` does not allow that.
    """
    if scaffold is None or scaffold.code is None:
        return None
    report = await prove()
    if report.level == "none" and not unsafe:
        raise JailError(
            "this scaffold has code.py, and nothing on this machine keeps model-written code in; "
            "see 'automem doctor', play a scaffold without code, or take the risk with "
            "--unsafe-code"
        )
    return CodePlay(scaffold.code, scaffold.manifest.name, report, log, memory_only)
