import pytest

from automem.errors import AutoMemError
from automem.memory.store import MemoryStore
from automem.records.memory import Edit
from automem.records.scaffold import FileRule, KeyRule, Retention, ScaffoldLimits


def test_append_adds_lines_at_the_end(memory) -> None:
    notes = memory({"notes.txt": "a\n"})
    result = notes.say("<|APPEND|>notes.txt|b\nc<|END|>")
    assert (result.outcome, result.text) == ("done", "Added 2 lines to notes.txt.")
    assert result.edit == Edit(start=1, removed=0, added=("b", "c"))
    assert (result.bytes_before, result.bytes_after) == (2, 6)
    assert notes.store.files() == {"notes.txt": "a\nb\nc\n"}


def test_append_makes_a_file_that_is_missing(memory) -> None:
    notes = memory()
    assert notes.say("<|APPEND|>new|b<|END|>").edit == Edit(start=0, removed=0, added=("b",))
    assert notes.store.files() == {"new": "b\n"}


def test_append_of_nothing_is_malformed(memory) -> None:
    for text in ("<|APPEND|>notes.txt<|END|>", "<|APPEND|>notes.txt|  \n <|END|>"):
        result = memory().say(text)
        assert (result.outcome, result.edit) == ("malformed", None)
        assert result.text == "There is nothing to add. Write <|APPEND|>file|text<|END|>"


def test_a_file_past_its_most_lines_keeps_its_top_and_its_end(memory) -> None:
    notes = memory({"log.txt": "top\n1\n2\n3\n"})
    assert notes.say("<|APPEND|>log.txt|4<|END|>").text == "Added 1 line to log.txt."
    result = notes.say("<|APPEND|>log.txt|5<|END|>")
    assert result.text.endswith("It keeps its last lines only: 3 lines dropped.")
    assert notes.store.files() == {"log.txt": "top\n4\n5\n"}
    assert result.edit == Edit(start=1, removed=4, added=("4", "5"))


def test_retention_holds_for_whole_writes_too(memory) -> None:
    rule = FileRule(retention=Retention(max_lines=2, keep_last=1))
    notes = memory(rules={"r.txt": rule})
    notes.say("<|WRITE|>r.txt|a\nb\nc<|END|>")
    assert notes.store.files() == {"r.txt": "c\n"}


def test_a_line_that_is_there_is_not_added_again(memory) -> None:
    notes = memory({"exact.txt": "a\nb\n"})
    result = notes.say("<|APPEND|>exact.txt|b\n\na<|END|>")
    assert (result.outcome, result.edit) == ("duplicate", None)
    assert result.text == "exact.txt says this already; nothing was added."
    result = notes.say("<|APPEND|>exact.txt|c\na\nc<|END|>")
    assert result.text == "Added 1 line to exact.txt. Left out 2 lines that it has already."
    assert notes.say("<|APPEND|>exact.txt|c<|END|>").outcome == "duplicate"
    assert notes.say("<|APPEND|>exact.txt|C<|END|>").outcome == "done"
    assert notes.store.files()["exact.txt"] == "a\nb\nc\nC\n"


def test_near_repeats_ignore_case_spaces_and_the_step(memory) -> None:
    notes = memory({"near.txt": "Step 12: Found  water\n"})
    for text in ("found water", "STEP 99. found water", "step 3 Found Water"):
        assert notes.say(f"<|APPEND|>near.txt|{text}<|END|>").outcome == "duplicate"
    assert notes.say("<|APPEND|>near.txt|Step 13: found coal<|END|>").outcome == "done"
    assert notes.say("<|APPEND|>near.txt|found coal<|END|>").outcome == "duplicate"


def test_repeats_are_known_after_the_file_was_replaced(memory) -> None:
    notes = memory({"exact.txt": "a\n"})
    assert notes.say("<|APPEND|>exact.txt|a<|END|>").outcome == "duplicate"
    notes.say("<|WRITE|>exact.txt|b<|END|>")
    assert notes.say("<|APPEND|>exact.txt|a<|END|>").outcome == "done"
    assert notes.say("<|APPEND|>exact.txt|b<|END|>").outcome == "duplicate"


def test_repeats_may_be_kept_out_of_a_file_that_does_not_exist_yet(memory) -> None:
    assert memory().say("<|APPEND|>exact.txt|a\na<|END|>").text.startswith("Added 1 line")


def test_write_replaces_the_file(memory) -> None:
    notes = memory({"notes.txt": "a\nb\nc\n"})
    result = notes.say("<|WRITE|>notes.txt|a\nx\nc<|END|>")
    assert (result.outcome, result.text) == ("done", "notes.txt now has 3 lines.")
    assert result.edit == Edit(start=1, removed=1, added=("x",))


