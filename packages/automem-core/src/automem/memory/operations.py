"""Executing memory operations: what each of the eight kinds does, and what the model is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from automem.memory import reading, writing
from automem.memory.answers import Answer, Call, cut, fill, fitting, malformed, room, worded
from automem.memory.lines import clean
from automem.memory.names import check_name, meant
from automem.memory.store import MemoryStore
from automem.memory.usage import split_arguments
from automem.records.memory import WRITING_KINDS, Actor, Kind, Operation, OperationResult
from automem.records.scaffold import Inject, OperationRule

_KINDS: Mapping[Kind, Callable[[Call], Answer]] = {
    "read": reading.read,
    "search": reading.search,
    "tail": reading.tail,
    "count": reading.count,
    "append": writing.append,
    "write": writing.write,
    "create": writing.create,
    "upsert": writing.upsert,
}


def execute(
    store: MemoryStore, rule: OperationRule, operation: Operation, actor: Actor = "llm"
) -> OperationResult:
    """Do what a model wrote, by the rule of its name; whatever it wrote, there is an answer.

    Another actor has modes of its own in the rules of a file.
    """
    file, arguments = _file_and_arguments(store, rule, operation)
    known = file != reading.EVERY_FILE or rule.kind != "search"
    problem = check_name(file) if file and known else None
    before = store.bytes_of(file) if known else store.total_bytes
    if not file:
        answer = malformed(store, rule, "The file is missing.")
    elif problem is not None:
        answer, file = Answer("refused", problem), ""
    else:
        answer = _answer(Call(store=store, rule=rule, file=file, arguments=arguments, actor=actor))
    text = worded(rule.texts, answer, file, len(store.lines(file) or ()))
    return OperationResult(
        operation=rule.name,
        kind=rule.kind,
        file=file,
        outcome=answer.outcome,
        text=cut(text, store.manifest.limits.result_bytes),
        hits=answer.hits,
        bytes_before=before,
        bytes_after=store.bytes_of(file) if known else before,
        edit=answer.edit,
    )


def _file_and_arguments(
    store: MemoryStore, rule: OperationRule, operation: Operation
) -> tuple[str, tuple[str, ...]]:
    """The file that is meant, and the arguments after it, cut as the rule wants them.

    A model that names the file of a bound operation all the same is understood.
    """
    text = clean("|".join(operation.arguments))
    if rule.file is not None:
        head, bar, rest = text.partition("|")
        named = head.strip().casefold() == rule.file.casefold()
        if named and (bar or rule.kind in ("read", "tail", "count")):
            text = rest
        return rule.file, split_arguments(rule, text)
    said, *arguments = split_arguments(rule, text) or ("",)
    if said in (store_files := store.names()):
        return said, tuple(arguments)
    declared = store.manifest.files
    known = [*store_files, *[name for name in declared if name not in store_files]]
    return meant(said, known), tuple(arguments)


def _answer(call: Call) -> Answer:
    if call.rule.kind in WRITING_KINDS:
        refusal = writing.not_allowed(call)
        if refusal is not None:
            return Answer("refused", refusal)
    elif call.file != reading.EVERY_FILE:
        lines = call.lines
        if lines is None:
            return reading.missing(call.file, call.store.names())
        if not lines:
            return Answer("empty", f"{call.file} is empty.")
    return _KINDS[call.rule.kind](call)


def file_notices(store: MemoryStore) -> tuple[str, ...]:
    """What the prompt says of every file that has passed its soft limit."""
    notices: list[str] = []
    for status in store.index():
        limit = store.rule(status.name).soft_limit
        if limit is None:
            continue
        long = limit.lines is not None and status.lines > limit.lines
        large = limit.bytes is not None and status.bytes > limit.bytes
        if long or large:
            values = {"file": status.name, "lines": str(status.lines), "bytes": str(status.bytes)}
            notices.append(fill(limit.text, values))
    return tuple(notices)


def inject(store: MemoryStore, rule: Inject) -> str:
    """The text of a prompt slot: the file's first or last lines, as far as an answer may go."""
    lines = store.lines(rule.file) or ()
    if not any(line.strip() for line in lines):
        return rule.when_empty
    limits = store.manifest.limits
    most = limits.read_lines if rule.lines is None else rule.lines
    last = rule.operation == "tail"
    wanted = lines[-most:] if last else lines[:most]
    return "\n".join(fitting(wanted, room(limits.result_bytes), last=last))
