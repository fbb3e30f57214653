"""Configuration: from a TOML file and `-s key=value` to a checked RunConfig, and back to TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import msgspec

from automem.errors import ConfigError
from automem.models.adapters import is_folder
from automem.models.roles import SECTIONS
from automem.records.config import (
    AgentSection,
    EnvironmentSection,
    EvaluationSection,
    LimitsSection,
    PipelineSection,
    RoleSection,
    RunConfig,
    RunSection,
    SeedsSection,
)
from automem.records.model import Sampling
from automem.run.overrides import override
from automem.run.seeds import check_disjoint
from automem.secrets import find_secret
from automem.spelling import closest, did_you_mean

Table = dict[str, Any]

SEED_LISTS = SeedsSection.__struct_fields__
SAMPLING_FIELDS = Sampling.__struct_fields__
ENVIRONMENT_FIELDS = tuple(f for f in EnvironmentSection.__struct_fields__ if f != "options")
ROLE_FIELDS = tuple(f for f in RoleSection.__struct_fields__ if f not in ("options", "sampling"))

_CLOSED_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "run": RunSection.__struct_fields__,
    "agent": AgentSection.__struct_fields__,
    "scaffold": ("from",),
    "seeds": SeedsSection.__struct_fields__,
    "limits": LimitsSection.__struct_fields__,
    "evaluation": EvaluationSection.__struct_fields__,
    "pipeline": PipelineSection.__struct_fields__,
}


def load_config(path: Path, overrides: Sequence[str] = ()) -> RunConfig:
    """Read a configuration file and put `overrides` such as `seeds.search=[1,2]` over it.

    Options of the environment and of the backends are kept as they are; `check_config` compares
    them with what the plugins accept. Raises ConfigError that names file, key and closest name.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        near = did_you_mean(str(path), map(str, path.parent.glob("*.toml"))) if missing else ""
        raise ConfigError(
            f"cannot read the configuration {path}: {error.strerror}{near}"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text: {error}") from error
    return parse_config(text, overrides, source=str(path))


def parse_config(
    text: str, overrides: Sequence[str] = (), *, source: str = "configuration"
) -> RunConfig:
    """As `load_config`, from the text of a file; `source` names it in messages."""
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{source} is not TOML: {error}") from error
    try:
        for item in overrides:
            override(tables, item)
        return _convert(tables)
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}") from error


def runnable_anywhere(config: RunConfig) -> RunConfig:
    """The same with the paths in it made absolute, so that it means the same in any folder."""
    source = config.scaffold.source
    if source and (Path(source) / "scaffold.toml").is_file():
        source = str(Path(source).resolve())
    roles = {
        name: msgspec.structs.replace(role, adapter=str(Path(role.adapter).expanduser().resolve()))
        if role.adapter is not None and is_folder(role.adapter)
        else role
        for name, role in config.roles.items()
    }
    return msgspec.structs.replace(
        config,
        roles=roles,
        run=msgspec.structs.replace(config.run, folder=str(Path(config.run.folder).resolve())),
        scaffold=msgspec.structs.replace(config.scaffold, source=source),
    )


def render_config(config: RunConfig) -> str:
    """The configuration as TOML that loads to the same RunConfig, defaults spelled out."""
    import tomli_w

    tables = cast("Table", msgspec.to_builtins(config))
    environment = tables["environment"]
    environment.update(_free(environment.pop("options"), ENVIRONMENT_FIELDS, "[environment]"))
    for name, role in tables["roles"].items():
        reserved = ROLE_FIELDS + SAMPLING_FIELDS
        options = _free(role.pop("options"), reserved, f"[roles.{name}]")
        role.update(role.pop("sampling"))
        role.update(options)
    tables["scaffold"] = {"from": tables["scaffold"]["source"]}
    return tomli_w.dumps(_without_none(tables))


def unknown_key(where: str, key: str, known: Iterable[str]) -> ConfigError:
    """The error for a key nobody reads, with the closest one that somebody does."""
    names = list(known)
    near = closest(key, names)
    hint = f"did you mean `{near}`?" if near else f"known: {', '.join(names)}"
    return ConfigError(f"{where} {key}: no such key; {hint}")


def _convert(tables: Table) -> RunConfig:
    for name in tables:
        if name not in RunConfig.__struct_fields__:
            raise unknown_key("section", f"[{name}]", (f"[{f}]" for f in _sections()))
    shaped = {name: _shape(name, value) for name, value in tables.items()}
    if leak := find_secret(tables):
        raise ConfigError(
            f"{leak}: this looks like a secret, and configurations are stored with the run; put "
            'it into an environment variable and name that, such as api_key_env = "MY_API_KEY"'
        )
    try:
        config = msgspec.convert(shaped, RunConfig)
    except msgspec.ValidationError as error:
        raise ConfigError(_explain(str(error))) from error
    if config.evaluation.seeds not in SEED_LISTS:
        raise ConfigError(
            f"[evaluation] seeds: {config.evaluation.seeds!r} is none of {', '.join(SEED_LISTS)}"
        )
    check_disjoint(config.seeds)
    return config


def _sections() -> tuple[str, ...]:
    return RunConfig.__struct_fields__


def _shape(section: str, value: object) -> Table:
    """One section as its struct has it: free keys in `options`, sampling apart."""
    table = _table(f"[{section}]", value)
    if section == "environment":
        return _gather_options(table, ENVIRONMENT_FIELDS)
    if section == "roles":
        for name in table:
            if name not in SECTIONS:
                raise unknown_key("[roles]", name, SECTIONS)
        return {name: _shape_role(name, role) for name, role in table.items()}
    known = _CLOSED_SECTIONS.get(section)
    if known is not None:
        for key in table:
            if key not in known:
                raise unknown_key(f"[{section}]", key, known)
    if section == "scaffold":
        return {"source": source} if (source := table.get("from")) is not None else {}
    return table


def _shape_role(name: str, value: object) -> Table:
    table = dict(_table(f"[roles.{name}]", value))
    sampling = {key: table.pop(key) for key in SAMPLING_FIELDS if key in table}
    shaped = _gather_options(table, ROLE_FIELDS)
    if sampling:
        shaped["sampling"] = sampling
    try:
        msgspec.convert(shaped, RoleSection)
    except msgspec.ValidationError as error:
        raise ConfigError(f"roles.{name}.{_explain(str(error))}") from error
    return shaped


def _gather_options(table: Table, fields: Sequence[str]) -> Table:
    shaped = {key: value for key, value in table.items() if key in fields}
    options = {key: value for key, value in table.items() if key not in fields}
    return {**shaped, "options": options} if options else shaped


def _table(where: str, value: object) -> Table:
    if not isinstance(value, dict):
        raise ConfigError(f"{where} must be a table of keys, not {value!r}")
    return cast("Table", value)


def _free(options: Table, reserved: Sequence[str], where: str) -> Table:
    for key in options:
        if key in reserved:
            raise ConfigError(f"{where} {key}: an option may not be called like a field")
    return options


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        table = cast("Table", value)
        return {key: _without_none(inner) for key, inner in table.items() if inner is not None}
    return value


def _explain(message: str) -> str:
    """Msgspec's message with the path first, in the words of the file."""
    what, _, path = message.partition(" - at `$.")
    if not path:
        return message
    path = path.rstrip("`").removesuffix("[...]").removeprefix("sampling.")
    path = path.replace("scaffold.source", "scaffold.from")
    hint = '; write a list, as in ["a"]' if what.startswith("Expected `array`") else ""
    return f"{path}: {what[0].lower()}{what[1:]}{hint}"
