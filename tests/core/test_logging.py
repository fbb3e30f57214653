"""The host's log: JSON lines without keys and prompts."""

import json
from pathlib import Path
from typing import Any

import pytest
import structlog

from automem.logging import logging_to

KEY = "sk-abcdefghijklmnopqrst"


def logged(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_events_become_json_lines_with_time_and_level(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "automem.log"
    with logging_to(path):
        structlog.get_logger().info("episode_started", seed=42, tasks=["a"], path=path)
        structlog.get_logger().debug("too_fine")
    (event,) = logged(path)
    assert event["event"] == "episode_started"
    assert event["level"] == "info" and event["timestamp"].endswith("Z")
    assert event["seed"] == 42 and event["tasks"] == ["a"] and event["path"] == str(path)


def test_a_log_is_added_to_by_the_next_command(tmp_path: Path) -> None:
    path = tmp_path / "automem.log"
    for number in range(2):
        with logging_to(path):
            structlog.get_logger().info("again", number=number)
    assert [event["number"] for event in logged(path)] == [0, 1]


def test_keys_and_prompts_never_reach_the_log(tmp_path: Path) -> None:
    path = tmp_path / "automem.log"
    with logging_to(path):
        log = structlog.get_logger()
        log.info("asked", messages=["secret plan"], prompt="secret plan", api_key="hidden value")
        log.info(
            "nested",
            headers={"Authorization": "hidden value", "note": f"with {KEY}"},
            rest=(KEY, 1.5),
        )
        log.info("object", thing=ValueError(KEY), none=None)
        try:
            raise RuntimeError(f"refused {KEY}")
        except RuntimeError:
            log.exception("failed")
    text = path.read_text(encoding="utf-8")
    assert not [word for word in ("secret plan", "hidden value", KEY) if word in text]
    assert logged(path)[1]["rest"] == ["[redacted]", 1.5]
    assert "RuntimeError: refused [redacted]" in logged(path)[3]["exception"]


def test_endless_texts_are_cut(tmp_path: Path) -> None:
    path = tmp_path / "automem.log"
    with logging_to(path):
        structlog.get_logger().info("long", text="x" * 100_000)
    assert len(logged(path)[0]["text"]) == 4_000


def test_nothing_is_on_the_screen_unless_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to(None):
        structlog.get_logger().info("quiet")
    assert capsys.readouterr() == ("", "")
    with logging_to(None, verbose=True):
        structlog.get_logger().debug("loud")
    captured = capsys.readouterr()
    assert captured.out == "" and json.loads(captured.err)["event"] == "loud"


def test_afterwards_the_log_is_what_it_was_before(tmp_path: Path) -> None:
    outer, inner = tmp_path / "outer.log", tmp_path / "inner.log"
    with logging_to(outer):
        with logging_to(inner):
            structlog.get_logger().info("inside")
        structlog.get_logger().info("outside")
    assert [e["event"] for e in logged(outer)] == ["outside"]
    assert [e["event"] for e in logged(inner)] == ["inside"]


def test_a_full_disk_does_not_end_what_is_logged_of() -> None:
    with logging_to(Path("/dev/full")):
        for number in range(3):
            structlog.get_logger().info("step_played", number=number)
