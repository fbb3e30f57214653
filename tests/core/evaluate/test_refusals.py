"""What cannot be played is refused before anything is paid for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automem.errors import AutoMemError, ConfigError, EvaluationError, ScaffoldError
from automem.records.config import (
    AgentSection,
    EnvironmentSection,
    EvaluationSection,
    ScaffoldSection,
    SeedsSection,
)
from automem.scaffold.content import copy_into
from automem.testing.toy import toy_scaffold

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"scaffold": ScaffoldSection()}, ConfigError, r"scaffold\.from is not set"),
        ({"scaffold": ScaffoldSection(source="toys")}, AutoMemError, "did you mean 'toy'"),
        ({"agent": AgentSection(name="dreamer")}, ConfigError, "no agent named 'dreamer'"),
        (
            {"environment": EnvironmentSection(name="toy", tasks=("attic",))},
            ConfigError,
            "no task 'attic'; there are: default, other",
        ),
        ({"environment": EnvironmentSection(name="toi")}, AutoMemError, "did you mean 'toy'"),
        ({"seeds": SeedsSection()}, ConfigError, r"seeds\.search is empty"),
        ({"evaluation": EvaluationSection(seeds="fun")}, ConfigError, "none of search"),
    ],
)
async def test_what_cannot_be_played_is_refused_before_anything_is(
    toy: Any,
    changes: dict[str, object],
    error: type[AutoMemError],
    said: str,
) -> None:
    with pytest.raises(error, match=said):
        await toy.evaluate(toy.config(**changes))


async def test_a_scaffold_that_does_not_pass_its_check_is_refused(toy: Any, tmp_path: Path) -> None:
    folder = copy_into(toy_scaffold(), tmp_path)
    (folder / "prompts" / "plan.md").write_text("Nothing is shown here.", encoding="utf-8")
    with pytest.raises(ScaffoldError, match=r"plan\.md"):
        await toy.evaluate(toy.config(scaffold=ScaffoldSection(source=str(folder))))


async def test_a_scaffold_that_falls_back_on_no_action_of_the_game_is_refused(
    toy: Any, tmp_path: Path
) -> None:
    folder = copy_into(toy_scaffold(), tmp_path)
    manifest = folder / "scaffold.toml"
    manifest.write_text(manifest.read_text() + '\n[actions]\nfallback = "Noop"\n')
    with pytest.raises(ScaffoldError, match="Noop"):
        await toy.evaluate(toy.config(scaffold=ScaffoldSection(source=str(folder))))


async def test_a_damaged_evaluation_is_an_error_that_names_the_file(toy: Any) -> None:
    config = toy.config()
    await toy.evaluate(config)
    folder = toy.run(config).evaluations()[0]
    folder.evaluation.write_text("{}", encoding="utf-8")
    with pytest.raises(EvaluationError, match=r"evaluation\.json cannot be read"):
        await toy.evaluate(config)


async def test_a_spelling_may_be_for_one_task_and_a_fallback_must_suit_each(
    toy: Any, tmp_path: Path
) -> None:
    folder = copy_into(toy_scaffold(), tmp_path)
    manifest = folder / "scaffold.toml"
    plain = manifest.read_text(encoding="utf-8")
    rule = '\n[actions]\nfallback = "{}"\n[actions.spelling]\n"cry" = "shout"\n'
    # Only the task `other` knows the action `shout`.
    environment = EnvironmentSection(name="toy", tasks=("default", "other"), max_steps=3)
    scaffold = ScaffoldSection(source=str(folder))
    config = toy.config(environment=environment, scaffold=scaffold)
    manifest.write_text(plain + rule.format("shout"), encoding="utf-8")
    with pytest.raises(ScaffoldError, match="default has no action 'shout'"):
        await toy.evaluate(config)
    manifest.write_text(plain + rule.format("wait"), encoding="utf-8")
    assert (await toy.evaluate(config)).tasks == ("default", "other")
