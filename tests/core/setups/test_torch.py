"""Which build of torch is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from automem.setups.torch import TorchBuild, torch_build


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    for name in (
        "torch-2.9.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl",
        "torch-2.13.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl",
        "torch-2.14.0+cpu-cp312-cp312-manylinux_2_28_x86_64.whl",
        "torch-2.15.0-cp311-cp311-manylinux_2_28_x86_64.whl",
        "torchvision-0.28.0+cpu-cp311-cp311-manylinux_2_28_x86_64.whl",
    ):
        (tmp_path / name).touch()
    return tmp_path


def test_uv_fetches_the_build_for_the_cpu_where_nothing_else_is_said() -> None:
    wanted = TorchBuild(requirement="torch", options=("--torch-backend=cpu",))
    assert torch_build({}) == wanted


def test_the_newest_cpu_wheel_for_this_python_is_taken_from_a_folder(wheels: Path) -> None:
    environ = {"PIP_FIND_LINKS": f"{wheels / 'none'} {wheels}"}
    assert torch_build(environ, "3.11") == TorchBuild(requirement="torch==2.13.0+cpu")
    assert torch_build(environ, "3.13").requirement == "torch"


def test_another_build_is_taken_where_it_is_asked_for(wheels: Path) -> None:
    environ = {"PIP_FIND_LINKS": str(wheels), "UV_TORCH_BACKEND": "cu130"}
    wanted = TorchBuild(requirement="torch", options=("--torch-backend=cu130",))
    assert torch_build(environ, "3.11") == wanted
