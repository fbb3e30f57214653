"""The small model in `automem doctor`: whether it is installed, whole, and answers here."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import anyio

from automem.cli.checkup import Check
from automem.cli.demo_players import PLAYERS, TINY
from automem.errors import AutoMemError
from automem.models.bases import CONFIG, weight_files
from automem.models.engines import own_model
from automem.models.router import open_router
from automem.plugins import Plugins
from automem.records.config import RoleSection
from automem.records.model import Message, ModelRequest, Sampling

NAME: Final = "small model"
SECONDS: Final = 60.0
"""In which it has to be up and to have answered."""
_ONE_TOKEN: Final = Sampling(temperature=0.0, max_tokens=1)


def check_small_model(plugins: Plugins, player: str = TINY) -> Check:
    """Ask the model that the backend `player` comes with one thing; a run may do without it."""
    known = PLAYERS[TINY]
    if player not in plugins.backends():
        return _note(
            "not installed; only the demo and configs/offline.toml play with it; install it with: "
            f"pip install {known.distribution}"
        )
    try:
        folder = own_model(plugins.get("backend", player))
        if folder is None or not (folder / CONFIG).is_file() or not weight_files(folder):
            return _note(f"no weights in {folder}; install {known.distribution} again")
        anyio.run(_ask, player, plugins)
    except TimeoutError:
        return _note(f"it gave no answer within {SECONDS:.0f} s")
    except (AutoMemError, OSError) as error:
        return _note(f"it does not run here: {error}")
    said = f"{known.says}, in {folder}; it answers here. {known.meaning.rstrip('.')}"
    return Check(name=NAME, state="ok", text=said)


async def _ask(player: str, plugins: Plugins) -> None:
    request = ModelRequest(messages=(Message(role="user", content="PLAN."),), sampling=_ONE_TOKEN)
    with TemporaryDirectory() as logs, anyio.fail_after(SECONDS):
        roles = {"default": RoleSection(backend=player, retries=0)}
        async with open_router(roles, plugins, logs=Path(logs), tell=_unheard) as router:
            await router.ask("memory", request)


def _unheard(line: str) -> None:
    del line


def _note(text: str) -> Check:
    return Check(name=NAME, state="note", text=text)
