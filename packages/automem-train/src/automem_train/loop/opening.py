"""From a configuration to a loop 2 that can run; everything that can be refused is refused here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from automem.errors import ConfigError, PluginError
from automem.loops import opening
from automem.models.bases import CONFIG, base_folder, file_sha256
from automem.models.engines import own_model
from automem.models.roles import DEFAULT, resolve_roles
from automem.plugins import Plugins
from automem.protocols import Trainer
from automem.records.config import RoleSection, RunConfig
from automem.records.training import LoraSettings, TrainingJob
from automem.run.layout import RunFolder
from automem.run.seeds import parse_seeds
from automem.spec import BackendSpec
from automem_train.config import TrainSection

MEMORY = "memory"
OF_LOOP_1: Mapping[str, str] = {
    "fresh": "1000 from 20000",
    "aa": "4000 from 40000",
}
"""Seeds of `[evolve]` that no list of this loop may share, as they are where none are given."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A configuration that was checked for loop 2, and what its names stand for."""

    config: RunConfig
    """As it was given."""
    loop: opening.Opened[TrainSection]
    """Of the configuration without an adapter: one-model play, against which all is judged."""
    train: tuple[int, ...]
    base: str
    trainer: Trainer

    @property
    def section(self) -> TrainSection:
        """`[train]`."""
        return self.loop.section

    @property
    def run(self) -> RunFolder:
        """Where everything is."""
        return self.loop.run

    @property
    def plugins(self) -> Plugins:
        """What is installed."""
        return self.loop.plugins

    def job(self, lora: LoraSettings, data: str = "") -> TrainingJob:
        """What a trainer is told, but for the data's files."""
        return TrainingJob(
            trainer=self.section.trainer,
            base=self.base,
            data=data,
            examples="",
            examples_sha256="",
            lora=lora,
            precision=self.section.precision,
            checkpointing=self.section.checkpointing,
            processes=self.trainer.processes,
        )


def open_config(config: RunConfig, plugins: Plugins) -> Opened:
    """Check a configuration for loop 2. Raises ConfigError with the path of the key."""
    bare = without_adapter(config)
    _refuse_player(bare, plugins)
    loop = opening.open_loop(bare, plugins, TrainSection)
    train = parse_seeds(config.seeds.train)
    if not train:
        raise ConfigError(
            '[seeds] train is empty; name the seeds to collect turns on, such as train = "100 from '
            '1000"'
        )
    _refuse_shared(config, loop.fresh)
    return Opened(
        config=config,
        loop=loop,
        train=train,
        base=_base(loop.section, bare, plugins),
        trainer=_trainer(loop.section, plugins),
    )


def without_adapter(config: RunConfig) -> RunConfig:
    """The configuration for one-model play. Raises ConfigError where both roles have an adapter."""
    if config.roles.get(DEFAULT, RoleSection()).adapter is not None:
        raise ConfigError(
            "[roles.default] adapter: the player itself has an adapter, and loop 2 trains one for "
            "its memory; name it in [roles.memory], or merge it into a model of its own with "
            "`automem adapters export --merged`"
        )
    roles = {
        name: msgspec.structs.replace(role, adapter=None) if name == MEMORY else role
        for name, role in config.roles.items()
    }
    return msgspec.structs.replace(config, roles=roles)


def _refuse_player(config: RunConfig, plugins: Plugins) -> None:
    """Refuse a memory role that is no model with an adapter; other faults are told later.

    It comes first: whoever is told of sections and seeds before would add them in vain.
    """
    given = config.roles.get(MEMORY, RoleSection()).backend
    name = given or config.roles.get(DEFAULT, RoleSection()).backend
    backends = plugins.backends()
    if name is None or name not in backends or isinstance(backends[name], BackendSpec):
        return
    able = [spec.name for spec in backends.values() if isinstance(spec, BackendSpec)]
    raise ConfigError(
        f"[roles.{MEMORY if given else DEFAULT}] backend: what {name!r} plays with is no model "
        f"that AutoMem can train and serve with an adapter; choose one of {', '.join(able)}, with "
        "a model whose weights you have"
    )


def _base(section: TrainSection, config: RunConfig, plugins: Plugins) -> str:
    """The model to train. Raises ConfigError where none is named."""
    memory = resolve_roles(config.roles)["memory"]
    own = own_model(plugins.get("backend", memory.backend or ""))
    played = memory.model or ("" if own is None else str(own))
    base = section.base or played
    if not base:
        raise ConfigError(
            "[roles.memory] model: name the model that is to be trained, a folder or a name on a "
            "model hub"
        )
    if section.base and played:
        _refuse_other(section.base, played)
    return base


def _refuse_other(base: str, model: str) -> None:
    """Where both lie on this machine and differ: no engine serves an adapter on another base.

    Raises ConfigError.
    """
    trained, played = base_folder(base), base_folder(model)
    if trained is None or played is None:
        return  # engines compare them once both are here
    if file_sha256(trained / CONFIG) != file_sha256(played / CONFIG):
        raise ConfigError(
            f"[train] base: {base} is another model than {model}, which the memory role plays "
            "with, and an adapter is served on its own base alone; leave the key out, or name that "
            "model in [roles.memory]"
        )


def _trainer(section: TrainSection, plugins: Plugins) -> Trainer:
    try:
        spec = plugins.get("trainer", section.trainer)
    except PluginError as error:
        raise ConfigError(f"[train] trainer: {error}") from error
    options = plugins.options(spec, section.trainer_options, path="train.trainer_options")
    trainer: Trainer = plugins.load(spec)(options)
    return trainer


def _refuse_shared(config: RunConfig, fresh: tuple[int, ...]) -> None:
    """What loop 1 plays on is not fresh for loop 2, whichever of them comes first."""
    if not config.evolve:
        return
    for name, usual in OF_LOOP_1.items():
        given: Any = config.evolve.get(name, usual)
        try:
            theirs = msgspec.convert(given, str | int | tuple[int, ...])
            shared = sorted(set(fresh) & set(parse_seeds(theirs)))
        except (ConfigError, msgspec.ValidationError):
            continue  # that section says what is wrong with it
        if shared:
            raise ConfigError(
                f"[train] fresh: seed {shared[0]} is also in [evolve] {name}; choose a range that "
                'no list shares, such as "1000 from 30000"'
            )
