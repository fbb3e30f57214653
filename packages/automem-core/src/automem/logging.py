"""The host's own log: JSON lines in the run folder, configured by the command line alone.

Everything else only asks structlog for a logger. Keys never get here, because every event passes
a filter; prompts never get here, because they belong to the trace.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, cast

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from automem.secrets import REDACTED, names_secret, redact

_PROMPT_FIELDS = frozenset({"messages", "prompt", "conversation"})
_LONGEST_TEXT = 4_000


@contextmanager
def logging_to(path: Path | None, *, verbose: bool = False) -> Generator[None]:
    """Write the events of the body to `path`, one JSON line each; to stderr too if `verbose`.

    Without a path and not verbose they go nowhere. Afterwards the log is what it was before.
    """
    with _opened(path) as file:
        before = structlog.get_config()
        structlog.configure(
            processors=_processors(file, verbose=verbose),
            wrapper_class=structlog.make_filtering_bound_logger("debug" if verbose else "info"),
            logger_factory=structlog.ReturnLoggerFactory(),
            cache_logger_on_first_use=False,
        )
        try:
            yield
        finally:
            structlog.configure(**before)


def without_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: what looks like a key or is a prompt becomes `[redacted]`."""
    return {key: _clean(key, value) for key, value in event.items()}


def _clean(key: str, value: Any) -> Any:
    if key in _PROMPT_FIELDS or (isinstance(value, str) and names_secret(key)):
        return REDACTED
    if isinstance(value, str):
        return redact(value)[:_LONGEST_TEXT]
    if isinstance(value, dict):
        table = cast("dict[object, object]", value)
        return {str(inner): _clean(str(inner), item) for inner, item in table.items()}
    if isinstance(value, list | tuple):
        return [_clean("", item) for item in cast("list[object]", value)]
    if value is None or isinstance(value, int | float):
        return value
    return redact(str(value))[:_LONGEST_TEXT]


def _processors(file: IO[str] | None, *, verbose: bool) -> list[Processor]:
    def write(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
        line = msgspec.json.encode(event).decode() + "\n"
        if file is not None:
            with suppress(OSError):  # a full disk must not end the work that is told of
                file.write(line)
        if verbose:
            sys.stderr.write(line)
        return ""

    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        without_secrets,
        write,
    ]


@contextmanager
def _opened(path: Path | None) -> Generator[IO[str] | None]:
    if path is None:
        yield None
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a", encoding="utf-8", buffering=1)
    try:
        yield file
    finally:
        with suppress(OSError):
            file.close()
