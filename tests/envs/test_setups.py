"""What these games need besides packages: levels that are levels, and another NetHack."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from automem.cli.app import automem
from automem.cli.errors import DONE, run_command
from automem.plugins import load_plugins
from automem.processes.pool import open_pool
from automem.setups.make import find_setup, make
from automem_envs.setups import check_levels

LEVEL = "; 0\n" + "##########\n" * 4 + "#@ $  .  #\n" + "##########\n" * 5 + "\n"


@pytest.fixture
def levels(tmp_path: Path) -> Path:
    folder = tmp_path / "levels"
    for name in ("hard/000.txt", "medium/train/000.txt", "unfiltered/train/000.txt"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(LEVEL, encoding="ascii")
    (folder / "LICENSE").write_text("free", encoding="ascii")
    return folder


def test_levels_are_told_from_other_files(levels: Path) -> None:
    check_levels(levels)
    (levels / "hard" / "001.txt").write_text(LEVEL.replace("@", "&"), encoding="ascii")
    with pytest.raises(ValueError, match=r"hard/001.txt does not begin with a level"):
        check_levels(levels)


def test_levels_of_both_difficulties_are_needed(levels: Path) -> None:
    (levels / "medium" / "train" / "000.txt").unlink()
    with pytest.raises(ValueError, match=r"there is no file of levels in medium/"):
        check_levels(levels)


def test_the_set_up_keeps_what_the_tasks_need_and_the_license(
    levels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOMEM_HOME", str(tmp_path / "home"))
    assert run_command(automem, ["setup", "boxoban", "--from", str(levels)]) == DONE
    kept = tmp_path / "home" / "data" / "boxoban"
    assert {str(path.relative_to(kept)) for path in kept.rglob("*.txt")} == {
        "hard/000.txt",
        "medium/train/000.txt",
    }
    assert (kept / "LICENSE").exists()


@pytest.mark.server
@pytest.mark.anyio
@pytest.mark.timeout(900)
async def test_the_nethack_of_the_benchmark_is_made_and_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOMEM_HOME", str(tmp_path / "home"))
    plugins = load_plugins()
    assert make(find_setup("nethack-balrog", plugins), [].append, environ=os.environ)
    spec = plugins.get("environment", "nethack")
    options = {"engine": "balrog-nle", "profile": "balrog"}
    async with (
        open_pool(spec, options, workers=1, logs=tmp_path) as pool,
        pool.session(spec.tasks[0]) as session,
    ):
        assert session.info.versions["interpreter"] == "nethack-balrog"
        assert "0.9.0" in session.info.versions.values()
        assert "Dlvl:1" in (await session.reset(42)).text
        for _ in range(20):
            assert (await session.step("search")).observation.text
