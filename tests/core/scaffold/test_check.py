import msgspec
import pytest

from automem.records.environment import EnvironmentInfo
from automem.records.scaffold import Retention
from automem.scaffold.check import check_scaffold
from automem.scaffold.load import load_scaffold
from automem.scaffold.patterns import pattern_problem
from automem.scaffold.samples import sample_contexts


def said(scaffold, info=None, contexts=()) -> str:
    return "\n".join(
        f"{found.where}: {found.text}" for found in check_scaffold(scaffold, info, contexts)
    )


def test_a_good_scaffold_has_no_problem(folder, info) -> None:
    assert check_scaffold(load_scaffold(folder()), info) == ()
    assert check_scaffold(load_scaffold(folder())) == ()
    bare = folder({"prompts/system.md": None}, name="bare")
    assert check_scaffold(load_scaffold(bare), info) == ()


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('name = "small"', 'name = "a b"', "scaffold.toml: name: a name has up to 64"),
        ('[files."notes.txt"]', '[files."a/b.txt"]',
         'files."a/b.txt": The memory is one flat folder'),
        ('purpose = "Notes."', "retention = { max_lines = 3, keep_last = 3, pinned = 1 }",
         "pinned (1) and keep_last (3) together must not be more than max_lines (3)"),
        ('purpose = "Notes."', 'soft_limit = { lines = 3, text = "{name} {file}" }',
         "there is no placeholder {name}; there are {bytes}, {file}, {lines}"),
        ('pattern = "[0-9]+,[0-9]+"', 'pattern = "("', "'(' is no regular expression"),
        ('pattern = "[0-9]+,[0-9]+"', 'pattern = "(a+)+"', "repeats a group that itself repeats"),
        ('pattern = "[0-9]+,[0-9]+"', 'separator = " "', "separator: must hold a character"),
        ('shape = "x,y"', 'shape = " "', "say what a key looks like"),
        ('name = "SEARCH"', 'name = "Search"', "operation Search: a name has upper-case letters"),
        ('name = "SEARCH"', 'name = "DONE"', "ACTION, DONE, END, HANDOFF mean something else"),
        ('name = "SEARCH"', 'name = "UPSERT_MAP"',
         "operation UPSERT_MAP: there are 2 of this name"),
        ('help = "sets a place"', "phases = []", "has no phases and can never be used"),
        ('help = "sets a place"', "phases = []", "LOG has no operation that writes"),
        ('help = "sets a place"', 'phases = ["log", "plan"]', "writes in PLAN"),
        ('help = "sets a place"', 'texts = { done = "{what}" }',
         "operation UPSERT_MAP, texts.done: there is no placeholder {what}"),
        ('file = "map.txt"', 'file = "maps.txt"', 'file "maps.txt" is not declared under [files]'),
        ('file = "map.txt"', 'file = "notes.txt"', 'add [files."notes.txt".key] with a shape'),
        ('purpose = "The map."', 'modes = ["append"]', 'files."map.txt".modes do not allow upsert'),
        ('slot = "notes"', 'slot = "notes"\nphases = ["log", "plan", "plan"]',
         "inject notes: fills the same slot 2 times in PLAN"),
        ('file = "notes.txt"', 'file = "note.txt"',
         'inject notes: there is no file "note.txt"; there are map.txt, notes.txt'),
        ('environment = "toy"', 'environment = "chess"', "is 'chess', but the game is 'toy'"),
        ('"Wait" = "wait"', '"Wait" = "Wait"',
         'actions.spelling."Wait": the game has no action \'Wait\'; it has wait, go'),
        ('fallback = "wait"', 'fallback = "Wait"',
         "actions.fallback: the game has no action 'Wait'"),
        ("[actions]", "[limits]\nfile_bytes = 3\n[actions]", "files/notes.txt: has 5 bytes"),
        ("[actions]", "[limits]\nfolder_bytes = 3\n[actions]", "files: have 5 bytes together"),
        ("[actions]", "[limits]\nfiles = 1\n[actions]", "there are 2 files; limits.files allows 1"),
        ("[actions]", '[prompts]\nplans = "plan.md"\n[actions]',
         "prompts.plans: no such prompt; did you mean 'plan'?"),
        ("[actions]", '[prompts]\nq = "plan.md"\n[actions]',
         "prompts.q: no such prompt; there are system, log,"),
    ],
)  # fmt: skip
def test_a_wrong_manifest_is_told_where_and_what(
    folder, edited, info, old: str, new: str, expected: str
) -> None:
    assert expected in said(load_scaffold(folder(edited(old, new))), info)


