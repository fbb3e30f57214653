"""Manifests and code of a meta-LLM that would hold the host up."""

import pytest

from automem.errors import ScaffoldError
from automem.review.scaffolds.changes import memory_changes
from automem.scaffold.content import table_of
from automem.scaffold.load import load_scaffold
from automem.scaffold.new import with_value


@pytest.mark.parametrize(
    "text",
    [
        "a." * 60_000 + "a = 1",
        "[" + "a." * 60_000 + "a]",
        '"a" . ' * 20_000 + "a = 1",
        "x = {" + "'a'." * 20_000 + "a = 1}",
    ],
)
def test_a_key_of_countless_parts_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="more than 32 parts"):
        table_of(text)


def test_ordinary_keys_and_texts_with_many_dots_are_read() -> None:
    text = 'a.b.c = 1\n"x.y".z = "..... 1.2.3.4.5, e.g. this. And so on."\n[variants."*.*".files]\n'
    assert table_of(text)["a"] == {"b": {"c": 1}}


def test_a_key_of_countless_parts_is_a_problem_of_the_scaffold(folder) -> None:
    with pytest.raises(ScaffoldError, match="more than 32 parts"):
        load_scaffold(folder({}, more="a." * 5_000 + "a = 1"))


def test_look_alikes_of_a_key_are_tried_a_few_times_only() -> None:
    text = 'summary = """\n' + 'name = "a"\n' * 30 + '"""\nname = "b"\n'
    with pytest.raises(ScaffoldError, match="cannot set name"):
        with_value(text, "name", "c")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("".join(f'[variants."{n}"]\nsummary = "x"\n' for n in range(33)), "33 variants; 32"),
        ("[limits]\nfolder_bytes = 1000000000000", "Expected `int` <= 16777216"),
        ("[limits]\nlog_turns = 1000000000", "Expected `int` <= 100"),
        ("[limits]\nresult_bytes = 100000000", "Expected `int` <= 262144"),
        (f'[notices]\nunchanged = "{"x" * 1001}"', "length <= 1000"),
    ],
)
def test_what_a_scaffold_asks_for_is_bounded(folder, more: str, said: str) -> None:
    with pytest.raises(ScaffoldError, match=said):
        load_scaffold(folder({}, more=more))


def test_code_nested_so_deep_that_it_cannot_be_compared_counts_as_changed() -> None:
    plain = "def remember(context):\n    return None\n"
    deep = f"{plain}x = {'~' * 2800}1\n"
    assert memory_changes({"code.py": plain}, {"code.py": deep}) == ["code.py: remember"]
