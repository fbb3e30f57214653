"""Recipes of the toy game: one whose adapter helps, one whose does not, and what cannot be made."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from automem.testing.meta_script import ScriptedCall, ScriptedTurn
from automem.testing.scripted_meta import ScriptedReview
from automem.testing.toy_learner import LEARNS_FROM

SELECTION = 'criteria = "it notes a sign, or looks one up"\nminimum = 2\n'
SCORE = """
def score(turn):
    return 1.0 if turn["operations"] else None
"""
LORA = """
[[lora]]
rank = {rank}
alpha = {rank}.0
learning_rate = {rate}
epochs = 1
"""
FINISH = ScriptedCall(name="finish")


def write(path: str, text: str) -> ScriptedCall:
    return ScriptedCall(name="write", arguments={"path": path, "text": text})


def recipe(*ranks: int, data: str = "select", rate: float = 2e-4) -> str:
    configurations = "".join([LORA.format(rank=rank, rate=rate) for rank in ranks])
    return f'data = "{data}"\n{configurations}'


def finishing(change: str, *calls: ScriptedCall) -> ScriptedReview:
    """Look around, write something, say so, finish."""
    return ScriptedReview(
        turns=(
            ScriptedTurn(text="First the turns.", calls=(ScriptedCall(name="turns"),)),
            ScriptedTurn(
                calls=(
                    *calls,
                    write("analysis.md", "Signs are noted in some rooms only.\n"),
                    write("method.md", f"{change}\n"),
                )
            ),
            ScriptedTurn(calls=(FINISH,)),
        )
    )


def choosing(change: str, text: str, selection: str = SELECTION) -> ScriptedReview:
    """A recipe that selects anew."""
    return finishing(
        change,
        write("recipe.toml", text),
        write("selection.toml", selection),
        write("score.py", SCORE),
    )


WEAK, STRONG = LEARNS_FROM // 2, LEARNS_FROM
BOTH = choosing("Learn every note.", recipe(WEAK, STRONG))
FEEBLE = choosing("Learn with little room.", recipe(WEAK))
GOOD = choosing("Learn every note, once.", recipe(STRONG))
IDLE = ScriptedReview(turns=(ScriptedTurn(text="There is nothing to learn."),))


def write_script(path: Path, reviews: Sequence[ScriptedReview]) -> None:
    path.write_bytes(msgspec.json.encode(list(reviews)))


QUICK = """
[train.gate_options]
first = 2
second = 3
fresh = 2
alpha = 0.2
"""


def config_text(folder: Path, *, extra: str = "", full: bool = False) -> str:
    """A configuration of loop 2 in `folder`. `full` is with the usual gate."""
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
from = "toy"

[roles.default]
backend = "toy-learner"
model = "toy"
price = [0.0, 0.0, 0.0]
calls = "{folder / "player.txt"}"
engines = "{folder / "engines.txt"}"

[seeds]
search = "{10 if full else 3} from 1"
train = "4 from 200"
report = "3 from 500"

[evaluation]
workers = 1

[train]
provider = "scripted-meta"
trainer = "toy-trainer"
fresh = "40 from 100"
precision = "float32"
{extra}
[train.options]
script = "{folder / "script.json"}"
calls = "{folder / "calls.txt"}"
{"" if full else QUICK}"""