def test_a_scaffold_of_another_game_is_told_once_and_long_lists_are_cut(
    folder, edited, info
) -> None:
    many = msgspec.structs.replace(info, actions=tuple(f"act {n}" for n in range(30)))
    text = said(load_scaffold(folder(edited('"Wait" = "wait"', '"Wait" = "Wait"'))), many)
    assert "act 0, act 1," in text and "act 19 and 10 more" in text and "act 20" not in text
    other = edited('environment = "toy"', 'environment = "chess"')
    chess = said(load_scaffold(folder(other, name="chess")), many)
    assert "is 'chess', but the game is 'toy'" in chess and "no action" not in chess


def test_an_injected_read_that_no_prompt_shows_is_told(folder, edited) -> None:
    text = said(load_scaffold(folder(edited('slot = "notes"', 'slot = "the notes"'))))
    assert "inject the notes: no prompt shows it" in text and '{{ slots["the notes"] }}' in text


def test_plan_must_be_able_to_read(folder, edited, info) -> None:
    unread = edited('phases = ["log", "plan"]', 'phases = ["log"]')
    assert said(load_scaffold(folder(unread)), info) == ""  # the notes are injected
    unread["scaffold.toml"] = unread["scaffold.toml"].replace(
        '[[inject]]\nslot = "notes"\nfile = "notes.txt"\n', ""
    )
    found = said(load_scaffold(folder(unread, name="unread")), info)
    assert "PLAN can read nothing; add an operation" in found


def test_a_free_upsert_needs_some_keyed_file(folder, edited, info) -> None:
    changes = edited('file = "map.txt"\n', "")
    assert said(load_scaffold(folder(changes)), info) == ""
    changes["scaffold.toml"] = changes["scaffold.toml"].replace("key = {", "#")
    found = said(load_scaffold(folder(changes, name="unkeyed")), info)
    assert "operation UPSERT_MAP: no file has keys" in found


def test_seed_files_outside_the_flat_folder_are_told(folder) -> None:
    found = said(load_scaffold(folder({"files/sub/a.txt": "x"})))
    assert "files/sub/a.txt: The memory is one flat folder" in found


def test_seed_files_that_differ_in_case_only_are_told(folder) -> None:
    assert "another file has this name but for its case" in said(
        load_scaffold(folder({"files/Notes.txt": "x"}))
    )


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        ("handoff", None, "prompts/handoff.md: is missing; write it, it is the prompt 'handoff'"),
        ("log", "{{ operations }}{{ action }}", "log.md: never shows {{ observation }}; add it"),
        ("log", "{{ operations }}{{ observation }}", "log.md: never shows {{ action }}"),
        ("plan", "{{ operations }}{{ slots }}", "plan.md: never shows {{ observation }}"),
        ("plan", "{{ operations }}{{ observation }}", "add {{ slots['notes'] }}"),
        ("plan_continue", "go on", "plan_continue.md: never shows {{ results }}"),
        ("log_continue", "go on", "log_continue.md: never shows {{ results }}"),
        ("log", "{{ action }}{{ observation }}{{ x }}", "on step 0: "),
        ("log", "{{ action }}{{ observation }}{{ slots.notes }}", "has no attribute 'notes'"),
        ("log", "{% if step > 9 %}{{ action }}{{ observation }}{{ nope }}{% endif %}",
         "is empty on step 0; say something"),
        ("plan", "{{ observation }}{{ slots.notes }}{% if step > 9 %}{{ nope }}{% endif %}",
         "on step 99999: "),
        ("system", "{{ observation }}{{ nope }}", "prompts/system.md"),
        ("log", "{% nope %}", "prompts: "),
        ("log", "{{ action }}{{ observation }}" + "x" * 66_000, "is larger than 65536 bytes"),
    ],
)  # fmt: skip
def test_a_wrong_prompt_is_told_where_and_what(
    folder, info, file: str, text: str | None, expected: str
) -> None:
    scaffold = load_scaffold(folder({f"prompts/{file}.md": text}))
    assert expected in said(scaffold, info)


