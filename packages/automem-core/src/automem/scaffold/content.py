"""The files of a scaffold folder: safe reading, hash, immutable copies, differences."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from automem.errors import ScaffoldError

MANIFEST = "scaffold.toml"
CODE = "code.py"
PROMPTS = "prompts"
FILES = "files"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a scaffold may be called."""
MOST_PARTS = 32
_PART = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')[ \t]*"""
_LONG_KEY = re.compile(rf"(?<![A-Za-z0-9_.-])(?:{_PART}\.[ \t]*){{{MOST_PARTS}}}{_PART}")
FILE_BYTES = 1_048_576
"""A larger file is no prompt and no seed."""


def texts(folder: Path) -> dict[str, str]:
    r"""Every file that belongs to the scaffold: name relative to the folder -> text, sorted.

    `scaffold.toml`, `code.py`, `prompts/*.md` and all of `files/`; anything else is left alone.
    Newlines are \\n. Raises ScaffoldError for a link, for what is not UTF-8, and for a huge file.
    """
    found = {name: _text(folder, path) for name, path in _paths(folder)}
    if MANIFEST not in found:
        raise ScaffoldError(
            f"{folder} holds no {MANIFEST}, so it is no scaffold; name a scaffold's folder, "
            "or make one with: automem scaffold new"
        )
    return dict(sorted(found.items()))


def _paths(folder: Path) -> Iterator[tuple[str, Path]]:
    for name in (MANIFEST, CODE):
        if os.path.lexists(folder / name):
            yield name, folder / name
    for name in (PROMPTS, FILES):
        _refuse_link(folder / name)
    for path in sorted((folder / PROMPTS).glob("*.md")):
        if not path.name.startswith("."):
            yield f"{PROMPTS}/{path.name}", path
    yield from _below(folder, folder / FILES)


def _below(folder: Path, within: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(within.glob("*")):
        _refuse_link(path)
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _below(folder, path)
        else:
            yield path.relative_to(folder).as_posix(), path


def _refuse_link(path: Path) -> None:
    if path.is_symlink():
        raise ScaffoldError(
            f"{path} is a link; a scaffold holds plain files only, so put a copy in its place"
        )


def _text(folder: Path, path: Path) -> str:
    _refuse_link(path)
    name = path.relative_to(folder).as_posix()
    try:
        if not path.is_file():
            raise ScaffoldError(f"{name} in {folder} is no plain file; remove it")
        if path.stat().st_size > FILE_BYTES:
            raise ScaffoldError(f"{name} in {folder} is larger than {FILE_BYTES} bytes; shorten it")
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ScaffoldError(
            f"{name} in {folder} is not UTF-8 at byte {error.start}; save it as UTF-8"
        ) from error
    except OSError as error:
        raise ScaffoldError(f"cannot read {path}: {error.strerror or error}") from error
    return text.replace("\r\n", "\n")


def table_of(manifest: str) -> dict[str, Any]:
    """The tables of a manifest. Raises ValueError, RecursionError where it is no valid TOML.

    Reading a key takes the square of the number of its parts: minutes for a file of nothing else.
    """
    if _LONG_KEY.search(manifest):
        raise tomllib.TOMLDecodeError(
            f"a key has more than {MOST_PARTS} parts; write a shorter one"
        )
    return tomllib.loads(manifest)


def hash_of(content: Mapping[str, str]) -> str:
    """16 hex digits that name these texts under these names."""
    digest = hashlib.sha256()
    for name, text in sorted(content.items()):
        for part in (name.encode(), text.encode()):
            digest.update(len(part).to_bytes(8) + part)
    return digest.hexdigest()[:16]


def content_hash(folder: Path) -> str:
    """The hash of a scaffold folder; what `texts` leaves alone does not count."""
    return hash_of(texts(folder))


def write_all(content: Mapping[str, str], folder: Path) -> bool:
    """Make `folder` with these texts at once or not at all; False where something is there."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=folder.parent))
    except OSError as error:
        raise ScaffoldError(f"cannot write {folder}: {error.strerror or error}") from error
    try:
        for name, text in content.items():
            path = part / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        part.chmod(0o755)
        part.rename(folder)
    except OSError as error:
        shutil.rmtree(part)
        if os.path.lexists(folder):
            return False
        raise ScaffoldError(f"cannot write {folder}: {error.strerror or error}") from error
    return True


def copy_into(folder: Path, destination_root: Path) -> Path:
    """Keep the scaffold as `<hash>-<name>` below the root; the same content is copied once.

    Raises ScaffoldError as `texts`, and where a copy of that name was changed since.
    """
    content = texts(folder)
    digest = hash_of(content)
    destination = destination_root / f"{digest}-{_name(content[MANIFEST])}"
    _refuse_link(destination)
    if not write_all(content, destination) and content_hash(destination) != digest:
        raise ScaffoldError(
            f"{destination} was changed after it was played; restore it, or remove it and "
            "start the same command again"
        )
    return destination


def _name(manifest: str) -> str:
    try:
        name = table_of(manifest).get("name", "")
    except (ValueError, RecursionError) as error:
        raise ScaffoldError(f"{MANIFEST} cannot be read: {error}") from error
    return re.sub(r"[^A-Za-z0-9._-]", "_", str(name))[:64].strip(".") or "scaffold"


def difference(a: Path, b: Path) -> str:
    """A unified diff of all texts of two scaffolds, empty where they are equal."""
    before, after = texts(a), texts(b)
    parts: list[str] = []
    for name in sorted({*before, *after}):
        parts += difflib.unified_diff(
            _lines(before.get(name, "")),
            _lines(after.get(name, "")),
            fromfile=f"a/{name}" if name in before else "(none)",
            tofile=f"b/{name}" if name in after else "(none)",
            lineterm="",
        )
    return "\n".join(parts)


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []
