import pytest

from automem.memory.names import check_name, meant


@pytest.mark.parametrize(
    "name", ["notes.txt", "a b.md", "notes", "caf\u00e9.txt", "a..b", "n" * 100]
)
def test_plain_names_are_allowed(name: str) -> None:
    assert check_name(name) is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "empty"),
        (" a", "space"),
        ("../a", "flat folder"),
        ("/etc/passwd", "flat folder"),
        ("sub/a.txt", "flat folder"),
        ("..\\a", "flat folder"),
        ("C:\\a", "flat folder"),
        ("..", "begin with a dot"),
        (".hidden", "begin with a dot"),
        ("a\0b", "control character"),
        ("a\nb", "control character"),
        ("a\u202eb", "control character"),
        ("a\ud800", "control character"),
        ("a|b", "must not hold"),
        ("<a>", "must not hold"),
        ("*", "must not hold"),
        ("n" * 101, "101 bytes"),
        ("\u6f22" * 34, "102 bytes"),
    ],
)
def test_a_name_that_is_refused_says_why_and_what_to_use(name: str, reason: str) -> None:
    refusal = check_name(name)
    assert refusal is not None
    assert reason in refusal
    assert refusal.endswith("Use a plain file name such as notes.txt.")


KNOWN = ("map.txt", "Log.txt", "notes.md", "a.txt", "a.md")


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("map.txt", "map.txt"),
        ("`map.txt`", "map.txt"),
        ("MAP.TXT", "map.txt"),
        ("map", "map.txt"),
        ('"log"', "Log.txt"),
        ("NOTES", "notes.md"),
        ("a", "a"),
        ("other", "other"),
        ("map.md", "map.md"),
    ],
)
def test_a_file_is_meant_where_exactly_one_comes_into_question(said: str, name: str) -> None:
    assert meant(said, KNOWN) == name


def test_two_names_that_differ_in_case_leave_it_open() -> None:
    assert meant("A.TXT", ("a.txt", "A.txt")) == "A.TXT"
