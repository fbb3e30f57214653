"""What holds whatever a model writes."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from automem.memory.grammar import parse, write
from automem.memory.history import History
from automem.memory.lines import to_text
from automem.memory.names import check_name
from automem.memory.operations import execute
from automem.memory.store import MemoryStore
from automem.memory.usage import arguments_of
from automem.records.environment import EnvironmentInfo
from automem.records.memory import Operation
from automem.records.scaffold import (
    FileRule,
    KeyRule,
    Manifest,
    OperationRule,
    Retention,
    ScaffoldLimits,
)
from automem.records.trace import Remembered, Started

KINDS = ("read", "search", "tail", "count", "append", "write", "create", "upsert")
RULES = {
    **{kind.upper(): OperationRule(name=kind.upper(), kind=kind) for kind in KINDS},
    **{
        f"{kind.upper()}_MAP": OperationRule(name=f"{kind.upper()}_MAP", kind=kind, file="map.txt")
        for kind in KINDS
    },
}
LIMITS = ScaffoldLimits(file_bytes=60, folder_bytes=150, files=5, result_bytes=80, read_lines=3)
MANIFEST = Manifest(
    name="small",
    files={
        "map.txt": FileRule(key=KeyRule(shape="n", pattern=r"[0-9a-z ]+")),
        "log.txt": FileRule(retention=Retention(max_lines=4, keep_last=2, pinned=1)),
        "exact.txt": FileRule(dedupe="exact"),
        "near.txt": FileRule(dedupe="near"),
    },
    limits=LIMITS,
    operation=tuple(RULES.values()),
)
SEEDS = {"map.txt": "1|a\n1|b\n2|c", "log.txt": "top\r\nx", "near.txt": "", "free": "y\n"}

PIECES = st.sampled_from(
    ["<|", "|>", "<", ">", "|", "END", "<|END|>", "<END>", "</READ>", "<|READ|>", "<|APPEND|>",
     "<|ACTION|>", "<|DONE|>", "<|HANDOFF|>", "<|QQ|>", "<read>", "map.txt", "\n", "\n\n", "```",
     "`", " ", "a", "<|END", "}", "\0", "\ud800", "\u2028"]
)  # fmt: skip
ANY_REPLY = st.lists(PIECES, max_size=25).map("".join) | st.text(max_size=60)

# An argument that the grammar can carry: what looks like a marker on its own would end it.
PLAIN = st.text(max_size=20).map(lambda text: re.sub(r"<", "", text).strip())
FILES = st.sampled_from(
    ["map.txt", "log.txt", "exact.txt", "near.txt", "free", "MAP", "new.txt", "b.txt", "c", "d",
     "../x", "/etc/passwd", "", ".hidden", "x" * 101, "a/b", "*", "a\0b"]
)  # fmt: skip
TEXTS = st.sampled_from(
    ["", "a", "x\ny", "Step 3: a", "  A ", "1", "2-3", "3", "z" * 30, "z" * 70, "a\n\nb", "\u6f22",
     "1|b", "a|", "\ud800", "q\r\nr"]
)  # fmt: skip


@st.composite
def plain_operations(draw: st.DrawFn) -> Operation:
    rule = draw(st.sampled_from(sorted(RULES))).strip()
    count = len(arguments_of(RULES[rule]))
    arguments = [draw(PLAIN) for _ in range(count)]
    arguments[:-1] = [text.replace("|", "").strip() for text in arguments[:-1]]
    if RULES[rule].kind == "read":
        arguments = [text.replace("|", "").strip() for text in arguments]
    return Operation(name=rule, arguments=() if arguments in ([], [""]) else tuple(arguments))


@st.composite
def any_operations(draw: st.DrawFn) -> Operation:
    rule = draw(st.sampled_from(sorted(RULES)))
    arguments = draw(st.lists(TEXTS, max_size=2))
    if RULES[rule].file is None or draw(st.integers(0, 9)) == 0:
        arguments.insert(0, draw(FILES))
    return Operation(name=rule, arguments=tuple(arguments))


@given(st.lists(plain_operations(), max_size=5))
def test_what_is_written_is_read_back_in_order(operations: list[Operation]) -> None:
    text = "and then ".join(write(operation) for operation in operations)
    reply = parse(text, RULES)
    assert reply.operations == tuple(operations)
    assert reply.broken == ()


@settings(max_examples=400)
@given(ANY_REPLY)
def test_whatever_is_written_is_read_without_an_error(text: str) -> None:
    reply = parse(text, RULES)
    assert (reply.action is None) == (reply.ending != "action")
    for operation in reply.operations:
        again = parse(write(operation), RULES)
        assert again.operations[:1] == (operation,) or "<" in write(operation)[1:-7]
        assert operation.name in RULES


@settings(max_examples=250)
@given(st.lists(any_operations(), max_size=25), st.integers(1, 5))
def test_whatever_is_done_the_store_keeps_its_promises(
    operations: list[Operation], flush_every: int
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "memory"
        store = MemoryStore(folder, MANIFEST, SEEDS)
        history = History()
        history.apply(_started(store.files()))
        for number, operation in enumerate(operations):
            rule = RULES[operation.name]
            before = store.files()
            result = execute(store, rule, operation)
            after = store.files()
            assert (result.edit is not None) == (before != after)
            assert len(result.text.encode(errors="surrogatepass")) <= LIMITS.result_bytes
            assert result.text
            if result.edit is not None:
                assert result.bytes_after == len(after[result.file].encode())
            history.apply(_remembered(operation, result))
            assert history.files() == after
            _check_quotas(store, before)
            if number % flush_every == 0:
                store.flush()
                assert _on_disk(folder) == after
        store.flush()
        assert _on_disk(folder) == store.files()


def _check_quotas(store: MemoryStore, before: dict[str, str]) -> None:
    files = store.files()
    sizes = {name: len(text.encode()) for name, text in files.items()}
    assert all(check_name(name) is None for name in files)
    assert len(files) <= LIMITS.files
    assert sum(sizes.values()) == store.total_bytes <= LIMITS.folder_bytes
    assert all(size <= LIMITS.file_bytes for size in sizes.values())
    assert sizes == {status.name: status.bytes for status in store.index()}
    assert set(before) <= set(files)
    for status in store.index():
        assert status.lines == len(store.lines(status.name) or ())
        assert files[status.name] == to_text(store.lines(status.name) or ())
    assert len(store.lines("log.txt") or ()) <= 4


def _on_disk(folder: Path) -> dict[str, str]:
    return {path.name: path.read_bytes().decode() for path in folder.iterdir()}


def _started(files: dict[str, str]) -> Started:
    info = EnvironmentInfo(name="toy")
    return Started(step=0, info=info, seed=1, scaffold="", agent="logplan", roles={}, files=files)


def _remembered(operation: Operation, result) -> Remembered:
    return Remembered(
        step=1,
        phase="log",
        turn=0,
        operation=result.operation,
        kind=result.kind,
        file=result.file,
        arguments=operation.arguments,
        outcome=result.outcome,
        result=result.text,
        edit=result.edit,
    )
