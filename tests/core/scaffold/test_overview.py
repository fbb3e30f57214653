from automem.scaffold.load import load_scaffold
from automem.scaffold.overview import overview

MORE = """
[files."log.txt"]
modes = []
dedupe = "near"
retention = { max_lines = 9, keep_last = 3, pinned = 1 }
[files."tail.txt"]
retention = { max_lines = 9, keep_last = 3 }
[[inject]]
slot = "end"
file = "log.txt"
operation = "tail"
lines = 4
[variants.hard]
summary = "hard"
"""


def test_the_overview_says_what_a_scaffold_does(folder, edited) -> None:
    changes = edited("# A small scaffold.", 'parent = "0123456789abcdef"')
    scaffold = load_scaffold(folder(changes, more=MORE))
    text = overview(scaffold)
    for line in (
        f"small 1 ({scaffold.hash}) in {scaffold.folder}",
        "For tests.",
        "environment: toy",
        "parent: 0123456789abcdef",
        "variants: hard",
        "- map.txt (0 lines): The map.; may be changed by append, write, create, upsert; "
        "keyed by x,y",
        "- log.txt (0 lines): no purpose given; may not be changed; no repeats (near); "
        "past 9 lines keeps 1 at the top and the last 3",
        "- <|UPSERT_MAP|>x,y|text<|END|> - LOG: sets a place",
        "- notes: read notes.txt (PLAN)",
        "- end: tail log.txt 4 lines (PLAN)",
        "- log_turns: 10",
        "- log_continue.md (14 characters)",
    ):
        assert line in text.split("\n")
    assert "past 9 lines keeps the last 3" in text
    assert "{{ results }}" not in text


def test_the_overview_says_what_code_is_shown_and_may_do(folder) -> None:
    more = '[files."status.txt"]\nmodes = []\ncode_modes = ["write"]\n'
    code = {"code.py": "def perceive(context): pass\n"}
    every = overview(load_scaffold(folder(code, more=more))).split("\n")
    assert "- status.txt (0 lines): no purpose given; may not be changed; code may write" in every
    seeded = overview(load_scaffold(folder({"files/log.txt": "Head.\n"})))
    assert "- log.txt (1 line): " in seeded
    assert every[every.index("code") + 1 :][:2] == ["- is shown every file", "- fills no slot"]
    slots = '[code]\nfiles = ["map.txt"]\n[code.slots]\nway = ""\nplace = ""\n'
    some = overview(load_scaffold(folder(code, name="some", more=slots))).split("\n")
    assert some[some.index("code") + 1 :][:2] == ["- is shown map.txt", "- fills way, place"]
    assert "code" not in overview(load_scaffold(folder(name="none"))).split("\n")


def test_prompts_are_shown_when_asked_for(folder) -> None:
    assert "{{ results }}" in overview(load_scaffold(folder()), with_prompts=True)
