"""What a package calls public, name by name: a change here is a change for users."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

PUBLIC: dict[str, list[str]] = {
    "automem": [
        "AutoMemError",
        "BackendSpec",
        "Environment",
        "EnvironmentInfo",
        "EnvironmentSpec",
        "Frame",
        "Observation",
        "Spec",
        "StepResult",
        "hookimpl",
        "read_run",
    ],
    "automem.processes.jail": [
        "Jail",
        "JailLevel",
        "JailLimits",
        "JailReport",
        "best_level",
        "open_jail",
        "self_test",
    ],
    "automem_envs.crafter.scaffolds": ["crafter_full", "crafter_map", "crafter_v0"],
    "automem_envs.minihack.scaffolds": ["minihack_full", "minihack_map", "minihack_v0"],
    "automem_envs.nethack.scaffolds": ["nethack_full", "nethack_map", "nethack_v0"],
}


def declared() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "packages").glob("*/src/**/__init__.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            targets = node.targets if isinstance(node, ast.Assign) else []
            if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
                name = ".".join(path.relative_to(ROOT / "packages").parts[2:-1])
                assert isinstance(node, ast.Assign)
                found[name] = ast.literal_eval(node.value)
    return found


def test_every_list_of_public_names_is_pinned() -> None:
    assert declared() == PUBLIC
