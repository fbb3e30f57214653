"""A fake SGLang: its endpoints, its words and its traps, on the standard library.

    async with fake_sglang(adapters={"memory": folder}) as engine:
        ...  # ask for "base:memory" at engine.url

or as a process that takes the command line of the real one:

    python -m automem.testing.sglang --model-path MODEL --served-model-name base --enable-lora

Traps it keeps: the bare name of an adapter, or any name at all, runs the base model; adapters
are loaded at the root, not under /v1; fields it does not know are ignored; the key guards all
but health and metrics; cached tokens and metrics are given only where asked for at start.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automem.testing.adapters import Adapter
from automem.testing.generation import Answer, completion_of, default_answer
from automem.testing.http import Connection, HttpRequest, listening
from automem.testing.model_server import ModelServer, prometheus, table
from automem.testing.prefix_cache import PrefixCache

_OPEN = ("/health", "/health_generate", "/metrics")
END_OF_TURN = 151645
"""The token by which an answer ends of itself, as SGLang reports it."""


@dataclass(slots=True)
class FakeSglang:
    """Answers requests as SGLang does."""

    server: ModelServer
    has_metrics: bool = True

    def handle(self, connection: Connection, request: HttpRequest) -> None:
        """Answer one request."""
        server = self.server
        key = server.api_key
        guarded = key is not None and request.path not in _OPEN
        if guarded and request.headers.get("authorization") != f"Bearer {key}":
            connection.send_json(401, {"error": "Unauthorized"})
            return
        match request.method, request.path:
            case "GET", "/health" | "/health_generate":
                server.tell_health(connection)
            case "GET", "/v1/models":
                connection.send_json(200, server.models("sglang"))
            case "GET", "/metrics" if self.has_metrics:
                text = self._metrics().encode()
                connection.send(200, text, kind="text/plain; version=0.0.4")
            case "GET", "/model_info" | "/get_model_info":
                connection.send_json(200, {"model_path": server.path, "is_generation": True})
            case "POST", "/v1/chat/completions":
                self._complete(connection, request)
            case "POST", "/load_lora_adapter":
                self._load(connection, table(request.raw))
            case "POST", "/unload_lora_adapter":
                self._unload(connection, table(request.raw))
            case _:
                connection.send_json(404, {"detail": "Not Found"})

    def _complete(self, connection: Connection, request: HttpRequest) -> None:
        server = self.server
        call = server.take(request)
        if call is None:
            connection.send_json(400, _error("messages: Field required"))
            return
        body = call.body
        model = body.get("model") or server.name
        # A name without a colon is never looked up: whatever it says, the base answers.
        name = model.partition(":")[2] or body.get("lora_path")
        adapter = server.adapters.get(name) if name else None
        refusal = self._refusal(body, name, adapter)
        if refusal is not None:
            connection.send_json(400, _error(refusal))
            return
        server.work(connection, lambda: self._answer(body, model, adapter))

    def _refusal(
        self, body: Mapping[str, Any], name: str | None, adapter: Adapter | None
    ) -> str | None:
        server = self.server
        if name and not server.lora:
            return "LoRA is not enabled. Please set --enable-lora to enable LoRA."
        if name and adapter is None:
            loaded = list(server.adapters)
            return (
                f"The following requested LoRA adapters are not loaded: {name}\n"
                f"Loaded adapters: dict_keys({loaded})."
            )
        if not server.has_chat_template:
            return "Cannot use chat template functions because tokenizer.chat_template is not set"
        too_long = server.too_long(body)
        if too_long is None:
            return None
        prompt, wanted = too_long
        if prompt >= server.context_tokens:
            return (
                f"The input ({prompt} tokens) is longer than the model's context length "
                f"({server.context_tokens} tokens)."
            )
        return (
            "Requested token count exceeds the model's maximum context length of "
            f"{server.context_tokens} tokens. You requested a total of {prompt + wanted} tokens: "
            f"{prompt} tokens from the input messages and {wanted} tokens for the completion."
        )

    def _answer(self, body: Mapping[str, Any], model: str, adapter: Adapter | None) -> Any:
        keeps_stop = bool(body.get("no_stop_trim"))
        generated = self.server.generate(body, adapter, keeps_stop=keeps_stop)
        said = completion_of(generated, model=model, reports_cached=self.server.reports_cached)
        ended = END_OF_TURN if generated.finish == "stop" else None
        said["choices"][0]["matched_stop"] = generated.stop or ended
        return said

    def _load(self, connection: Connection, asked: Mapping[str, Any]) -> None:
        name, path = asked.get("lora_name"), asked.get("lora_path")
        if not self.server.lora:
            said = "LoRA is not enabled. Please set `--enable-lora` to enable LoRA."
        elif not name or not path:
            said = "lora_name and lora_path are required"
        elif name in self.server.adapters:
            said = f"LoRA with name {name} already exists. Loaded LoRAs: {self._names()}"
        else:
            # Every load is another adapter to the cache, even of the same files.
            refusal = self.server.load(name, path, identity=uuid.uuid4().hex)
            said = None if refusal is None else refusal.said
        self._tell(connection, said)

    def _unload(self, connection: Connection, asked: Mapping[str, Any]) -> None:
        name = asked.get("lora_name") or ""
        gone = self.server.adapters.pop(name, None)
        missing = f"LoRA with name {name} does not exist. Loaded LoRAs: {self._names()}"
        self._tell(connection, missing if gone is None else None)

    def _names(self) -> str:
        return f"dict_keys({list(self.server.adapters)})"

    def _tell(self, connection: Connection, problem: str | None) -> None:
        loaded = {each.name: each.path for each in self.server.adapters.values()}
        said = {
            "success": problem is None,
            "error_message": problem or "",
            "loaded_adapters": loaded,
        }
        connection.send_json(200 if problem is None else 400, said)

    def _metrics(self) -> str:
        server = self.server
        cache = server.cache
        most = cache.most_blocks
        metrics: dict[str, tuple[str, float]] = {
            "prompt_tokens_total": ("counter", server.usage["prompt"]),
            "generation_tokens_total": ("counter", server.usage["output"]),
            "cached_tokens_total": ("counter", server.usage["cached"]),
            "num_running_reqs": ("gauge", server.running),
            "num_queue_reqs": ("gauge", len(server.waiting)),
            "token_usage": ("gauge", len(cache) / most if most else 0.0),
            "cache_hit_rate": ("gauge", cache.hits / cache.queries if cache.queries else 0.0),
        }
        return "".join(
            [
                prometheus(kind, f"sglang:{name}", value, server.name)
                for name, (kind, value) in metrics.items()
            ]
        )


def _error(message: str) -> dict[str, Any]:
    return {
        "object": "error",
        "message": message,
        "type": "BadRequestError",
        "param": None,
        "code": 400,
    }


@asynccontextmanager
async def fake_sglang(
    *,
    answer: Answer = default_answer,
    adapters: Mapping[str, Path] | None = None,
    delay_seconds: float = 0.0,
    api_key: str | None = None,
    context_tokens: int = 32768,
    most_rank: int = 512,
    most_blocks: int | None = None,
    reports_cached: bool = True,
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
        if refusal is not None:
            raise ValueError(refusal.said)
    fake = FakeSglang(server)
    async with listening(fake.handle, port=port, connections=server.connections) as server.port:
        yield server


if __name__ == "__main__":
    from automem.testing.sglang_process import main

    sys.exit(main(sys.argv[1:]))
