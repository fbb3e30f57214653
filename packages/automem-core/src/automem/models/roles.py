"""From the `[roles.*]` sections of a configuration to one complete section for each role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar, get_args

import msgspec

from automem.errors import ConfigError
from automem.records.config import RoleSection
from automem.records.model import Role
from automem.spelling import did_you_mean

ROLES: tuple[Role, ...] = get_args(Role)
DEFAULT = "default"
SECTIONS = (DEFAULT, *ROLES)
"""What `[roles.*]` may be called."""
_OF_THE_BACKEND = ("model", "adapter", "price", "options")
"""Keys that mean something to one backend only; another backend does not inherit them."""
_S = TypeVar("_S", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class EndpointKey:
    """What one limiter watches: a server, as far as the configuration tells servers apart."""

    backend: str
    options: bytes


@dataclass(frozen=True, slots=True)
class BackendKey:
    """What makes two roles the same model."""

    endpoint: EndpointKey
    model: str | None
    adapter: str | None

    @classmethod
    def of(cls, section: RoleSection) -> BackendKey:
        """The key of a resolved section."""
        options = msgspec.json.encode(section.options, order="sorted")
        endpoint = EndpointKey(backend=section.backend or "", options=options)
        return cls(endpoint=endpoint, model=section.model, adapter=section.adapter)


def resolve_roles(roles: Mapping[str, RoleSection]) -> dict[Role, RoleSection]:
    """Lay `memory` and `gameplay` over `default`, key by key; `options` and sampling likewise.

    A key that has its built-in default counts as not given. A role that names another backend
    than `default` leaves what belongs to that one behind: model, adapter, price and options.
    Raises ConfigError for a role that does not exist, and where no backend is named.
    """
    for name in roles:
        if name not in SECTIONS:
            there_are = f"; there are: {', '.join(SECTIONS)}"
            suggestion = did_you_mean(name, SECTIONS) or there_are
            raise ConfigError(f"roles.{name}: no such role{suggestion}")
    base = roles.get(DEFAULT, RoleSection())
    return {role: _resolve(role, base, roles.get(role)) for role in ROLES}


def _resolve(role: Role, base: RoleSection, own: RoleSection | None) -> RoleSection:
    section = base
    if own is not None:
        if own.backend not in (None, base.backend):
            bare = RoleSection()
            base = msgspec.structs.replace(
                base, **{name: getattr(bare, name) for name in _OF_THE_BACKEND}
            )
        section = msgspec.structs.replace(
            _overlay(base, own),
            sampling=_overlay(base.sampling, own.sampling),
            options={**base.options, **own.options},
        )
    if section.backend is None:
        raise ConfigError(
            f"roles.{role}: no backend is named; set `backend` in [roles.default], "
            'such as backend = "rules" or backend = "openai-compatible"'
        )
    return section


def _overlay(base: _S, own: _S) -> _S:
    """`base` with every field of `own` that differs from the field's default."""
    given = {
        name: value
        for name, value in msgspec.structs.asdict(own).items()
        if value != getattr(type(own)(), name)
    }
    return msgspec.structs.replace(base, **given)
