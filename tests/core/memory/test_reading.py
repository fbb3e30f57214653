from automem.records.memory import OperationResult
from automem.records.scaffold import OperationRule, ScaffoldLimits


def numbered(count: int, prefix: str = "line ") -> str:
    return "".join(f"{prefix}{number}\n" for number in range(1, count + 1))


def outcome(result: OperationResult) -> tuple[str, str]:
    return result.outcome, result.text


def test_read_shows_the_whole_file(memory) -> None:
    result = memory({"notes.txt": "one\ntwo\n"}).say("<|READ|>notes.txt<|END|>")
    assert outcome(result) == ("done", "one\ntwo")
    assert (result.kind, result.file, result.hits) == ("read", "notes.txt", 2)
    assert result.bytes_before == result.bytes_after == 8
    assert result.edit is None


def test_read_shows_a_range_of_lines(memory) -> None:
    result = memory({"notes.txt": numbered(9)}).say("<|READ|>notes|3-4<|END|>")
    assert outcome(result) == ("done", "Lines 3 to 4 of 9:\nline 3\nline 4")


def test_a_range_that_reaches_past_the_end_shows_what_there_is(memory) -> None:
    result = memory({"notes.txt": numbered(9)}).say("<|READ|>notes|lines 9 to 20<|END|>")
    assert outcome(result) == ("done", "Lines 9 to 9 of 9:\nline 9")


def test_a_range_without_lines_says_how_many_there_are(memory) -> None:
    notes = memory({"notes.txt": numbered(9)})
    empty = notes.say("<|READ|>notes|20-30<|END|>")
    assert outcome(empty) == ("empty", "notes.txt has 9 lines; there is none from 20 to 30.")
    assert notes.say("<|READ|>notes|5-2<|END|>").outcome == "empty"


def test_a_range_that_cannot_be_understood_is_malformed(memory) -> None:
    result = memory({"notes.txt": "a"}).say("<|READ|>notes|all of it<|END|>")
    assert outcome(result) == (
        "malformed",
        '"all of it" is no range of lines such as 10-20. Write <|READ|>file<|END|>',
    )


def test_a_long_file_is_cut_and_says_how_to_read_on(memory) -> None:
    notes = memory({"notes.txt": numbered(9)}, limits=ScaffoldLimits(read_lines=3))
    result = notes.say("<|READ|>notes.txt<|END|>")
    assert result.text == (
        "line 1\nline 2\nline 3\n(shown up to line 3 of 9. Read on with "
        "<|READ|>notes.txt|4-6<|END|>, or use tail or search.)"
    )
    assert notes.say("<|READ|>notes.txt|4-9<|END|>").text.startswith("Lines 4 to 6 of 9:\nline 4\n")


def test_a_bound_read_says_how_to_read_on_without_its_file(memory) -> None:
    result = memory({"map.txt": numbered(9)}, limits=ScaffoldLimits(read_lines=3)).say(
        "<|READ_MAP|><|END|>"
    )
    assert "<|READ_MAP|>4-6<|END|>" in result.text


def test_an_answer_keeps_within_its_bytes(memory) -> None:
    limits = ScaffoldLimits(result_bytes=600)
    notes = memory({"notes.txt": numbered(500), "long.txt": "\u6f22" * 5000}, limits=limits)
    for text in (
        "<|READ|>notes.txt<|END|>",
        "<|TAIL|>notes.txt|400<|END|>",
        "<|SEARCH|>notes.txt|line<|END|>",
        "<|READ|>long.txt<|END|>",
        "<|TAIL|>long.txt<|END|>",
    ):
        result = notes.say(text)
        assert result.outcome == "done"
        assert 100 < len(result.text.encode()) <= 600


def test_a_line_that_is_too_long_is_cut_and_says_so(memory) -> None:
    notes = memory({"notes.txt": "x" * 5000}, limits=ScaffoldLimits(result_bytes=100))
    assert notes.say("<|READ|>notes.txt<|END|>").text == "x" * 44 + " (cut)"


def test_tail_shows_the_last_lines(memory) -> None:
    result = memory({"notes.txt": numbered(9)}).say("<|TAIL|>notes.txt|2<|END|>")
    assert outcome(result) == ("done", "Last 2 of 9 lines:\nline 8\nline 9")
    assert result.hits == 2


def test_tail_without_a_number_takes_the_limit(memory) -> None:
    notes = memory({"notes.txt": numbered(9)}, limits=ScaffoldLimits(search_results=1))
    assert notes.say("<|TAIL|>notes.txt<|END|>").text == "Last 1 of 9 lines:\nline 9"


def test_tail_shows_no_more_than_its_rule_allows(memory) -> None:
    rule = OperationRule(name="TAIL", kind="tail", lines=2)
    notes = memory({"notes.txt": numbered(9)}, operations=(rule,))
    assert notes.say("<|TAIL|>notes.txt|8<|END|>").hits == 2
    assert notes.say("<|TAIL|>notes.txt|last 1 lines<|END|>").hits == 1


def test_tail_of_a_short_file_needs_no_heading(memory) -> None:
    assert memory({"notes.txt": "a\n"}).say("<|TAIL|>notes.txt|3<|END|>").text == "a"


