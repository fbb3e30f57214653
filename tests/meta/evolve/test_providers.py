"""Whole runs of loop 1 through the real SDKs, against a fake of each one's API."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest

from automem.errors import MetaError
from automem.files import write_text
from automem.plugins import Plugins
from automem.run.config import parse_config, render_config, runnable_anywhere
from automem.testing.meta_script import MetaAnswer, MetaFault, ScriptedTurn
from automem.testing.meta_server import FakeMetaLLM, fake_meta_llm
from automem_meta.evolve.opening import open_config
from automem_meta.evolve.watching import Watching
from automem_meta.evolve.working import Done, Task, do

from .conftest import ledger_of, verdicts
from .scripts import BETTER, BROKEN, WORSE, config_text

KEY = "sk-test-0123456789abcdef"
PROVIDERS = ("anthropic", "openai", "openai-chat")
BUSY = MetaFault(kind="status", status=429, retry_after="0")
CUT = MetaFault(kind="cut")
IDLE = (ScriptedTurn(text="I see nothing to improve."),) * 4
# A broken scaffold, then, shown its own failure, a worse one, then a better one, then nothing.
ANSWERS: tuple[MetaAnswer, ...] = (
    *BROKEN.turns[:1],
    BUSY,
    *BROKEN.turns[1:],
    *WORSE.turns[:2],
    CUT,
    *WORSE.turns[2:],
    *BETTER.turns,
    *IDLE,
    *IDLE,
)
LOOP = ("evolve.attempts=2", "evolve.patience=1", "evolve.continuations=1")


def options(provider: str, llm: FakeMetaLLM) -> str:
    url = llm.anthropic_url if provider == "anthropic" else llm.openai_url
    lines = ["[evolve.options]", f'base_url = "{url}"', 'api_key_env = "THE_KEY"']
    return "\n".join([*lines, "price = [1.0, 0.1, 5.0]"])


async def run(folder: Path, plugins: Plugins, provider: str, llm: FakeMetaLLM) -> Done:
    text = config_text(folder, full=True)
    head, _, _ = text.partition("[evolve.options]")
    text = head.replace('"scripted-meta"', f'"{provider}"\nmodel = "tested"')
    config = parse_config(f"{text}\n{options(provider, llm)}\n", LOOP)
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
def test_broken_then_worse_then_better_ends_with_the_better_one(
    provider: str, tmp_path: Path, plugins: Plugins
) -> None:
    done, llm = evolve(tmp_path, plugins, provider, ANSWERS)
    assert verdicts(done.trials) == [
        ("001-a", "refused"),
        ("001-b", "dropped"),
        ("001-c", "kept"),
        ("002-a", "no_proposal"),
        ("002-b", "no_proposal"),
    ]
    assert done.champion == "forgetful-r1c"
    assert len(llm.asked) == len(ANSWERS)
    assert llm.refused == []
    assert done.cost is not None and done.cost > 0
    # The real tools were offered, and the continuation was shown its own failure.
    assert {"list", "read", "grep", "episodes", "step", "check", "finish"} <= set(
        llm.asked[0].tools
    )
    assert "no valid TOML" in llm.asked[4].told[0]
    stored = "".join(path.read_text(encoding="utf-8") for path in _texts(tmp_path / "runs"))
    assert KEY not in stored


def _texts(folder: Path) -> list[Path]:
    return [
        path for path in folder.rglob("*") if path.suffix in {".jsonl", ".json", ".toml", ".md"}
    ]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_provider_that_fails_for_good_is_gone_on_with_and_no_turn_is_paid_twice(
    provider: str, tmp_path: Path, plugins: Plugins
) -> None:
    gone = MetaFault(kind="status", status=404, message="no such model")
    order: Callable[[Any], Any] = list
    first = order([*BROKEN.turns, *WORSE.turns[:2], gone])
    with pytest.raises(MetaError, match="no such model.*the same command goes on"):
        evolve(tmp_path, plugins, provider, first)
    assert verdicts(ledger_of(tmp_path)) == [("001-a", "refused")]
    rest = order([*WORSE.turns[2:], *BETTER.turns, *IDLE, *IDLE])
    done, llm = evolve(tmp_path, plugins, provider, rest)
    assert [verdict for _, verdict in verdicts(done.trials)][:3] == ["refused", "dropped", "kept"]
    assert len(llm.asked) == len(rest)
    assert llm.refused == []
