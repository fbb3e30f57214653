"""A tool of the review: what a meta-LLM is told of it, and how its arguments are understood."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta

from automem.records._struct import Record
from automem.records.review import ToolSpec
from automem.review.refusal import ToolRefusal
from automem.review.workplace import Workplace
from automem.spelling import did_you_mean

Offset = Annotated[int, Meta(ge=0, description="Where to read on in a long answer, in characters.")]


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool. `run` gives its answer, or raises an AutoMemError whose text is the answer."""

    name: str
    description: str
    arguments: type[Record]
    run: Callable[[Workplace, Any], Awaitable[str]]
    keeps_offset: bool = True
    """Whether the answer is cut at the argument `offset`."""
    words: Mapping[str, str] = field(default_factory=dict[str, str])
    """Argument -> what is said of it here, in place of what its record says."""

    @property
    def spec(self) -> ToolSpec:
        """As a meta-LLM is told of it."""
        parameters = schema_of(self.arguments)
        for name, text in self.words.items():
            parameters["properties"][name]["description"] = text
        return ToolSpec(name=self.name, description=self.description, parameters=parameters)

    def understood(self, arguments: Mapping[str, Any]) -> Record:
        """The arguments in their types. Raises ToolRefusal that says what is wrong with them."""
        known = {field.encode_name for field in msgspec.structs.fields(self.arguments)}
        for name in arguments:
            if name not in known:
                near = did_you_mean(name, known)
                there = ", ".join(sorted(known)) or "none"
                raise ToolRefusal(
                    f"{self.name} has no argument '{name}'{near or f'; it has: {there}'}"
                )
        given = {name: value for name, value in arguments.items() if value is not None}
        try:
            return msgspec.convert(given, self.arguments, strict=False)
        except msgspec.ValidationError as error:
            raise ToolRefusal(f"{self.name}: {error}; its arguments are {self._usage()}") from error

    def _usage(self) -> str:
        fields = msgspec.structs.fields(self.arguments)
        return ", ".join([f"{f.name} (required)" if f.required else f.name for f in fields])


def schema_of(arguments: type[Record]) -> dict[str, Any]:
    """The JSON schema of a tool's arguments, flat, of type `object`."""
    _, components = msgspec.json.schema_components([arguments])
    schema = cast("dict[str, Any]", msgspec.to_builtins(components[arguments.__name__]))
    return {key: value for key, value in schema.items() if key not in ("title", "description")}
