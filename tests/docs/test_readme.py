"""What the first page promises of itself."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_first_page_stays_under_150_lines() -> None:
    assert README.count("\n") < 150


def test_ci_runs_exactly_the_test_command_of_the_first_page() -> None:
    command = "pip install uv && uv run pytest\n"
    assert f"```bash\n{command}```" in README
    assert f"\n{command}" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_a_plugin_with_a_game_fits_in_60_lines() -> None:
    files = [path for path in (ROOT / "plugins" / "automem-hanoi").iterdir() if path.is_file()]
    lines = {path.name: path.read_text(encoding="utf-8").count("\n") for path in files}
    assert sum(lines.values()) <= 60, lines
