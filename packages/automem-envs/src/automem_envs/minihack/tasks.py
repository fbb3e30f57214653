"""The eight tasks of the benchmark: their levels, characters, actions and goals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from automem_envs.minihack.levels import corridor_battle, described, maze
from automem_envs.nethack.actions import COMMANDS, COMPASS, FAR, LETTERS
from automem_envs.nethack.game import EVERY_QUESTION

_KNIGHT: Final = "kni-hum-law-fem"
_SOME_QUESTIONS: Final = (b"eat", b"attack", b"direction?", b"pray")
"""Words of the questions that MiniHack leaves to the player in its navigation tasks."""

_FOUR: Final = {way: COMPASS[way] for way in ("north", "east", "south", "west")}
_DOORS: Final = {word: COMMANDS[word] for word in ("open", "kick", "search")}
_QUEST_WORDS: Final = (
    *("down", "wait", "more", "apply", "close", "eat", "force", "kick", "loot", "open"),
    *("pickup", "pray", "puton", "quaff", "search", "zap"),
)
_QUEST: Final = {**COMPASS, **FAR, **{word: COMMANDS[word] for word in _QUEST_WORDS}}

_STAIRS: Final = (
    "Reach the stairs down, `>`: you have solved the task as soon as you stand on them."
)


class Task(NamedTuple):
    """What makes one task another than the rest."""

    keys: Mapping[str, int]
    """The benchmark's actions."""
    goal: str
    level: Callable[[], str] | None = None
    """Describes its level; None where each seed has a level of its own."""
    boxoban: str = ""
    """Which of the levels of Boxoban it plays."""
    character: str = "@"
    left_open: tuple[bytes, ...] = _SOME_QUESTIONS
    """Questions with one of these words wait for the player; others are escaped from."""
    letters: Mapping[str, int] = {}
    """Answers that only `corrected` accepts, where a question is open."""


def _boxoban(difficulty: str) -> Task:
    return Task(
        keys=_FOUR,
        boxoban=difficulty,
        goal=(
            "Push each of the four boulders onto a fountain, `{`; the whole map is in sight. You "
            "push a boulder by walking into it; you cannot pull one, nor push two at once, nor "
            "push one into the bars around the room, so a boulder in a corner stays there. You "
            "cannot walk or push diagonally. A boulder hides the fountain under it."
        ),
    )


TASKS: Final[Mapping[str, Task]] = {
    "MiniHack-Boxoban-Hard-v0": _boxoban("hard"),
    "MiniHack-Boxoban-Medium-v0": _boxoban("medium"),
    "MiniHack-MazeWalk-9x9-v0": Task(
        keys=COMPASS,
        level=lambda: maze(9),
        goal=f"You are in a maze of 9 x 9 cells, dark but for the cells beside you. {_STAIRS}",
    ),
    "MiniHack-MazeWalk-15x15-v0": Task(
        keys=COMPASS,
        level=lambda: maze(15),
        goal=f"You are in a maze of 15 x 15 cells, dark but for the cells beside you. {_STAIRS}",
    ),
    "MiniHack-Corridor-R3-v0": Task(
        keys={**COMPASS, **_DOORS},
        level=lambda: described("corridor3"),
        goal=(
            f"Three rooms are joined by corridors, some behind doors. {_STAIRS} Open closed "
            "doors, kick locked ones; where no way goes on, search for a hidden one."
        ),
    ),
    "MiniHack-CorridorBattle-Dark-v0": Task(
        keys=COMPASS,
        level=corridor_battle,
        character=_KNIGHT,
        goal=(
            "East of a small room a corridor leads into a dark hall with six giant rats. "
            f"{_STAIRS} They are at the far end of the hall. Fight the rats in the corridor, "
            "where only one at a time can reach you."
        ),
    ),
    "MiniHack-Quest-Easy-v0": Task(
        keys=_QUEST,
        letters=LETTERS,
        left_open=EVERY_QUESTION,
        level=lambda: described("quest_easy"),
        goal=(
            "You start beside a wand of cold and a frost horn. Monsters are near, and a river of "
            f"lava lies between you and the stairs. {_STAIRS} Take the wand or the horn with "
            "`pickup`, freeze the lava by `zap` or `apply`, then walk over it. Never step into "
            "lava."
        ),
    ),
    "MiniHack-Quest-Medium-v0": Task(
        keys=_QUEST,
        letters=LETTERS,
        left_open=EVERY_QUESTION,
        level=lambda: described("quest_medium"),
        character=_KNIGHT,
        goal=(
            "You start beside a wand of cold and a frost horn. A corridor leads to a hall with "
            f"giant rats, and a river of lava lies before the stairs. {_STAIRS} Take the wand or "
            "the horn with `pickup`, fight the rats in the corridor, freeze the lava by `zap` or "
            "`apply`, then walk over it. Never step into lava."
        ),
    ),
}
"""In the order in which a table shows them; the names are MiniHack's own."""


def instructions(task: Task, *, keeps_menus: bool) -> str:
    """The task explained to a model."""
    asking = (
        "\n\nSome commands ask a question. Answer with one action: a direction, or a letter of "
        "the inventory. While a question is open, nothing else happens."
        if "open" in task.keys
        else ""
    )
    if keeps_menus:
        asking += (
            " A list that ends with (end) is a menu: letters mark things in it, and `more` "
            "confirms and closes it."
        )
    return f"""\
You play a small task in the world of NetHack. You are `@`. {task.goal} You have 100 steps; a \
step that takes no time in the game counts as well.

What you are shown: the game's message; a list of what is in sight, with its distance in moves \
and its direction; where the cursor is; the map as the terminal has it; and your inventory, each \
thing with its letter. x counts columns from the west, y rows from the top of the terminal, \
which is one above the first row of the map shown.

On the map: `.` floor or an empty doorway, `#` corridor, `|` and `-` walls or open doors, `+` a \
closed door, `>` stairs down, `<` stairs up, `{{` a fountain, a blank what you have not seen or \
cannot pass, letters monsters, other signs things that lie there. You walk into a monster to \
attack it, and cannot pass doors diagonally.{asking}"""
