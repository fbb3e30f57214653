"""The acceptance check runs a scaffold's code and plays it dry, before anything is paid for."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automem.errors import TraceError
from automem.evaluate.candidate import check_candidate, recordings_of
from automem.records.jail import JailReport
from automem.testing.toy import Toy, toy_scaffold

CODE = """
def remember(context):
    if context["observation"]:
        return {"writes": [{"file": "seen.txt", "mode": "append", "text": context["observation"]}]}
"""
MORE = """
[files."seen.txt"]
code_modes = ["append"]
"""
SLOT = """
[code.slots]
place = "nowhere"
"""


@pytest.fixture
def candidate(tmp_path: Path) -> Callable[..., Path]:
    def make(code: str | None = CODE, more: str = MORE, **prompts: str) -> Path:
        """The toy scaffold with code, more of a manifest, and changed prompts."""
        folder = tmp_path / f"candidate-{len(list(tmp_path.iterdir()))}"
        shutil.copytree(toy_scaffold(), folder)
        if code is not None:
            (folder / "code.py").write_text(code, encoding="utf-8")
        with (folder / "scaffold.toml").open("a", encoding="utf-8") as manifest:
            manifest.write(more)
        for name, text in prompts.items():
            (folder / "prompts" / f"{name}.md").write_text(text, encoding="utf-8")
        return folder

    return make


def said(folder: Path, **more: Any) -> str:
    problems = asyncio.run(check_candidate(folder, **more))
    return "\n".join(f"{problem.where}: {problem.text}" for problem in problems)


def test_a_good_candidate_has_no_problem_with_code_or_without(candidate, tmp_path: Path) -> None:
    assert said(toy_scaffold(), games={"default": Toy("default").info}) == ""
    assert said(candidate()) == ""


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def remember(context)\n    pass", "code.py, line 1: is no Python: expected ':'"),
        ("def other(context): pass", "code.py: defines none of remember, perceive, guard; add one"),
        ("def remember(): pass", "code.py, line 1: write it as: def remember(context)"),
        ("def remember(c, *, d): pass", "code.py, line 1: write it as: def remember(context)"),
        (CODE + "#" * 200_000, "code.py: is larger than 131072 bytes; shorten it"),
        (
            "def remember(context): pass\ndef guard(context): pass",
            "code.py, line 2: write it as: def guard(context, action)",
        ),
        ("import os\n" + CODE, "code.py: the code of toy cannot be loaded: code.py, line 1"),
        ("1 / 0\n" + CODE, "ZeroDivisionError: division by zero"),
        (CODE.replace('"observation"', '"text"'), "KeyError: 'text'"),
        (CODE.replace("append", "write"), 'files."seen.txt".code_modes'),
        (CODE.replace("seen.txt", "log2.txt"), "not declared under [files]; there are: signs.txt"),
        (CODE.replace('"writes"', '"write"'), "unknown field `write`"),
        (
            CODE + "\ndef perceive(context):\n    while context['step'] == 3: pass",
            "code.py: perceive/log: timeout",
        ),
        (
            "calls = []\ndef remember(context):\n    calls.append(1)\n"
            "    return {'notices': [str(len(calls))]}",
            "answers the same context in two ways",
        ),
        (
            CODE + "\ndef perceive(context):\n    return {'slots': {'x': 'y'}}",
            "[code.slots] does not declare",
        ),
        (CODE + "\ndef guard(context, action):\n    return {'replace': 'fly'}", "no action of the"),
    ],
)
def test_what_is_wrong_with_code_is_told_so_that_it_can_be_mended(
    candidate, code: str, found: str
) -> None:
    assert found in said(candidate(code), games={"default": Toy("default").info})


def test_slots_that_no_prompt_shows_and_slots_that_nothing_fills_are_told(candidate) -> None:
    perceive = CODE + "\ndef perceive(context):\n    return {'slots': {'place': 'here'}}"
    assert "code.slots.place: no prompt shows it" in said(candidate(perceive, MORE + SLOT))


@pytest.mark.parametrize(
    ("code", "more", "found"),
    [
        (None, SLOT, "code.slots: there is no code.py to fill them"),
        (None, MORE, 'files."seen.txt".code_modes: there is no code.py'),
        (CODE, MORE + SLOT, "code.py has no perceive(context) to fill them"),
        ("def guard(context, action): pass", MORE, "code.py has no remember(context) to write it"),
        (CODE, MORE.replace("append", "upsert"), 'upsert needs [files."seen.txt".key]'),
        (CODE, MORE + '[code]\nfiles = ["no.txt"]', 'there is no file "no.txt"'),
        (CODE, MORE + '[code.slots]\nlog = ""', "an [[inject]] fills it; rename one"),
    ],
)
def test_a_manifest_that_does_not_fit_its_code_is_told(
    candidate, code: str | None, more: str, found: str
) -> None:
    assert found in said(candidate(code, more))


def test_a_prompt_that_code_may_choose_is_checked_as_plan_is(candidate) -> None:
    found = said(candidate(plan_door="PLAN at a door. {{ operation }}"))
    assert "prompts/plan_door.md: never shows {{ observation }}; add it" in found
    assert "'operation' is undefined" in found


def test_recorded_observations_find_what_made_up_ones_do_not(candidate, toy: Any) -> None:
    config = toy.config()
    asyncio.run(toy.evaluate(config))
    folder = toy.episode(config, 1)
    code = CODE + "\ndef perceive(context):\n    1 / ('room 3' not in context['status'])"
    path = candidate(code)
    assert said(path) == ""
    for recorded in (folder.path, folder.compacted):
        assert "ZeroDivisionError" in said(path, recorded=[recorded])
    # A meta-LLM is shown it, and where a game is installed is no business of its.
    assert "(the recording trace, step" in said(path, recorded=[folder.compacted])
    with pytest.raises(TraceError):
        said(path, recorded=[toy.folder])


def test_each_variant_is_played_dry_too(candidate) -> None:
    variant = '[variants."*Door*".files."seen.txt"]\ncode_modes = []\n'
    found = said(candidate(CODE, MORE + variant))
    assert 'files."seen.txt".code_modes' in found
    assert "a made-up episode of *Door*, step 1" in found
    odd = candidate(CODE, MORE + '[variants."[ab]*".limits]\nlog_turns = 1\n')
    assert said(odd) == ""


def test_a_folder_that_cannot_be_read_is_a_problem_and_no_error(tmp_path: Path) -> None:
    assert "holds no scaffold.toml" in said(tmp_path)


def test_code_is_not_tried_where_nothing_keeps_it_in(candidate) -> None:
    async def nothing() -> JailReport:
        return JailReport(
            level="none",
            probes={},
            refused={"monty": "pydantic-monty is not installed"},
            python="3",
            kernel="0",
            architecture="x",
            landlock=0,
        )

    folder = candidate()
    assert "nothing on this machine keeps model-written code in" in said(folder, prove=nothing)
    assert said(toy_scaffold(), prove=nothing) == ""
    assert said(folder, prove=nothing, unsafe=True) == ""


def test_a_long_file_is_shown_to_code_by_its_end_and_others_not_at_all(candidate) -> None:
    code = CODE + (
        "\ndef perceive(context):\n    files = context['files']\n"
        "    assert list(files) == ['seen.txt'], list(files)\n"
        "    assert len(files['seen.txt']) < 33_000\n"
        "    assert not files['seen.txt'] or files['seen.txt'].endswith('#' * 30)\n"
    )
    code = code.replace('context["observation"]}', '"#" * 6000}', 1)
    more = MORE + '[code]\nfiles = ["seen.txt"]\n'
    assert said(candidate(code, more)) == ""


def test_a_game_without_recordings_has_none(toy: Any) -> None:
    assert recordings_of("toy", toy.plugins) == ()
    assert recordings_of("no such game", toy.plugins) == ()
