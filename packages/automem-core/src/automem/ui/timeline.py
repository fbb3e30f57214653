"""The time line of a memory as text: file by file, what became of each line."""

from __future__ import annotations

from collections.abc import Sequence

from automem.records.behaviour import LineLife, Timeline
from automem.ui.words import plural

MOST_TEXT = 60


def timeline_text(story: Timeline) -> str:
    """Every line that was ever written, under its file, in the order of being written."""
    parts: list[str] = []
    for file in dict.fromkeys(line.file for line in story.lines):
        lines = [line for line in story.lines if line.file == file]
        dead = sum(line.dead for line in lines)
        parts.append(f"{file}: {plural(len(lines), 'line')} written, {dead} never shown again")
        parts += [f"  {_fate(line)}  {_shortened(line.text)}" for line in lines]
    return "\n".join(parts) if parts else "Nothing was ever written."


def _fate(line: LineLife) -> str:
    """`  17 llm  rewritten 30  searched 2x, read 5x (first 18)`, in columns."""
    if line.rewritten_step is not None:
        end = f"rewritten {line.rewritten_step}"
    elif line.removed_step is not None:
        end = f"removed {line.removed_step}"
    else:
        end = ""
    return f"{line.written_step:>5} {line.actor:<4} {end:<15} {_shown(line):<35}"


def _shown(line: LineLife) -> str:
    kinds: tuple[tuple[str, Sequence[int]], ...] = (
        ("searched", line.searched_steps),
        ("read", line.read_steps),
        ("in a slot", line.slot_steps),
    )
    told = ", ".join([f"{name} {len(steps)}x" for name, steps in kinds if steps])
    if told:
        first = min(steps[0] for _, steps in kinds if steps)
        return f"{told} (first {first})"
    return "dead" if line.dead else ""


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}..."
