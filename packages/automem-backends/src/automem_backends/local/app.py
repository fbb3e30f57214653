"""The endpoints over HTTP, on 127.0.0.1 alone."""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from aiohttp import web

from automem.errors import ModelError, ServerError
from automem_backends.local.service import Service
from automem_backends.local.wire import AdapterRequest, ChatRequest, failure, read

LARGEST_REQUEST_BYTES = 64 * 1024 * 1024


def listening_socket(port: int) -> socket.socket:
    """Hold the port, so that one in use is found before a model is loaded. Raises ServerError."""
    held = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        held.bind(("127.0.0.1", port))
    except OSError as error:
        held.close()
        raise ServerError(
            f"port {port} of 127.0.0.1 cannot be used: {error.strerror}; name another with --port"
        ) from error
    return held


@asynccontextmanager
async def serving(
    service: Service, held: socket.socket, is_healthy: Callable[[], bool]
) -> AsyncGenerator[None]:
    """Answer requests while the body runs. A client that leaves takes its request with it."""
    app = web.Application(client_max_size=LARGEST_REQUEST_BYTES, middlewares=[_failures])
    endpoints = _Endpoints(service, is_healthy)
    app.add_routes(
        [
            web.get("/health", endpoints.health),
            web.get("/metrics", endpoints.metrics),
            web.get("/v1/models", endpoints.models),
            web.post("/v1/chat/completions", endpoints.complete),
            web.post("/v1/load_lora_adapter", endpoints.load),
            web.post("/v1/unload_lora_adapter", endpoints.unload),
        ]
    )
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.SockSite(runner, held).start()
        yield
    finally:
        await runner.cleanup()


@dataclass(frozen=True, slots=True)
class _Endpoints:
    service: Service
    is_healthy: Callable[[], bool]

    async def health(self, _: web.Request) -> web.Response:
        return web.Response(status=200 if self.is_healthy() else 503)

    async def metrics(self, _: web.Request) -> web.Response:
        return web.Response(text=self.service.metrics(), content_type="text/plain")

    async def models(self, _: web.Request) -> web.Response:
        return _json(self.service.models())

    async def complete(self, request: web.Request) -> web.Response:
        asked = read(await request.read(), ChatRequest)
        return _json(await self.service.answer(asked))

    async def load(self, request: web.Request) -> web.Response:
        asked = read(await request.read(), AdapterRequest)
        return web.Response(text=await self.service.load(asked))

    async def unload(self, request: web.Request) -> web.Response:
        asked = read(await request.read(), AdapterRequest)
        return web.Response(text=await self.service.unload(asked))


@web.middleware
async def _failures(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Write what went wrong in the form that clients of vLLM read."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return _json(failure(error.status, error.reason), error.status)
    except ModelError as error:
        status = error.status or 500
        return _json(failure(status, str(error)), status)
    except ServerError as error:
        return _json(failure(503, str(error)), 503)
    except Exception as error:  # noqa: BLE001 - a request's failure is not the server's
        structlog.get_logger().exception("request_failed", path=request.path)
        return _json(failure(500, f"{type(error).__name__}: {error}"), 500)


def _json(content: dict[str, Any], status: int = 200) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(content), status=status, content_type="application/json"
    )
