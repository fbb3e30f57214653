"""A process that computes answers: `python -m automem_tiny.serving.worker HOST_PID`.

Requests come in on standard input, answers go out on what was standard output. Whatever has come
in before a step takes part in it. It ends when its input ends or its host is gone, even in the
middle of a step.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
import time
import traceback
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from automem.errors import AutoMemError, ModelError, ServerError
from automem.processes.frames import read_frame, write_frame
from automem_tiny.engine import Engine
from automem_tiny.engine.asking import Generation
from automem_tiny.serving.messages import (
    ALIVE,
    Abandon,
    AnyRequest,
    Complete,
    Load,
    Numbered,
    Reply,
)

_HOST_CHECK_SECONDS = 1.0
_ALIVE_SECONDS: Final = 5.0
"""How often it says that it goes on, where steps are all that happens."""
_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder[AnyRequest](AnyRequest)
_NUMBERS: Final = msgspec.msgpack.Decoder(Numbered)
Requests = queue.SimpleQueue[AnyRequest | Reply]
"""What is to be done, or to be answered at once."""


@dataclass(slots=True)
class Service:
    """An engine, and for whom each of its answers is."""

    engine: Engine
    answers: BinaryIO
    waiting: deque[Generation] = field(default_factory=deque[Generation])
    asked: dict[Generation, int] = field(default_factory=dict[Generation, int])
    """Those without an answer, and the number of their request."""
    _heard_of: float = field(default_factory=time.monotonic, init=False)

    def serve(self, requests: Requests) -> None:
        """Answer until the process is ended."""
        while True:
            self._take(requests.get())
            while self.asked:
                while not requests.empty():
                    self._take(requests.get())
                self._step()
                self._show_life()

    def _take(self, request: AnyRequest | Reply) -> None:
        match request:
            case Complete():
                self._begin(request)
            case Abandon():
                for generation in [one for one, id in self.asked.items() if id == request.id]:
                    generation.abandoned = True
                    del self.asked[generation]
                answer(self.answers, Reply(id=request.id))
            case Reply():
                answer(self.answers, request)
            case Load():
                raise AssertionError("a model is loaded once")

    def _begin(self, request: Complete) -> None:
        try:
            generation = self.engine.begin(request.ask)
        except AutoMemError as error:
            status = error.status if isinstance(error, ModelError) else None
            answer(self.answers, Reply(id=request.id, error=str(error), status=status))
        except Exception as error:  # noqa: BLE001 - a conversation's failure is not the others'
            traceback.print_exc(file=sys.stderr)
            said = f"the engine failed over this conversation: {_named(error)}"
            answer(self.answers, Reply(id=request.id, error=said, status=400))
        else:
            self.asked[generation] = request.id
            self.waiting.append(generation)

    def _step(self) -> None:
        for generation in self.engine.step(self.waiting):
            number = self.asked.pop(generation, None)
            if number is not None:
                answer(self.answers, Reply(id=number, answer=generation.answer))

    def _show_life(self) -> None:
        if time.monotonic() - self._heard_of >= _ALIVE_SECONDS:
            self._heard_of = time.monotonic()
            answer(self.answers, Reply(id=ALIVE))


def answer(stream: BinaryIO, reply: Reply) -> None:
    """Send a reply to the host."""
    write_frame(stream, _ENCODER.encode(reply))


def load(request: Load) -> Engine:
    """Read the model and all adapters. Raises ServerError, AdapterError."""
    try:
        engine = Engine.load(
            Path(request.folder), at_once=request.at_once, kept_tokens=request.kept_tokens
        )
    except MemoryError as error:
        raise ServerError(
            f"{request.folder} is too large to be computed here, {request.at_once} conversations "
            f"of its whole context at once: {error}. Lower max_num_seqs, or use the backend local"
        ) from error
    for path in request.adapters:
        engine.adapter(path)
    return engine


def main() -> None:
    """Serve on the pipes this process was started with."""
    stream = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    threading.Thread(target=_watch_host, args=(int(sys.argv[1]),), daemon=True).start()
    requests: Requests = queue.SimpleQueue()
    threading.Thread(target=_read, args=(stream, requests), daemon=True).start()
    first = requests.get()
    assert isinstance(first, Load)  # noqa: S101 - what the host sends first
    try:
        engine = load(first)
    except AutoMemError as error:
        answer(answers, Reply(id=first.id, error=str(error)))
        return
    except Exception as error:  # noqa: BLE001 - whoever waits for it is told
        traceback.print_exc(file=sys.stderr)
        said = f"the model in {first.folder} cannot be served here: {_named(error)}"
        answer(answers, Reply(id=first.id, error=said))
        return
    answer(answers, Reply(id=first.id))
    Service(engine, answers).serve(requests)


def _read(stream: BinaryIO, requests: Requests) -> None:
    try:
        while (payload := read_frame(stream)) is not None:
            requests.put(_decoded(payload))
    except (AutoMemError, msgspec.MsgspecError):
        traceback.print_exc(file=sys.stderr)
    sys.stderr.flush()
    os._exit(0)


def _decoded(payload: bytes) -> AnyRequest | Reply:
    """A request, or the answer to one that asks for what there is not."""
    try:
        return _DECODER.decode(payload)
    except msgspec.ValidationError as error:
        number = _NUMBERS.decode(payload).id
        return Reply(id=number, error=f"no call can ask for this: {error}", status=400)


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _watch_host(host: int) -> None:
    while os.getppid() == host:
        time.sleep(_HOST_CHECK_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    main()
