"""Scaffolds and reviews of the toy game: one that is bad, one worse, one good."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from automem.scaffold.new import new_scaffold
from automem.testing.meta_script import ScriptedCall, ScriptedTurn
from automem.testing.scripted_meta import ScriptedReview
from automem.testing.toy import toy_scaffold

FORGETFUL = '[files."signs.txt"]\nmodes = ["create"]\npurpose'
NORMAL = '[files."signs.txt"]\npurpose'


def forgetful_scaffold(folder: Path) -> Path:
    """The toy scaffold, but signs cannot be noted: the player guesses at every door."""
    scaffold = new_scaffold(toy_scaffold(), folder, "forgetful")
    manifest = scaffold / "scaffold.toml"
    text = manifest.read_text(encoding="utf-8")
    assert NORMAL in text
    manifest.write_text(text.replace(NORMAL, FORGETFUL), encoding="utf-8")
    return scaffold


def edit(path: str, old: str, new: str) -> ScriptedCall:
    return ScriptedCall(name="edit", arguments={"path": path, "old": old, "new": new})


def write(path: str, text: str) -> ScriptedCall:
    return ScriptedCall(name="write", arguments={"path": path, "text": text})


FINISH = ScriptedCall(name="finish")


def finishing(change: str, *calls: ScriptedCall) -> ScriptedReview:
    """Look around, change something, say so, finish."""
    return ScriptedReview(
        turns=(
            ScriptedTurn(text="First the episodes.", calls=(ScriptedCall(name="episodes"),)),
            ScriptedTurn(
                calls=(
                    *calls,
                    write("analysis.md", "The doors stay shut.\n"),
                    write("method.md", f"{change}\n"),
                )
            ),
            ScriptedTurn(calls=(FINISH,)),
        )
    )


WHOLE, CUT = "log_turns = 3", "log_turns = [3"
BROKEN = finishing("A broken manifest.", edit("scaffold.toml", WHOLE, CUT))
WORSE = finishing(
    "Mended, with only one turn to plan.",
    edit("scaffold.toml", CUT, WHOLE),
    edit("scaffold.toml", "plan_turns = 3", "plan_turns = 1"),
)
BETTER = finishing("Signs may be noted.", edit("scaffold.toml", FORGETFUL, NORMAL))
IDLE = ScriptedReview(turns=(ScriptedTurn(text="I see nothing to improve."),))


def write_script(path: Path, reviews: Sequence[ScriptedReview]) -> None:
    path.write_bytes(msgspec.json.encode(list(reviews)))


QUICK = """
[evolve.gate_options]
first = 2
second = 3
fresh = 2
alpha = 0.2
"""


def config_text(folder: Path, *, extra: str = "", full: bool = False) -> str:
    """A configuration of the whole loop; made below `folder`. `full` is with the usual gate."""
    source = folder / "forgetful"
    if not source.exists():
        forgetful_scaffold(source)
    return f"""
[run]
name = "toys"
folder = "{folder / "runs"}"

[environment]
name = "toy"
tasks = ["default"]
rooms = 3
max_steps = 14

[scaffold]
from = "{source}"

[roles.default]
backend = "toy-player"

[seeds]
search = "{10 if full else 3} from 1"
report = "3 from 500"

[evaluation]
workers = 1

[evolve]
provider = "scripted-meta"
fresh = "40 from 100"
aa = "40 from 1000"
{extra}
[evolve.options]
script = "{folder / "script.json"}"
calls = "{folder / "calls.txt"}"
{"" if full else QUICK}"""
