"""Texts are packed as ranges of lines and come back exactly."""

from __future__ import annotations

import base64
import gzip

from hypothesis import given
from hypothesis import strategies as st

from automem.records._struct import Record
from automem.report.packing import LineTable, packed, unpack

LINES = st.lists(st.sampled_from(["", "a", "b", "c", "d e"]), min_size=1, max_size=12)


@given(st.lists(LINES.map("\n".join), max_size=8))
def test_every_text_comes_back_exactly(texts: list[str]) -> None:
    table = LineTable()
    ranges = [table.pack(text) for text in texts]
    assert [unpack(table.lines, each) for each in ranges] == texts


@given(st.lists(LINES.map("\n".join), max_size=8))
def test_no_line_is_sent_twice(texts: list[str]) -> None:
    table = LineTable()
    for text in texts:
        table.pack(text)
    assert len(set(table.lines)) == len(table.lines)


def test_a_text_that_was_seen_is_one_range() -> None:
    table = LineTable()
    table.pack("one\ntwo\nthree")
    assert table.pack("two\nthree") == [1, 2]
    assert table.pack("zero\none\ntwo") == [3, 1, 0, 2]


def test_no_lines_and_an_empty_line_differ() -> None:
    table = LineTable()
    assert table.pack_lines([]) == []
    assert table.pack_lines([""]) == [0, 1]


class Sample(Record):
    text: str


def test_a_packed_record_is_compressed_json_in_letters_only() -> None:
    text = packed(Sample(text="</script>"))
    assert gzip.decompress(base64.b64decode(text)) == b'{"text":"</script>"}'
    assert "<" not in text and packed(Sample(text="</script>")) == text
