"""A level is what was proven: each way out is open without the jail, and closed with it."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from automem.errors import JailError
from automem.processes.jail import JailLevel, best_level, self_test
from automem.processes.jail.levels import LEVELS, Machine, argv_of, why_not
from automem.records.jail import JailLimits

from .conftest import OFFERED, STRONGEST

BY_LIMITS = {"2 GiB of memory", "run for ever"}
"""Denied without a lock as well, by limits and by the host."""
BY_USER = {
    "bpf",
    "fork",
    "make a file",
    "performance counters",
    "signal the host",
    "start a thread",
    "userfaultfd",
}
"""Denied without a lock where the user is not root."""


@pytest.mark.anyio
async def test_every_probe_is_denied_at_every_level(offered: JailLevel) -> None:
    report = await self_test(offered)
    assert report.level == offered
    reached = {name for name, denied in report.probes.items() if not denied}
    if offered == "none":
        assert reached >= set(report.probes) - BY_LIMITS - (BY_USER if os.geteuid() else set())
    else:
        assert reached == set()


@pytest.mark.anyio
async def test_the_strongest_level_that_holds_is_taken_and_the_others_are_explained() -> None:
    report = await self_test()
    assert report.level == best_level() == STRONGEST
    stronger = LEVELS[: LEVELS.index(report.level)]
    assert report.refused == {level: why_not(level) for level in stronger}
    assert (report.landlock > 0) == (report.level in ("bubblewrap", "landlock"))


@pytest.mark.anyio
async def test_a_level_that_is_not_offered_is_refused_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(JailError, match="bubblewrap: bwrap is not installed"):
        await self_test("bubblewrap")


@pytest.mark.anyio
@pytest.mark.parametrize("said", ["exit 3", "echo no namespaces here >&2; exit 1"])
async def test_a_bubblewrap_that_fails_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str
) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text(f"#!/bin/sh\n{said}\n", encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert why_not("bubblewrap") in (
        "bwrap fails here: no message",
        "bwrap fails here: no namespaces here",
    )
    report = await self_test()
    assert "bwrap fails here" in report.refused["bubblewrap"]


@pytest.mark.anyio
async def test_a_bubblewrap_that_cannot_be_run_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text("no program at all", encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert str(why_not("bubblewrap")).startswith("bwrap cannot be run")


def test_bubblewrap_shows_the_interpreter_and_what_is_to_be_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: "/usr/bin/bwrap")
    argv = argv_of("bubblewrap", JailLimits(), [tmp_path])
    assert argv[:3] == ["/usr/bin/bwrap", "--unshare-all", "--die-with-parent"]
    bound = {argv[at + 1] for at, word in enumerate(argv) if word == "--ro-bind"}
    assert str(tmp_path) in bound
    assert not bound & {"/", "/etc", "/home", "/root", "/proc", "/tmp", str(Path.home())}


COMPLETE = Machine("linux", "x86_64", seccomp=True, landlock=7, bubblewrap=None, monty=True)


@pytest.mark.parametrize(
    ("machine", "best", "said"),
    [
        (COMPLETE, "landlock", None),
        (COMPLETE._replace(architecture="aarch64"), "landlock", None),
        (COMPLETE._replace(landlock=0), "seccomp", "the kernel has no Landlock"),
        (COMPLETE._replace(seccomp=False), "monty", "the kernel has no seccomp filters"),
        (COMPLETE._replace(architecture="riscv64"), "monty", "for a riscv64 interpreter"),
        (COMPLETE._replace(system="darwin"), "monty", "it needs Linux"),
    ],
)
def test_the_best_level_is_what_the_machine_offers(
    machine: Machine, best: JailLevel, said: str | None
) -> None:
    assert best_level(machine) == best
    assert (said or "None") in str(why_not("landlock", machine))


def test_a_machine_that_offers_nothing_refuses_code() -> None:
    machine = COMPLETE._replace(system="darwin", monty=False)
    assert why_not("monty", machine) == "pydantic-monty is not installed"
    assert why_not("none", machine) is None
    with pytest.raises(JailError, match="has no jail for model-written code"):
        best_level(machine)


def test_this_machine_is_what_the_tests_run_on() -> None:
    assert best_level() in OFFERED


@pytest.mark.anyio
async def test_a_level_that_seems_to_be_there_and_does_not_start_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fake = tmp_path / "bwrap"
    fake.write_text('#!/bin/sh\ncase "$*" in *boot.py*) exit 7;; esac\n', encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    report = await self_test()
    assert report.level != "bubblewrap"
    assert "its process ended with status 7" in report.refused["bubblewrap"]


def test_the_security_page_lists_every_probe_with_the_levels_that_deny_it(root: Path) -> None:
    page = (root / "docs/guide/security.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", page, flags=re.MULTILINE))
    locked, monty = (probes_of(root, name) for name in ("probes.py", "monty_probes.py"))
    both = {
        name: ", ".join(["locked"] * (name in locked) + ["monty"] * (name in monty))
        for name in locked | monty
    }
    for name in BY_LIMITS:
        both[name] = "locked, monty, none"
    assert listed == both


def probes_of(root: Path, name: str) -> set[str]:
    """The names in the table at the end of a file of probes."""
    folder = root / "packages/automem-core/src/automem/processes/jail"
    _, _, table = (folder / name).read_text(encoding="utf-8").partition("\n_PROBES")
    return set(re.findall(r'^    "([^"]+)": ', table, flags=re.MULTILINE))
