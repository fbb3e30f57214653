"""What a scaffold may express, read from the records' own docstrings, and the guide about it.

`python -m automem.review.scaffolds.reference` copies the guide from the docs to where a wheel has
it.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from automem.records import code, memory, scaffold
from automem.review.fields import Shown, record_sections
from automem.scaffold import context

GUIDE = Path("docs", "guide", "scaffolds.md")
"""Below the root of the project."""
_SHOWN: tuple[Shown, ...] = (
    ("Keys of scaffold.toml", scaffold, frozenset()),
    ("Kinds of operations, files in prompts", memory, frozenset({"Kind", "FileStatus"})),
    ("Variables of prompts", context, frozenset()),
    ("What code.py is given and may answer", code, frozenset()),
)


def guide() -> str:
    """The page of the docs about scaffolds, as the package carries it."""
    return (
        files("automem.review.scaffolds")
        .joinpath("prompts", "guide.md")
        .read_text(encoding="utf-8")
    )


def reference() -> str:
    """Every record of the manifest, of the prompts' variables and of scaffold code."""
    return record_sections(_SHOWN)


def copy_guide(root: Path, folder: Path = Path(__file__).parent / "prompts") -> Path:
    """Copy the page from the docs below `root` into the package; gives back where it is."""
    target = folder / "guide.md"
    target.write_text((root / GUIDE).read_text(encoding="utf-8"), encoding="utf-8")
    return target


if __name__ == "__main__":
    copy_guide(Path.cwd())  # where a developer runs it: the root of the project