def test_writing_what_is_there_changes_nothing(memory) -> None:
    result = memory({"notes.txt": "a\n"}).say("<|WRITE|>notes.txt|a<|END|>")
    assert (result.outcome, result.edit) == ("duplicate", None)
    assert result.text == "notes.txt says exactly this already; nothing was changed."


def test_writing_an_empty_text_empties_the_file(memory) -> None:
    notes = memory({"notes.txt": "a\n"})
    assert notes.say("<|WRITE|>notes.txt|<|END|>").outcome == "done"
    assert notes.store.files() == {"notes.txt": ""}


def test_write_without_a_text_is_malformed(memory) -> None:
    result = memory({"notes.txt": "a\n"}).say("<|WRITE|>notes.txt<|END|>")
    assert result.outcome == "malformed"
    assert result.text == "The new content is missing. Write <|WRITE|>file|text<|END|>"


def test_create_makes_a_file_once(memory) -> None:
    notes = memory()
    assert notes.say("<|CREATE|>new.txt|a|b<|END|>").text == "Made new.txt with 1 line."
    again = notes.say("<|CREATE|>new.txt|c<|END|>")
    assert again.outcome == "duplicate"
    assert again.text == "new.txt exists already with 1 line; it was not changed."
    assert notes.store.files() == {"new.txt": "a|b\n"}


def test_creating_an_empty_file_is_an_edit_that_adds_nothing(memory) -> None:
    result = memory().say("<|CREATE|>new.txt<|END|>")
    assert (result.outcome, result.edit) == ("done", Edit(start=0, removed=0, added=()))


def test_upsert_keeps_one_line_for_each_key(memory) -> None:
    maps = memory({"map.txt": "0,0|start\n"})
    assert maps.say("<|UPSERT_MAP|>1,2|tree<|END|>").text == "Added 1,2."
    assert maps.say("<|UPSERT_MAP|>-1,2|rock|big<|END|>").text == "Added -1,2."
    replaced = maps.say("<|UPSERT_MAP|> 1, 2 |water\nand sand<|END|>")
    assert replaced.text == "Set 1,2, which was there already."
    assert replaced.edit == Edit(start=1, removed=1, added=("1,2|water and sand",))
    assert maps.store.files()["map.txt"] == "0,0|start\n1,2|water and sand\n-1,2|rock|big\n"


def test_upsert_of_the_same_text_changes_nothing(memory) -> None:
    result = memory({"map.txt": "1, 2| tree\n"}).say("<|UPSERT_MAP|>1,2|tree<|END|>")
    assert (result.outcome, result.text) == (
        "duplicate",
        "1,2 says this already; nothing was changed.",
    )


def test_upsert_of_an_empty_text_removes_the_line(memory) -> None:
    maps = memory({"map.txt": "0,0|start\n1,2|tree\n"})
    assert maps.say("<|UPSERT_MAP|>0,0|<|END|>").text == "Removed 0,0."
    assert maps.store.files()["map.txt"] == "1,2|tree\n"
    result = maps.say("<|UPSERT_MAP|>0,0|<|END|>")
    assert (result.outcome, result.text) == (
        "empty",
        "map.txt has no line for 0,0; nothing was removed.",
    )


def test_upsert_removes_other_lines_of_its_key(memory) -> None:
    maps = memory({"map.txt": "1,2|tree\n0,0|start\n"})
    maps.say("<|APPEND|>map.txt|1,2|rock<|END|>")
    result = maps.say("<|UPSERT_MAP|>1,2|tree<|END|>")
    assert result.text == "Set 1,2, and removed its other lines."
    assert maps.store.files()["map.txt"] == "1,2|tree\n0,0|start\n"


def test_a_key_of_another_form_is_malformed_and_shows_the_form(memory) -> None:
    for key in ("here", "", "1,2,3", "1" * 101 + ",2"):
        result = memory().say(f"<|UPSERT_MAP|>{key}|tree<|END|>")
        assert result.outcome == "malformed"
        assert "no key of the form x,y. Write <|UPSERT_MAP|>x,y|text<|END|>" in result.text


def test_upsert_without_arguments_or_without_text_is_malformed(memory) -> None:
    assert memory().say("<|UPSERT_MAP|><|END|>").outcome == "malformed"
    result = memory().say("<|UPSERT_MAP|>1,2<|END|>")
    assert result.text == "The text is missing. Write <|UPSERT_MAP|>x,y|text<|END|>"