def test_tail_refuses_what_is_no_number(memory) -> None:
    notes = memory({"notes.txt": "a\n"})
    for said in ("many", "0", "-3"):
        assert notes.say(f"<|TAIL|>notes.txt|{said}<|END|>").outcome == "malformed"


def test_search_finds_words_in_any_case_with_line_numbers(memory) -> None:
    result = memory({"notes.txt": "Tree\nrock\nold tree\n"}).say("<|SEARCH|>notes|TREE<|END|>")
    assert outcome(result) == ("done", '2 lines with "TREE":\n1: Tree\n3: old tree')
    assert result.hits == 2


def test_search_shows_the_last_matches_only(memory) -> None:
    notes = memory({"notes.txt": numbered(9)}, limits=ScaffoldLimits(search_results=2))
    result = notes.say("<|SEARCH|>notes.txt|line<|END|>")
    assert result.text == 'Last 2 of 9 lines with "line":\n8: line 8\n9: line 9'
    assert result.hits == 9


def test_search_shows_as_many_as_its_rule_says(memory) -> None:
    rule = OperationRule(name="SEARCH", kind="search", lines=1)
    notes = memory({"notes.txt": numbered(9)}, operations=(rule,))
    assert notes.say("<|SEARCH|>notes.txt|line<|END|>").text.startswith("Last 1 of 9 lines")


def test_no_hit_an_empty_file_and_a_missing_file_are_told_apart(memory) -> None:
    notes = memory({"notes.txt": "a\n", "empty.txt": ""})
    assert outcome(notes.say("<|SEARCH|>notes.txt|b<|END|>")) == (
        "empty",
        'No line of notes.txt contains "b". Fewer or other words may be found.',
    )
    assert outcome(notes.say("<|SEARCH|>empty.txt|b<|END|>")) == ("empty", "empty.txt is empty.")
    assert outcome(notes.say("<|SEARCH|>other.txt|b<|END|>")) == (
        "missing",
        "There is no file other.txt. The files are: notes.txt, empty.txt.",
    )


def test_a_missing_file_of_a_similar_name_is_suggested(memory) -> None:
    result = memory({"notes.txt": "a\n"}).say("<|READ|>note.txt<|END|>")
    assert result.text == "There is no file note.txt; did you mean notes.txt?"
    assert memory().say("<|READ|>a<|END|>").text.endswith("The memory holds no file.")


def test_search_of_a_star_looks_into_every_file(memory) -> None:
    notes = memory({"notes.txt": "a tree\n", "map.txt": "1,2|tree\n"})
    result = notes.say("<|SEARCH|>*|tree<|END|>")
    assert result.text == '2 lines with "tree":\nnotes.txt:1: a tree\nmap.txt:1: 1,2|tree'
    assert (result.file, result.bytes_before) == ("*", 16)
    assert notes.say("<|SEARCH|>*|rock<|END|>").text.startswith("No line of any file")


def test_a_star_is_a_file_name_for_search_only(memory) -> None:
    assert memory().say("<|READ|>*<|END|>").outcome == "refused"


def test_search_without_words_is_malformed(memory) -> None:
    assert outcome(memory({"notes.txt": "a"}).say("<|SEARCH|>notes.txt<|END|>")) == (
        "malformed",
        "The words to look for are missing. Write <|SEARCH|>file|words<|END|>",
    )


def test_a_long_query_is_not_repeated_at_length(memory) -> None:
    result = memory({"notes.txt": "a"}).say(f"<|SEARCH|>notes.txt|{'x' * 5000}<|END|>")
    assert len(result.text) < 200


def test_search_sees_lines_as_they_are_after_every_change(memory) -> None:
    notes = memory({"notes.txt": "a\n", "map.txt": "1,1|rock\n"})

    def found(file: str, words: str) -> int:
        return notes.say(f"<|SEARCH|>{file}|{words}<|END|>").hits

    assert (found("notes.txt", "tree"), found("map.txt", "tree")) == (0, 0)
    notes.say("<|APPEND|>notes.txt|a Tree<|END|>")
    notes.say("<|UPSERT_MAP|>1,1|tree<|END|>")
    notes.say("<|UPSERT_MAP|>2,2|tree<|END|>")
    assert (found("notes.txt", "tree"), found("map.txt", "tree")) == (1, 2)
    notes.say("<|WRITE|>notes.txt|tree\ntree<|END|>")
    notes.say("<|UPSERT_MAP|>1,1|<|END|>")
    assert (found("notes.txt", "tree"), found("map.txt", "tree")) == (2, 1)


def test_count_counts_lines_or_lines_with_the_words(memory) -> None:
    notes = memory({"notes.txt": "a tree\nb\n", "empty.txt": ""})
    whole = notes.say("<|COUNT|>notes.txt<|END|>")
    assert (whole.outcome, whole.hits, whole.text) == ("done", 2, "notes.txt has 2 lines.")
    some = notes.say("<|COUNT|>notes.txt|TREE<|END|>")
    assert (some.outcome, some.hits, some.text) == ("done", 1, 'notes.txt has 1 line with "TREE".')
    none = notes.say("<|COUNT|>notes.txt|rock<|END|>")
    assert (none.outcome, none.text) == ("empty", 'notes.txt has 0 lines with "rock".')
    assert notes.say("<|COUNT|>empty.txt<|END|>").outcome == "empty"
