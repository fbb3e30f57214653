"""Both real loops on the toy game: `python toy_loops.py FOLDER` works through them, to be killed.

The player forgets what signs say in every second room, and the scaffold lets it note nothing.
Loop 1 mends the scaffold, loop 2 the player; the reviews are written down beforehand.
"""

import io
import sys
from importlib import metadata
from pathlib import Path

import anyio
import msgspec

from automem.files import write_text
from automem.loops.pipeline import FinalTable, Pipeline, open_pipeline, work
from automem.loops.watching import Watching
from automem.plugins import Plugins, load_plugins
from automem.run.config import parse_config, render_config
from automem.testing.meta_script import ScriptedCall, ScriptedTurn
from automem.testing.scripted_meta import ScriptedReview, scripted_meta_entry_point
from automem.testing.toy import toy_entry_point
from automem.testing.toy_learner import LEARNS_FROM, toy_learner_entry_point
from automem.testing.toy_pipeline import forgetful
from automem.testing.trainer import trainer_entry_point

NORMAL = '[files."signs.txt"]\npurpose'
FORGETTING = '[files."signs.txt"]\nmodes = ["create"]\npurpose'
RECIPE = f"""
data = "select"
[[lora]]
rank = {LEARNS_FROM}
alpha = {LEARNS_FROM}.0
learning_rate = 2e-4
epochs = 1
"""
SCORE = """
def score(turn):
    return 1.0 if turn["operations"] else None
"""
GATE = "first = 2\nsecond = 3\nfresh = 3\nalpha = 0.2\n"


def plugins() -> Plugins:
    """Everything that is installed, and all that toy loops take."""
    return load_plugins(
        entry_points=[
            *metadata.entry_points(group="automem"),
            toy_entry_point(),
            toy_learner_entry_point(),
            scripted_meta_entry_point(),
            trainer_entry_point(),
        ]
    )


def prepared(folder: Path) -> Path:
    """The scaffold, the reviews and the configuration of one pipeline, in a folder of its own."""
    folder.mkdir()
    forgetful(folder)
    mended = {"path": "scaffold.toml", "old": FORGETTING, "new": NORMAL}
    better = _finishing("Signs may be noted.", ScriptedCall(name="edit", arguments=mended))
    recipe = _finishing(
        "Learn every note.",
        _write("recipe.toml", RECIPE),
        _write("selection.toml", 'criteria = "it notes a sign, or looks one up"\nminimum = 2\n'),
        _write("score.py", SCORE),
    )
    idle = ScriptedReview(turns=(ScriptedTurn(text="There is nothing left."),))
    (folder / "evolve.json").write_bytes(msgspec.json.encode([better, idle]))
    (folder / "train.json").write_bytes(msgspec.json.encode([recipe, idle]))
    (folder / "pipeline.toml").write_text(_config(folder), encoding="utf-8")
    return folder


def opened(folder: Path, *overrides: str) -> Pipeline:
    """The pipeline of a folder."""
    config = parse_config((folder / "pipeline.toml").read_text(encoding="utf-8"), overrides)
    found = open_pipeline(config, plugins())
    write_text(found.run.config, render_config(config))
    return found


def play(folder: Path, watching: Watching | None = None) -> FinalTable:
    """Begin the pipeline of a folder, or go on with it."""
    return anyio.run(work, opened(folder), watching or Watching("plain", io.StringIO()))


def _finishing(change: str, *calls: ScriptedCall) -> ScriptedReview:
    said = (_write("analysis.md", "Doors stay shut.\n"), _write("method.md", f"{change}\n"))
    turns = (*calls, *said), (ScriptedCall(name="finish"),)
    return ScriptedReview(turns=tuple([ScriptedTurn(calls=each) for each in turns]))


def _write(path: str, text: str) -> ScriptedCall:
    return ScriptedCall(name="write", arguments={"path": path, "text": text})


def _config(folder: Path) -> str:
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
from = "{folder / "forgetful"}"

[roles.default]
backend = "toy-learner"
model = "toy"
price = [0.0, 0.0, 0.0]
calls = "{folder / "player.txt"}"

[seeds]
search = "3 from 1"
train = "3 from 200"
report = "8 from 500"

[evaluation]
workers = 1

[evolve]
provider = "scripted-meta"
fresh = "40 from 1000"
aa = []
attempts = 1
continuations = 0
patience = 1

[evolve.options]
script = "{folder / "evolve.json"}"
calls = "{folder / "evolve.txt"}"

[evolve.gate_options]
{GATE}
[train]
provider = "scripted-meta"
trainer = "toy-trainer"
precision = "float32"
fresh = "40 from 2000"
configs = 1
patience = 1

[train.options]
script = "{folder / "train.json"}"
calls = "{folder / "train.txt"}"

[train.gate_options]
{GATE}"""


if __name__ == "__main__":
    play(Path(sys.argv[1]))
