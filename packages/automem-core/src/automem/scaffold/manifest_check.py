"""What the manifest must get right: files, vocabulary, injected reads, actions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from automem.memory.lines import size, to_lines
from automem.memory.names import check_name
from automem.memory.usage import RESERVED
from automem.records.environment import EnvironmentInfo
from automem.records.memory import READING_KINDS, WRITING_KINDS
from automem.records.scaffold import FileRule, OperationRule
from automem.scaffold.content import FILES, MANIFEST, NAME
from automem.scaffold.load import Scaffold
from automem.scaffold.patterns import pattern_problem
from automem.scaffold.problem import Problem

_OPERATION_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
_MOST_ACTIONS = 20
"""That are listed where one is wrong; NetHack has well over a hundred."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_OPERATION_VALUES = frozenset({"file", "lines", "hits", "query", "key", "result"})
_LIMIT_VALUES = frozenset({"file", "lines", "bytes"})


def manifest_problems(scaffold: Scaffold, info: EnvironmentInfo | None) -> Iterator[Problem]:
    """Everything wrong with the manifest and the seed files; actions only if the game is known."""
    if not NAME.fullmatch(scaffold.manifest.name):
        yield _problem("name", "a name has up to 64 letters, digits, dots, dashes and underscores")
    for name, rule in scaffold.manifest.files.items():
        yield from _file(name, rule)
    yield from _seeds(scaffold)
    yield from _vocabulary(scaffold)
    for rule in scaffold.manifest.operation:
        yield from _operation(scaffold, rule)
    yield from _injected(scaffold)
    if info is not None:
        yield from _actions(scaffold, info)


def _problem(where: str, text: str) -> Problem:
    return Problem(where=f"{MANIFEST}: {where}", text=text)


def _file(name: str, rule: FileRule) -> Iterator[Problem]:
    where = f'files."{name}"'
    refusal = check_name(name)
    if refusal is not None:
        yield _problem(where, refusal)
    kept = rule.retention
    if kept is not None and kept.pinned + kept.keep_last > kept.max_lines:
        yield _problem(
            f"{where}.retention",
            f"pinned ({kept.pinned}) and keep_last ({kept.keep_last}) together must not be more "
            f"than max_lines ({kept.max_lines}), or the file never gets shorter",
        )
    if rule.soft_limit is not None:
        yield from _placeholders(f"{where}.soft_limit", rule.soft_limit.text, _LIMIT_VALUES)
    if rule.key is not None:
        wrong = pattern_problem(rule.key.pattern)
        if wrong is not None:
            yield _problem(f"{where}.key.pattern", wrong)
        if not rule.key.separator.strip() or "\n" in rule.key.separator:
            yield _problem(f"{where}.key.separator", "must hold a character that can be seen")
        if not rule.key.shape.strip():
            yield _problem(f"{where}.key.shape", "say what a key looks like, such as x,y")


def _placeholders(where: str, text: str, known: frozenset[str]) -> Iterator[Problem]:
    for name in sorted(set(_PLACEHOLDER.findall(text)) - known):
        there = ", ".join(f"{{{value}}}" for value in sorted(known))
        yield _problem(where, f"there is no placeholder {{{name}}}; there are {there}")


def _seeds(scaffold: Scaffold) -> Iterator[Problem]:
    limits = scaffold.manifest.limits
    sizes = {name: size(to_lines(text)) for name, text in scaffold.files.items()}
    for name, length in sizes.items():
        refusal = check_name(name) if name not in scaffold.manifest.files else None
        if refusal is not None:
            yield Problem(where=f"{FILES}/{name}", text=refusal)
        if length > limits.file_bytes:
            yield Problem(
                where=f"{FILES}/{name}",
                text=f"has {length} bytes; limits.file_bytes allows {limits.file_bytes}",
            )
    if sum(sizes.values()) > limits.folder_bytes:
        yield Problem(
            where=FILES,
            text=f"have {sum(sizes.values())} bytes together; limits.folder_bytes allows "
            f"{limits.folder_bytes}",
        )
    if len(sizes) > limits.files:
        yield Problem(
            where=FILES, text=f"there are {len(sizes)} files; limits.files allows {limits.files}"
        )
    folded = Counter(name.casefold() for name in sizes)
    for name in sizes:
        if folded[name.casefold()] > 1:
            yield Problem(
                where=f"{FILES}/{name}", text="another file has this name but for its case; rename"
            )


