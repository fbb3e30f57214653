"""Episodes of the terse scaffolds, played by the teacher and written down as lessons."""

from __future__ import annotations

from pathlib import Path
from random import Random

import anyio
import pytest

from automem.errors import ModelError
from automem.records.model import Message
from automem.scaffold.load import load_scaffold
from automem_envs.crafter.environment import Crafter
from automem_envs.crafter.options import CrafterOptions
from automem_tiny.corpus.asking import Lockstep
from automem_tiny.corpus.making import MIXTURE
from automem_tiny.corpus.playing import Stage, Tally
from automem_tiny.corpus.teaching import Mixture, Teacher, words_of
from automem_tiny.corpus.variants import NAMES
from automem_tiny.corpus.writing import Lesson, Notebook, weight_of
from automem_tiny.engine import Ask, Engine
from automem_tiny.folders import scaffold
from automem_tiny.teacher.state import State, read_state
from automem_tiny.testing import build_model

SEED = 90_001
STEPS = 60


def played(name: str, mixture: Mixture) -> tuple[Tally, list[Lesson]]:
    folder = load_scaffold(scaffold(name))
    stage = Stage(Crafter("default", CrafterOptions()), folder, STEPS)
    notebook = Notebook(Teacher(words_of(folder), mixture, Random(1)), SEED, Random(1))
    tally = anyio.run(stage.play, SEED, notebook)
    notebook.close()
    return tally, notebook.lessons


@pytest.mark.parametrize("name", NAMES)
def test_the_teacher_writes_nothing_that_is_refused(name: str) -> None:
    tally, _ = played(name, MIXTURE)
    assert tally.steps == STEPS
    assert tally.operations > STEPS
    assert (tally.bad_operations, tally.bad_actions) == (0, 0)
    assert tally.progression > 0


def test_habits_decide_how_much_is_looked_up() -> None:
    careful, _ = played("crafter-tiny-v0", Mixture(consults=1, searches=1))
    hasty, _ = played("crafter-tiny-v0", Mixture(consults=0, searches=0))
    assert careful.consulted_steps == STEPS
    assert hasty.consulted_steps == hasty.log_searches == 0
    assert careful.log_searches > 0


def test_every_conversation_becomes_one_lesson() -> None:
    _, lessons = played("crafter-tiny-map", MIXTURE)
    places = [(lesson.step, lesson.phase) for lesson in lessons]
    assert len(places) == len(set(places)) == 2 * STEPS - 1
    assert all(lesson.messages[-1].role == "assistant" for lesson in lessons)
    logs = [lesson for lesson in lessons if lesson.phase == "log"]
    assert all(read_state([lesson.messages[1].content]) for lesson in logs)


def test_a_change_of_goal_is_drawn_more_often() -> None:
    def lesson(want: str) -> tuple[Message, ...]:
        said = f"<|WRITE|>state.txt|{State(want=want).text()}<|END|><|DONE|>"
        return (
            Message(role="user", content=f"LOG.\n\n## State\n{State(want='tree').text()}"),
            Message(role="assistant", content=said),
        )

    assert weight_of("log", lesson("water")) > weight_of("log", lesson("tree"))


def test_a_conversation_that_is_too_long_is_told_with_its_episode_and_step(tmp_path: Path) -> None:
    lockstep = Lockstep(Engine.load(build_model(tmp_path / "model")), living=2)

    async def both() -> None:
        async with anyio.create_task_group() as tasks:
            for seed, said in ((7, "where?"), (8, "where?" * 100)):
                ask = Ask(messages=(Message(role="user", content=said),), max_tokens=9)
                tasks.start_soon(lockstep.answer, seed, 30 + seed, ask)

    with pytest.raises(ExceptionGroup) as failures:
        anyio.run(both)
    (failure,) = failures.value.exceptions
    assert isinstance(failure, ModelError)
    said = "the episode with seed 8 cannot go on at step 38: the conversation is longer than"
    assert str(failure).startswith(said)
