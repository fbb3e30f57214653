"""Jinja2 kept small: templates are written by models, and run in the host's own process.

Beyond Jinja2's sandbox, which keeps templates from reaching into objects, what makes gigabytes or
runs for hours out of one line is refused: products of texts, wide padding, long ranges.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from jinja2 import BaseLoader, StrictUndefined, TemplateNotFound
from jinja2.exceptions import SecurityError
from jinja2.filters import do_center, do_format, do_indent  # pyright: ignore[reportUnknownVariableType]
from jinja2.sandbox import ImmutableSandboxedEnvironment

MOST_RANGE = 10_000
MOST_WIDTH = 200
MOST_PRODUCT = 1_000_000
_PADDING = frozenset({"center", "expandtabs", "ljust", "rjust", "zfill"})
_WIDE = re.compile(r"%[^a-zA-Z%]*(?:\d{4}|\*)")


class PromptEnvironment(ImmutableSandboxedEnvironment):
    """The dialect of prompts: undefined names are errors, blocks leave no blank lines."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, loader: BaseLoader) -> None:
        super().__init__(
            loader=loader,
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.globals = {"range": _range}
        self.filters.update(center=_center, format=_format, indent=_indent)
        del self.filters["wordwrap"], self.filters["pprint"]

    def is_safe_callable(self, obj: Any) -> bool:
        """Methods that pad a text to any width are not."""
        own = getattr(obj, "__self__", None)
        padding = isinstance(own, str) and getattr(obj, "__name__", "") in _PADDING
        return not padding and super().is_safe_callable(obj)

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """`"...".format` is not available: its widths have no bound."""
        if super().wrap_str_format(value) is not None:
            raise SecurityError("str.format is not available in prompts; use the filter format")
        return None

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Products and remainders of numbers only, and of a size that is of use."""
        if not all(isinstance(side, int | float) for side in (left, right)):
            raise SecurityError(f"{operator} takes numbers only; use the filter format for texts")
        if operator == "**":
            raise SecurityError("** is not available in prompts")
        if max(abs(left), abs(right)) > MOST_PRODUCT:
            raise SecurityError(f"{operator} takes numbers up to {MOST_PRODUCT}")
        return super().call_binop(context, operator, left, right)


def loader_of(prompts: Callable[[str], str | None]) -> BaseLoader:
    """Serves prompt files by name, and names them `prompts/<name>` in errors."""
    return _Loader(prompts)


class _Loader(BaseLoader):
    def __init__(self, prompts: Callable[[str], str | None]) -> None:
        self._prompts = prompts

    def get_source(self, environment: Any, template: str) -> tuple[str, str, Callable[[], bool]]:
        text = self._prompts(template)
        if text is None:
            raise TemplateNotFound(template)
        return text, f"prompts/{template}", lambda: True


def _range(*arguments: int) -> range:
    numbers = range(*arguments)
    if len(numbers) > MOST_RANGE:
        raise SecurityError(f"range is limited to {MOST_RANGE} numbers")
    return numbers


def _center(value: str, width: int = 80) -> str:
    return do_center(value, min(width, MOST_WIDTH))


def _indent(s: str, width: int = 4, first: bool = False, blank: bool = False) -> str:  # noqa: FBT001, FBT002 - called by templates
    return do_indent(s, min(width, MOST_WIDTH), first, blank)


def _format(value: str, *arguments: Any, **named: Any) -> str:
    if _WIDE.search(value):
        raise SecurityError("format takes widths of up to three digits")
    return do_format(value, *arguments, **named)
