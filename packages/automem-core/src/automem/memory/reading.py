"""The four operations that only look: read, search, tail, count."""

from __future__ import annotations

import re
from collections.abc import Collection

from automem.memory.answers import Answer, Call, counted, fitting, malformed, quoted, room
from automem.memory.usage import END
from automem.spelling import closest

EVERY_FILE = "*"
_NUMBER = re.compile(r"(?:last )?(\d{1,6})(?: lines?)?", re.IGNORECASE)
_RANGE = re.compile(r"(?:lines? )?(\d{1,6}) ?(?:-|to|\.\.) ?(\d{1,6})", re.IGNORECASE)


def missing(file: str, names: Collection[str]) -> Answer:
    """There is no such file; which ones there are."""
    near = closest(file, names, alike=0.8)
    if near:
        return Answer("missing", f"There is no file {file}; did you mean {near}?")
    there = f"The files are: {', '.join(names)}." if names else "The memory holds no file."
    return Answer("missing", f"There is no file {file}. {there}")


def read(call: Call) -> Answer:
    """Show a file from its top, or the given range of its lines."""
    lines = call.lines or ()
    wanted = call.arguments[0] if call.arguments else ""
    found = _RANGE.fullmatch(wanted)
    if wanted and not found:
        reason = f"{quoted(wanted)} is no range of lines such as 10-20."
        return malformed(call.store, call.rule, reason)
    first, last = (int(found[1]), int(found[2])) if found else (1, len(lines))
    first = max(1, first)
    if first > min(last, len(lines)):
        text = f"{call.file} has {counted(len(lines))}; there is none from {first} to {last}."
        return Answer("empty", text)
    last = min(last, len(lines))
    limits = call.store.manifest.limits
    most = min(last, first + limits.read_lines - 1)
    shown = fitting(lines[first - 1 : most], room(limits.result_bytes))
    end = first + len(shown) - 1
    text = "\n".join(shown)
    if found:
        text = f"Lines {first} to {end} of {len(lines)}:\n{text}"
    if end < last:
        text += f"\n({_how_to_go_on(call, end, len(lines))})"
    return Answer("done", text, hits=len(shown))


def _how_to_go_on(call: Call, end: int, count: int) -> str:
    following = f"{end + 1}-{min(count, 2 * end)}"
    file = "" if call.rule.file is not None else f"{call.file}|"
    return (
        f"shown up to line {end} of {count}. Read on with "
        f"<|{call.rule.name}|>{file}{following}{END}, or use tail or search."
    )


def tail(call: Call) -> Answer:
    """Show the last lines of a file."""
    lines = call.lines or ()
    limits = call.store.manifest.limits
    wanted = call.arguments[0] if call.arguments else ""
    found = _NUMBER.fullmatch(wanted)
    if wanted and (not found or int(found[1]) == 0):
        reason = f"{quoted(wanted)} is no number of lines."
        return malformed(call.store, call.rule, reason)
    most = call.rule.lines or (limits.read_lines if found else limits.search_results)
    number = min(int(found[1]), most) if found else most
    shown = fitting(lines[-number:], room(limits.result_bytes), last=True)
    text = "\n".join(shown)
    if len(shown) < len(lines):
        text = f"Last {len(shown)} of {len(lines)} lines:\n{text}"
    return Answer("done", text, hits=len(shown))


def search(call: Call) -> Answer:
    """Show the last lines that contain the words, whatever their case, with their numbers."""
    words = _words(call)
    if not words:
        return malformed(call.store, call.rule, "The words to look for are missing.")
    if call.file == EVERY_FILE:
        found = [
            f"{name}:{number}: {line}"
            for name in call.store.names()
            for number, line in _hits(call, name, words)
        ]
    else:
        found = [f"{number}: {line}" for number, line in _hits(call, call.file, words)]
    where = "any file" if call.file == EVERY_FILE else call.file
    if not found:
        text = f"No line of {where} contains {quoted(words)}. Fewer or other words may be found."
        return Answer("empty", text, query=words)
    limits = call.store.manifest.limits
    most = call.rule.lines or limits.search_results
    shown = fitting(found[-most:], room(limits.result_bytes), last=True)
    header = counted(len(found))
    if len(shown) < len(found):
        header = f"Last {len(shown)} of {header}"
    text = "\n".join((f"{header} with {quoted(words)}:", *shown))
    return Answer("done", text, hits=len(found), query=words)


def count(call: Call) -> Answer:
    """Say how many lines a file has, or how many contain the words."""
    words = _words(call)
    if not words:
        number = len(call.lines or ())
        return Answer("done", f"{call.file} has {counted(number)}.", hits=number)
    number = len(_hits(call, call.file, words))
    text = f"{call.file} has {counted(number)} with {quoted(words)}."
    return Answer("done" if number else "empty", text, hits=number, query=words)


def _words(call: Call) -> str:
    return call.arguments[0].replace("\n", " ") if call.arguments else ""


def _hits(call: Call, file: str, words: str) -> list[tuple[int, str]]:
    """(line number from 1, line)."""
    folded = words.casefold()
    lines = call.store.lines(file) or ()
    return [
        (index + 1, lines[index])
        for index, line in enumerate(call.store.casefolded(file))
        if folded in line
    ]
