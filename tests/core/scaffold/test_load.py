from pathlib import Path

import pytest

from automem.errors import ScaffoldError
from automem.records.memory import WRITING_KINDS
from automem.scaffold.load import load_scaffold


def test_a_folder_becomes_a_scaffold(folder) -> None:
    path = folder({"files/extra.txt": "x", "files/.hidden": "y", "README.md": "z"})
    scaffold = load_scaffold(path)
    assert scaffold.folder == path
    assert scaffold.manifest.name == "small"
    assert scaffold.prompts["handoff.md"] == "Play.\n{{ results }}"
    assert dict(scaffold.files) == {"map.txt": "", "notes.txt": "seed\n", "extra.txt": "x"}
    assert list(scaffold.files) == ["map.txt", "notes.txt", "extra.txt"]
    assert scaffold.code is None
    assert len(scaffold.hash) == 16


def test_code_is_kept_as_text(folder) -> None:
    assert load_scaffold(folder({"code.py": "x = 1\n"})).code == "x = 1\n"


def test_the_vocabulary_is_that_of_a_phase(folder) -> None:
    scaffold = load_scaffold(folder())
    assert list(scaffold.vocabulary("log")) == ["SEARCH", "UPSERT_MAP"]
    assert list(scaffold.vocabulary("plan")) == ["SEARCH"]
    assert scaffold.vocabulary("log")["UPSERT_MAP"].kind in WRITING_KINDS


def test_an_operation_learns_the_shape_of_its_key_from_its_file(folder) -> None:
    assert load_scaffold(folder()).vocabulary("log")["UPSERT_MAP"].shape == "x,y"


def test_an_operation_may_call_the_key_something_else(folder, edited) -> None:
    changes = edited('file = "map.txt"', 'file = "map.txt"\nshape = "col,row"')
    assert load_scaffold(folder(changes)).vocabulary("log")["UPSERT_MAP"].shape == "col,row"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "small"', "name = 3", "Expected `str`, got `int` at name"),
        ('kind = "search"', 'kind = "find"', r"'find' is none of append, .*operation\[0\].kind"),
        ('kind = "search"', 'kind = "find"', r"\(operation SEARCH\)"),
        ('summary = ', 'sumary = ', "there is no key `sumary`; did you mean 'summary'"),
        ('help = ', 'hint = ',
         r"there is no key `hint`.* at operation\[1\] \(operation UPSERT_MAP\)"),
        ('name = "SEARCH"', "", r"missing required field `name` at operation\[0\]"),
        ('name = "small"', "name = [", "is no valid TOML"),
        ('name = "small"', "name = " + "[" * 5_000 + "]" * 5_000, "is no valid TOML"),
        ('slot = "notes"', 'slot = "notes"\nlines = 0',
         r"Expected `int` >= 1 at inject\[0\].lines"),
        ("[actions]", "[action]", "there is no key `action`; did you mean 'actions'?"),
    ],
)  # fmt: skip
def test_a_wrong_manifest_is_refused_with_the_key_and_what_to_do(
    folder, edited, old: str, new: str, said: str
) -> None:
    with pytest.raises(ScaffoldError, match=said) as caught:
        load_scaffold(folder(edited(old, new)))
    assert "scaffold.toml" in str(caught.value)


def test_an_error_in_an_operation_that_is_no_table_names_its_place(folder, edited) -> None:
    changes = {"scaffold.toml": 'name = "x"\noperation = ["SEARCH"]\n'}
    with pytest.raises(ScaffoldError, match=r"got `str` at operation\[0\]$"):
        load_scaffold(folder(changes))
    with pytest.raises(ScaffoldError, match=r"got `str` at operation$"):
        load_scaffold(folder({"scaffold.toml": 'name = "x"\noperation = "SEARCH"\n'}))
    with pytest.raises(ScaffoldError, match="field `name` at the top"):
        load_scaffold(folder({"scaffold.toml": ""}))


VARIANT = """
[variants."*Boxoban*"]
summary = "boxes"
prompts = { plan = "boxes.md" }

[variants."*Boxoban*".files]
"map.txt" = false
"boxes.txt" = { purpose = "Boxes." }

[variants."*Hard*".limits]
log_turns = 3
"""


def test_a_variant_is_laid_over_for_the_tasks_it_matches(folder, edited) -> None:
    changes = {
        **edited('file = "map.txt"\n', ""),
        "prompts/boxes.md": "{{ operations }} {{ slots.notes }} {{ observation }}",
    }
    scaffold = load_scaffold(folder(changes, more=VARIANT))
    assert scaffold.variants == ("*Boxoban*", "*Hard*")
    assert scaffold.for_task("Corridor") is scaffold
    boxes = scaffold.for_task("Boxoban-Medium")
    assert boxes.manifest.summary == "boxes"
    assert boxes.manifest.prompts == {"plan": "boxes.md"}
    assert dict(boxes.files) == {"notes.txt": "seed\n", "boxes.txt": ""}
    assert boxes.manifest.limits.log_turns == 10
    assert boxes.hash == scaffold.hash
    hard = scaffold.for_task("Boxoban-Hard")
    assert (hard.manifest.summary, hard.manifest.limits.log_turns) == ("boxes", 3)
    assert scaffold.manifest.limits.log_turns == 10


def test_a_variant_that_does_not_fit_is_refused_at_once(folder) -> None:
    with pytest.raises(ScaffoldError, match=r'with variants."a".*Expected `int`.* at limits.files'):
        load_scaffold(folder(more='[variants.a.limits]\nfiles = "many"'))


@pytest.mark.parametrize("variants", ["variants = 3", "variants = { a = 3 }"])
def test_variants_that_are_no_tables_are_refused(folder, variants: str) -> None:
    manifest = f'{variants}\nname = "x"\n'
    with pytest.raises(ScaffoldError, match="variants must hold tables"):
        load_scaffold(folder({"scaffold.toml": manifest}))


def test_a_folder_without_a_manifest_is_no_scaffold(tmp_path: Path) -> None:
    with pytest.raises(ScaffoldError, match=r"holds no scaffold.toml, so it is no scaffold"):
        load_scaffold(tmp_path)
