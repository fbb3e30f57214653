"""Options of a role whose engine AutoMem starts, or attaches to."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from automem.records._struct import Record

Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(gt=0.0, le=1e9)]
Share = Annotated[float, Meta(gt=0.0, le=1.0)]


class EngineOptions(Record):
    """Keys of a `[roles.*]` section with `backend = "vllm"` or `"sglang"`."""

    base_url: str | tuple[str, ...] | None = None
    """Attach to what runs there, one or several replicas; None starts an engine."""
    api_key_env: str | None = None
    """Name of the environment variable with the key of an engine that is attached to."""
    port: Annotated[int, Meta(ge=1, le=65_535)] | None = None
    """Where the first replica listens, the others above it; None takes free ones."""
    gpus: tuple[Annotated[int, Meta(ge=0)], ...] = ()
    """Numbers of the GPUs, divided among the replicas; empty leaves the choice to the engine."""
    replicas: Count = 1
    """Servers of the same model, each with its share of `gpus`."""
    start_seconds: Seconds = 1800.0
    """Longest start, until it answers: reading the weights is most of it."""
    gpu_memory_utilization: Share | None = None
    """Share of a GPU's memory that the engine takes."""
    max_model_len: Count | None = None
    """Longest conversation, in tokens, its answer included."""
    max_num_seqs: Count | None = None
    """Most calls that are answered at the same moment."""
    max_lora_rank: Count | None = None
    """Largest rank of an adapter; None fits the adapters named here."""
    max_loras: Count | None = None
    """Adapters in memory at once; None fits the adapters named here."""
    engine_arguments: tuple[str, ...] = ()
    """Further arguments of the engine's command line; they come last and win."""
    program: tuple[str, ...] = ()
    """What is called in place of the engine's own program, such as a container's."""
    variables: tuple[str, ...] = ()
    """Names of environment variables with secrets that it may have, such as HF_TOKEN."""
    probe: bool = True
    """Ask it a few questions at start, which base and adapters must answer differently."""
    attempt_seconds: Seconds | None = None
    """Longest single attempt; None: what is left of `timeout_seconds`, half of it with replicas."""
    cache_salt: str | None = None
    """vLLM and SGLang share no cached prompt between salts; None shares all."""
    extra_body: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    """Further fields of every request, such as `chat_template_kwargs`; they come last and win."""
    of_the_role: ClassVar[tuple[str, ...]] = ("attempt_seconds", "cache_salt", "extra_body")
    """What two roles may differ in that ask one engine."""
    inconsequential: ClassVar[tuple[str, ...]] = (
        "base_url",
        "api_key_env",
        "port",
        "gpus",
        "replicas",
        "start_seconds",
        "gpu_memory_utilization",
        "max_model_len",
        "max_num_seqs",
        "max_lora_rank",
        "max_loras",
        "program",
        "variables",
        "probe",
        "attempt_seconds",
        "cache_salt",
    )
    """What cannot change an answer, so that an evaluation stays the same on another server."""

    @property
    def ports(self) -> range:
        """Where a started engine will listen; none where it takes free ports, or runs already."""
        if self.port is None or self.base_url is not None:
            return range(0)
        return range(self.port, self.port + self.replicas)

    @property
    def urls(self) -> tuple[str, ...]:
        """What to attach to; empty where an engine is started."""
        if self.base_url is None:
            return ()
        given = (self.base_url,) if isinstance(self.base_url, str) else self.base_url
        return tuple(url.rstrip("/") for url in given)
