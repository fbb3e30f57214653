"""The four operations that change a file: append, write, create, upsert."""

from __future__ import annotations

import re
from collections.abc import Sequence

from automem.memory.answers import Answer, Call, counted, malformed, quoted
from automem.memory.contents import folded, folded_key, split_key
from automem.memory.lines import size, to_lines
from automem.memory.store import retained
from automem.records.scaffold import KeyRule

KEY_CHARACTERS = 100


def not_allowed(call: Call) -> str | None:
    """Why the file cannot be changed in this way; None if it can."""
    rule = call.store.rule(call.file)
    if call.actor == "code":
        if call.rule.kind in rule.code_modes:
            return None
        return f'Code may not {call.rule.kind}; add it to files."{call.file}".code_modes.'
    modes = rule.modes
    if call.rule.kind in modes:
        return None
    others = [
        f"<|{rule.name}|>"
        for rule in call.store.manifest.operation
        if rule.kind in modes and rule.file in (None, call.file)
    ]
    instead = f"Use {' or '.join(others)}." if others else "It cannot be changed."
    return f"{call.file} cannot be changed by <|{call.rule.name}|>. {instead}"


def append(call: Call) -> Answer:
    """Add lines at the end, but those that are there already where the file wants no repeats."""
    text = call.arguments[0] if call.arguments else ""
    if not text.strip():
        return malformed(call.store, call.rule, "There is nothing to add.")
    lines = to_lines(text)
    new = _unknown(call, lines)
    if not any(line.strip() for line in new):
        return Answer("duplicate", f"{call.file} says this already; nothing was added.")
    added = counted(sum([1 for line in new if line.strip()]))
    repeated = counted(len(lines) - len(new))
    left_out = "" if len(new) == len(lines) else f" Left out {repeated} that it has already."
    return _extended(call, new, f"Added {added} to {call.file}.{left_out}")


def _unknown(call: Call, lines: list[str]) -> list[str]:
    """The lines that are new to the file, blank ones included."""
    dedupe = call.store.rule(call.file).dedupe
    if dedupe == "off":
        return lines
    near = dedupe == "near"
    known = call.store.known(call.file, near=near)
    seen: set[str] = set()
    new: list[str] = []
    for line in lines:
        form = folded(line) if near else line
        if not line.strip() or (form not in known and form not in seen):
            new.append(line)
            seen.add(form)
    return new


def _extended(call: Call, new: Sequence[str], said: str) -> Answer:
    """Put lines at the end of the file, within its retention and its quotas."""
    old = call.lines or ()
    retention = call.store.rule(call.file).retention
    if retention is not None and len(old) + len(new) > retention.max_lines:
        return _replaced(call, [*old, *new], said)
    refusal = call.store.refusal(call.file, call.store.bytes_of(call.file) + size(new))
    if refusal is not None:
        return Answer("refused", refusal)
    return Answer("done", said, edit=call.store.append(call.file, new))


def _replaced(call: Call, lines: Sequence[str], said: str) -> Answer:
    """Make the file consist of these lines, within its retention and its quotas."""
    retention = call.store.rule(call.file).retention
    kept = retained(lines, retention) if retention is not None else lines
    if len(kept) < len(lines):
        said += f" It keeps its last lines only: {counted(len(lines) - len(kept))} dropped."
    refusal = call.store.refusal(call.file, size(kept))
    if refusal is not None:
        return Answer("refused", refusal)
    edit = call.store.replace(call.file, kept)
    if edit is None:
        return Answer("duplicate", f"{call.file} says exactly this already; nothing was changed.")
    return Answer("done", said, edit=edit)


def write(call: Call) -> Answer:
    """Replace the whole file."""
    if not call.arguments:
        return malformed(call.store, call.rule, "The new content is missing.")
    lines = to_lines(call.arguments[0])
    return _replaced(call, lines, f"{call.file} now has {counted(len(lines))}.")


def create(call: Call) -> Answer:
    """Make a file that does not exist yet."""
    if call.lines is not None:
        has = counted(len(call.lines))
        return Answer("duplicate", f"{call.file} exists already with {has}; it was not changed.")
    lines = to_lines(call.arguments[0]) if call.arguments else []
    return _replaced(call, lines, f"Made {call.file} with {counted(len(lines))}.")


def upsert(call: Call) -> Answer:
    """Set, add or, with an empty text, remove the one line of a key."""
    rule = call.store.rule(call.file).key
    if rule is None:
        return Answer("refused", f"{call.file} has no keys; <|{call.rule.name}|> cannot be used.")
    key = folded_key(call.arguments[0]) if call.arguments else ""
    body = call.arguments[1] if len(call.arguments) > 1 else None
    problem = _key_problem(key, rule)
    if problem or body is None:
        answer = malformed(call.store, call.rule, problem or "The text is missing.")
    else:
        answer = _upserted(call, rule, key, " ".join(body.split("\n")).strip())
    answer.key = key[:KEY_CHARACTERS]
    return answer


def _key_problem(key: str, rule: KeyRule) -> str:
    separator = rule.separator.strip() or rule.separator
    fits = len(key) <= KEY_CHARACTERS and separator not in key
    if key and fits and re.fullmatch(rule.pattern, key):
        return ""
    return f"{quoted(key)} is no key of the form {rule.shape}."


def _upserted(call: Call, rule: KeyRule, key: str, body: str) -> Answer:
    lines = call.lines or ()
    places = call.store.positions(call.file, rule).get(key, ())
    if not body:
        if not places:
            return Answer("empty", f"{call.file} has no line for {key}; nothing was removed.")
        kept = [line for index, line in enumerate(lines) if index not in places]
        return Answer("done", f"Removed {key}.", edit=call.store.replace(call.file, kept))
    line = f"{key}{rule.separator}{body}"
    if not places:
        return _added(call, rule, key, line)
    if len(places) == 1 and split_key(lines[places[0]], rule)[1] == body:
        return Answer("duplicate", f"{key} says this already; nothing was changed.")
    if len(places) > 1:
        repeats = set(places[1:])
        kept = [text for index, text in enumerate(lines) if index not in repeats]
        kept[places[0]] = line
        return _replaced(call, kept, f"Set {key}, and removed its other lines.")
    grown = call.store.bytes_of(call.file) - size((lines[places[0]],)) + size((line,))
    refusal = call.store.refusal(call.file, grown)
    if refusal is not None:
        return Answer("refused", refusal)
    edit = call.store.set_line(call.file, places[0], line, rule)
    return Answer("done", f"Set {key}, which was there already.", edit=edit)


def _added(call: Call, rule: KeyRule, key: str, line: str) -> Answer:
    """Add the line of a new key; most often within every limit, and then quickly."""
    count = len(call.lines or ())
    retention = call.store.rule(call.file).retention
    if retention is not None and count + 1 > retention.max_lines:
        return _extended(call, (line,), f"Added {key}.")
    refusal = call.store.refusal(call.file, call.store.bytes_of(call.file) + size((line,)))
    if refusal is not None:
        return Answer("refused", refusal)
    edit = call.store.set_line(call.file, count, line, rule)
    return Answer("done", f"Added {key}.", edit=edit)
