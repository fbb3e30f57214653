"""A recording is matched, or its first difference is named."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from automem_hanoi import ACTIONS, Hanoi

from automem.episode.actions import invalid_prefix
from automem.errors import EnvironmentFailure, TraceError
from automem.evaluate.verify import (
    RecordedSource,
    Verification,
    read_source,
    verify_in_worker,
    verify_recording,
)
from automem.plugins import load_plugins

SOURCE = RecordedSource(
    environment="hanoi",
    task="3-disks",
    profile="",
    default_action="A to B",
    valid_actions=ACTIONS,
)


def hanoi() -> Hanoi:
    return Hanoi("3-disks", None)


def recorded(*said: str, seed: int = 1) -> list[dict[str, Any]]:
    """What a recorder would have written of one episode."""
    game = hanoi()
    observation = game.reset(seed)
    lines: list[dict[str, Any]] = []
    for step, action in enumerate((None, *said), start=-1):
        executed = None if action is None else action if action in ACTIONS else "A to B"
        line = {
            "seed": seed,
            "step": step,
            "action": action,
            "valid_action": executed,
            "long_term_context": observation.text,
            "short_term_context": observation.status,
            "reward": 0.0,
            "terminated": False,
            "truncated": False,
            "progression": 0.0,
        }
        if executed is not None:
            result = game.step(executed)
            line |= {
                "long_term_context": result.observation.text,
                "progression": result.progression,
                "terminated": result.ended is not None,
            }
        lines.append(line)
    return lines


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


@pytest.mark.parametrize("name", ["game.jsonl", "game.jsonl.gz"])
def test_a_recording_of_several_seeds_is_matched(tmp_path: Path, name: str) -> None:
    lines = recorded("A to B", "A to C") + recorded("B to A", "nonsense", seed=2)
    found = verify_recording(write(tmp_path / name, lines), hanoi, SOURCE)
    assert (found.matched, found.total, found.first_difference) == (6, 6, None)


def test_the_notice_of_an_invalid_action_may_be_in_the_recording(tmp_path: Path) -> None:
    lines = recorded("nonsense", "A to C")
    lines[1]["long_term_context"] = invalid_prefix("A to B") + lines[1]["long_term_context"]
    found = verify_recording(write(tmp_path / "game.jsonl", lines), hanoi, SOURCE)
    assert found.first_difference is None


@pytest.mark.parametrize(
    ("field", "value", "played"),
    [
        ("long_term_context", "elsewhere", repr("Moved.\nA: 3 2\nB: 1\nC: ")),
        ("short_term_context", "tired", "''"),
        ("reward", 0.25, "0.0"),
        ("progression", 1e-9, "0.0"),
        ("terminated", True, "False"),
        ("valid_action", "A to C", "'A to B'"),
    ],
)
def test_the_first_difference_is_named(
    tmp_path: Path, field: str, value: object, played: str
) -> None:
    lines = recorded("A to B", "A to C", "B to C")
    lines[1][field] = lines[3][field] = value
    found = verify_recording(write(tmp_path / "game.jsonl", lines), hanoi, SOURCE)
    assert (found.matched, found.total) == (2, 4)
    difference = found.first_difference
    assert difference is not None
    assert (difference.line, difference.seed, difference.step) == (2, 1, 0)
    assert (difference.field, difference.recorded) == (field, repr(value))
    assert difference.played == played


def test_numbers_may_differ_by_rounding(tmp_path: Path) -> None:
    lines = recorded("A to C")
    lines[1]["progression"] += 1e-14
    found = verify_recording(write(tmp_path / "game.jsonl", lines), hanoi, SOURCE)
    assert found.first_difference is None


def test_a_game_that_was_cut_off_may_have_ended(tmp_path: Path) -> None:
    solving = ("A to C", "A to B", "C to B", "A to C", "B to A", "B to C", "A to C")
    lines = recorded(*solving)
    assert lines[-1]["terminated"]
    lines[-1] |= {"terminated": False, "truncated": True}
    found = verify_recording(write(tmp_path / "game.jsonl", lines), hanoi, SOURCE)
    assert found.first_difference is None
    lines[-1]["truncated"] = False
    found = verify_recording(write(tmp_path / "game.jsonl", lines), hanoi, SOURCE)
    assert found.first_difference is not None
    assert found.first_difference.field == "terminated"


def test_other_accepted_actions_are_a_difference(tmp_path: Path) -> None:
    path = write(tmp_path / "game.jsonl", recorded("A to C"))
    source = msgspec.structs.replace(SOURCE, valid_actions=ACTIONS[:3])
    found = verify_recording(path, hanoi, source)
    assert found.matched == found.total
    assert found.first_difference is not None
    assert found.first_difference.field == "valid_actions"


def test_a_manifest_may_leave_the_actions_out(tmp_path: Path) -> None:
    path = write(tmp_path / "game.jsonl", recorded("A to C"))
    source = RecordedSource(environment="hanoi", task="3-disks", profile="")
    assert verify_recording(path, hanoi, source).first_difference is None


def test_a_recording_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "game.jsonl", recorded("A to C"))
    path.write_text(path.read_text(encoding="utf-8") + '{"seed": 1', encoding="utf-8")
    with pytest.raises(TraceError, match=r"game\.jsonl cannot be read near line 3"):
        verify_recording(path, hanoi, SOURCE)
    cut = write(tmp_path / "cut.jsonl.gz", recorded("A to C"))
    cut.write_bytes(cut.read_bytes()[:40])
    with pytest.raises(TraceError, match="cannot be read"):
        verify_recording(cut, hanoi, SOURCE)


def test_a_byte_that_the_recorder_read_too_far_is_left_out(tmp_path: Path) -> None:
    lines = recorded("A to C")
    lines[1]["long_term_context"] = "\0" + lines[1]["long_term_context"]
    found = verify_recording(write(tmp_path / "game.jsonl", lines), hanoi, SOURCE)
    assert found.first_difference is None


async def in_worker(path: Path, **options: object) -> Verification:
    spec = load_plugins().get("environment", "hanoi")
    return await verify_in_worker(path, spec, SOURCE, options)


@pytest.mark.anyio
async def test_a_recording_is_played_in_a_worker_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "logs"))
    (tmp_path / "logs").mkdir()
    path = write(tmp_path / "game.jsonl", recorded("A to C", "nonsense"))
    assert (await in_worker(path)).matched == 3
    with pytest.raises(TraceError, match="holds no transition"):
        await in_worker(write(path, []))
    assert kept_logs(tmp_path) == 0


@pytest.mark.anyio
async def test_the_log_of_a_game_that_failed_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "logs"))
    (tmp_path / "logs").mkdir()
    path = write(tmp_path / "game.jsonl", recorded("A to C"))
    with pytest.raises(EnvironmentFailure, match="takes no options"):
        await in_worker(path, speed=2)
    assert kept_logs(tmp_path) == 1


def kept_logs(folder: Path) -> int:
    return len(list((folder / "logs").glob("*/*.log")))


def test_what_the_environment_is_told_is_what_the_manifest_says() -> None:
    assert SOURCE.options == {}
    source = msgspec.structs.replace(SOURCE, profile="paper", engine="balrog-nle", clock=0)
    assert source.options == {"profile": "paper", "engine": "balrog-nle", "clock": 0}


def test_an_empty_recording_proves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="holds no transition"):
        verify_recording(write(tmp_path / "game.jsonl", []), hanoi, SOURCE)


def test_the_manifest_says_what_was_recorded(tmp_path: Path) -> None:
    path = tmp_path / "game.jsonl"
    with pytest.raises(TraceError, match=r"no manifest\.json beside it"):
        read_source(path)
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(msgspec.json.encode({"game.jsonl": {**_plain(SOURCE), "clock": None}}))
    assert read_source(path) == SOURCE
    with pytest.raises(TraceError, match=r"no entry for other\.jsonl"):
        read_source(tmp_path / "other.jsonl")
    manifest.write_text('{"game.jsonl": {"task": 3}}', encoding="utf-8")
    with pytest.raises(TraceError, match=r"manifest\.json cannot be read"):
        read_source(path)


def _plain(source: RecordedSource) -> dict[str, Any]:
    return msgspec.to_builtins(source)
