from automem.memory.operations import execute, file_notices, inject
from automem.records.memory import Operation
from automem.records.scaffold import (
    FileRule,
    Inject,
    OperationRule,
    OperationTexts,
    ScaffoldLimits,
    SoftLimit,
)


def test_a_file_is_found_without_its_extension_and_in_any_case(memory) -> None:
    notes = memory({"notes.txt": "a\n"})
    for said in ("notes", "NOTES.txt", "`notes.txt`", "Notes"):
        assert notes.say(f"<|READ|>{said}<|END|>").text == "a"
    assert notes.say("<|APPEND|>NOTES|b<|END|>").file == "notes.txt"


def test_a_declared_file_is_found_before_it_exists(memory) -> None:
    assert memory().say("<|CREATE|>Near|a<|END|>").file == "near.txt"


def test_a_name_outside_the_folder_is_refused(memory) -> None:
    for said in ("../../etc/passwd", "/etc/passwd", "a/b"):
        result = memory().say(f"<|READ|>{said}<|END|>")
        assert (result.outcome, result.file) == ("refused", "")
        assert "nothing outside the folder can be reached" in result.text


def test_a_missing_file_argument_is_malformed(memory) -> None:
    result = memory().say("<|READ|><|END|>")
    assert (result.outcome, result.file) == ("malformed", "")
    assert result.text == "The file is missing. Write <|READ|>file<|END|>"


def test_a_bound_operation_knows_its_file(memory) -> None:
    notes = memory({"map.txt": "1,2|tree\n", "notes.txt": ""})
    assert notes.say("<|SEARCH_MAP|>tree<|END|>").file == "map.txt"
    assert notes.say("<|NOTE|>a|b<|END|>").file == "notes.txt"
    assert notes.store.files()["notes.txt"] == "a|b\n"


def test_a_bound_operation_understands_that_its_file_was_named_all_the_same(memory) -> None:
    notes = memory({"map.txt": "1,2|tree\n", "notes.txt": ""})
    assert notes.say("<|READ_MAP|>map.txt<|END|>").text == "1,2|tree"
    assert notes.say("<|SEARCH_MAP|>MAP.txt|tree<|END|>").hits == 1
    assert notes.say("<|UPSERT_MAP|>map.txt|1,2|rock<|END|>").outcome == "done"
    assert notes.store.files()["map.txt"] == "1,2|rock\n"
    assert notes.say("<|SEARCH_MAP|>map.txt<|END|>").outcome == "empty"


def test_arguments_given_apart_are_understood_as_well(memory) -> None:
    notes = memory({"notes.txt": ""})
    rule = OperationRule(name="APPEND", kind="append")
    operation = Operation(name="APPEND", arguments=("notes.txt", "a", "b\r\nc\0"))
    assert execute(notes.store, rule, operation).outcome == "done"
    assert notes.store.files() == {"notes.txt": "a|b\nc\n"}


def test_a_scaffold_may_word_its_own_answers(memory) -> None:
    texts = OperationTexts(
        done="{hits} in {file} of {lines} for {query}: {result}",
        empty="nothing for {query}",
        missing="{file}?",
        malformed="{result} ({unknown})",
    )
    rule = OperationRule(name="SEARCH", kind="search", texts=texts)
    notes = memory({"notes.txt": "a {hits}\n"}, operations=(rule,))
    done = notes.say("<|SEARCH|>notes.txt|{hits}<|END|>").text
    assert done == '1 in notes.txt of 1 for {hits}: 1 line with "{hits}":\n1: a {hits}'
    assert notes.say("<|SEARCH|>notes.txt|z<|END|>").text == "nothing for z"
    assert notes.say("<|SEARCH|>nothing.txt|z<|END|>").text == "nothing.txt?"
    assert notes.say("<|SEARCH|>notes.txt<|END|>").text.endswith(" ({unknown})")


def test_own_wording_cannot_reach_into_objects_or_grow_without_bound(memory) -> None:
    texts = OperationTexts(done="{file.__class__} {lines:>999999999} " + "{result}" * 1000)
    rule = OperationRule(name="READ", kind="read", texts=texts)
    notes = memory(
        {"notes.txt": "x" * 100}, operations=(rule,), limits=ScaffoldLimits(result_bytes=1000)
    )
    text = notes.say("<|READ|>notes.txt<|END|>").text
    assert text.startswith("{file.__class__} {lines:>999999999} xxx")
    assert text.endswith(" (cut)")
    assert len(text) == 1000


def test_the_key_stands_in_own_wording(memory) -> None:
    texts = OperationTexts(done="put {key}", malformed="no {key}")
    rule = OperationRule(name="UPSERT_MAP", kind="upsert", file="map.txt", texts=texts)
    notes = memory(operations=(rule,))
    assert notes.say("<|UPSERT_MAP|>1, 2|a<|END|>").text == "put 1,2"
    assert notes.say("<|UPSERT_MAP|>x|a<|END|>").text == "no x"


def test_a_file_past_its_soft_limit_is_noticed(memory) -> None:
    rules = {
        "long.txt": FileRule(soft_limit=SoftLimit(lines=2)),
        "large.txt": FileRule(soft_limit=SoftLimit(bytes=3, text="{file}: {bytes} B {other}")),
        "fine.txt": FileRule(soft_limit=SoftLimit(lines=9, bytes=99)),
    }
    files = {"long.txt": "a\nb\nc", "large.txt": "abc", "fine.txt": "abc", "free.txt": "abc"}
    assert file_notices(memory(files, rules=rules).store) == (
        "long.txt is long (3 lines). Summarize it.",
        "large.txt: 4 B {other}",
    )


def test_an_injected_file_shows_its_top_or_its_end(memory) -> None:
    store = memory({"notes.txt": "1\n2\n3\n", "empty.txt": " \n"}).store
    assert inject(store, Inject(slot="s", file="notes.txt")) == "1\n2\n3"
    assert inject(store, Inject(slot="s", file="notes.txt", lines=2)) == "1\n2"
    last = Inject(slot="s", file="notes.txt", operation="tail", lines=2)
    assert inject(store, last) == "2\n3"
    assert inject(store, Inject(slot="s", file="empty.txt")) == "(empty)"
    assert inject(store, Inject(slot="s", file="none.txt", when_empty="-")) == "-"


def test_what_is_injected_keeps_within_the_limits(memory) -> None:
    limits = ScaffoldLimits(read_lines=2, result_bytes=100)
    store = memory(
        {"notes.txt": "1\n2\n3\n", "long.txt": "x" * 60 + "\n" + "y" * 40}, limits=limits
    )
    store = store.store
    assert inject(store, Inject(slot="s", file="notes.txt")) == "1\n2"
    assert inject(store, Inject(slot="s", file="long.txt", operation="tail")) == "y" * 40
