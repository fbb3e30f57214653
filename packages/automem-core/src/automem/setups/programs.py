"""Calling uv and new interpreters: their words go to the log, and to the person who waits."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from automem.errors import SetupError
from automem.secrets import without_secrets
from automem.setups.place import Tell

LIMIT_SECONDS = 2 * 3600.0
"""How long one program may take; the largest engines are gigabytes."""
_LAST_LINES = 12
_NOT_FOR_OTHERS = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "UV_PROJECT_ENVIRONMENT")
_PROGRESS = ("Resolved", "Building", "Built", "Downloading", "Downloaded", "Prepared", "Installed")
_FULL = ("os error 28", os.strerror(errno.ENOSPC))


def find_uv(environ: Mapping[str, str] = os.environ) -> str:
    """The program uv: the one that started this process, or the one on the PATH."""
    found = environ.get("UV") or shutil.which("uv", path=environ.get("PATH"))
    if found is None:
        raise SetupError(
            "this needs the program uv, which is not on the PATH; get it with: pip install uv"
        )
    return found


class ProgramFailed(SetupError):
    """A program ended with a failure; `said` is the end of what it said."""

    def __init__(self, message: str, said: str) -> None:
        super().__init__(message)
        self.said = said


@dataclass(slots=True)
class Programs:
    """Runs one program after another, in one folder and with one log."""

    folder: Path
    log: IO[str]
    held: int
    """The descriptor of the lock; a program that outlives this process keeps it."""
    tell: Tell
    environ: Mapping[str, str]

    def run(self, argv: Sequence[str], doing: str) -> list[str]:
        """Run it to its end; its lines. Raises ProgramFailed with its last lines.

        `doing` completes the sentence that starts with the name of the set-up.
        """
        self.tell(doing)
        self._log(f"$ {' '.join(argv)}")
        lines: deque[str] = deque(maxlen=10_000)
        try:
            process = subprocess.Popen(  # noqa: S603 - the set-up of a plugin says what to run
                argv,
                cwd=self.folder,
                env=_for_programs(self.environ),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=(self.held,),
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            raise SetupError(f"cannot run {argv[0]}: {error.strerror}") from error
        late = threading.Timer(LIMIT_SECONDS, process.kill)
        late.daemon = True
        late.start()
        with process:
            try:
                for line in process.stdout or ():
                    lines.append(line.rstrip("\n"))
                    self._log(lines[-1])
                    if _worth_telling(line):
                        self.tell(f"  {line.strip()}")
                code = process.wait()
            except BaseException:
                process.kill()
                raise
            finally:
                late.cancel()
        if code != 0:
            raise self._failure(doing, code, list(lines))
        return list(lines)

    def _log(self, line: str) -> None:
        self.log.write(f"{line}\n")
        self.log.flush()

    def _failure(self, doing: str, code: int, lines: list[str]) -> SetupError:
        said = "\n".join([line for line in lines if line.strip()][-_LAST_LINES:])
        if any(sign in line for sign in _FULL for line in lines):
            return disk_full(self.folder)
        ended = f"was killed by signal {-code}" if code < 0 else f"failed with status {code}"
        indented = "\n".join(f"  {line}" for line in said.split("\n"))
        return ProgramFailed(f"{doing}: {ended}\n{indented}\nthe log is {self.log.name}", said)


def disk_full(folder: Path) -> SetupError:
    """What to say where nothing more can be written."""
    return SetupError(
        f"the disk that holds {folder.parent} is full; make room, or set AUTOMEM_HOME to a folder "
        "on another disk. Nothing was left behind"
    )


def _for_programs(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables a program may know: no secrets but those for uv's own indexes."""
    kept = {
        **without_secrets(environ),
        **{name: value for name, value in environ.items() if name.startswith("UV_")},
    }
    return {name: value for name, value in kept.items() if name not in _NOT_FOR_OTHERS}


def _worth_telling(line: str) -> bool:
    """Whether it says how far uv has come, and not which of a hundred packages is there now."""
    return line.lstrip().startswith(_PROGRESS)
