"""What the endpoints do: answer conversations, load and unload adapters, say how things are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Protocol

import anyio
import structlog

from automem.errors import ModelError, ServerError
from automem_backends.local.asked import Answer, Generation, Weights
from automem_backends.local.scheduler import Scheduler
from automem_backends.local.wire import (
    AdapterRequest,
    ChatRequest,
    completion,
    conversation,
    sampling_of,
)


class Brain(Protocol):
    """What the service asks of the model, beside computing steps."""

    context: int

    def prompt(self, messages: Any, options: Mapping[str, Any]) -> tuple[int, ...]:
        """The tokens of a conversation."""
        ...

    def written(self, token: int) -> str:
        """One token alone."""
        ...

    def read(self, name: str, path: str) -> Weights:
        """Read an adapter. Raises ServerError."""
        ...


@dataclass(slots=True)
class Service:
    """One base model under its served name, and adapters under theirs."""

    brain: Brain
    scheduler: Scheduler
    base: Weights
    adapters: dict[str, Weights] = field(default_factory=dict[str, Weights])
    started: int = field(default_factory=lambda: int(time.time()))
    _tokenizing: anyio.CapacityLimiter = field(default_factory=lambda: anyio.CapacityLimiter(1))
    _loading: anyio.Lock = field(default_factory=anyio.Lock)

    async def answer(self, request: ChatRequest) -> dict[str, Any]:
        """Answer a conversation; cancelled, it is left at the next step. Raises ModelError."""
        weights = self._weights(request.model)
        messages = conversation(request)
        options = request.chat_template_kwargs or {}
        prompt = await anyio.to_thread.run_sync(
            self.brain.prompt, messages, options, limiter=self._tokenizing
        )
        generation = Generation(
            weights=weights,
            prompt=prompt,
            sampling=sampling_of(request, len(prompt), self.brain.context),
            salt=request.cache_salt or "",
        )
        self.scheduler.submit(generation)
        answer: Answer = await asyncio.wrap_future(generation.done)
        return completion(answer, request.model, self.brain.written)

    async def load(self, request: AdapterRequest) -> str:
        """Read an adapter and serve it under its name. Raises ModelError."""
        name, path = request.lora_name, request.lora_path
        if not name or not path:
            raise ModelError("Both 'lora_name' and 'lora_path' must be provided.", status=400)
        if name == self.base.name:
            raise ModelError(
                f"The lora adapter '{name}' conflicts with a served base model.", status=400
            )
        async with self._loading:
            before = self.adapters.get(name)
            if before is not None and not request.load_inplace:
                raise ModelError(
                    f"The lora adapter '{name}' has already been loaded. If you want to load the "
                    "adapter in place, set 'load_inplace' to True.",
                    status=400,
                )
            try:
                weights = await anyio.to_thread.run_sync(self.brain.read, name, path)
            except ServerError as error:
                status = 404 if "No adapter found" in str(error) else 400
                raise ModelError(str(error), status=status) from error
            self.adapters[name] = weights
            if before is not None:
                await self._retire(before)
        structlog.get_logger().info("adapter_loaded", name=name, path=path)
        return f"Success: LoRA adapter '{name}' added successfully."

    async def unload(self, request: AdapterRequest) -> str:
        """Serve it no longer; what is being answered with it is finished. Raises ModelError."""
        name = request.lora_name
        async with self._loading:
            weights = self.adapters.pop(name, None)
            if weights is None:
                raise ModelError(f"The lora adapter '{name}' cannot be found.", status=404)
            await self._retire(weights)
        structlog.get_logger().info("adapter_unloaded", name=name)
        return f"Success: LoRA adapter '{name}' removed successfully."

    def models(self) -> dict[str, Any]:
        """The list of `/v1/models`."""
        served = [(self.base, None), *((one, self.base.name) for one in self.adapters.values())]
        return {
            "object": "list",
            "data": [
                {
                    "id": weights.name,
                    "object": "model",
                    "created": self.started,
                    "owned_by": "automem",
                    "root": weights.path,
                    "parent": parent,
                    "max_model_len": self.brain.context if parent is None else None,
                }
                for weights, parent in served
            ],
        }

    def metrics(self) -> str:
        """The numbers of `/metrics`, under the names that vLLM gives them."""
        counts = self.scheduler.counts
        running, waiting, used = self.scheduler.load()
        counted = {
            "prefix_cache_queries_total": counts.prompt_tokens,
            "prefix_cache_hits_total": counts.cached_tokens,
            "prompt_tokens_total": counts.prompt_tokens,
            "generation_tokens_total": counts.generated_tokens,
            "request_success_total": counts.answered,
        }
        measured = {
            "num_requests_running": running,
            "num_requests_waiting": waiting,
            "kv_cache_usage_perc": used,
        }
        kinds = (("counter", counted), ("gauge", measured))
        return "".join(
            f'# TYPE vllm:{name} {kind}\nvllm:{name}{{model_name="{self.base.name}"}} {value}\n'
            for kind, table in kinds
            for name, value in table.items()
        )

    def _weights(self, name: str) -> Weights:
        if name == self.base.name:
            return self.base
        weights = self.adapters.get(name)
        if weights is None:
            raise ModelError(f"The model `{name}` does not exist.", status=404)
        return weights

    async def _retire(self, weights: Weights) -> None:
        weights.retired = True
        await self._between_steps(lambda: self.scheduler.forget(weights))

    async def _between_steps(self, what: Callable[[], None]) -> None:
        done: Future[None] = Future()

        def act() -> None:
            try:
                done.set_result(what())
            except Exception as error:  # noqa: BLE001 - raised again by whoever asked for it
                done.set_exception(error)

        self.scheduler.order(act)
        await asyncio.wrap_future(done)
