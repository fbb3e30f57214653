"""The tiny model, built once for all trainings."""

from __future__ import annotations

from pathlib import Path

import pytest

from .interpreters import HERE, peft_python, run


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny Qwen2 with a chat template."""
    folder = tmp_path_factory.mktemp("base")
    built = run(peft_python(), str(HERE.parent / "build_model.py"), str(folder))
    assert built.returncode == 0, built.stderr
    return folder / "model"
