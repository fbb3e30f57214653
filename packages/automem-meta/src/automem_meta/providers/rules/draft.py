"""A scaffold's texts on the way to a changed one: keys set in the manifest, sentences put in."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import tomli_w

from automem_meta.providers.rules.evidence import MANIFEST
from automem_meta.providers.rules.wording import text_of

Table = dict[str, Any]
_OBSERVATION = re.compile(r"^.*\{\{[^}]*\bobservation\b", re.MULTILINE)
_LIST = re.compile(r"^([^\n]*= )\[\n((?:    [^\n]*,\n)+)\]$", re.MULTILINE)
_EVERY_SLOT = re.compile(r"\bslots\b(?! *(?:\[|\.(?!(?:items|values|keys)\b)))")
"""Where a prompt goes through its slots and does not name each."""
LONGEST_LINE = 100
_SLOTS = """
{% for slot, text in slots.items() %}
## {{ slot | capitalize }}
{{ text }}

{% endfor %}
"""


@dataclass(slots=True)
class Draft:
    """A copy that may be changed; `content` gives the whole of it back."""

    texts: dict[str, str]
    manifest: Table = field(default_factory=dict[str, Any])

    @classmethod
    def of(cls, content: Mapping[str, str]) -> Draft:
        """A draft of these texts."""
        return cls(dict(content), tomllib.loads(content[MANIFEST]))

    def content(self) -> dict[str, str]:
        """The changed texts; comments of the manifest are lost."""
        return {**self.texts, MANIFEST: toml(self.manifest)}

    def file(self, name: str) -> Table:
        """The rules of one memory file."""
        return cast("Table", self.manifest["files"][name])

    def variants(self, name: str) -> list[Table]:
        """What the variants for some tasks say of one memory file; to be changed in place."""
        tables = cast("dict[str, Table]", self.manifest.get("variants", {})).values()
        found = [cast("Table", table.get("files", {})).get(name) for table in tables]
        return [cast("Table", rules) for rules in found if isinstance(rules, dict)]

    def operations(self) -> list[Table]:
        """The vocabulary; to be changed in place."""
        return cast("list[Table]", self.manifest["operation"])

    def limits(self) -> Table:
        """The limits; to be changed in place."""
        return cast("Table", self.manifest.setdefault("limits", {}))

    def inject(self, rule: Table) -> None:
        """Put a retrieval into LOG and PLAN, and show it where a prompt would not."""
        rules = cast("list[Table]", self.manifest.setdefault("inject", []))
        rules.append({**rule, "phases": ["log", "plan"]})
        for name in ("log", "plan"):
            file = self.prompt_file(name)
            text = self.texts.get(file, "slots.items")
            if "slots" not in text:
                self.texts[file] = _with_slots(text, _SLOTS)
            elif not _EVERY_SLOT.search(text):
                slot = json.dumps(rule["slot"])
                one = f"\n## {rule['slot'].capitalize()}\n{{{{ slots[{slot}] }}}}\n\n"
                self.texts[file] = _with_slots(text, one)

    def say(self, prompt: str, sentence: str) -> None:
        """Put a sentence of ours after the first paragraph of a prompt."""
        file = self.prompt_file(prompt)
        first, blank, rest = self.texts[file].partition("\n\n")
        said = text_of(sentence).strip()
        self.texts[file] = f"{first.rstrip()}\n\n{said}\n{blank[1:]}{rest}"

    def prompt_file(self, prompt: str) -> str:
        """Which file a prompt is rendered from."""
        named = self.manifest.get("prompts", {}).get(prompt, f"{prompt}.md")
        return f"prompts/{named}"


def toml(manifest: Mapping[str, Any]) -> str:
    """The manifest as TOML, with short lists on one line, as a person would write it."""
    return _LIST.sub(_on_one_line, tomli_w.dumps(manifest))


def _on_one_line(found: re.Match[str]) -> str:
    items = [item.strip().removesuffix(",") for item in found[2].strip().split("\n")]
    line = f"{found[1]}[{', '.join(items)}]"
    return line if len(line) <= LONGEST_LINE else found[0]


def _with_slots(prompt: str, slots: str) -> str:
    """The prompt with these lines before what it shows of the game, or at its end."""
    found = _OBSERVATION.search(prompt)
    if found is None:
        return prompt.rstrip("\n") + slots
    before = prompt[: found.start()]
    heading = before.rstrip("\n").rpartition("\n")[2]
    at = before.rindex(heading) if heading.startswith("#") else found.start()
    return prompt[:at] + slots.lstrip("\n") + prompt[at:]
