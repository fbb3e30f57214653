"""Texts about the memory that prompts show; their form is fixed, because players parse them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from automem.memory.usage import usage
from automem.records.environment import EnvironmentInfo
from automem.records.memory import FileStatus, Kind
from automem.records.scaffold import Manifest, OperationRule, Phase
from automem.scaffold.context import StaticContext

_HELP: Mapping[Kind, str] = {
    "read": "shows the file",
    "search": "the last lines of the file that contain the words",
    "tail": "the last n lines of the file",
    "count": "how many lines of the file contain the words; without words, how many it has",
    "append": "adds the text at the end of the file",
    "write": "replaces the whole file by the text",
    "create": "makes a new file with the text",
    "upsert": "sets the line of the key; an empty text removes it",
}


def operations_text(rules: Iterable[OperationRule], phase: Phase | None) -> str:
    """`- <|UPSERT_MAP|>x,y|text<|END|> - help`, one line for each operation of the phase.

    For None every operation, with its phases before the help.
    """
    lines: list[str] = []
    for rule in rules:
        if phase is not None and phase not in rule.phases:
            continue
        help_text = " ".join((rule.help or _HELP[rule.kind]).split())
        if phase is None:
            phases = ", ".join([name.upper() for name in rule.phases]) or "never"
            help_text = f"{phases}: {help_text}"
        lines.append(f"- {usage(rule)} - {help_text}")
    return "\n".join(lines)


def static_context(manifest: Manifest, info: EnvironmentInfo) -> StaticContext:
    """What prompts show of the game and of the vocabulary."""
    return StaticContext(
        instructions=info.instructions,
        actions=info.actions,
        action_help=info.action_help,
        max_steps=info.max_steps,
        task=info.task,
        vocabulary=operations_text(manifest.operation, None),
        purposes=purposes_text(manifest),
    )


def index_text(files: Iterable[FileStatus]) -> str:
    """`- map.txt (12 lines): purpose`, one line for each file."""
    return "\n".join(
        [
            f"- {file.name} ({file.lines} lines)" + (f": {file.purpose}" if file.purpose else "")
            for file in files
        ]
    )


def purposes_text(manifest: Manifest) -> str:
    """`- map.txt: purpose`, one line for each file of the manifest."""
    return "\n".join(
        [
            f"- {name}" + (f": {rule.purpose}" if rule.purpose else "")
            for name, rule in manifest.files.items()
        ]
    )
