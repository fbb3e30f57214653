"""Episodes of the terse scaffolds, played by the teacher and written down as lessons."""

from __future__ import annotations

from random import Random

import anyio
import pytest

from automem.records.model import Message
from automem.scaffold.load import load_scaffold
from automem_envs.crafter.environment import Crafter
from automem_envs.crafter.options import CrafterOptions
from automem_tiny.corpus.making import MIXTURE
from automem_tiny.corpus.playing import Stage, Tally
from automem_tiny.corpus.teaching import Mixture, Teacher, words_of
from automem_tiny.corpus.variants import NAMES
from automem_tiny.corpus.writing import Lesson, Notebook, weight_of
from automem_tiny.folders import scaffold
from automem_tiny.teacher.state import State, read_state

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
