"""The acceptance check: a scaffold passes before any episode of it is paid for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from automem.errors import AutoMemError, ScaffoldError
from automem.records.environment import EnvironmentInfo
from automem.scaffold.code_check import code_problems
from automem.scaffold.content import MANIFEST, content_hash
from automem.scaffold.context import PromptContext
from automem.scaffold.load import VARIANTS, Scaffold
from automem.scaffold.manifest_check import manifest_problems
from automem.scaffold.problem import Problem
from automem.scaffold.prompts_check import prompt_problems
from automem.scaffold.samples import sample_contexts


def check_for_tasks(
    scaffold: Scaffold, games: Mapping[str, EnvironmentInfo]
) -> tuple[Problem, ...]:
    """Everything that keeps a scaffold from being played in these tasks of its game.

    A spelling may be for some of the tasks only; what is fallen back on must suit each.
    """
    every = tuple(dict.fromkeys(action for info in games.values() for action in info.actions))
    whole = next((replace(info, actions=every) for info in games.values()), None)
    problems = list(check_scaffold(scaffold, whole))
    for task, info in games.items():
        fallback = scaffold.for_task(task).manifest.actions.fallback
        if fallback in every and fallback not in info.actions:
            text = f"{task} has no action {fallback!r}; name another in a variant for it"
            problems.append(Problem(where="scaffold.toml: actions.fallback", text=text))
    return tuple(problems)


def check_scaffold(
    scaffold: Scaffold,
    info: EnvironmentInfo | None = None,
    contexts: Sequence[PromptContext] = (),
) -> tuple[Problem, ...]:
    """Everything that keeps the scaffold from being played, empty if nothing does.

    With `info` its actions are checked against the game. `contexts` are recorded ones that every
    prompt has to render on; without any, an empty, an ordinary and a long one are made up. Each
    variant is checked by itself. Code is read, not run: `automem.evaluate.candidate` does that.
    """
    found = [*_folder(scaffold), *_one(scaffold, info, contexts)]
    for pattern in scaffold.variants:
        where = f'{MANIFEST}: {VARIANTS}."{pattern}"'
        for problem in _one(scaffold.with_variants([pattern]), info, contexts):
            if problem not in found:
                found.append(Problem(where=f"{where} {problem.where}", text=problem.text))
    return tuple(found)


def _folder(scaffold: Scaffold) -> Iterator[Problem]:
    try:
        now = content_hash(scaffold.folder)
    except ScaffoldError as error:
        yield Problem(where=str(scaffold.folder), text=str(error))
        return
    if now != scaffold.hash:
        yield Problem(
            where=str(scaffold.folder), text="the files changed while they were checked; try again"
        )


def _one(
    scaffold: Scaffold, info: EnvironmentInfo | None, contexts: Sequence[PromptContext]
) -> Iterator[Problem]:
    yield from manifest_problems(scaffold, info)
    yield from code_problems(scaffold)
    try:
        shown = contexts or sample_contexts(scaffold, info)
    except AutoMemError:
        # A seed file whose name is refused; the manifest's problems say so already.
        return
    yield from prompt_problems(scaffold, shown)
