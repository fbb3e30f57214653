"""What this package offers, as specs; imports nothing heavy."""

from __future__ import annotations

from automem import BackendSpec, Spec, hookimpl


@hookimpl
def automem_backends() -> list[Spec]:
    """Engines behind HTTP, and a player that needs none."""
    return [
        Spec(
            name="openai-compatible",
            make="automem_backends.openai_compatible:OpenAICompatible",
            summary="Any server with an OpenAI-style chat endpoint: vLLM, SGLang, hosted services.",
            config="automem_backends.openai_compatible:OpenAICompatibleOptions",
            extra="automem-backends",
        ),
        BackendSpec(
            name="vllm",
            make="automem_backends.vllm.engine:vllm_client",
            engine="automem_backends.vllm.engine:open_vllm",
            capacity="automem_backends.capacity.checks:fits",
            summary="vLLM, started for the run or attached to; base and adapters on one server.",
            config="automem_backends.engines.options:EngineOptions",
            extra="automem-backends",
        ),
        BackendSpec(
            name="sglang",
            make="automem_backends.sglang.engine:sglang_client",
            engine="automem_backends.sglang.engine:open_sglang",
            capacity="automem_backends.capacity.checks:fits",
            summary="SGLang, started for the run or attached to; base and adapters on one server.",
            config="automem_backends.engines.options:EngineOptions",
            extra="automem-backends",
        ),
        BackendSpec(
            name="local",
            make="automem_backends.local.engine:local_client",
            engine="automem_backends.local.engine:open_local",
            capacity="automem_backends.capacity.checks:fits",
            summary="A small engine for CPUs and small GPUs, started for the run.",
            config="automem_backends.engines.options:EngineOptions",
            extra="automem-backends",
        ),
        Spec(
            name="anthropic",
            make="automem_backends.anthropic:Anthropic",
            summary="The Anthropic Messages API.",
            config="automem_backends.anthropic:AnthropicOptions",
            extra="automem-backends",
        ),
        Spec(
            name="rules",
            make="automem_backends.rules.player:RulesPlayer",
            summary="An embedded player that follows rules; no model, no GPU, no key.",
            config="automem_backends.rules.player:RulesOptions",
            extra="automem-backends",
        ),
    ]


@hookimpl
def automem_setups() -> list[Spec]:
    """Interpreters for engines, whose packages conflict with one another and with ours."""
    return [
        Spec(
            name="local",
            make="automem_backends.local.setup:interpreter",
            summary="The local engine's torch (CPU build), transformers and peft",
        ),
        Spec(
            name="vllm",
            make="automem_backends.setups:VLLM",
            summary="The engine vLLM, for the backend of that name (several gigabytes)",
        ),
        Spec(
            name="sglang",
            make="automem_backends.setups:SGLANG",
            summary="The engine SGLang, for the backend of that name (several gigabytes)",
        ),
    ]


@hookimpl
def automem_commands() -> list[Spec]:
    """What the command line can do with engines."""
    return [
        Spec(
            name="serve",
            make="automem_backends.serve:serve",
            summary="Start the engines of a configuration and keep them.",
        ),
    ]
