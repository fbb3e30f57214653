"""The terse scaffolds and what revisions may make of them, so that the model bears a change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Final

import msgspec

from automem.records.scaffold import FileRule, Inject, KeyRule, OperationRule
from automem.scaffold.load import Scaffold, load_scaffold
from automem_tiny.folders import scaffold

NAMES: Final = ("crafter-tiny-v0", "crafter-tiny-map")
SHARES: Final[Mapping[str, float]] = {
    "crafter-tiny-v0": 0.42,
    "crafter-tiny-map": 0.42,
    "shown": 0.08,
    "keyed": 0.04,
    "shown and keyed": 0.04,
}
"""How often each is played for the corpus."""
TOLD: Final = 0.15
"""The share of episodes whose prompts hold a sentence more."""
SENTENCES: Final = (
    "Think before you write, and write little.",
    "Look into your notes before you act, and act on what they say.",
    "Before you note something, see whether it stands there already.",
    "Note a thing only where it is new or has changed.",
    "Most steps need one line and no more.",
    "Use the same plain word for the same thing each time, and put it first.",
    "Keep in mind that the night is dangerous; be somewhere safe by then.",
    "Do not write what you have written before.",
    "A place that you may need again is worth a line.",
    "Search the places before you go exploring, since you may have been there.",
)


def variant(name: str, luck: Random | None) -> Scaffold:
    """One of `SHARES`; where there is luck, now and then with sentences in its prompts."""
    made = load_scaffold(scaffold(name if name in NAMES else NAMES[0]))
    if "shown" in name:
        made = _shown(made)
    if "keyed" in name:
        made = _keyed(made)
    return _told(made, luck) if luck and luck.random() < TOLD else made


def drawn(luck: Random) -> str:
    """A name of `SHARES`."""
    return luck.choices(list(SHARES), list(SHARES.values()))[0]


def _shown(made: Scaffold) -> Scaffold:
    """The end of the log stands in every prompt."""
    rule = Inject(slot="log", file="log.txt", phases=("log", "plan"), operation="tail", lines=20)
    return _with(made, inject=(rule,))


def _keyed(made: Scaffold) -> Scaffold:
    """One line for each place."""
    numbers = "-?[0-9]{1,3},-?[0-9]{1,3}"
    places = FileRule(
        purpose="One line for each place, x,y: what was seen where",
        modes=("upsert",),
        key=KeyRule(shape="x,y", pattern=numbers),
    )
    setting = OperationRule(
        name="SET_PLACES",
        kind="upsert",
        file="places.txt",
        shape="x,y",
        help="sets what places.txt says of a place, in place of what it said; "
        "an empty text removes the place",
    )
    files = {**made.manifest.files, "places.txt": places}
    return _with(made, files=files, operation=(*made.manifest.operation, setting))


def _told(made: Scaffold, luck: Random) -> Scaffold:
    """A sentence after the first paragraph of LOG or PLAN, or both."""
    prompts = dict(made.prompts)
    for name in luck.choice((("log.md",), ("plan.md",), ("log.md", "plan.md"))):
        first, _, rest = prompts[name].partition("\n")
        said = " ".join(luck.sample(SENTENCES, luck.choice((1, 1, 2))))
        prompts[name] = f"{first}\n\n{said}\n{rest}"
    return replace(made, prompts=prompts)


def _with(made: Scaffold, **changes: object) -> Scaffold:
    return replace(made, manifest=msgspec.structs.replace(made.manifest, **changes))