def test_a_key_cannot_hold_the_separator(memory) -> None:
    rule = FileRule(key=KeyRule(shape="name", separator=": "))
    people = memory(rules={"people.txt": rule})
    assert people.say("<|UPSERT|>people.txt|a:b|x<|END|>").outcome == "malformed"
    people.say("<|UPSERT|>people.txt|Ann|kind: a friend<|END|>")
    people.say("<|UPSERT|>people|Ann|kind: a foe<|END|>")
    assert people.store.files() == {"people.txt": "Ann: kind: a foe\n"}


def test_upsert_needs_a_keyed_file(memory) -> None:
    result = memory({"notes.txt": ""}).say("<|UPSERT|>notes.txt|1,2|x<|END|>")
    assert (result.outcome, result.text) == (
        "refused",
        "notes.txt has no keys; <|UPSERT|> cannot be used.",
    )


def test_upsert_obeys_retention(memory) -> None:
    rule = FileRule(key=KeyRule(shape="n"), retention=Retention(max_lines=2, keep_last=1))
    notes = memory(rules={"keyed.txt": rule})
    for number in range(4):
        notes.say(f"<|UPSERT|>keyed.txt|{number}|x<|END|>")
    assert notes.store.files() == {"keyed.txt": "2|x\n3|x\n"}


def test_a_file_changes_only_in_the_ways_it_allows(memory) -> None:
    notes = memory({"log.txt": "a\n"})
    result = notes.say("<|WRITE|>log.txt|b<|END|>")
    assert (result.outcome, result.edit) == ("refused", None)
    assert result.text == "log.txt cannot be changed by <|WRITE|>. Use <|APPEND|>."
    frozen = memory({"f.txt": "a"}, rules={"f.txt": FileRule(modes=())})
    assert frozen.say("<|APPEND|>f.txt|b<|END|>").text.endswith("It cannot be changed.")


@pytest.mark.parametrize(
    "text",
    [
        "<|APPEND|>notes.txt|123456789<|END|>",
        "<|WRITE|>notes.txt|12345678901<|END|>",
        "<|CREATE|>new.txt|12345678901<|END|>",
        "<|UPSERT_MAP|>1,2|1234567890<|END|>",
        "<|UPSERT_MAP|>0,0|1234567890<|END|>",
    ],
)
def test_a_file_that_would_grow_past_its_quota_is_refused(memory, text: str) -> None:
    notes = memory({"notes.txt": "a\n", "map.txt": "0,0|a\n"}, limits=ScaffoldLimits(file_bytes=10))
    before = notes.store.files()
    result = notes.say(text)
    assert (result.outcome, result.edit) == ("refused", None)
    assert "bytes; a file may have 10. Nothing was changed." in result.text
    assert notes.store.files() == before


def test_a_folder_that_would_grow_past_its_quota_is_refused(memory) -> None:
    notes = memory({"notes.txt": "a\n", "b.txt": "b\n"}, limits=ScaffoldLimits(folder_bytes=6))
    assert notes.say("<|APPEND|>notes.txt|c<|END|>").outcome == "done"
    result = notes.say("<|APPEND|>b.txt|d<|END|>")
    assert result.outcome == "refused"
    assert result.text.startswith("The memory would have 8 bytes; it may have 6.")


def test_a_file_above_its_quota_may_shrink(memory) -> None:
    notes = memory({"notes.txt": "a\n" * 50}, limits=ScaffoldLimits(file_bytes=10))
    assert notes.say("<|WRITE|>notes.txt|" + "b\n" * 30 + "<|END|>").outcome == "done"
    assert notes.say("<|WRITE|>notes.txt|" + "c\n" * 31 + "<|END|>").outcome == "refused"


def test_one_file_too_many_is_refused(memory) -> None:
    notes = memory({"notes.txt": ""}, limits=ScaffoldLimits(files=1))
    result = notes.say("<|APPEND|>new.txt|a<|END|>")
    assert (result.outcome, result.text) == (
        "refused",
        "There are 1 files, and no more are allowed. Use one of them: notes.txt.",
    )


def test_files_of_its_own_are_refused_where_the_manifest_says_so(memory) -> None:
    notes = memory({"notes.txt": ""}, free_files=False)
    result = notes.say("<|CREATE|>new.txt|a<|END|>")
    assert result.text == "No new files are allowed. The files are: notes.txt."
    assert notes.say("<|CREATE|>map.txt|a<|END|>").outcome == "done"


def test_a_seed_of_a_name_that_is_not_allowed_is_an_error(manifest) -> None:
    with pytest.raises(AutoMemError, match="a memory file cannot be named"):
        MemoryStore(None, manifest, {"../a": ""})
