"""The end of a log: what one process wrote, as a terminal would leave it."""

from __future__ import annotations

from pathlib import Path

from automem.processes.tail import Tail, last_lines


def test_only_what_was_written_since_is_read(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert Tail.at_end(log).text() == ""
    log.write_text("before\n", encoding="utf-8")
    tail = Tail.at_end(log)
    assert tail.last_line() == ""
    with log.open("a", encoding="utf-8") as file:
        file.write("one\ntwo\n\n")
    assert (tail.last_line(), tail.last_line()) == ("two", "")
    assert tail.text() == "one\ntwo\n\n"


def test_the_last_errors_are_told_with_the_last_lines() -> None:
    log = "start\nValueError: odd\n" + "".join(f"line {n}\n" for n in range(20))
    shown = last_lines(log).splitlines()[1:]
    assert shown == ["  ValueError: odd", *(f"  line {n}" for n in range(16, 20))]


def test_secrets_and_colors_are_left_out() -> None:
    assert last_lines("\x1b[1mToken\x1b[0m: 1%\rhf_abcdefghijklmnopqrstuv\n") == "\n  [redacted]"
