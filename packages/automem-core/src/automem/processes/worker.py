"""A process that holds environments: `python -m automem.processes.worker HOST_PID`.

Requests come in on standard input, answers go out on what was standard output; by then both names
point elsewhere, so that a game which prints or reads cannot break the frames. It ends when its
input ends or its host is gone, whichever it notices first.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import traceback
from typing import Any, BinaryIO

import msgspec

from automem.options import read_options
from automem.plugins import import_part
from automem.processes.frames import read_frame, write_frame
from automem.processes.messages import Answer, AnyRequest, Close, Draw, Open, Reset, Step
from automem.protocols import Environment

_HOST_CHECK_SECONDS = 1.0


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer every request until the stream ends; a game's exception is an answer as well."""
    environments: dict[int, Environment] = {}
    encoder = msgspec.msgpack.Encoder()
    decoder = msgspec.msgpack.Decoder[AnyRequest](AnyRequest)
    try:
        while (payload := read_frame(requests)) is not None:
            request = decoder.decode(payload)
            try:
                result = encoder.encode(_do(environments, request))
                answer = Answer(id=request.id, result=msgspec.Raw(result))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - a game may raise anything
                traceback.print_exc(file=sys.stderr)
                sys.stderr.flush()
                answer = Answer(id=request.id, error=_said(error))
            write_frame(answers, encoder.encode(answer))
    finally:
        for environment in environments.values():
            environment.close()


def _do(environments: dict[int, Environment], request: AnyRequest) -> Any:
    match request:
        case Open():
            environments[request.environment] = environment = make_environment(request)
            return environment.info
        case Reset():
            return environments[request.environment].reset(request.seed)
        case Step():
            return environments[request.environment].step(request.action)
        case Draw():
            return environments[request.environment].frame()
        case Close():
            if request.environment in environments:
                environments.pop(request.environment).close()
            return None


def make_environment(request: Open) -> Environment:
    """Import and make what the request names."""
    spec = request.spec
    form = None if spec.config is None else import_part(spec, spec.config)
    options = read_options(spec.name, form, request.options, path="environment")
    environment: Environment = import_part(spec, spec.make)(request.task, options)
    return environment


def _said(error: BaseException) -> str:
    """The kind of error and its first line; the rest is in the log."""
    lines = str(error).strip().splitlines() or ["no message"]
    return f"{type(error).__name__}: {lines[0]}"


def _watch_host(host: int) -> None:
    """End this process when its host is gone, even in the middle of a step."""
    while os.getppid() == host:
        time.sleep(_HOST_CHECK_SECONDS)
    os._exit(1)


def main() -> None:
    """Serve on the pipes this process was started with."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    watch = threading.Thread(target=_watch_host, args=(int(sys.argv[1]),), daemon=True)
    watch.start()
    serve(requests, answers)


if __name__ == "__main__":
    main()
