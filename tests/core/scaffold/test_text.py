"""Embedded players parse these texts, so every character of their form is fixed here."""

from automem.records.memory import FileStatus
from automem.records.scaffold import FileRule, Manifest, OperationRule
from automem.scaffold.text import index_text, operations_text, purposes_text

RULES = (
    OperationRule(name="SEARCH", kind="search", phases=("log", "plan"), help="finds\n words"),
    OperationRule(name="SET", kind="upsert", file="map.txt", shape="x,y"),
    OperationRule(name="OFF", kind="read", phases=()),
)


def test_operations_of_a_phase_have_one_line_each() -> None:
    assert operations_text(RULES, "log") == (
        "- <|SEARCH|>file|words<|END|> - finds words\n"
        "- <|SET|>x,y|text<|END|> - sets the line of the key; an empty text removes it"
    )
    assert operations_text(RULES, "plan") == "- <|SEARCH|>file|words<|END|> - finds words"


def test_the_whole_vocabulary_names_the_phases() -> None:
    assert operations_text(RULES, None).splitlines() == [
        "- <|SEARCH|>file|words<|END|> - LOG, PLAN: finds words",
        "- <|SET|>x,y|text<|END|> - LOG: sets the line of the key; an empty text removes it",
        "- <|OFF|>file<|END|> - never: shows the file",
    ]


def test_the_index_has_one_line_for_each_file() -> None:
    files = (
        FileStatus(name="map.txt", lines=12, bytes=99, purpose="The map."),
        FileStatus(name="new.txt", lines=1, bytes=9),
    )
    assert index_text(files) == "- map.txt (12 lines): The map.\n- new.txt (1 lines)"


def test_purposes_are_those_of_the_manifest() -> None:
    manifest = Manifest(name="x", files={"map.txt": FileRule(purpose="The map."), "a": FileRule()})
    assert purposes_text(manifest) == "- map.txt: The map.\n- a"
