"""From the sections of a configuration to one complete section for each role."""

from __future__ import annotations

import pytest

from automem.errors import ConfigError
from automem.models.roles import BackendKey, resolve_roles
from automem.records.config import RoleSection
from automem.records.model import Sampling


def test_default_answers_for_both_roles() -> None:
    default = RoleSection(backend="b", model="m")
    assert resolve_roles({"default": default}) == {"memory": default, "gameplay": default}


def test_a_role_changes_default_key_by_key() -> None:
    resolved = resolve_roles(
        {
            "default": RoleSection(
                backend="b",
                model="m",
                sampling=Sampling(temperature=1.0, max_tokens=100),
                options={"base_url": "u", "engine": "vllm"},
                concurrency=4,
            ),
            "memory": RoleSection(
                adapter="a", sampling=Sampling(temperature=0.0), options={"engine": "sglang"}
            ),
        }
    )
    memory = resolved["memory"]
    assert (memory.backend, memory.model, memory.adapter, memory.concurrency) == ("b", "m", "a", 4)
    assert memory.sampling == Sampling(temperature=0.0, max_tokens=100)
    assert memory.options == {"base_url": "u", "engine": "sglang"}
    assert resolved["gameplay"].adapter is None


def test_another_backend_does_not_inherit_what_belongs_to_the_first() -> None:
    resolved = resolve_roles(
        {
            "default": RoleSection(
                backend="b", model="m", price=(1, 1, 1), options={"x": 1}, retries=3
            ),
            "memory": RoleSection(backend="rules", options={"seed": 7}),
        }
    )
    memory = resolved["memory"]
    assert (memory.backend, memory.model, memory.price) == ("rules", None, None)
    assert memory.options == {"seed": 7}
    assert memory.retries == 3


def test_roles_may_stand_without_a_default() -> None:
    resolved = resolve_roles(
        {"memory": RoleSection(backend="a"), "gameplay": RoleSection(backend="b")}
    )
    assert [section.backend for section in resolved.values()] == ["a", "b"]


def test_a_role_without_a_backend_is_refused_with_what_to_write() -> None:
    with pytest.raises(ConfigError, match=r"roles\.gameplay: no backend is named; set `backend`"):
        resolve_roles({"memory": RoleSection(backend="b")})


def test_a_misspelt_role_is_refused_with_the_closest() -> None:
    with pytest.raises(ConfigError, match=r"roles\.memroy: no such role; did you mean 'memory'"):
        resolve_roles({"memroy": RoleSection(backend="b")})


def test_an_unknown_role_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="there are: default, memory, gameplay"):
        resolve_roles({"x": RoleSection(backend="b")})


def test_the_order_of_options_does_not_make_another_model() -> None:
    one = RoleSection(backend="b", options={"x": 1, "y": 2})
    other = RoleSection(backend="b", options={"y": 2, "x": 1})
    assert BackendKey.of(one) == BackendKey.of(other)
    assert BackendKey.of(one) != BackendKey.of(RoleSection(backend="b"))