def test_the_system_prompt_may_show_the_vocabulary_instead(folder, info) -> None:
    plan = {"prompts/plan.md": "{{ observation }}{{ slots }}"}
    assert said(load_scaffold(folder(plan)), info) == ""
    plan["prompts/system.md"] = "Play."
    found = said(load_scaffold(folder(plan, name="silent")), info)
    assert found.startswith("prompts/plan.md: never shows {{ operations }}, and no system.md")


def test_prompts_are_rendered_on_recorded_contexts(folder, info) -> None:
    text = (
        "{{ observation }}{{ operations }}{{ slots.notes }}{% if step == 5 %}{{ nope }}{% endif %}"
    )
    scaffold = load_scaffold(folder({"prompts/plan.md": text}))
    assert said(scaffold, info) == ""
    recorded = msgspec.structs.replace(sample_contexts(scaffold, info)[0], step=5)
    assert "prompts/plan.md: on step 5: " in said(scaffold, info, [recorded])


def test_code_without_any_function_of_the_contract_is_refused(folder) -> None:
    found = said(load_scaffold(folder({"code.py": "x = 1\n"})))
    assert found == "code.py: defines none of remember, perceive, guard; add one"


def test_files_that_changed_since_they_were_read_are_told(folder) -> None:
    scaffold = load_scaffold(folder())
    (scaffold.folder / "prompts" / "log.md").write_text("other", encoding="utf-8")
    assert "the files changed while they were checked" in said(scaffold)
    (scaffold.folder / "scaffold.toml").unlink()
    assert "holds no scaffold.toml" in said(scaffold)


def test_every_variant_is_checked_and_told_apart(folder, info) -> None:
    more = '[variants.hard.prompts]\nplan = "none.md"\n[variants.easy]\nsummary = "x"'
    scaffold = load_scaffold(folder(more=more))
    assert said(scaffold, info) == (
        'scaffold.toml: variants."hard" prompts/none.md: is missing; write it, '
        "it is the prompt 'plan'"
    )


def test_what_is_wrong_everywhere_is_told_once(folder, info) -> None:
    scaffold = load_scaffold(folder({"prompts/log.md": None}, more='[variants.a]\nsummary = "x"'))
    assert len(check_scaffold(scaffold, info)) == 1


def test_a_game_that_accepts_any_text_accepts_any_fallback(folder) -> None:
    assert said(load_scaffold(folder()), EnvironmentInfo(name="toy")) == ""


def test_retention_that_fits_is_no_problem(folder, edited) -> None:
    changes = edited(
        'purpose = "Notes."', "retention = { max_lines = 3, keep_last = 2, pinned = 1 }"
    )
    scaffold = load_scaffold(folder(changes))
    kept = Retention(max_lines=3, keep_last=2, pinned=1)
    assert scaffold.manifest.files["notes.txt"].retention == kept
    assert said(scaffold) == ""


@pytest.mark.parametrize(
    "pattern", [".+", "-?[0-9]{1,3},-?[0-9]{1,3}", "(a|b)", "(ab)+", "(a+)?b", "[(+)]*", r"\(a+\)+"]
)
def test_ordinary_patterns_may_be_used(pattern: str) -> None:
    assert pattern_problem(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    ["(a+)+", "(a|aa)*", "((a)+b)+", "(a{1,3})*", "(a+){2,}", "(a+){1,30}", "a" * 201, "(", "a**"],
)
def test_patterns_that_may_take_forever_may_not(pattern: str) -> None:
    assert pattern_problem(pattern)
