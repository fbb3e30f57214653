"""LOG: one line for the step, and what is new: landmarks, achievements, areas, where to go."""

from __future__ import annotations

from automem_backends.rules.crafter import notes as wording
from automem_backends.rules.crafter.exploring import in_middle, updated
from automem_backends.rules.crafter.motion import follow
from automem_backends.rules.crafter.notes import Heading, Moment, area_of
from automem_backends.rules.crafter.recall import Recall
from automem_backends.rules.crafter.recipes import LANDMARKS, MINED, RARE, TOOLS
from automem_backends.rules.crafter.view import DIRECTIONS, Cell
from automem_backends.rules.shelves import Shelf, shelf_for

DONE = "<|DONE|>"
TAKEN = (MINED & RARE) | {"tree"}
"""What is struck off the map when it is collected; stone is too common to keep account of."""
EXPLORING_EVERY = 12
"""How often exploration's notes are looked after while the player stays in one area."""


def log(known: Recall, luck: int) -> str:
    """The reply to a LOG prompt. Luck may leave landmarks out, or note familiar ones again."""
    talk = known.talk
    if not talk.said:
        question = known.look_up("journal")
        if question:
            return question
    moment = _moment(known)
    late = _needs_areas(known, moment)
    achieved = _achieved(known)
    questions = [known.look_up("explored")] if late else []
    if achieved and _rewrites(known):
        questions.append(known.look_up("done"))
    asked = [question for question in questions if question]
    if asked and len(talk.said) < 3:
        return "\n".join(dict.fromkeys(asked))
    lines = _map_notes(known, moment, luck)
    lines += _progress_notes(known, moment, achieved, late=late, luck=luck)
    journal = shelf_for(talk, "journal")
    if journal:
        lines += _append(journal, wording.journal_line(moment))
    return "\n".join([*lines, DONE])


def _moment(known: Recall) -> Moment:
    last = known.last or known.start
    scene = known.scene
    step = known.talk.step if known.talk.step is not None else last.step + 1
    if last.step == step:
        return last
    return follow(last, scene.action, scene.before, scene.now, step)


def _append(shelf: Shelf, text: str) -> list[str]:
    return [shelf.append.text(shelf.file, text)] if shelf.append else []


def _needs_areas(known: Recall, moment: Moment) -> bool:
    last = known.last
    entered = last is None or area_of(last.at) != area_of(moment.at)
    reached = last is not None and in_middle(moment.at) and not in_middle(last.at)
    return entered or reached or moment.step % EXPLORING_EVERY == 0


def _rewrites(known: Recall) -> bool:
    shelf = shelf_for(known.talk, "progress")
    return shelf is not None and shelf.append is None and shelf.write is not None


def _achieved(known: Recall) -> set[str]:
    """What is achieved and not on record, as far as the prompt shows it."""
    fresh = set(known.scene.achieved)
    if "done" in known.recalled:
        fresh |= {f"make_{tool}" for tool in TOOLS if known.scene.status.has(tool)}
    return fresh - known.notes.done


def _map_notes(known: Recall, moment: Moment, luck: int) -> list[str]:
    shelf = shelf_for(known.talk, "map")
    if shelf is None or not (shelf.append or shelf.upsert):
        return []
    if luck % 3 == 1:
        return []
    recent = {seen for past in known.notes.journal for seen in past.sees}
    familiar = {(kind, area_of(cell)) for kind, cell in recent}
    lines: list[str] = []
    for kind, cell in moment.sees:
        new = (kind, cell) not in recent
        if kind not in RARE:
            new = new and (kind, area_of(cell)) not in familiar
        if (new or luck % 3 == 2) and kind in LANDMARKS:
            lines += _note(shelf, kind, cell, moment.step)
    gone = _collected(known, moment)
    if gone is not None:
        lines += _strike(shelf, *gone, moment.step)
    return lines


def _collected(known: Recall, moment: Moment) -> tuple[str, Cell] | None:
    """The landmark that the last action took away."""
    before = known.scene.before
    if known.scene.action != "Do" or before is None or before.front not in TAKEN:
        return None
    if known.scene.now.front == before.front:
        return None
    x, y = DIRECTIONS[moment.facing]
    return before.front, (moment.at[0] + x, moment.at[1] + y)


def _note(shelf: Shelf, kind: str, cell: Cell, step: int) -> list[str]:
    if shelf.upsert:
        key = f"{cell[0]},{cell[1]}"
        return [shelf.upsert.text(shelf.file, key, wording.landmark_body(kind, cell, step))]
    return _append(shelf, wording.landmark_line(kind, cell, step))


def _strike(shelf: Shelf, kind: str, cell: Cell, step: int) -> list[str]:
    if shelf.upsert:
        return [shelf.upsert.text(shelf.file, f"{cell[0]},{cell[1]}", "")]
    return _append(shelf, wording.gone_line(kind, cell, step))


def _progress_notes(
    known: Recall, moment: Moment, achieved: set[str], *, late: bool, luck: int
) -> list[str]:
    notes, lines = known.notes, list[str]()
    fresh: dict[Cell, str] = {}
    heading = notes.heading
    if late:
        fresh, heading = updated(
            moment.at, known.scene.now, moment.step, notes.explored, heading, _sought(known), luck
        )
    turned = late and heading is not None and heading != notes.heading
    progress, strategy = shelf_for(known.talk, "progress"), shelf_for(known.talk, "strategy")
    if not (achieved or fresh or turned):
        return lines
    if progress and progress.append is None and progress.write:
        text = _summary(notes.done | achieved, {**notes.explored, **fresh}, heading)
        return [progress.write.text(progress.file, text)]
    if achieved and progress:
        lines += _append(progress, f"Step {moment.step}: {wording.done_text(achieved)}")
    if fresh and strategy:
        lines += _append(strategy, f"Step {moment.step}: {wording.explored_text(fresh)}")
    if turned and strategy and heading:
        lines += _append(strategy, wording.heading_text(heading))
    return lines


def _summary(done: set[str], explored: dict[Cell, str], heading: Heading | None) -> str:
    parts = [wording.done_text(done)] if done else []
    if explored:
        parts.append(wording.explored_text(explored))
    if heading:
        parts.append(wording.heading_text(heading))
    return "\n".join(parts)


def _sought(known: Recall) -> str:
    """What exploration is for, as far as status and notes tell."""
    status = known.scene.status
    if status.drink <= (2 if "collect_drink" in known.notes.done else 5):
        return "water"
    if status.food <= (2 if "eat_cow" in known.notes.done else 4):
        return "cow"
    return "iron" if status.has("wood_pickaxe") else "tree"
