"""The options of engines, and the page that tells of them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from automem.errors import ConfigError
from automem.plugins import load_plugins
from automem.run.check import check_config
from automem.run.config import load_config
from automem_backends.engines.options import EngineOptions


def test_the_guide_names_every_option(root: Path) -> None:
    page = (root / "docs" / "guide" / "engines.md").read_text(encoding="utf-8")
    names = [field.name for field in msgspec.structs.fields(EngineOptions)]
    assert [name for name in names if f"`{name}`" not in page] == []


def test_the_configuration_of_two_models_can_be_played(root: Path) -> None:
    config = load_config(root / "configs" / "two_model.toml", ())
    check_config(config, load_plugins())
    assert config.roles["memory"].adapter == "adapters/memory"


@pytest.mark.parametrize("setting", ["gpus=[-1]", "replicas=0", "port=70000", "gpu=1"])
def test_an_option_that_makes_no_sense_is_refused(root: Path, setting: str) -> None:
    config = load_config(root / "configs" / "two_model.toml", (f"roles.default.{setting}",))
    with pytest.raises(ConfigError, match=r"roles\.default"):
        check_config(config, load_plugins())