def _vocabulary(scaffold: Scaffold) -> Iterator[Problem]:
    operations = scaffold.manifest.operation
    for name, count in Counter(rule.name.upper() for rule in operations).items():
        if count > 1:
            yield _problem(f"operation {name}", f"there are {count} of this name; rename or merge")
    log, plan = scaffold.vocabulary("log"), scaffold.vocabulary("plan")
    if not any(rule.kind in WRITING_KINDS for rule in log.values()):
        yield _problem(
            "operation",
            "LOG has no operation that writes; add one of the kinds append, write, create or "
            'upsert with phases = ["log"]',
        )
    injected = any("plan" in rule.phases for rule in scaffold.manifest.inject)
    if not injected and not any(rule.kind in READING_KINDS for rule in plan.values()):
        yield _problem(
            "operation",
            "PLAN can read nothing; add an operation of the kinds read, search, tail or count "
            'with phases = ["log", "plan"], or an [[inject]]',
        )


def _operation(scaffold: Scaffold, rule: OperationRule) -> Iterator[Problem]:
    where = f"operation {rule.name}"
    if not _OPERATION_NAME.fullmatch(rule.name):
        yield _problem(where, "a name has upper-case letters, digits and underscores only")
    if rule.name in RESERVED:
        yield _problem(where, f"{', '.join(sorted(RESERVED))} mean something else; rename")
    if not rule.phases:
        yield _problem(where, 'has no phases and can never be used; add phases = ["log"]')
    if rule.kind in WRITING_KINDS and "plan" in rule.phases:
        yield _problem(
            where,
            "writes in PLAN, before the game has answered; nothing about an action may be written "
            'then, so leave phases = ["log"]',
        )
    for outcome in rule.texts.__struct_fields__:
        text = getattr(rule.texts, outcome) or ""
        yield from _placeholders(f"{where}, texts.{outcome}", text, _OPERATION_VALUES)
    yield from _binding(scaffold, rule, where)


def _binding(scaffold: Scaffold, rule: OperationRule, where: str) -> Iterator[Problem]:
    files = scaffold.manifest.files
    if rule.file is None:
        if rule.kind == "upsert" and not any(file.key is not None for file in files.values()):
            yield _problem(where, 'no file has keys; add [files."map.txt".key] with a shape')
    elif rule.file not in files:
        there = ", ".join(files) or "none"
        yield _problem(
            where, f'file "{rule.file}" is not declared under [files]; there are {there}'
        )
    else:
        file = files[rule.file]
        if rule.kind == "upsert" and file.key is None:
            yield _problem(
                where, f'{rule.file} has no keys; add [files."{rule.file}".key] with a shape'
            )
        if rule.kind in WRITING_KINDS and rule.kind not in file.modes:
            yield _problem(
                where,
                f'files."{rule.file}".modes do not allow {rule.kind}; add it there, or remove '
                "the operation",
            )


def _injected(scaffold: Scaffold) -> Iterator[Problem]:
    slots = Counter(
        (phase, rule.slot) for rule in scaffold.manifest.inject for phase in rule.phases
    )
    for (phase, slot), count in slots.items():
        if count > 1:
            yield _problem(
                f"inject {slot}", f"fills the same slot {count} times in {phase.upper()}"
            )
    for rule in scaffold.manifest.inject:
        if rule.file not in scaffold.files:
            there = ", ".join(scaffold.files) or "none"
            yield _problem(
                f"inject {rule.slot}", f'there is no file "{rule.file}"; there are {there}'
            )


def _actions(scaffold: Scaffold, info: EnvironmentInfo) -> Iterator[Problem]:
    manifest = scaffold.manifest
    if manifest.environment not in ("", info.name):
        yield _problem("environment", f"is {manifest.environment!r}, but the game is {info.name!r}")
        return
    if not info.actions:
        return
    there = ", ".join(info.actions[:_MOST_ACTIONS])
    if len(info.actions) > _MOST_ACTIONS:
        there += f" and {len(info.actions) - _MOST_ACTIONS} more"
    for said, action in manifest.actions.spelling.items():
        if action not in info.actions:
            yield _problem(
                f'actions.spelling."{said}"', f"the game has no action {action!r}; it has {there}"
            )
    fallback = manifest.actions.fallback
    if fallback is not None and fallback not in info.actions:
        yield _problem("actions.fallback", f"the game has no action {fallback!r}; it has {there}")
