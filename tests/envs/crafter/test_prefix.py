"""Prompts of the shipped scaffolds keep what is constant first, so that prefix caches hold it."""

from __future__ import annotations

from pathlib import Path

import pytest

from automem.episode.stream import stream_events, trace_of
from automem.episode.views import steps_of
from automem.evaluate.evaluator import evaluate
from automem.evaluate.progress import Progress
from automem.plugins import load_plugins
from automem.records.config import (
    EnvironmentSection,
    EvaluationSection,
    RoleSection,
    RunConfig,
    RunSection,
    ScaffoldSection,
    SeedsSection,
)
from automem.records.model import Message
from automem.run.layout import run_folder
from automem.testing.prefix_cache import PrefixCache, rendered
from automem_envs.crafter.scaffolds import crafter_map, crafter_v0
from automem_envs.minihack.scaffolds import minihack_map, minihack_v0
from automem_envs.nethack.scaffolds import nethack_map, nethack_v0

FOLDERS = (crafter_v0, crafter_map, minihack_v0, minihack_map, nethack_v0, nethack_map)
NEEDED = 0.75


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.__name__)
@pytest.mark.parametrize("phase", ["log", "plan"])
def test_what_changes_least_is_told_first(folder, phase) -> None:
    prompt = (folder() / "prompts" / f"{phase}.md").read_text(encoding="utf-8")
    order = ["{{ operations }}", "{{ index }}", "{{ observation }}", "{{ turns_left }}"]
    if folder.__name__.endswith("_map"):
        order[1:2] = ['slot != "recent steps"', "{{ index }}", 'slot == "recent steps"']
    places = [prompt.index(each) for each in order]
    assert places == sorted(places)


@pytest.mark.anyio
@pytest.mark.parametrize("scaffold", ["crafter-v0", "crafter-map"])
async def test_most_of_a_played_episode_is_found_in_a_prefix_cache(
    scaffold: str, tmp_path: Path
) -> None:
    config = RunConfig(
        run=RunSection(name="crafter", folder=str(tmp_path)),
        environment=EnvironmentSection(name="crafter", max_steps=60),
        scaffold=ScaffoldSection(source=scaffold),
        roles={"default": RoleSection(backend="rules")},
        seeds=SeedsSection(search=(42,)),
        evaluation=EvaluationSection(workers=1),
    )
    folder = run_folder(config.run.folder, config.run.name)
    plugins = load_plugins(blocked=["hanoi"])
    played = await evaluate(config, plugins, folder, progress=Progress())
    cache = PrefixCache()
    calls = 0
    episode = folder.evaluations()[0].episode("default", 42)
    for step in steps_of(stream_events(trace_of(episode))):
        for phase in ("log", "plan"):
            talk: list[Message] = []
            for asked in step.turns(phase):
                talk += asked.messages
                prompt = rendered([{"role": m.role, "content": m.content} for m in talk])
                cache.find("model", prompt)
                cache.keep("model", prompt + asked.reply)
                talk.append(Message(role="assistant", content=asked.reply))
                calls += 1
    assert calls == played.totals.calls > 100
    assert cache.hits / cache.queries >= NEEDED
