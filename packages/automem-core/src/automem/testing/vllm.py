"""A fake vLLM: its endpoints, its words and its traps, on the standard library.

    async with fake_vllm(adapters={"memory": folder}) as engine:
        ...  # engine.url is the base URL, engine.calls what was asked

or as a process that takes the command line of the real one:

    python -m automem.testing.vllm serve MODEL --served-model-name base --port 8000 --enable-lora

Traps it keeps: an adapter that is loaded again under its name and path answers from stale blocks
of the cache; fields it does not know are ignored; adapters are only loaded at run time where
VLLM_ALLOW_RUNTIME_LORA_UPDATING says so; the key guards /v1 alone; cached tokens are reported
only where that was asked for at start.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automem.testing.adapters import Adapter, Refusal
from automem.testing.generation import Answer, completion_of, default_answer
from automem.testing.http import Connection, HttpRequest, listening
from automem.testing.model_server import ModelServer, prometheus, table
from automem.testing.prefix_cache import PrefixCache

RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""What `--max-lora-rank` takes."""
NO_TEMPLATE = (
    "As of transformers v4.44, default chat template is no longer allowed, so you must provide a "
    "chat template if the tokenizer does not define one."
)


@dataclass(slots=True)
class FakeVllm:
    """Answers requests as vLLM does."""

    server: ModelServer
    loads_at_run_time: bool = True

    def handle(self, connection: Connection, request: HttpRequest) -> None:
        """Answer one request."""
        server = self.server
        key = server.api_key
        guarded = key is not None and request.path.startswith("/v1")
        if guarded and request.headers.get("authorization") != f"Bearer {key}":
            connection.send_json(401, {"error": "Unauthorized"})
            return
        match request.method, request.path:
            case "GET", "/health":
                server.tell_health(connection)
            case "GET", "/v1/models":
                connection.send_json(200, server.models("vllm"))
            case "GET", "/metrics":
                text = self._metrics().encode()
                connection.send(200, text, kind="text/plain; version=0.0.4")
            case "GET", "/version":
                connection.send_json(200, {"version": "0.32.0"})
            case "POST", "/v1/chat/completions":
                self._complete(connection, request)
            case "POST", "/v1/load_lora_adapter" if self._may_load():
                self._load(connection, table(request.raw))
            case "POST", "/v1/unload_lora_adapter" if self._may_load():
                self._unload(connection, table(request.raw))
            case _:
                connection.send_json(404, {"detail": "Not Found"})

    def _may_load(self) -> bool:
        return self.loads_at_run_time and self.server.lora

    def _complete(self, connection: Connection, request: HttpRequest) -> None:
        server = self.server
        call = server.take(request)
        if call is None:
            connection.send_json(400, _error(400, "messages: Field required"))
            return
        body = call.body
        model = body.get("model") or server.name
        adapter = server.adapters.get(model)
        if adapter is None and model != server.name:
            said = f"The model `{model}` does not exist."
            connection.send_json(404, _error(404, said, "NotFoundError", param="model"))
            return
        if not server.has_chat_template:
            connection.send_json(400, _error(400, NO_TEMPLATE))
            return
        too_long = server.too_long(body)
        if too_long is not None:
            connection.send_json(400, _error(400, _too_long(too_long, server.context_tokens)))
            return
        server.work(connection, lambda: self._answer(body, model, adapter))

    def _answer(self, body: Mapping[str, Any], model: str, adapter: Adapter | None) -> Any:
        keeps_stop = bool(body.get("include_stop_str_in_output"))
        generated = self.server.generate(body, adapter, keeps_stop=keeps_stop)
        said = completion_of(generated, model=model, reports_cached=self.server.reports_cached)
        said["choices"][0]["stop_reason"] = generated.stop
        return said

    def _load(self, connection: Connection, asked: Mapping[str, Any]) -> None:
        name, path = asked.get("lora_name"), asked.get("lora_path")
        if not name or not path:
            said = "Both 'lora_name' and 'lora_path' must be provided."
            connection.send_json(400, _error(400, said, "InvalidUserInput"))
            return
        if name in self.server.adapters and not asked.get("load_inplace"):
            said = (
                f"The lora adapter '{name}' has already been loaded. If you want to load the "
                "adapter in place, set 'load_inplace' to True."
            )
            connection.send_json(400, _error(400, said, "InvalidUserInput"))
            return
        # What blocks are found by says nothing of what the files hold: the trap of reloading.
        refusal = self.server.load(name, path, identity=f"{name} {path}")
        if refusal is None:
            said = f"Success: LoRA adapter '{name}' added successfully."
            connection.send(200, said.encode(), kind="text/plain; charset=utf-8")
        elif refusal.is_missing:
            connection.send_json(404, _error(404, refusal.said, "NotFoundError"))
        else:
            connection.send_json(400, _error(400, refusal.said))

    def _unload(self, connection: Connection, asked: Mapping[str, Any]) -> None:
        name = asked.get("lora_name") or ""
        if self.server.adapters.pop(name, None) is None:
            said = f"The lora adapter '{name}' cannot be found."
            connection.send_json(404, _error(404, said, "NotFoundError"))
            return
        said = f"Success: LoRA adapter '{name}' removed successfully."
        connection.send(200, said.encode(), kind="text/plain; charset=utf-8")

    def _metrics(self) -> str:
        server = self.server
        counted = {
            "prefix_cache_queries_total": server.cache.queries,
            "prefix_cache_hits_total": server.cache.hits,
            "prompt_tokens_total": server.usage["prompt"],
            "generation_tokens_total": server.usage["output"],
        }
        most = server.cache.most_blocks
        measured = {
            "num_requests_running": server.running,
            "num_requests_waiting": len(server.waiting),
            "kv_cache_usage_perc": len(server.cache) / most if most else 0.0,
        }
        return "".join(
            [
                *(_metric("counter", name, value, server) for name, value in counted.items()),
                *(_metric("gauge", name, value, server) for name, value in measured.items()),
            ]
        )


