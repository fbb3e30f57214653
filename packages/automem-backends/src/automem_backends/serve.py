"""`automem serve`: the engines of a configuration, kept until interrupted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import click
import msgspec

from automem.cli.config import config_argument, override_option
from automem.cli.errors import FAILED
from automem.cli.output import examples, json_option, print_json, say
from automem.records._struct import Record
from automem.records.model import Role

if TYPE_CHECKING:
    from automem.models.engines import RoleEngine
    from automem.plugins import Plugins
    from automem.records.config import RoleSection, RunConfig
    from automem.run.layout import RunFolder

_LOOK_SECONDS = 1.0


class Served(Record):
    """What answers for one role."""

    role: Role
    backend: str
    model: str
    """As the configuration names it."""
    served_as: str
    """As a request names it."""
    urls: tuple[str, ...]


@click.command(
    epilog=examples(
        "automem serve configs/two_model.toml",
        "automem serve configs/two_model.toml -s 'roles.default.gpus=[0]' --json",
        "automem serve configs/two_model.toml --plan --gpu h100-80g,2",
    )
)
@config_argument
@override_option
@click.option("--plan", is_flag=True, help="Only say what fits on the GPUs; start nothing.")
@click.option(
    "--gpu",
    metavar="NAME[,N]",
    help="With --plan: the GPUs to plan for, such as h100-80g,8, in place of those found here.",
)
@json_option
@click.pass_context
def serve(
    ctx: click.Context,
    *,
    config: Path,
    overrides: tuple[str, ...],
    plan: bool,
    gpu: str | None,
    as_json: bool,
) -> None:
    """Start the engines that CONFIG names, say where they are, and keep them until Ctrl-C.

    A command that plays starts its engines itself and ends them when it is done. Engines served
    by this one outlive such commands: put the lines that are printed into the configuration, and
    they attach instead of starting their own. Logs go to the folder of the run.

    With --plan nothing is started: it is worked out what memory the engines take, and how many
    episodes fit at once. Exits with 1 where they do not fit.
    """
    from automem.models.roles import resolve_roles
    from automem.plugins import load_plugins
    from automem.run.check import check_config
    from automem.run.config import load_config
    from automem.run.layout import run_folder
    from automem.run.specialist import with_specialist

    loaded = with_specialist(load_config(config, overrides), required=not plan)
    plugins = load_plugins()
    check_config(loaded, plugins)
    if plan:
        if not _planned(loaded, plugins, gpu, as_json=as_json):
            ctx.exit(FAILED)
        return
    if gpu is not None:
        raise click.UsageError("--gpu goes with --plan; the GPUs to start on are in `gpus`")
    run = run_folder(loaded.run.folder, loaded.run.name)
    anyio.run(partial(keep, resolve_roles(loaded.roles), plugins, run, as_json=as_json))


def _planned(config: RunConfig, plugins: Plugins, gpu: str | None, *, as_json: bool) -> bool:
    """Say what fits; False where something does not."""
    from automem_backends.capacity.gpus import found, named
    from automem_backends.capacity.plan import plan_capacity
    from automem_backends.capacity.telling import tell

    capacity = plan_capacity(config, plugins, found() if gpu is None else named(gpu))
    if as_json:
        print_json(capacity)
    else:
        say(*tell(capacity))
    return capacity.fits is not False


async def keep(
    resolved: Mapping[Role, RoleSection], plugins: Plugins, run: RunFolder, *, as_json: bool
) -> None:
    """Open the engines of these roles that can be attached to, tell of them, stay while they live.

    Raises ConfigError where there are none, ServerError once one is down for good.
    """
    from automem.errors import ConfigError
    from automem.models.engines import open_engines

    listening: dict[Role, RoleSection] = {
        role: section for role, section in resolved.items() if _listens(plugins, section.backend)
    }
    if not listening:
        named = ", ".join(sorted({str(section.backend) for section in resolved.values()}))
        raise ConfigError(
            f"no role names a backend whose engine can be attached to (they name {named}); such "
            "are vllm, sglang and local"
        )
    async with open_engines(listening, plugins, logs=run.logs, tell=say) as engines:
        served = [_served(role, found) for role, found in engines.items()]
        if as_json:
            print_json(served)
        say(*_lines(served))
        while True:
            for found in engines.values():
                await found.engine.ready()
            await anyio.sleep(_LOOK_SECONDS)


def _listens(plugins: Plugins, backend: str | None) -> bool:
    from automem.spec import BackendSpec

    spec = plugins.get("backend", backend or "")
    return isinstance(spec, BackendSpec) and spec.listens


def _served(role: Role, found: RoleEngine) -> Served:
    return Served(
        role=role,
        backend=found.request.backend,
        model=found.request.model or "",
        served_as=found.engine.served_name(found.adapter),
        urls=found.engine.urls,
    )


def _lines(served: list[Served]) -> list[str]:
    """What to put into a configuration to attach to them."""
    lines = ["", "To attach to these engines, add to the configuration:"]
    for one in served:
        urls = one.urls[0] if len(one.urls) == 1 else list(one.urls)
        value = msgspec.json.encode(urls).decode()
        lines += ["", f"  [roles.{one.role}]  # asks for {one.served_as}", f"  base_url = {value}"]
    return [*lines, "", "Stop them with Ctrl-C."]
