"""What this package offers, as specs; imports nothing heavy."""

from __future__ import annotations

from automem import Spec, hookimpl


@hookimpl
def automem_commands() -> list[Spec]:
    """Loop 1."""
    return [
        Spec(
            name="evolve",
            make="automem_meta.evolve.command:evolve",
            summary="Let a meta-LLM improve the scaffold, behind a gate.",
        )
    ]


@hookimpl
def automem_loops() -> list[Spec]:
    """Loop 1, for the pipeline."""
    return [
        Spec(
            name="evolve",
            make="automem_meta.evolve.staged:make_loop",
            summary="Loop 1: a meta-LLM improves the scaffold.",
        )
    ]


@hookimpl
def automem_meta_providers() -> list[Spec]:
    """Meta-LLMs."""
    return [
        Spec(
            name="anthropic",
            make="automem_meta.providers.anthropic:make_provider",
            summary="Claude models through the Anthropic Messages API.",
            config="automem_meta.providers.anthropic:AnthropicOptions",
            extra="automem-meta",
        ),
        Spec(
            name="claude-code",
            make="automem_meta.providers.claude_code:make_provider",
            summary="Claude Code as an agent with the review's tools only, and no shell.",
            config="automem_meta.providers.claude_code:ClaudeCodeOptions",
            extra="automem-meta[claude-code]",
        ),
        Spec(
            name="manual",
            make="automem_meta.providers.manual:make_provider",
            summary="A person, or any coding agent, does the review with files.",
            config="automem_meta.providers.manual:ManualOptions",
        ),
        Spec(
            name="openai",
            make="automem_meta.providers.openai:make_provider",
            summary="OpenAI's models through the Responses API.",
            config="automem_meta.providers.openai:OpenAIOptions",
            extra="automem-meta",
        ),
        Spec(
            name="openai-chat",
            make="automem_meta.providers.openai_chat:make_provider",
            summary="Any model behind an OpenAI-style chat endpoint, such as a local engine.",
            config="automem_meta.providers.openai_chat:OpenAIChatOptions",
            extra="automem-meta",
        ),
        Spec(
            name="rules",
            make="automem_meta.providers.rules.provider:make_provider",
            summary="No language model: one edit for a known failure, or a recipe by a fixed rule.",
            config="automem_meta.providers.rules.provider:RulesOptions",
        ),
    ]
