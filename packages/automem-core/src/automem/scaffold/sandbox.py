"""Jinja2 kept small: templates are written by models, and run in the host's own process.

Beyond Jinja2's sandbox, which keeps templates from reaching into objects, every text has a longest
length, and every rendering a number of steps: a loop's turn, a call, a filter, more for long texts.
So no template hangs the host or fills its memory. Nothing here looks at a clock or draws lots,
because an episode that is gone on with renders its prompts again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any, cast

from jinja2 import (
    BaseLoader,
    StrictUndefined,
    Template,
    TemplateNotFound,
    Undefined,
    nodes,
    pass_context,
)
from jinja2.exceptions import SecurityError
from jinja2.filters import (  # pyright: ignore[reportUnknownVariableType]
    do_center,
    do_format,
    do_indent,
    do_round,
)
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from automem.scaffold.dialect import COUNTED, TOGETHER, WEIGHED, bounded

MOST_STEPS = 50_000
MOST_TEXT = 1_000_000
MOST_RANGE = 10_000
MOST_WIDTH = 200
MOST_PRODUCT = 1_000_000
MOST_DIGITS = 15
STEP_CHARACTERS = 200
"""What takes or makes a text costs a step for so many characters of it."""
STEP_ITEMS = 10
"""And of a list for so many of its items."""
_SLOW: Mapping[str, int] = {"title": 40, "wordcount": 10, "sort": 2}
"""How many times the steps of others these take."""
# fmt: off
_SINGLY = frozenset({
    "dictsort", "join", "list", "map", "max", "min", "reject", "rejectattr", "reverse", "select",
    "selectattr", "sort", "unique",
})
# fmt: on
"""Filters for which a text is a list of its characters."""
# fmt: off
_FILTERS = (
    "abs", "attr", "capitalize", "count", "d", "default", "dictsort", "first", "float", "int",
    "items", "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr",
    "reverse", "select", "selectattr", "sort", "string", "title", "trim", "truncate", "unique",
    "upper", "wordcount",
)
_METHODS: Mapping[type, tuple[str, ...]] = {
    str: (
        "capitalize", "casefold", "count", "endswith", "find", "index", "isalnum", "isalpha",
        "isdecimal", "isdigit", "islower", "isnumeric", "isspace", "istitle", "isupper", "lower",
        "lstrip", "partition", "removeprefix", "removesuffix", "rfind", "rindex", "rpartition",
        "rsplit", "rstrip", "split", "splitlines", "startswith", "strip", "swapcase", "title",
        "upper",
    ),
    dict: ("get", "items", "keys", "values"),
    list: ("count", "index"),
    tuple: ("count", "index"),
    LoopContext: ("changed", "cycle"),
}
# fmt: on
_WIDE = re.compile(r"%[^a-zA-Z%]*(?:\d{4}|\*)")


class PromptEnvironment(ImmutableSandboxedEnvironment):
    """The dialect of prompts: undefined names are errors, blocks leave no blank lines."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, loader: BaseLoader) -> None:
        super().__init__(
            loader=loader,
            undefined=StrictUndefined,
            autoescape=False,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._left = MOST_STEPS
        self.globals = {"range": _range}
        own = {
            "center": _center,
            "format": _format,
            "indent": _indent,
            "join": _join,
            "replace": _replace,
            "round": _round,
        }
        kept = {name: self.filters[name] for name in _FILTERS}
        self.filters = {name: self._charged(name, made) for name, made in {**kept, **own}.items()}
        self.filters[COUNTED] = self._counted
        self.filters[TOGETHER] = self._together
        self.filters[WEIGHED] = self._weighed

    def begin(self) -> None:
        """Give the next rendering its steps."""
        self._left = MOST_STEPS

    def is_safe_callable(self, obj: Any) -> bool:
        """`range`, and methods that cannot make much out of little."""
        own = getattr(obj, "__self__", None)
        name = getattr(obj, "__name__", "")
        known = any(isinstance(own, kind) and name in names for kind, names in _METHODS.items())
        # Calling what is undefined says so.
        return obj is _range or isinstance(obj, Undefined) or known

    def wrap_str_format(self, value: Any) -> Callable[..., str] | None:
        """`"...".format` is not available: its widths have no bound."""
        if super().wrap_str_format(value) is not None:
            raise SecurityError("str.format is not available in prompts; use the filter format")
        return None

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        """A call, counted. Its first names may not be those of a template's arguments."""
        __self._spend(1 + _steps(getattr(__obj, "__self__", None)) + sum(map(_steps, args)))
        if not __self.is_safe_callable(__obj) and __self.wrap_str_format(__obj) is None:
            name = getattr(__obj, "__name__", type(__obj).__name__)
            raise SecurityError(f"a prompt cannot call {name}; use a filter")
        result: object = super().call(__context, __obj, *args, **kwargs)
        __self._spend(_steps(result))
        return result

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Sums, products and remainders of numbers, of a size that is of use; texts one by one."""
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            return self._together(context, (left, right))
        if not (isinstance(left, int | float) and isinstance(right, int | float)):
            raise SecurityError(f"{operator} takes numbers only; put texts together with ~")
        if operator == "**":
            raise SecurityError("** is not available in prompts")
        if operator != "+" and max(abs(left), abs(right)) > MOST_PRODUCT:
            raise SecurityError(f"{operator} takes numbers up to {MOST_PRODUCT}")
        return super().call_binop(context, operator, left, right)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return bounded(super()._parse(source, name, filename), filename)

    def _load_template(self, name: str, globals: Any) -> Template:
        self._spend(1)
        return super()._load_template(name, globals)

    def _spend(self, steps: int) -> None:
        self._left -= steps
        if self._left < 0:
            raise SecurityError(f"this takes more than {MOST_STEPS} steps; show less")

    def _charged(self, name: str, made: Callable[..., Any]) -> Callable[..., Any]:
        times, singly = _SLOW.get(name, 1), name in _SINGLY

        @wraps(made)  # Jinja2 keeps on the function what it has to be given
        def counted(*args: Any, **kwargs: Any) -> Any:
            self._spend(1 + times * sum([_steps(one, singly=singly) for one in args]))
            given = [self._counting(one) for one in args]
            result: object = made(*given, **kwargs)
            self._spend(_steps(result))
            return cast("Any", result)

        return counted

    @pass_context  # so that Jinja2 never does it beforehand, once for all renderings
    def _counted(self, _: Context, values: Iterable[Any]) -> Iterator[Any]:
        return self._one_by_one(values)

    def _counting(self, value: object) -> object:
        """What a filter before this one will make, counted when it is taken."""
        if isinstance(value, Iterator):
            return self._one_by_one(cast("Iterator[Any]", value))
        return value

    def _one_by_one(self, values: Iterable[Any]) -> Iterator[Any]:
        for value in values:
            self._spend(1)
            yield value

    @pass_context
    def _weighed(self, _: Context, value: Any) -> Any:
        self._spend(_steps(value))
        return value

    @pass_context
    def _together(self, _: Context, parts: Iterable[Any]) -> str:
        texts = [str(part) for part in parts]
        length = sum(map(len, texts))
        _check_length(length)
        self._spend(1 + length // STEP_CHARACTERS)
        return "".join(texts)


def _steps(value: object, *, singly: bool = False) -> int:
    """What it costs to go through a value once, by its length."""
    if isinstance(value, str):
        return len(value) // (STEP_ITEMS if singly else STEP_CHARACTERS)
    if isinstance(value, list | tuple | dict):
        return len(cast("list[object]", value)) // STEP_ITEMS
    return 0


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


def _check_length(length: int) -> None:
    if length > MOST_TEXT:
        raise SecurityError(f"a text may have {MOST_TEXT} characters; show less")


def _range(*arguments: int) -> range:
    numbers = range(*arguments)
    if len(numbers) > MOST_RANGE:
        raise SecurityError(f"range is limited to {MOST_RANGE} numbers")
    return numbers


def _center(value: str, width: int = 80) -> str:
    return do_center(value, min(width, MOST_WIDTH))


def _indent(s: str, width: int = 4, first: bool = False, blank: bool = False) -> str:  # noqa: FBT001, FBT002 - called by templates
    width = min(width, MOST_WIDTH)
    _check_length(len(s) + width * (s.count("\n") + 1))
    return do_indent(s, width, first, blank)


def _format(value: str, *arguments: Any, **named: Any) -> str:
    if _WIDE.search(value):
        raise SecurityError("format takes widths of up to three digits")
    longest = max((len(str(one)) for one in (*arguments, *named.values())), default=0)
    _check_length(len(value) + value.count("%") * longest)
    return do_format(value, *arguments, **named)


def _join(values: Iterable[Any], separator: str = "") -> str:
    texts = [str(value) for value in values]
    _check_length(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def _replace(value: str, old: str, new: str) -> str:
    text = str(value)
    _check_length(len(text) + text.count(old) * len(new))
    return text.replace(old, new)


def _round(value: float, precision: int = 0, method: Any = "common") -> float:
    return do_round(value, max(-MOST_DIGITS, min(precision, MOST_DIGITS)), method)
