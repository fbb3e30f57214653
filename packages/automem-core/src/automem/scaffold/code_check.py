"""What scaffold code must get right before it is run: its text, and its manifest."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from jinja2 import nodes

from automem.records.code import CODE_FUNCTIONS, CodeFunction
from automem.scaffold.content import CODE, MANIFEST
from automem.scaffold.load import Scaffold
from automem.scaffold.problem import Problem
from automem.scaffold.prompts import Prompts

CODE_BYTES = 131_072
_ARGUMENTS: Mapping[CodeFunction, tuple[str, ...]] = {
    "remember": ("context",),
    "perceive": ("context",),
    "guard": ("context", "action"),
}


def code_problems(scaffold: Scaffold) -> Iterator[Problem]:
    """Everything wrong that can be told without running the code."""
    if scaffold.code is None:
        yield from _without_code(scaffold)
        return
    if len(scaffold.code.encode()) > CODE_BYTES:
        yield Problem(where=CODE, text=f"is larger than {CODE_BYTES} bytes; shorten it")
        return
    try:
        tree = ast.parse(scaffold.code, CODE)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        where = f"{CODE}, line {line}" if line else CODE
        yield Problem(where=where, text=f"is no Python: {getattr(error, 'msg', error)}")
        return
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    if not defined.keys() & set(CODE_FUNCTIONS):
        yield Problem(where=CODE, text=f"defines none of {', '.join(CODE_FUNCTIONS)}; add one")
    for function in CODE_FUNCTIONS:
        if function in defined:
            yield from _arguments(function, defined[function])
    yield from _manifest(scaffold, frozenset(defined))


def slot_problems(scaffold: Scaffold, prompts: Prompts) -> Iterator[Problem]:
    """Slots that the host or code fills and no prompt shows."""
    shown = [_slots(prompts, file) for file in scaffold.prompts]
    if any(names is None for names in shown):
        return
    used = {name for names in shown for name in names or ()}
    named = [(f"inject {rule.slot}", rule.slot) for rule in scaffold.manifest.inject]
    named += [(f"code.slots.{slot}", slot) for slot in scaffold.manifest.code.slots]
    for where, slot in named:
        if slot not in used:
            shows = f"slots.{slot}" if slot.isidentifier() else f'slots["{slot}"]'
            yield Problem(
                where=f"{MANIFEST}: {where}",
                text=f"no prompt shows it; add {{{{ {shows} }}}} to one, or remove it here",
            )


def _without_code(scaffold: Scaffold) -> Iterator[Problem]:
    if scaffold.manifest.code.slots:
        yield Problem(
            where=f"{MANIFEST}: code.slots", text=f"there is no {CODE} to fill them; write it"
        )
    for name, rule in scaffold.manifest.files.items():
        if rule.code_modes:
            yield Problem(
                where=f'{MANIFEST}: files."{name}".code_modes', text=f"there is no {CODE}; write it"
            )


def _arguments(function: CodeFunction, node: ast.FunctionDef) -> Iterator[Problem]:
    wanted = _ARGUMENTS[function]
    given = node.args
    required = len(given.args) + len(given.posonlyargs) - len(given.defaults)
    most = len(given.args) + len(given.posonlyargs)
    needs_named = any(default is None for default in given.kw_defaults)
    if required <= len(wanted) <= most and not needs_named:
        return
    yield Problem(
        where=f"{CODE}, line {node.lineno}",
        text=f"write it as: def {function}({', '.join(wanted)})",
    )


def _manifest(scaffold: Scaffold, defined: frozenset[str]) -> Iterator[Problem]:
    manifest = scaffold.manifest
    if manifest.code.slots and "perceive" not in defined:
        yield Problem(
            where=f"{MANIFEST}: code.slots", text=f"{CODE} has no perceive(context) to fill them"
        )
    injected = {rule.slot for rule in manifest.inject}
    for slot in sorted(injected & manifest.code.slots.keys()):
        yield Problem(
            where=f"{MANIFEST}: code.slots.{slot}", text="an [[inject]] fills it; rename one"
        )
    for name in manifest.code.files or ():
        if name not in scaffold.files:
            there = ", ".join(scaffold.files) or "none"
            yield Problem(
                where=f"{MANIFEST}: code.files",
                text=f'there is no file "{name}"; there are {there}',
            )
    for name, rule in manifest.files.items():
        where = f'{MANIFEST}: files."{name}".code_modes'
        if rule.code_modes and "remember" not in defined:
            yield Problem(where=where, text=f"{CODE} has no remember(context) to write it")
        if "upsert" in rule.code_modes and rule.key is None:
            yield Problem(where=where, text=f'upsert needs [files."{name}".key] with a shape')


def _slots(prompts: Prompts, file: str) -> frozenset[str] | None:
    """The slots a prompt names; None where it goes through all of them."""
    tree = prompts.parsed(file)
    named: set[str] = set()
    plain = len([node for node in tree.find_all(nodes.Name) if node.name == "slots"])
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        if not isinstance(node.node, nodes.Name) or node.node.name != "slots":
            continue
        name = node.attr if isinstance(node, nodes.Getattr) else node.arg
        if isinstance(name, nodes.Const):
            name = name.value
        if isinstance(name, str) and name not in ("items", "values", "keys"):
            named.add(name)
            plain -= 1
    return frozenset(named) if plain == 0 else None
