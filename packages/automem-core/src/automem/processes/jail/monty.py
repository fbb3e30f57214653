"""A cell that is a session of Monty, an interpreter of a part of Python with no way to the outside.

Its blocking interface is used, in threads: the asynchronous one may abort the host when it exits,
and waits for ever where a busy call is cancelled (pydantic/monty#551).
"""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

import anyio.to_thread

from automem.errors import CodeFault, JailError
from automem.processes.jail.cell import Broken
from automem.processes.jail.inside.serve import VALUE
from automem.processes.jail.replies import cleaned, value_of
from automem.records.jail import JailLimits

if TYPE_CHECKING:
    from pydantic_monty import Monty, MontyError, MontySession

_GRACE_SECONDS: Final = 0.25
_FIRST_FEED: Final = "<python-input-0>"
"""What tracebacks call the source; later feeds are the calls of it."""


@dataclass(slots=True)
class MontyCell:
    """One process of Monty and its session; see `Cell`."""

    source: str
    name: str
    limits: JailLimits
    landlock: int = 0
    _pool: Monty | None = None
    _session: MontySession | None = None
    _encoder: json.JSONEncoder = field(
        default_factory=lambda: json.JSONEncoder(allow_nan=False, separators=(",", ":"))
    )

    @property
    def pid(self) -> int | None:
        """Of the process that interprets."""
        return None if self._session is None else self._session.worker_pid

    async def start(self) -> frozenset[str]:
        """See `Cell`."""
        try:
            names = _functions(self.source)
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            line, text = (
                (error.lineno, error.msg) if isinstance(error, SyntaxError) else (None, str(error))
            )
            where = f"{self.name}, line {line}" if line else self.name
            said = f"{where}, in the module: {type(error).__name__}: {cleaned(text)}"
            raise CodeFault(said, kind="exception", line=line) from error
        await anyio.to_thread.run_sync(self._open)
        await self._feed(self.source, {}, "the module")
        return names

    async def call(self, function: str, arguments: tuple[object, ...]) -> object:
        """See `Cell`."""
        try:
            size = len(self._encoder.encode(arguments))
        except (TypeError, ValueError) as error:
            raise TypeError(f"an argument of {function} is of no JSON-like type") from error
        if size > self.limits.request_bytes:
            text = f"{size} bytes of arguments; {self.limits.request_bytes} are allowed"
            raise CodeFault(f"{self.name}, in {function}: {text}", kind="too_large")
        given = {"given_arguments": list(arguments)}
        result = await self._feed(f"{function}(*given_arguments)", given, function)
        try:
            payload = self._encoder.encode(result).encode()
        except (TypeError, ValueError, RecursionError) as error:
            said = f"what it returned is not JSON-like: {cleaned(str(error))}"
            raise CodeFault(f"{self.name}, in {function}: {said}", kind="invalid") from error
        if len(payload) > self.limits.reply_bytes:
            said = f"it returned {len(payload)} bytes; {self.limits.reply_bytes} are allowed"
            raise CodeFault(f"{self.name}, in {function}: {said}", kind="too_large")
        return value_of(self.name, function, VALUE, payload)

    async def end(self) -> None:
        """See `Cell`."""
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(self._close)

    def _open(self) -> None:
        from pydantic_monty import Monty, MontyError

        try:
            self._pool = Monty(
                min_processes=1, max_processes=1, feed_duration_limit_grace=_GRACE_SECONDS
            ).__enter__()
            self._session = self._pool.checkout(
                script_name=self.name,
                limits={
                    # One clock serves for all, so loading gets no more than a call.
                    "max_feed_duration_secs": self.limits.call_seconds,
                    "max_memory": self.limits.memory_bytes,
                },
                os_policy={"random_start": {"seed": 0}, "sleep": "zero"},
            ).__enter__()
        except (MontyError, OSError, RuntimeError) as error:
            raise JailError(f"Monty cannot be started for {self.name}: {error}") from error

    async def _feed(self, code: str, given: dict[str, Any], what: str) -> object:
        """The value of `code`. Raises CodeFault, and Broken where the session is lost."""
        return await anyio.to_thread.run_sync(self._feed_blocking, code, given, what)

    def _feed_blocking(self, code: str, given: dict[str, Any], what: str) -> object:
        from pydantic_monty import MontyCrashedError, MontyError, MontyRuntimeError

        session = cast("MontySession", self._session)
        try:
            return session.feed_run(code, inputs=given, print_callback=_drop)
        except MontyCrashedError as error:
            kind = "timeout" if error.timed_out else "died"
            raise Broken(cleaned(str(error)), kind) from error
        except MontyRuntimeError as error:
            if not (frames := error.traceback()):
                # What stops it from outside has no place in the code, and leaves nothing certain.
                took = f"it took more than {self.limits.call_seconds:g} s"
                timed_out = isinstance(error.exception(), TimeoutError)
                kind = "timeout" if timed_out else "died"
                raise Broken(took if timed_out else cleaned(str(error)), kind) from error
            lines = [frame.line for frame in frames if frame.filename == _FIRST_FEED]
            raise self._raised(what, error, lines[-1] if lines else None) from error
        except MontyError as error:
            raise self._raised(what, error, None) from error

    def _raised(self, what: str, error: MontyError, line: int | None) -> CodeFault:
        where = self.name if line is None else f"{self.name}, line {line}"
        said = f"{where}, in {what}: {cleaned(str(error))}"
        return CodeFault(said, kind="exception", line=line)

    def _close(self) -> None:
        session, self._session = self._session, None
        pool, self._pool = self._pool, None
        if session is not None:
            session.__exit__(None, None, None)
        if pool is not None:
            pool.__exit__(None, None, None)


def _functions(source: str) -> frozenset[str]:
    """The functions that the source defines, as it is written."""
    defined = (ast.FunctionDef, ast.ClassDef)
    found = (node.name for node in ast.parse(source).body if isinstance(node, defined))
    return frozenset(name for name in found if not name.startswith("_"))


def _drop(_stream: str, _text: str) -> None:
    """What is printed goes nowhere."""
