from automem.memory.lines import clean, size, to_lines, to_text


def test_newlines_become_one_kind() -> None:
    assert clean("a\r\nb\rc\n") == "a\nb\nc\n"


def test_nul_is_dropped() -> None:
    assert clean("a\0b") == "ab"


def test_lone_surrogates_are_replaced_and_pairs_are_joined() -> None:
    assert clean("a\ud800b \udc00 \ud83d\ude00") == "a\ufffdb \ufffd \U0001f600"


def test_only_a_newline_ends_a_line() -> None:
    assert to_lines("a\x0bb\u2028c\x85d\n") == ["a\x0bb\u2028c\x85d"]


def test_a_final_newline_makes_no_further_line() -> None:
    assert to_lines("") == []
    assert to_lines("a") == to_lines("a\n") == ["a"]
    assert to_lines("a\n\n") == ["a", ""]


def test_every_line_of_a_file_ends_in_a_newline() -> None:
    assert to_text(["a", ""]) == "a\n\n"


def test_sizes_are_bytes_of_utf_8() -> None:
    assert size(["ab"]) == 3
    assert size(["\u6f22"]) == 4
