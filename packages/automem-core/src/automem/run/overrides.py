"""`-s key=value`: one value of a configuration changed from the command line."""

from __future__ import annotations

import tomllib
from typing import Any, cast

from automem.errors import ConfigError


def override(tables: dict[str, Any], item: str) -> None:
    """Set `section.key=value` in the tables of a TOML file, which are changed.

    The value is TOML where it parses as such, else the text itself.
    """
    path, equals, text = item.partition("=")
    keys = [key.strip() for key in path.split(".")]
    if not equals or not all(keys) or len(keys) < 2:
        raise ConfigError(f"cannot read the override {item!r}; write section.key=value")
    table = tables
    for position, key in enumerate(keys[:-1]):
        inner = table.setdefault(key, {})
        if not isinstance(inner, dict):
            where = ".".join(keys[: position + 1])
            raise ConfigError(f"the override {item!r} goes below {where}, which is a value")
        table = cast("dict[str, Any]", inner)
    table[keys[-1]] = parse_value(text.strip())


def parse_value(text: str) -> Any:
    """A TOML value; text that is none is a string."""
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return text
    return parsed["value"] if len(parsed) == 1 else text


def quoted(text: str) -> str:
    """Text as a TOML string, so that a name like `42` stays a name."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
