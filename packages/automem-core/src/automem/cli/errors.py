"""The one place where errors become words and exit codes."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

import click

from automem.cli.invocation import Invocation
from automem.errors import AutoMemError, ConfigError, EvaluationUnfinished, LimitReached
from automem.secrets import redact
from automem.ui.words import visible

DONE, FAILED, USAGE, LIMIT, INTERRUPTED = 0, 1, 2, 3, 130


def run_command(
    command: click.Command, arguments: Sequence[str], invocation: Invocation | None = None
) -> int:
    """Run `automem ARGUMENTS` and return its exit code; whatever is raised is told on stderr."""
    invocation = invocation or Invocation()
    invocation.arguments = tuple(arguments)
    try:
        code = command.main(
            list(arguments), prog_name="automem", standalone_mode=False, obj=invocation
        )
    except Exception as error:  # noqa: BLE001 - the boundary of a command
        return report(error, invocation)
    except (KeyboardInterrupt, BaseExceptionGroup) as error:
        return report(error, invocation)
    return code if isinstance(code, int) else DONE


def report(error: BaseException, invocation: Invocation) -> int:
    """Say what happened and what to do; the exit code for it."""
    error = weightiest(error)
    if invocation.debug and not isinstance(error, click.ClickException):
        _tell("".join(traceback.format_exception(error)).rstrip())
    if isinstance(error, KeyboardInterrupt | click.Abort):
        _tell("interrupted")
        _tell_resume(invocation)
        return INTERRUPTED
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, BrokenPipeError):
        return _leave_pipe()
    if isinstance(error, AutoMemError):
        _tell(f"error: {error}")
        if isinstance(error, LimitReached | EvaluationUnfinished):
            _tell_resume(invocation)
        return _code(error)
    if isinstance(error, OSError) and error.errno is not None:
        _tell_machine(error, invocation)
        _tell_resume(invocation)
        return FAILED
    _tell_unexpected(error, invocation)
    return FAILED


def weightiest(error: BaseException) -> BaseException:
    """Of the errors that several tasks raised at once, the one to tell: interruption first."""
    leaves = list(_leaves(error))
    for kind in (KeyboardInterrupt, LimitReached):
        for leaf in leaves:
            if isinstance(leaf, kind):
                return leaf
    unexpected = [leaf for leaf in leaves if not isinstance(leaf, AutoMemError)]
    return unexpected[0] if unexpected else leaves[0]


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        group = cast("BaseExceptionGroup[BaseException]", error)
        for inner in group.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _code(error: AutoMemError) -> int:
    if isinstance(error, LimitReached):
        return LIMIT
    return USAGE if isinstance(error, ConfigError) else FAILED


def _tell(text: str) -> None:
    click.echo(visible(redact(text)), err=True)


def _tell_resume(invocation: Invocation) -> None:
    if invocation.resume:
        _tell(f"nothing is lost; go on with: {invocation.resume}")


def _tell_machine(error: OSError, invocation: Invocation) -> None:
    """A full disk, a folder where a file belongs, a missing right: no bug, and easily mended."""
    where = f": {error.filename}" if error.filename is not None else ""
    _tell(f"error: {error.strerror or type(error).__name__}{where}")
    if invocation.log is not None:
        _log(error, invocation.log)


def _tell_unexpected(error: BaseException, invocation: Invocation) -> None:
    _tell(f"error: unexpected {type(error).__name__}: {error}")
    if invocation.log is not None:
        _log(error, invocation.log)
        _tell(f"the log is {invocation.log}")
    if not invocation.debug:
        _tell("this is a bug in AutoMem or in a plugin; `automem --debug ...` shows where")


def _leave_pipe() -> int:
    """The reader of our output went away; nothing more can be said to it, not even at exit."""
    sys.stdout = None  # pyright: ignore[reportAttributeAccessIssue]
    return FAILED


def _log(error: BaseException, path: Path) -> None:
    import structlog

    from automem.logging import logging_to

    with suppress(OSError), logging_to(path):
        structlog.get_logger().error("command_failed", exc_info=error)
