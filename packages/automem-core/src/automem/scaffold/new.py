"""Starting a new scaffold from another: a copy with its own name that knows its parent."""

from __future__ import annotations

import re
import tomllib
from itertools import islice
from pathlib import Path
from typing import Any

from automem.errors import ScaffoldError
from automem.scaffold.content import MANIFEST, NAME, hash_of, table_of, texts, write_all

_MOST_TRIES = 20
_VALUE = r"""(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*')"""


def new_scaffold(source: Path, folder: Path, name: str) -> Path:
    """Copy `source` to the new `folder` under a name; comments stay. Raises ScaffoldError."""
    if not NAME.fullmatch(name):
        raise ScaffoldError(
            f"a scaffold cannot be named {name!r}; use up to 64 letters, digits, dots, dashes "
            "and underscores"
        )
    content = texts(source)
    manifest = with_value(content[MANIFEST], "name", name)
    manifest = with_value(manifest, "parent", hash_of(content))
    if not write_all({**content, MANIFEST: manifest}, folder):
        raise ScaffoldError(f"{folder} exists already; choose another folder, or remove it")
    return folder


def with_value(text: str, key: str, value: str) -> str:
    """The TOML with one top-level text set, and nothing else touched: edited by line.

    Each line that may hold the key is tried, and what comes out is read back; so a look-alike
    inside a longer text is not taken for it.
    """
    wanted = {**_read(text), key: value}
    line = re.compile(rf"^[ \t]*{key}[ \t]*=[ \t]*{_VALUE}", re.MULTILINE)
    for found in islice(line.finditer(text), _MOST_TRIES):
        edited = f'{text[: found.start()]}{key} = "{value}"{text[found.end() :]}'
        if _reads(edited) == wanted:
            return edited
    added = f'{key} = "{value}"\n{text}'
    after_name = re.compile(rf"^name[ \t]*=[ \t]*{_VALUE}[^\n]*\n", re.MULTILINE).search(text)
    for edited in (
        f'{text[: after_name.end()]}{key} = "{value}"\n{text[after_name.end() :]}'
        if after_name
        else added,
        added,
    ):
        if _reads(edited) == wanted:
            return edited
    raise ScaffoldError(
        f'cannot set {key} in {MANIFEST}; write it on a line of its own: {key} = "{value}"'
    )


def _read(text: str) -> dict[str, Any]:
    try:
        return table_of(text)
    except (ValueError, RecursionError) as error:
        raise ScaffoldError(f"{MANIFEST} is no valid TOML: {error}") from error


def _reads(text: str) -> dict[str, Any] | None:
    try:
        return table_of(text)
    except tomllib.TOMLDecodeError:
        return None
