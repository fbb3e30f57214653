"""Rendering the prompts of a scaffold: compiled once, filled many times a step."""

from __future__ import annotations

from jinja2 import Template, TemplateError, TemplateSyntaxError, meta, nodes

from automem.errors import ScaffoldError
from automem.scaffold.context import PromptContext, StaticContext
from automem.scaffold.load import Scaffold
from automem.scaffold.sandbox import PromptEnvironment, loader_of

PROMPT_NAMES = ("log", "log_continue", "plan", "plan_continue", "handoff")
"""The prompts every scaffold has; `system` may be missing."""
MOST_CHARACTERS = 1_000_000
_SOURCE = "prompts/"


class Prompts:
    """The templates of one scaffold. Raises ScaffoldError for one that cannot be compiled."""

    __slots__ = ("_environment", "_scaffold", "_templates")

    def __init__(self, scaffold: Scaffold) -> None:
        self._scaffold = scaffold
        self._environment = PromptEnvironment(loader_of(scaffold.prompts.get))
        self._templates: dict[str, Template] = {}
        for file in scaffold.prompts:
            try:
                self._templates[file] = self._environment.get_template(file)
            except TemplateSyntaxError as error:
                raise ScaffoldError(
                    f"{scaffold.folder}: {error.filename or _SOURCE + file}, line {error.lineno}: "
                    f"{error.message}"
                ) from error
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                raise ScaffoldError(
                    f"{scaffold.folder}: {_SOURCE}{file} cannot be compiled: "
                    f"{type(error).__name__}: {error}; nest less"
                ) from error

    def file_of(self, name: str) -> str:
        """The file in `prompts/` that a prompt is rendered from."""
        return self._scaffold.manifest.prompts.get(name, f"{name}.md")

    def has(self, name: str) -> bool:
        """Whether the scaffold has this prompt."""
        return self.file_of(name) in self._templates

    def variables(self, name: str) -> frozenset[str]:
        """The variables that a prompt uses, in what it includes too."""
        found: set[str] = set()
        left = [self.file_of(name)]
        seen: set[str] = set()
        while left:
            file = left.pop()
            if file in seen or file not in self._scaffold.prompts:
                continue
            seen.add(file)
            tree = self.parsed(file)
            found |= meta.find_undeclared_variables(tree)
            left += [other for other in meta.find_referenced_templates(tree) if other]
        return frozenset(found)

    def parsed(self, file: str) -> nodes.Template:
        """The syntax tree of a file in `prompts/`."""
        return self._environment.parse(self._scaffold.prompts[file])

    def system(self, context: StaticContext) -> str:
        """The system message; empty if the scaffold has none. Raises ScaffoldError."""
        return self._render("system", context) if self.has("system") else ""

    def render(self, name: str, context: PromptContext) -> str:
        """One of `PROMPT_NAMES`, or a `plan_*`, filled.

        Raises ScaffoldError that names template and line.
        """
        return self._render(name, context)

    def _render(self, name: str, context: StaticContext) -> str:
        file = self.file_of(name)
        template = self._templates.get(file)
        if template is None:
            raise ScaffoldError(
                f"{self._scaffold.folder}: {_SOURCE}{file} is missing; write the prompt '{name}', "
                "or name its file under [prompts]"
            )
        variables = {field: getattr(context, field) for field in context.__struct_fields__}
        parts: list[str] = []
        left = MOST_CHARACTERS
        self._environment.begin()
        try:
            for part in template.generate(variables):
                left -= len(part)
                if left < 0:
                    raise ScaffoldError(
                        f"{self._scaffold.folder}: {_SOURCE}{file} becomes longer than "
                        f"{MOST_CHARACTERS} characters; show less"
                    )
                parts.append(part)
        except (
            TemplateError,
            ArithmeticError,
            AttributeError,
            LookupError,
            MemoryError,
            RecursionError,
            TypeError,
            ValueError,
        ) as error:
            raise ScaffoldError(
                f"{self._scaffold.folder}: {_where(error, file)}: "
                f"{type(error).__name__}: {error}{_hint(error)}"
            ) from error
        return "".join(parts)


def _where(error: BaseException, file: str) -> str:
    """Template and line of the innermost template on the way to the error."""
    place = f"{_SOURCE}{file}"
    step = error.__traceback__
    while step is not None:
        source = step.tb_frame.f_code.co_filename
        if source.startswith(_SOURCE):
            place = f"{source}, line {step.tb_lineno}"
        step = step.tb_next
    return place


def _hint(error: BaseException) -> str:
    if "is undefined" not in str(error):
        return ""
    return f"; the variables are: {', '.join(PromptContext.__struct_fields__)}"
