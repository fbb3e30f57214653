"""Whole runs of loop 1 through the real SDKs, against a fake of each one's API."""

import io
from collections.abc import Sequence
from pathlib import Path

import anyio
import pytest

from automem.errors import MetaError
from automem.files import write_text
from automem.loops.watching import Watching
from automem.plugins import Plugins
from automem.run.config import parse_config, render_config, runnable_anywhere
from automem.testing.meta_script import MetaAnswer, MetaFault, ScriptedTurn
from automem.testing.meta_server import FakeMetaLLM, fake_meta_llm
from automem_meta.evolve.opening import open_config
from automem_meta.evolve.working import Done, Task, do

from .conftest import ledger_of, verdicts
from .scripts import BETTER, BROKEN, QUICK, WORSE, config_text

KEY = "sk-test-0123456789abcdef"
PROVIDERS = ("anthropic", "openai", "openai-chat")
BUSY = MetaFault(kind="status", status=429, retry_after="0")
CUT = MetaFault(kind="cut")
IDLE = (ScriptedTurn(text="I leave it at that."),) * 4
"""A model that gives up: it is asked to go on three times."""
GONE = MetaFault(kind="status", status=404, message="no such model")
# A broken scaffold; then, shown its own failure, a worse one, in the middle of which the API is
# gone; then a better one.
FIRST: tuple[MetaAnswer, ...] = (
    *BROKEN.turns[:1],
    BUSY,
    *BROKEN.turns[1:],
    *IDLE,
    *WORSE.turns[:2],
)
REST: tuple[MetaAnswer, ...] = (CUT, *WORSE.turns[2:], *BETTER.turns)
LOOP = ("evolve.attempts=2", "evolve.continuations=1", "evolve.revisions=1")


def options(provider: str, llm: FakeMetaLLM) -> str:
    url = llm.anthropic_url if provider == "anthropic" else llm.openai_url
    lines = ["[evolve.options]", f'base_url = "{url}"', 'api_key_env = "THE_KEY"']
    return "\n".join([*lines, "price = [1.0, 0.1, 5.0]"])


async def run(folder: Path, plugins: Plugins, provider: str, llm: FakeMetaLLM) -> Done:
    text = config_text(folder)
    head, _, _ = text.partition("[evolve.options]")
    text = head.replace('"scripted-meta"', f'"{provider}"\nmodel = "tested"')
    config = parse_config(f"{text}\n{options(provider, llm)}\n{QUICK}", LOOP)
    found = open_config(config, plugins)
    write_text(found.run.config, render_config(runnable_anywhere(config)))
    return await do(found, Task(), Watching("plain", io.StringIO()))


def evolve(
    folder: Path, plugins: Plugins, provider: str, answers: Sequence[MetaAnswer]
) -> tuple[Done, FakeMetaLLM]:
    async def main() -> tuple[Done, FakeMetaLLM]:
        async with fake_meta_llm(answers, key=KEY) as llm:
            return await run(folder, plugins, provider, llm), llm

    return anyio.run(main)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_KEY", KEY)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_broken_a_worse_and_a_better_change_through_the_real_sdk(
    provider: str, tmp_path: Path, plugins: Plugins
) -> None:
    with pytest.raises(MetaError, match=r"no such model.*the same command goes on"):
        evolve(tmp_path, plugins, provider, [*FIRST, GONE])
    assert verdicts(ledger_of(tmp_path)) == [("001-a", "refused")]
    done, llm = evolve(tmp_path, plugins, provider, REST)
    assert verdicts(done.trials) == [
        ("001-a", "refused"),
        ("001-b", "dropped"),
        ("001-c", "kept"),
    ]
    assert done.champion == "forgetful-r1c"
    # Not one turn more than the script holds, though the run was broken off within a review.
    assert len(llm.asked) == len(REST)
    assert llm.refused == []
    assert done.cost is not None and done.cost > 0
    # The real tools are offered, and a continuation is shown its own failure.
    assert {"list", "read", "grep", "step", "check", "finish"} <= set(llm.asked[0].tools)
    assert "no valid TOML" in llm.asked[0].told[0]
    stored = "".join(path.read_text(encoding="utf-8") for path in _texts(tmp_path / "runs"))
    assert KEY not in stored


def _texts(folder: Path) -> list[Path]:
    kinds = {".jsonl", ".json", ".toml", ".md"}
    return [path for path in folder.rglob("*") if path.suffix in kinds]
