"""Claude Code as a meta-LLM: an agent with the review's tools and nothing else.

The agent SDK starts a program of its own, which runs the loop, repeats what fails and summarizes
what grows too long. It gets no tool but ours, reads no settings of anybody, has an empty folder
for its home, and of the environment only what it needs: one key, and how the network is reached.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from typing import Annotated, Any, cast

import anyio
import structlog
from msgspec import Meta

from automem.errors import MetaError, PluginError
from automem.models.cost import Price
from automem.protocols import ReviewDesk
from automem.records._struct import Record
from automem.records.review import Said, ToolSpec
from automem.secrets import redact
from automem_meta.providers.claude_code_bridge import PREFIX, SERVER, Bridge
from automem_meta.providers.wire import PriceOption, chosen_price, required_key, required_model
from automem_meta.session.loop import (
    answer_open_calls,
    may_go_on,
    notes_since_last_turn,
    require_price,
)
from automem_meta.session.retelling import first_message

NAME = "claude-code"
SDK = "claude_agent_sdk"
INTERRUPT_SECONDS = 5.0
"""For the program to stop at our word, before it is ended."""
_KEPT = frozenset(
    {
        "PATH",
        "LANG",
        "LC_ALL",
        "TZ",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "NODE_EXTRA_CA_CERTS",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
    }
)
"""Variables of ours that the program may read: where things are, and how the network is reached."""
_QUIET = {
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_TELEMETRY": "1",
}

log = structlog.get_logger()


class ClaudeCodeOptions(Record):
    """Options of the meta-LLM provider `claude-code`."""

    api_key_env: str = "ANTHROPIC_API_KEY"
    """Name of the environment variable that holds the key."""
    base_url: str = "https://api.anthropic.com"
    max_tokens: Annotated[int, Meta(ge=1)] = 32_000
    """Most output tokens of one turn."""
    price: PriceOption | None = None
    """US dollars per million tokens: input, cached input, output; comes before the table."""
    retries: Annotated[int, Meta(ge=0)] = 8
    """Of one turn, by the program itself."""


def make_provider(
    model: str | None, options: ClaudeCodeOptions, environ: Mapping[str, str] = os.environ
) -> ClaudeCode:
    """The provider. Raises ConfigError without a model or a key."""
    name = required_model(NAME, model)
    return ClaudeCode(
        model=name,
        options=options,
        key=required_key(NAME, options.api_key_env, environ),
        price=chosen_price(name, options.price),
        environ=environ,
    )


@dataclass(slots=True, repr=False)
class ClaudeCode:
    """A meta-LLM that runs its own loop over the desk's tools."""

    model: str
    options: ClaudeCodeOptions
    key: str
    price: Price | None = None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    sdk: Any = None
    """The agent SDK; None imports the real one with the first review."""
    program: str | None = None
    """Claude Code; None is the one that comes with the SDK, or is on the PATH."""

    async def review(self, desk: ReviewDesk) -> None:
        """Work at the desk until it is finished, the agent gives up, or the budget is spent.

        After an interruption the agent is told what it did, and goes on from there.
        """
        require_price(f"{NAME} {self.model}", self.price, desk.budget)
        await answer_open_calls(desk)
        if desk.finished or not may_go_on(desk):
            return
        desk.allow()
        bridge = Bridge(desk, self.model, self.price)
        with TemporaryDirectory(prefix="automem-claude-code-") as home:
            async with self._client(bridge, home) as client:
                await client.query(first_message(desk))
                await self._work(client, bridge)

    async def aclose(self) -> None:
        """Nothing outlives a review."""

    async def _work(self, client: Any, bridge: Bridge) -> None:
        """Listen until the sitting is over, from either side."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_stop_when_over, bridge, client, tasks.cancel_scope)
            try:
                await self._follow(client, bridge)
            except Exception as error:  # noqa: BLE001 - raised below, where no task group wraps it
                bridge.failure = bridge.failure or error
            tasks.cancel_scope.cancel()
        if bridge.failure is not None:
            raise bridge.failure

    async def _follow(self, client: Any, bridge: Bridge) -> None:
        """Listen until the agent has ended its work and is not asked to go on."""
        async for message in client.receive_messages():
            match type(message).__name__:
                case "StreamEvent" if message.parent_tool_use_id is None:
                    await bridge.take(message.event)
                case "UserMessage":
                    _note_refused(message, bridge)
                case "SystemMessage":
                    _log(message, bridge.desk)
                case "ResultMessage":
                    if not self._may_go_on(message, bridge.desk):
                        return
                    bridge.desk.allow()
                    await client.query(notes_since_last_turn(bridge.desk.events))
                case _:
                    continue

    def _may_go_on(self, result: Any, desk: ReviewDesk) -> bool:
        """Whether an agent that ended its work is asked to go on. Raises MetaError."""
        if desk.finished:
            return False
        if str(result.subtype).startswith("error_max"):
            desk.note(f"Claude Code stopped at its own limit: {result.subtype}.")
            return False
        if result.is_error:
            said = result.result or "; ".join(result.errors or ()) or result.subtype
            status = f" (status {result.api_error_status})" if result.api_error_status else ""
            raise MetaError(
                f"{NAME} {self.model} failed{status}: {self._redacted(str(said))}; the review is "
                "kept, and the same command goes on with it"
            )
        return may_go_on(desk)

    @asynccontextmanager
    async def _client(self, bridge: Bridge, home: str) -> AsyncGenerator[Any]:
        sdk = self.sdk or _import()
        client = sdk.ClaudeSDKClient(sdk.ClaudeAgentOptions(**self._settings(sdk, bridge, home)))
        try:
            await client.connect()
        except sdk.ClaudeSDKError as error:
            raise MetaError(f"Claude Code does not start: {self._redacted(str(error))}") from error
        try:
            yield client
        except sdk.ClaudeSDKError as error:
            raise MetaError(
                f"Claude Code broke off: {self._redacted(str(error))}; the review is kept, and "
                "the same command goes on with it"
            ) from error
        finally:
            with anyio.CancelScope(shield=True):
                await client.disconnect()

    def _settings(self, sdk: Any, bridge: Bridge, home: str) -> dict[str, Any]:
        desk = bridge.desk
        server = sdk.create_sdk_mcp_server(
            SERVER, tools=[_tool(sdk, spec, bridge) for spec in desk.tools]
        )
        turns = [event.turn for event in desk.events if isinstance(event, Said)]
        budget = desk.budget
        paid = sum(turn.cost or 0.0 for turn in turns)
        return {
            "tools": [],
            "allowed_tools": [f"{PREFIX}{spec.name}" for spec in desk.tools],
            "mcp_servers": {SERVER: server},
            "strict_mcp_config": True,
            "setting_sources": [],
            "skills": [],
            "permission_mode": "dontAsk",
            "system_prompt": desk.instructions,
            "model": self.model,
            "max_turns": None if budget.turns is None else budget.turns - len(turns),
            "max_budget_usd": None if budget.cost is None else budget.cost - paid,
            "include_partial_messages": True,
            "cwd": home,
            "env": self._environment(home),
            "cli_path": _guarded(self.program or _program(sdk), home),
            "stderr": self._log_stderr,
        }

    def _environment(self, home: str) -> dict[str, str]:
        """What is not needed is emptied, because the SDK hands it on, and dropped by the guard."""
        emptied = {name: "" for name in (*os.environ, *self.environ) if name not in _KEPT}
        return {
            **emptied,
            **_QUIET,
            "HOME": home,
            "TMPDIR": home,
            "CLAUDE_CONFIG_DIR": home,
            "ANTHROPIC_API_KEY": self.key,
            "ANTHROPIC_BASE_URL": self.options.base_url,
            "CLAUDE_CODE_MAX_OUTPUT_TOKENS": str(self.options.max_tokens),
            "CLAUDE_CODE_MAX_RETRIES": str(self.options.retries),
        }

    def _log_stderr(self, line: str) -> None:
        log.info("claude_code_said", line=self._redacted(line))

    def _redacted(self, said: str) -> str:
        return redact(said.replace(self.key, "***"))


def _import() -> Any:
    """The agent SDK, which brings the program. Raises PluginError where it is not installed."""
    try:
        return import_module(SDK)
    except ImportError as error:
        raise PluginError(
            f"the meta-LLM provider {NAME} needs a package that is not installed ({error}); "
            "install it: pip install 'automem-meta[claude-code]'"
        ) from error


def _program(sdk: Any) -> str:
    """Where the program is. Raises PluginError."""
    bundled = Path(sdk.__file__).parent / "_bundled" / "claude"
    program = str(bundled) if bundled.is_file() else which("claude")
    if program is None:
        raise PluginError(
            "the program of Claude Code is neither in its package nor on the PATH; install it "
            "anew: pip install --force-reinstall 'automem-meta[claude-code]'"
        )
    return program


def _guarded(program: str, home: str) -> str:
    """A script that starts the program so that it ends with this process."""
    guard = Path(__file__).with_name("claude_code_guard.py")
    command = shlex.join([sys.executable, "-I", str(guard), program])
    script = Path(home) / "claude"
    script.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    script.chmod(0o700)
    return str(script)


def _tool(sdk: Any, spec: ToolSpec, bridge: Bridge) -> Any:
    decorate: Callable[[Any], Any] = sdk.tool(spec.name, spec.description, spec.parameters)
    return decorate(partial(_use, spec.name, bridge))


async def _use(name: str, bridge: Bridge, arguments: dict[str, Any]) -> dict[str, Any]:
    text, failed = await bridge.use(name, arguments)
    return {"content": [{"type": "text", "text": text}], "is_error": failed}


async def _stop_when_over(bridge: Bridge, client: Any, scope: anyio.CancelScope) -> None:
    """Without the interruption, the agent would take the end for a failed tool, and go on."""
    await bridge.over.wait()
    with anyio.move_on_after(INTERRUPT_SECONDS):
        await client.interrupt()
    scope.cancel()


def _note_refused(message: Any, bridge: Bridge) -> None:
    if not isinstance(message.content, list):
        return
    for block in cast("list[Any]", message.content):
        if getattr(block, "is_error", None):
            bridge.refused(block.tool_use_id, str(block.content))


def _log(message: Any, desk: ReviewDesk) -> None:
    """What the program says of itself: that it tries again, that it summarized."""
    if message.subtype == "api_retry":
        data = message.data
        log.warning(
            "meta_call_failed",
            who=NAME,
            tries=data.get("attempt"),
            wait_seconds=(data.get("retry_delay_ms") or 0) / 1000,
            error=str(data.get("error_status") or data.get("error")),
        )
    elif message.subtype == "compact_boundary":
        desk.note("Claude Code summarized the conversation so far, to make room.")
