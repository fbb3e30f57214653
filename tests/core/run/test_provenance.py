"""What a run says of the machine and the checkout it was played on."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from automem.run.provenance import ask, cores, gather, git_state, hardware, memory_bytes, versions


def script(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True
    )


def test_everything_is_gathered(tmp_path: Path) -> None:
    found = gather(tmp_path)
    assert found.versions["automem-core"]
    assert found.hardware.cores >= 1
    assert found.platform and found.python


def test_the_commit_and_changes_of_a_checkout_are_told(tmp_path: Path) -> None:
    assert git_state(tmp_path) is None
    git(tmp_path, "init", "-q")
    (tmp_path / "a").write_text("1", encoding="utf-8")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-qm", "first")
    clean = git_state(tmp_path)
    assert clean is not None and len(clean.commit) == 40 and not clean.dirty
    (tmp_path / "a").write_text("2", encoding="utf-8")
    changed = git_state(tmp_path)
    assert changed is not None and changed.dirty


def test_gpus_are_named_by_the_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert hardware().gpus == ()
    script(tmp_path, "nvidia-smi", "echo 'NVIDIA H200'; echo; echo 'NVIDIA H100'")
    assert hardware().gpus == ("NVIDIA H200", "NVIDIA H100")


def test_a_program_that_fails_or_hangs_answers_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleep = shutil.which("sleep")
    monkeypatch.setenv("PATH", str(tmp_path))
    script(tmp_path, "fails", "exit 3")
    script(tmp_path, "hangs", f"exec {sleep} 60")
    assert ask("fails") is None
    assert ask("hangs", seconds=0.05) is None


def test_a_system_that_does_not_tell_is_not_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_name: str) -> int:
        raise ValueError

    monkeypatch.setattr(os, "sysconf", refuse)
    assert memory_bytes() is None
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert cores() >= 1
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert cores() == 1


def test_versions_are_sorted_by_name() -> None:
    assert list(versions()) == sorted(versions())
