"""A desk of recipes in memory: its check reads the recipe as training does, and counts turns."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from automem.errors import DataError
from automem.records.review import ToolSpec
from automem.testing.meta_desk import MemoryDesk
from automem_train.recipes.priors import priors
from automem_train.recipes.reading import parse_recipe
from automem_train.recipes.starting import starting_files

TOOLS = tuple(
    [
        ToolSpec(name=name, description=name, parameters={"type": "object", "properties": {}})
        for name in ("list", "read", "write", "select", "data", "check", "finish")
    ]
)


def starting() -> dict[str, str]:
    """What an overlay begins with: a small model's."""
    return starting_files(priors("toy", 1_000_000)[0])


@dataclass(slots=True)
class RecipeDesk(MemoryDesk):
    """A desk of which a test says how many turns each selection would have."""

    files: dict[str, str] = field(default_factory=starting)
    tools: tuple[ToolSpec, ...] = TOOLS
    most: int = 2
    strict: int = 100
    """Turns that the rules' own program finds among all episodes."""
    loose: int = 1000
    """Turns that the program finds which was there before."""
    log_share: float = 0.5
    """Of the turns of a selection; the others are of PLAN."""
    data: dict[str, str] = field(default_factory=dict[str, str])
    """Hash -> criteria of each data set of the run."""

    def _act(self, name: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        match name:
            case "list":
                prefix = arguments.get("path", "")
                lines = [
                    f"{path} ({len(text.splitlines())} lines, {len(text)} characters)"
                    for path, text in self.files.items()
                    if path.startswith(prefix)
                ]
                return "\n".join(lines) or f"nothing begins with {prefix}", False
            case "read":
                text = self.files[arguments["path"]]
                return "\n".join([arguments["path"], *text.splitlines()]), False
            case "write":
                self.files[arguments["path"]] = arguments["text"]
                return f"{arguments['path']} written", False
            case "data":
                lines = [f"{name}: 9 examples; {text}" for name, text in self.data.items()]
                return "\n".join(lines) or "There is no earlier data set.", False
            case "select":
                found = self.found()
                return f"{found} turns\nlog/first | 9 | 9 | {self.log_share * found:.0f}", False
            case "check":
                problem = self.problem()
                return problem or "The recipe passes the check.", False
            case _:
                missing = {"analysis.md", "method.md"} - {*self.files}
                problem = self.problem() or ", ".join(sorted(missing))
                return problem or "finished", bool(problem)

    def found(self) -> int:
        """How many the selection would have."""
        best: float = tomllib.loads(self.files["selection.toml"])["episodes"]["best"]
        is_own = "Look before you write" in self.files["score.py"]
        return int(best * (self.strict if is_own else self.loose))

    def problem(self) -> str:
        """What is wrong; empty for nothing."""
        try:
            recipe = parse_recipe(self.files["recipe.toml"], most=self.most)
        except DataError as error:
            return str(error)
        if not recipe.selects:
            return "" if recipe.data in self.data else f"no data set {recipe.data}"
        minimum = tomllib.loads(self.files["selection.toml"])["minimum"]
        found = self.found()
        return "" if found >= minimum else f"{found} turns are fewer than {minimum}"
