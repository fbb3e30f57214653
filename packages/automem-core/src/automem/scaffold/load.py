"""Loading a scaffold folder: manifest, prompts and seed files, and its variant for a task."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

import msgspec

from automem.choices import name_choices
from automem.errors import ScaffoldError
from automem.records.scaffold import (
    ActionRule,
    CodeRule,
    FileRule,
    Inject,
    KeyRule,
    Manifest,
    Notices,
    OperationRule,
    OperationTexts,
    Phase,
    Retention,
    ScaffoldLimits,
    SoftLimit,
)
from automem.scaffold.content import CODE, FILES, MANIFEST, PROMPTS, hash_of, table_of, texts
from automem.spelling import did_you_mean

VARIANTS = "variants"
MOST_VARIANTS = 32
"""Each is a scaffold of its own to check."""
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_STRUCTS = (
    ActionRule,
    CodeRule,
    FileRule,
    Inject,
    KeyRule,
    Manifest,
    Notices,
    OperationRule,
    OperationTexts,
    Retention,
    ScaffoldLimits,
    SoftLimit,
)


@dataclass(frozen=True, slots=True)
class Scaffold:
    """A scaffold in memory, ready to be played; its folder is not read again."""

    folder: Path
    manifest: Manifest
    prompts: Mapping[str, str]
    """File name in `prompts/` -> text."""
    files: Mapping[str, str]
    """The seeded memory: name -> text, every file of the manifest included."""
    code: str | None
    hash: str
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)
    """`scaffold.toml` as it was read, variants included."""

    def vocabulary(self, phase: Phase) -> Mapping[str, OperationRule]:
        """The operations a phase offers, by name, in the order of the manifest."""
        return {rule.name: rule for rule in self.manifest.operation if phase in rule.phases}

    @property
    def variants(self) -> tuple[str, ...]:
        """The patterns of tasks that have an overlay of their own."""
        return tuple(self.raw.get(VARIANTS, {}))

    def for_task(self, task: str) -> Scaffold:
        """With every overlay whose pattern matches the task, in the order written.

        `[variants."*Boxoban*"]` holds keys as at the top: tables are merged key by key, all else
        takes the place of what was there, and `false` for a table removes it.
        """
        return self.with_variants(name for name in self.variants if fnmatchcase(task, name))

    def with_variants(self, patterns: Iterable[str]) -> Scaffold:
        """With exactly these overlays. Raises ScaffoldError where they do not fit."""
        chosen = list(patterns)
        if not chosen:
            return self
        merged = {key: value for key, value in self.raw.items() if key != VARIANTS}
        for name in chosen:
            merged = _merged(merged, self.raw[VARIANTS][name])
        where = f'{MANIFEST} with {VARIANTS}."{chosen[-1]}"'
        manifest = _manifest(merged, where, self.folder)
        dropped = set(self.manifest.files) - set(manifest.files)
        seeds = {name: text for name, text in self.files.items() if name not in dropped}
        return replace(self, manifest=manifest, files=_seeded(manifest, seeds))


def load_scaffold(folder: Path) -> Scaffold:
    """Read a scaffold folder. Raises ScaffoldError that names file and key and what to do."""
    content = texts(folder)
    try:
        raw = table_of(content[MANIFEST])
    except (ValueError, RecursionError) as error:
        raise ScaffoldError(f"{folder / MANIFEST} is no valid TOML: {error}") from error
    variants = raw.get(VARIANTS, {})
    if not _is_table(variants) or not all(_is_table(table) for table in variants.values()):
        raise ScaffoldError(
            f"{folder / MANIFEST}: {VARIANTS} must hold tables; "
            f'write [{VARIANTS}."*pattern of tasks*"]'
        )
    if len(variants) > MOST_VARIANTS:
        raise ScaffoldError(
            f"{folder / MANIFEST}: there are {len(variants)} {VARIANTS}; "
            f"{MOST_VARIANTS} are allowed"
        )
    plain = {key: value for key, value in raw.items() if key != VARIANTS}
    manifest = _manifest(plain, MANIFEST, folder)
    scaffold = Scaffold(
        folder=folder,
        manifest=manifest,
        prompts=_within(content, PROMPTS),
        files=_seeded(manifest, _within(content, FILES)),
        code=content.get(CODE),
        hash=hash_of(content),
        raw=raw,
    )
    for name in scaffold.variants:
        scaffold.with_variants([name])
    return scaffold


def _within(content: Mapping[str, str], folder: str) -> dict[str, str]:
    prefix = f"{folder}/"
    return {
        name.removeprefix(prefix): text for name, text in content.items() if name.startswith(prefix)
    }


def _seeded(manifest: Manifest, seeds: Mapping[str, str]) -> dict[str, str]:
    """Every declared file, empty where it has no seed, then the other seeds by name."""
    files = {name: seeds.get(name, "") for name in manifest.files}
    files.update({name: text for name, text in sorted(seeds.items()) if name not in files})
    return files


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def _merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        present = merged.get(key)
        if _is_table(present) and value is False:
            del merged[key]
        elif isinstance(present, dict) and isinstance(value, dict):
            merged[key] = _merged(cast("dict[str, Any]", present), cast("dict[str, Any]", value))
        else:
            merged[key] = value
    return merged


def _manifest(raw: Mapping[str, Any], where: str, folder: Path) -> Manifest:
    try:
        manifest = msgspec.convert(dict(raw), Manifest, strict=True)
    except msgspec.ValidationError as error:
        said, _, path = str(error).partition(" - at `$")
        key = path.rstrip("`").lstrip(".") or "the top"
        raise ScaffoldError(
            f"{folder / where}: {_explained(said, path)} at {key}{_name_of(raw, key)}"
        ) from error
    operations = [_with_shape(rule, manifest) for rule in manifest.operation]
    return msgspec.structs.replace(manifest, operation=tuple(operations))


def _with_shape(rule: OperationRule, manifest: Manifest) -> OperationRule:
    """The rule says itself what its key looks like, so that its usage needs nothing else."""
    file = manifest.files.get(rule.file or "")
    if rule.kind != "upsert" or rule.shape or file is None or file.key is None:
        return rule
    return msgspec.structs.replace(rule, shape=file.key.shape)


def _explained(said: str, path: str) -> str:
    """Msgspec's own words, and what there is in place of a key or value it does not know."""
    found = _UNKNOWN.search(said)
    if found is None:
        return name_choices(said, Manifest, path)
    known = {field for struct in _STRUCTS for field in struct.__struct_fields__}
    return f"there is no key `{found[1]}`{did_you_mean(found[1], known)}"


def _name_of(raw: Mapping[str, Any], key: str) -> str:
    """Which operation `operation[3]` is."""
    found = re.match(r"operation\[(\d+)\]", key)
    if found is None:
        return ""
    table = raw["operation"][int(found[1])]
    name = table.get("name") if _is_table(table) else None
    return f" (operation {name})" if name else ""
