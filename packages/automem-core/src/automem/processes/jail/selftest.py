"""Proves a level: escapes are tried from inside, and what is not denied is not promised."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Final, cast

import structlog

from automem.errors import CodeFault, JailError
from automem.processes.jail.jail import Jail, open_jail
from automem.processes.jail.levels import LEVELS, why_not
from automem.records.jail import JailLevel, JailLimits, JailReport

_PROBES: Final = Path(__file__).with_name("probes.py")
_MONTY_PROBES: Final = Path(__file__).with_name("monty_probes.py")
_LIMITS: Final = JailLimits(call_seconds=5.0, load_seconds=20.0)
_ENDLESS: Final = "def loop():\n    while True:\n        pass\n"
_ENDLESS_LIMITS: Final = JailLimits(call_seconds=0.05, load_seconds=20.0)

log = structlog.get_logger()


async def self_test(level: JailLevel | None = None) -> JailReport:
    """The strongest level at which every probe is denied, proven in a real process of it.

    With `level`, that one alone; "none" is reported as it is, with what its probes reach. Raises
    JailError if no level holds: there is no jail here.
    """
    refused: dict[str, str] = {}
    for tried in LEVELS[:-1] if level is None else (level,):
        reason = why_not(tried)
        report = None
        if reason is None:
            try:
                report = await _probe(tried, refused)
            except (JailError, CodeFault) as error:
                reason = str(error)
        if report is not None:
            open_ways = [name for name, denied in report.probes.items() if not denied]
            if not open_ways or tried == "none":
                return report
            reason = f"not denied: {', '.join(open_ways)}"
        refused[tried] = reason or ""
        log.debug("jail_level_refused", level=tried, reason=reason)
    reasons = "; ".join(f"{name}: {reason}" for name, reason in refused.items())
    raise JailError(
        f"no jail for model-written code holds on this machine ({reasons}); install "
        "'automem-core[monty]', run without code, or allow it with --unsafe-code"
    )


async def _probe(level: JailLevel, refused: dict[str, str]) -> JailReport:
    probing = _MONTY_PROBES if level == "monty" else _PROBES
    source = probing.read_text(encoding="utf-8")
    nowhere = Path(os.devnull)
    probes: dict[str, bool] = {}
    async with open_jail(source, name="probes", level=level, limits=_LIMITS, log=nowhere) as jail:
        for name in await _names(jail):
            probes[name] = await _denied(jail, name)
        landlock = jail.landlock
    async with open_jail(
        _ENDLESS, name="endless", level=level, limits=_ENDLESS_LIMITS, log=nowhere
    ) as jail:
        probes["run for ever"] = await _ended(jail)
    machine = platform.uname()
    return JailReport(
        level=level,
        probes=probes,
        refused=dict(refused),
        python=platform.python_version(),
        kernel=machine.release,
        architecture=machine.machine,
        landlock=landlock,
    )


async def _names(jail: Jail) -> list[str]:
    return [str(name) for name in cast("list[object]", await jail.call("names"))]


async def _denied(jail: Jail, name: str) -> bool:
    """Whether the probe says so itself; if its process ends over it, that shows nothing."""
    try:
        outcome = await jail.call("attempt", name)
    except CodeFault as fault:
        # Monty lets nothing catch the end of its memory.
        outcome = "denied" if "MemoryError" in str(fault) else str(fault)
    if outcome != "denied":
        log.debug("jail_probe", level=jail.level, probe=name, outcome=outcome)
    return outcome == "denied"


async def _ended(jail: Jail) -> bool:
    try:
        await jail.call("loop")
    except CodeFault as fault:
        return fault.kind == "timeout"
    return False
