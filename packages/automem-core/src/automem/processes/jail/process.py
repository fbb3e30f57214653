"""A jailed process as its host sees it: a request goes in, one reply comes out, or it is ended.

Calls take microseconds and are made from an event loop. A reply is therefore waited for in place
for about a millisecond, which costs less than one turn of the loop, and by the loop after that.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio

from automem.processes.jail.cell import Broken
from automem.processes.jail.inside.serve import REPLY, REQUEST
from automem.processes.jail.patience import Patience

ENVIRONMENT: Final = {"PYTHONHASHSEED": "0"}
"""All that a jailed process is given. Sets come in one order, so that recorded play repeats."""
_IN_PLACE_MILLISECONDS: Final = 1
_AT_ONCE: Final = 65536
_BY_SIGNAL: Final = 128
_EXIT_SECONDS: Final = 0.5
_KILLED_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.002


@dataclass(slots=True)
class JailedProcess:
    """A running process; whoever starts it ends it."""

    process: subprocess.Popen[bytes]
    reply_bytes: int
    clocked: bool
    """Whether its number is that of the process that computes, so that its clock can be read."""
    _requests: int
    _replies: int
    _poll: select.poll
    _number: int = 0

    @property
    def pid(self) -> int:
        """Of the process, which leads a group of its own."""
        return self.process.pid

    def next_number(self) -> int:
        """The number for the next request, which its reply must repeat."""
        self._number += 1
        return self._number

    async def exchange(self, request: bytes, seconds: float, *, wait: bool) -> tuple[int, bytes]:
        """Send a request, or nothing, and take the reply to the latest number: status, payload.

        With `wait` the event loop goes on from the start. Raises Broken.
        """
        patience = Patience(seconds, self.process.pid if self.clocked else None)
        if request:
            self._refuse_early()
            await self._write(REQUEST.pack(len(request)) + request, patience)
        if not wait:
            # Rounded up to a whole millisecond by the system, and once in a call.
            self._poll.poll(_IN_PLACE_MILLISECONDS)
        received = bytearray()
        end = REPLY.size
        while len(received) < end:
            part = self._read()
            if part == b"":
                raise await self._death()
            received += part or b""
            if end == REPLY.size and len(received) >= end:
                end += self._checked_size(received)
            if len(received) < end:
                # Also after a part: it may come byte by byte, and the loop must go on.
                await patience.wait(anyio.wait_readable, self._replies)
        if len(received) > end:
            raise Broken("it wrote more than one reply", "invalid")
        return received[REPLY.size - 1], bytes(received[REPLY.size :])

    def _checked_size(self, received: bytearray) -> int:
        """The length that a header announces, before anything of that length is kept."""
        size, number, _ = REPLY.unpack_from(received)
        # The reason why a value is too large is a reply as well, and a short one.
        most = max(self.reply_bytes, 64 * 1024)
        if size > most:
            raise Broken(f"it announced a reply of {size} bytes; {most} are allowed", "too_large")
        if number != self._number:
            raise Broken(f"it answered request {number} when asked {self._number}", "invalid")
        return size

    def _refuse_early(self) -> None:
        if self._read():
            raise Broken("it wrote a reply before it was asked", "invalid")

    async def _write(self, data: bytes, patience: Patience) -> None:
        left = memoryview(data)  # a large one goes in thousands of parts, none of them copied
        while True:
            try:
                written = os.write(self._requests, left)
            except BlockingIOError:
                written = 0
            except BrokenPipeError as error:
                raise await self._death() from error
            if written == len(left):
                return
            left = left[written:]
            await patience.wait(anyio.wait_writable, self._requests)

    def _read(self) -> bytes | None:
        """What there is; None if nothing, b"" if nothing will ever be."""
        try:
            return os.read(self._replies, _AT_ONCE)
        except BlockingIOError:
            return None

    async def _death(self) -> Broken:
        """Its pipes are closed, so it has ended or is about to."""
        await self._gone(_EXIT_SECONDS)
        code = self.process.returncode
        if code is not None and code > _BY_SIGNAL:
            # Bubblewrap says it as shells do.
            code = _BY_SIGNAL - code
        if code is None:
            how = "closed its pipes"
        elif code < 0:
            how = f"was killed by {signal.Signals(-code).name}"
        else:
            how = f"ended with status {code}"
        return Broken(f"its process {how}", "died")

    async def end(self) -> None:
        """Kill it and wait until it is gone."""
        with anyio.CancelScope(shield=True):
            self.kill()
            os.close(self._requests)
            os.close(self._replies)
            await self._gone(_KILLED_SECONDS)

    async def _gone(self, seconds: float) -> None:
        """Wait for so long, and reap it; an event for it would cost a thread for each process."""
        deadline = time.monotonic() + seconds
        while self.process.poll() is None and time.monotonic() < deadline:  # noqa: ASYNC110
            await anyio.sleep(_LOOK_SECONDS)

    def kill(self) -> None:
        """Kill its whole group."""
        # Once it was waited for, its number may be another's.
        if self.process.returncode is not None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)


def start(argv: Sequence[str], *, log: Path, reply_bytes: int, clocked: bool) -> JailedProcess:
    """Start `argv` with two pipes and nothing else: no secret, no other descriptor.

    What it writes to standard error before it is locked goes to `log`. To be called in the thread
    of the event loop: the process dies with the thread that started it. Raises OSError.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    theirs_in, requests = os.pipe()
    replies, theirs_out = os.pipe()
    try:
        with log.open("ab") as errors:
            process = subprocess.Popen(  # noqa: S603 - the arguments are ours
                list(argv),
                stdin=theirs_in,
                stdout=theirs_out,
                stderr=errors,
                env=ENVIRONMENT,
                cwd="/",
                start_new_session=True,
            )
    except OSError:
        os.close(requests)
        os.close(replies)
        raise
    finally:
        os.close(theirs_in)
        os.close(theirs_out)
    os.set_blocking(requests, False)
    os.set_blocking(replies, False)
    poll = select.poll()
    poll.register(replies, select.POLLIN)
    return JailedProcess(process, reply_bytes, clocked, requests, replies, poll)
