"""What this package offers, as specs; imports nothing heavy."""

from __future__ import annotations

from automem import Spec, hookimpl


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
        Spec(
            name="rules",
            make="automem_backends.rules.player:RulesPlayer",
            summary="An embedded player that follows rules; no model, no GPU, no key.",
            config="automem_backends.rules.player:RulesOptions",
            extra="automem-backends",
        ),
    ]
