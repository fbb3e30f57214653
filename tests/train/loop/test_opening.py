"""Configurations of loop 2: what is refused before anything is played, and what to do then."""

from importlib import metadata
from importlib.metadata import EntryPoint
from pathlib import Path

import msgspec
import pytest

from automem import BackendSpec, hookimpl
from automem.errors import ConfigError
from automem.files import write_text
from automem.plugins import load_plugins
from automem.testing.scripted_meta import scripted_meta_entry_point
from automem.testing.toy import toy_entry_point
from automem.testing.trainer import trainer_entry_point
from automem_meta.config import EvolveSection
from automem_train.loop.opening import OF_LOOP_1

from .conftest import Open, open_in


def test_a_configuration_says_what_is_trained_and_on_which_seeds(opened: Open) -> None:
    found = opened()
    assert (found.base, found.train) == ("toy", (200, 201, 202, 203))
    assert found.section.fresh == "40 from 100" and found.section.configs == 2
    assert opened('train.base="models/qwen"').base == "models/qwen"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("seeds.train=[]", r"\[seeds\] train is empty"),
        ("seeds.train=42-45", None),
        ("seeds.train=3-5", r"seed 3 is in `search` and in `train`"),
        ("train.fresh=201-250", r"\[train\] fresh: seed 201 is also in \[seeds\] train"),
        ("train.trainer=toy-trainr", r"\[train\] trainer: .*did you mean 'toy-trainer'"),
        ("train.trainer_options={step=3}", r"train.trainer_options.step.*did you mean 'steps'"),
        ("train.configs=9", r"train.configs"),
        ("train.patience=0", r"train.patience"),
        ("train.precision=float16", r"train.precision"),
        ("train.iteration=3", r"did you mean 'iterations'"),
        ("train.gate=papr", r"\[train\] gate: .*did you mean 'paper'"),
        ("roles.default.adapter=one", r"\[roles.default\] adapter: the player itself"),
        ("agent.name=window", r"nothing to train"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_the_path_of_its_key(
    opened: Open, override: str, said: str | None
) -> None:
    if said is None:
        assert opened(override).train == (42, 43, 44, 45)
        return
    with pytest.raises(ConfigError, match=said):
        opened(override)


def test_a_player_that_is_no_model_with_weights_is_refused_with_what_to_choose(
    opened: Open,
) -> None:
    with pytest.raises(ConfigError, match=r"'rules' plays with is no model.*choose one of local"):
        opened("roles.memory.backend=rules")
    # Told before sections and seeds that would be added in vain, at the key that says it.
    with pytest.raises(ConfigError, match=r"^\[roles.default\] backend: what 'rules' plays"):
        opened("roles.default.backend=rules", "seeds.train=[]", "seeds.search=1")
    with pytest.raises(ConfigError, match=r"'anthropic' plays with is no model"):
        opened("roles.memory.backend=anthropic", "roles.memory.model=claude-sonnet-5")
    with pytest.raises(ConfigError, match=r"\[roles.memory\] model: name the model"):
        opened("roles.default.model=")
    # What is trained may be named where the engine knows the player by another name.
    assert opened("roles.default.model=", "train.base=models/qwen").base == "models/qwen"


def test_no_seed_that_loop_1_may_play_is_fresh_for_loop_2(opened: Open) -> None:
    usual = "evolve.provider=rules"
    with pytest.raises(ConfigError, match=r"seed 130 is also in \[evolve\] fresh"):
        opened(usual, "evolve.fresh=30 from 130")
    with pytest.raises(ConfigError, match=r"seed 40000 is also in \[evolve\] aa"):
        opened(usual, "train.fresh=10 from 40000")
    assert opened(usual).section.fresh == "40 from 100"


def test_the_seeds_of_loop_1_are_those_that_it_takes_where_none_are_given() -> None:
    fields = {one.name: one.default for one in msgspec.structs.fields(EvolveSection)}
    assert {name: fields[name] for name in OF_LOOP_1} == OF_LOOP_1


def test_another_model_than_the_one_that_plays_is_not_trained(opened: Open, tmp_path: Path) -> None:
    for name, content in (("one", "{}"), ("same", "{}"), ("other", '{"layers": 2}')):
        write_text(tmp_path / name / "config.json", content)
    plays = f'roles.default.model="{tmp_path / "one"}"'
    assert opened(plays, f'train.base="{tmp_path / "same"}"').base == str(tmp_path / "same")
    with pytest.raises(ConfigError, match=r"\[train\] base: .*other is another model than .*one"):
        opened(plays, f'train.base="{tmp_path / "other"}"')


class Point(EntryPoint):
    """An entry point of a plugin whose backend comes with a model."""

    def load(self) -> object:
        return WithModel()


class WithModel:
    @hookimpl
    def automem_backends(self) -> list[BackendSpec]:
        toy = "automem.testing.toy_learner:"
        return [
            BackendSpec(
                name="own-model",
                make=f"{toy}ToyLearner",
                engine=f"{toy}open_toy_engine",
                config=f"{toy}ToyLearnerOptions",
                summary="Comes with a model.",
                model="pathlib:Path.cwd",
            )
        ]


def test_where_no_model_is_named_the_one_that_the_backend_comes_with_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    points = [
        *metadata.entry_points(group="automem"),
        toy_entry_point(),
        scripted_meta_entry_point(),
        trainer_entry_point(),
        Point("own", "own", "automem"),
    ]
    plugins = load_plugins(entry_points=points)
    unnamed = ("roles.default.backend=own-model", "roles.default.model=")
    assert open_in(tmp_path, plugins, *unnamed).base == str(tmp_path)
    assert open_in(tmp_path, plugins, *unnamed, "train.base=models/qwen").base == "models/qwen"
    write_text(tmp_path / "config.json", "{}")
    write_text(tmp_path / "other" / "config.json", '{"layers": 2}')
    with pytest.raises(ConfigError, match=r"\[train\] base: .*other is another model than "):
        open_in(tmp_path, plugins, *unnamed, f'train.base="{tmp_path / "other"}"')