def _metric(kind: str, name: str, value: float, server: ModelServer) -> str:
    return prometheus(kind, f"vllm:{name}", value, server.name)


def _error(
    status: int, message: str, kind: str = "BadRequestError", *, param: str | None = None
) -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": param, "code": status}}


def _too_long(counts: tuple[int, int], most: int) -> str:
    prompt, wanted = counts
    return (
        f"This model's maximum context length is {most} tokens. However, you requested {wanted} "
        f"output tokens and your prompt contains {prompt} input tokens, for a total of "
        f"{prompt + wanted} tokens. Please reduce the length of the input prompt or the number "
        "of requested output tokens."
    )


@asynccontextmanager
async def fake_vllm(
    *,
    answer: Answer = default_answer,
    adapters: Mapping[str, Path] | None = None,
    delay_seconds: float = 0.0,
    api_key: str | None = None,
    context_tokens: int = 32768,
    most_rank: int = 512,
    most_blocks: int | None = None,
    reports_cached: bool = True,
    loads_at_run_time: bool = True,
    port: int = 0,
) -> AsyncGenerator[ModelServer]:
    """A server of its own on a free port, for the length of a test; its base is named `base`.

    Raises ValueError for an adapter that cannot be served.
    """
    server = ModelServer(
        answer=answer,
        delay_seconds=delay_seconds,
        api_key=api_key,
        context_tokens=context_tokens,
        most_rank=most_rank,
        reports_cached=reports_cached,
        cache=PrefixCache(most_blocks=most_blocks),
    )
    for name, path in (adapters or {}).items():
        refusal = server.load(name, str(path), identity=f"{name} {path}")
        if isinstance(refusal, Refusal):
            raise ValueError(refusal.said)
    fake = FakeVllm(server, loads_at_run_time=loads_at_run_time)
    async with listening(fake.handle, port=port, connections=server.connections) as server.port:
        yield server


if __name__ == "__main__":
    from automem.testing.vllm_process import main

    sys.exit(main(sys.argv[1:]))
