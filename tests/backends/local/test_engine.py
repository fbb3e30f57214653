"""The local engine as AutoMem starts it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automem.errors import ConfigError
from automem.models.engines import EngineRequest
from automem.plugins import load_plugins
from automem.setups.make import find_setup
from automem_backends.engines.kind import ServerPlan
from automem_backends.engines.options import EngineOptions
from automem_backends.local.engine import arguments, open_local


def plan(**options: Any) -> ServerPlan:
    return ServerPlan("small", 8000, (), (), EngineOptions(**options))


def test_the_command_line_names_model_and_port_and_what_was_given() -> None:
    bare = ("--model", "small", "--served-model-name", "small", "--port", "8000")
    assert arguments(plan()) == bare
    given = arguments(plan(max_model_len=2048, max_num_seqs=4))
    assert given == (*bare, "--max-model-len", "2048", "--max-num-seqs", "4")


@pytest.mark.parametrize(
    ("options", "words"),
    [({"gpu_memory_utilization": 0.5}, "kv-cache-mib"), ({"gpus": (0, 1)}, "one GPU")],
)
def test_what_it_does_not_have_is_refused(
    tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    request = EngineRequest(
        "local", "small", (None,), EngineOptions(**options), tmp_path, lambda _: None
    )
    with pytest.raises(ConfigError, match=words):
        open_local(request)


def test_its_interpreter_has_torch_and_this_package() -> None:
    offered = find_setup("local", load_plugins()).made_from
    assert any(one.startswith("torch") for one in offered.requirements)
    assert offered.packages == ("automem-core", "automem-backends")
