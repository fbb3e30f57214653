"""Every code block of every page is run, loaded or parsed, by its language.

python    runs; the blocks of one page share their names, in order
toml      loads as a configuration, laid over a minimal one where it is only a part
console   after each `$ `, a command that exists, with options and arguments it takes; bash likewise
json      parses
jinja     compiles
text      is output or a picture, and is not checked

A comment on the line before the fence says more: `<!-- file: PATH -->`, the block is that file;
`<!-- scaffold.toml -->` or `<!-- recipe.toml -->`, what kind of TOML it is; `<!-- write: PATH -->`
and `<!-- run -->`, what `test_tutorial.py` does.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
import tomllib
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import jinja2
import msgspec
import pytest

from automem.cli.app import automem
from automem.plugins import load_plugins
from automem.records.scaffold import Manifest
from automem.run.check import check_config
from automem.run.config import load_config
from automem_train.recipes.reading import parse_recipe

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("packages/*/README.md"),
        *ROOT.glob("plugins/*/README.md"),
    ]
)
LANGUAGES = {"python", "toml", "console", "bash", "json", "jinja", "text"}
MINIMAL = {
    "run": '[run]\nname = "example"\n',
    "environment": '[environment]\nname = "crafter"\n',
    "scaffold": '[scaffold]\nfrom = "crafter-v0"\n',
    "roles": '[roles.default]\nbackend = "rules"\n',
}
_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<language>[\w-]*)\s*$")
_MARK = re.compile(r"^\s*<!-- (?P<mark>[^>]*?) -->\s*$")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block."""

    page: Path
    line: int
    language: str
    text: str
    mark: str

    @property
    def where(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def read(page: Path) -> Iterator[Block]:
    lines = page.read_text(encoding="utf-8").split("\n")
    number = 0
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        if opening is None:
            number += 1
            continue
        marked = _MARK.match(lines[number - 1]) if number else None
        end = number + 1
        while lines[end].strip() != opening["ticks"]:
            end += 1
        indent = len(opening["indent"])
        yield Block(
            page=page,
            line=number + 1,
            language=opening["language"],
            text="".join(f"{line[indent:]}\n" for line in lines[number + 1 : end]),
            mark=marked["mark"] if marked else "",
        )
        number = end + 1


BLOCKS = [block for page in PAGES for block in read(page)]
FILES = [block for block in BLOCKS if block.mark.startswith("file: ")]
WRITTEN = [block for block in BLOCKS if block.mark.startswith("write: ")]
REST = [block for block in BLOCKS if block not in FILES and block not in WRITTEN]


def of(*languages: str) -> list[Block]:
    return [block for block in REST if block.language in languages]


def where(block: Block) -> str:
    return block.where


def test_every_block_is_of_a_language_that_is_checked() -> None:
    assert [block.where for block in BLOCKS if block.language not in LANGUAGES] == []


@pytest.mark.parametrize("block", FILES, ids=where)
def test_a_block_that_shows_a_file_is_that_file(block: Block) -> None:
    path = ROOT / block.mark.removeprefix("file: ")
    assert block.text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "page", sorted({block.page for block in of("python")}), ids=lambda page: page.name
)
def test_the_python_of_a_page_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = types.ModuleType("page_" + page.stem.replace("-", "_").lower())
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.chdir(tmp_path)
    for block in of("python"):
        if block.page == page:
            # Padded, so that a traceback gives the line of the page.
            source = "\n" * block.line + block.text
            exec(compile(source, str(page), "exec"), module.__dict__)


@pytest.mark.parametrize("block", of("toml"), ids=where)
def test_toml_loads(block: Block, tmp_path: Path) -> None:
    tables = tomllib.loads(block.text)
    match block.mark:
        case "scaffold.toml":
            variants = tables.pop("variants", {})
            for overlay in ({}, *variants.values()):
                msgspec.convert({"name": "example", **tables, **overlay}, Manifest)
        case "recipe.toml":
            parse_recipe(block.text, most=8)
        case "":
            missing = "".join(part for name, part in MINIMAL.items() if name not in tables)
            path = tmp_path / "config.toml"
            path.write_text(missing + block.text, encoding="utf-8")
            check_config(load_config(path), load_plugins())
        case other:
            raise AssertionError(f"{block.where}: nothing is known of {other!r}")


def test_json_parses() -> None:
    for block in of("json"):
        json.loads(block.text)


def test_templates_compile() -> None:
    for block in of("jinja"):
        jinja2.Environment(autoescape=True).parse(block.text)


@pytest.mark.parametrize("block", of("console", "bash"), ids=where)
def test_commands_exist_and_take_what_they_are_given(block: Block) -> None:
    commands = list(command_lines(block))
    assert commands, "a block of commands without a command"
    for command in commands:
        for part in re.split(r"&&|\|", command):
            check(shlex.split(part, comments=True))


def command_lines(block: Block) -> Iterator[str]:
    text = block.text.replace("\\\n", " ")
    for line in text.split("\n"):
        if block.language == "console":
            if line.startswith("$ "):
                yield line.removeprefix("$ ")
        elif line.strip() and not line.startswith("#"):
            yield line


def check(words: list[str]) -> None:
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        words = words[1:]
    if words[:2] == ["uv", "run"]:
        words = words[2:]
    match words:
        case ["automem", *arguments]:
            check_automem(automem, arguments, "automem")
        case ["automem-tiny", verb, *_]:
            assert verb in (ROOT / "plugins/automem-tiny/src/automem_tiny/cli.py").read_text(
                "utf-8"
            )
        case ["just", *rest]:
            recipes = (ROOT / "justfile").read_text("utf-8")
            verbs = re.findall(r"^([\w-]+).*:$", recipes, re.MULTILINE)
            assert not rest or rest[0] in verbs, words
        case ["bash", script]:
            assert (ROOT / script).exists(), words
        case [
            "pytest" | "pip" | "uv" | "cd" | "mkdir" | "export" | "vllm" | "less" | "zstdcat",
            *_,
        ]:
            pass
        case _:
            raise AssertionError(f"a program that is not known to the test: {words}")


def check_automem(command: click.Command, arguments: list[str], name: str) -> None:
    context = click.Context(command, info_name=name, resilient_parsing=True)
    if isinstance(command, click.Group):
        _, rest, _ = command.make_parser(context).parse_args(list(arguments))
        if rest:
            inner_name, inner, after = command.resolve_command(context, rest)
            assert inner is not None, arguments
            check_automem(inner, after, f"{name} {inner_name}")
        return
    given, rest, _ = command.make_parser(context).parse_args(list(arguments))
    assert rest == [], f"`{name}` does not take {rest}"
    for parameter in command.params:
        value = given.get(parameter.name or "")
        absent = value is None or value == () or "UNSET" in repr(value)
        assert not (parameter.required and absent), f"`{name}` needs {parameter.name}"
        if not absent and isinstance(parameter.type, click.Choice):
            parameter.type_cast_value(context, value)
    for word in arguments:
        if word.startswith("configs/"):
            assert (ROOT / word).exists(), f"{word} does not exist"
