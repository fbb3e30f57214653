"""One turn, tried until there is an answer or it is given up: every try counted, every wait timed.

The SDKs' own retries are switched off, because they neither count for anybody nor know a deadline.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from time import monotonic

import anyio
import msgspec
import structlog

from automem.errors import MetaError, ModelError
from automem.models.retry import Clock, Sleep, wait_seconds
from automem.records.review import MetaTurn
from automem_meta.session.chat import ContextTooLong

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often one turn is tried."""

    timeout_seconds: float = 1800.0
    """Of all tries of one turn and the waits between them."""
    retries: int = 8
    random: Random = field(default_factory=Random)
    clock: Clock = monotonic
    sleep: Sleep = anyio.sleep


async def try_turn(
    attempt: Callable[[], Awaitable[MetaTurn]], name: str, patience: Patience, left: float
) -> MetaTurn:
    """Try until there is a turn, within the patience and at most `left` seconds.

    What a server asks to wait is cut so that the time that is left still holds a try. Raises
    MetaError with the last try's own words, and ContextTooLong at once.
    """
    deadline = min(patience.timeout_seconds, left)
    asked = patience.clock()
    tries = 0
    while True:
        tries += 1
        began = patience.clock()
        try:
            with anyio.fail_after(max(0.0, deadline - (began - asked))):
                turn = await attempt()
        except ContextTooLong:
            raise
        except TimeoutError:
            error = ModelError(f"{name} gave no answer within {deadline:g} s", retryable=True)
        except ModelError as failure:
            error = failure
        else:
            return msgspec.structs.replace(
                turn,
                seconds=patience.clock() - began,
                waited_seconds=began - asked,
                retries=tries - 1,
            )
        remaining = deadline - (patience.clock() - asked)
        if not error.retryable or tries > patience.retries or remaining <= 0.0:
            raise _given_up(error, tries, patience.clock() - asked) from error
        seconds = wait_seconds(tries, error, remaining, patience.random)
        log.warning(
            "meta_call_failed", who=name, tries=tries, wait_seconds=seconds, error=str(error)
        )
        await patience.sleep(seconds)


def _given_up(error: ModelError, tries: int, seconds: float) -> MetaError:
    tried = "1 try" if tries == 1 else f"{tries} tries"
    return MetaError(
        f"{error} ({tried}, {seconds:.1f} s); the review is kept, and the same command goes on "
        "with it"
    )
