"""Every text that a review may read, by name: scaffolds, earlier reports, episodes, memory."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from automem.errors import AutoMemError, RunError
from automem.records.review import ReviewTask
from automem.review.overlay import Overlay
from automem.review.stepping import short_steps
from automem.review.view import View, scaffold_folder
from automem.review.writable import REPORTS
from automem.run.layout import RunFolder
from automem.scaffold.content import FILE_BYTES, texts
from automem.spelling import did_you_mean

INCUMBENT = "incumbent"
FAILED = "failed"
TRIED = "tried"
OUTPUTS = "outputs"
EPISODES = "episodes"
_KEPT = ("verdict.json", "diff.txt", "changes.diff", "diff")
_EPISODE = re.compile(rf"{EPISODES}/(\w+)/(text|memory(?:@(\d{{1,9}}))?/(.+))")
_KEPT_TEXTS = 4


@dataclass(slots=True)
class Library:
    """Reads by name; the texts of the last few episodes are kept."""

    folder: Path
    """The review's."""
    run: RunFolder
    task: ReviewTask
    view: View
    overlay: Overlay
    reviews: str = "*"
    """Pattern of the names of other reviews whose reports are shown."""
    kept: tuple[str, ...] = ()
    """What is shown of each beside them."""
    _told: OrderedDict[str, str] = field(default_factory=OrderedDict[str, str])

    def plain(self) -> dict[str, str]:
        """Every plain file: name -> text. The overlay's come first, under their own names."""
        found = {**_readable(self.overlay, self.overlay.folder), **self.overlay.reports()}
        found |= _below(INCUMBENT, texts(scaffold_folder(self.run, self.task.incumbent)))
        if self.task.failed_overlay:
            found |= _below(
                FAILED, _readable(self.overlay, self.run.path / self.task.failed_overlay)
            )
        found |= dict(self._earlier())
        return found

    def text(self, name: str) -> str:
        """One text. Raises AutoMemError that says what there is."""
        name = name.strip().removeprefix("./")
        found = _EPISODE.fullmatch(name)
        if found is not None and found[2] == "text":
            return self._told_episode(found[1])
        if found is not None:
            return self._memory(found[1], found[3], found[4])
        plain = self.plain()
        if name not in plain:
            near = did_you_mean(name, plain) or f"; there are {', '.join(plain)}"
            raise RunError(
                f"no file {name!r}{near}; of an episode there are {EPISODES}/A1/text and "
                f"{EPISODES}/A1/memory@STEP/FILE"
            )
        return plain[name]

    def named(self, prefix: str) -> list[str]:
        """The names of all texts that begin with the prefix; all plain ones for none."""
        prefix = prefix.strip().removeprefix("./")
        if not prefix.startswith(EPISODES):
            names = [name for name in self.plain() if name.startswith(prefix)]
        else:
            names = [name for name in self._of_episodes(prefix) if name.startswith(prefix)]
        return names or ([prefix] if _EPISODE.fullmatch(prefix) else [])

    def _earlier(self) -> Iterator[tuple[str, str]]:
        """The reports of this run's other reviews, and the outputs of this one's programs."""
        for other in sorted(self.folder.parent.glob(self.reviews)):
            if other != self.folder and (other / REPORTS[0]).is_file():
                for name in (*REPORTS, *_KEPT, *self.kept):
                    yield from _file(f"{TRIED}/{other.name}/{name}", other / name)
        for path in sorted((self.folder / OUTPUTS).glob("*.txt")):
            yield from _file(f"{OUTPUTS}/{path.name}", path)

    def _of_episodes(self, prefix: str) -> Iterator[str]:
        at = re.match(rf"{EPISODES}/\w+/memory@(\d{{1,9}})/", f"{prefix}/")
        for episode in self.view.episodes():
            root = f"{EPISODES}/{episode.name}"
            if not (root.startswith(prefix) or prefix.startswith(f"{root}/")):
                continue
            yield f"{root}/text"
            if prefix.startswith(f"{root}/"):
                where = f"memory@{at[1]}" if at else "memory"
                for file in self._files(episode.name, at[1] if at else None):
                    yield f"{root}/{where}/{file}"

    def _files(self, name: str, step: str | None) -> dict[str, str]:
        reader = self.view.reader(self.view.episode(name))
        return reader.memory_at(reader.count - 1 if step is None else int(step))

    def _memory(self, name: str, step: str | None, file: str) -> str:
        files = self._files(name, step)
        if file not in files:
            there = ", ".join(files) or "none"
            raise RunError(f"the memory of {name} has no file {file!r} then; there are {there}")
        return files[file]

    def _told_episode(self, name: str) -> str:
        episode = self.view.episode(name)
        if episode.name not in self._told:
            reader = self.view.reader(episode)
            self._told[episode.name] = "\n".join(short_steps(reader.steps()))
        self._told.move_to_end(episode.name)
        if len(self._told) > _KEPT_TEXTS:
            self._told.popitem(last=False)
        return self._told[episode.name]


def _below(root: str, content: dict[str, str]) -> dict[str, str]:
    return {f"{root}/{name}": text for name, text in content.items()}


def _readable(overlay: Overlay, folder: Path) -> dict[str, str]:
    """The texts of an overlay that may be broken in any way; then it says how."""
    try:
        return overlay.writable.read(folder)
    except AutoMemError as error:
        return {"(unreadable)": str(error)}


def _file(name: str, path: Path) -> Iterator[tuple[str, str]]:
    if path.is_file() and not path.is_symlink() and path.stat().st_size <= FILE_BYTES:
        yield name, path.read_text(encoding="utf-8", errors="replace")
