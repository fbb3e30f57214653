"""`automem eval`: plays, resumes, and says what came of it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from automem.cli.invocation import Invocation
from automem.cli.playing import play, settle
from automem.errors import EvaluationError
from automem.evaluate.progress import EpisodeProgress, Progress
from automem.plugins import Plugins, load_plugins
from automem.records.config import RunConfig
from automem.records.result import Evaluation
from automem.run.config import load_config, parse_config
from automem.run.layout import RunFolder
from automem.run.status import hold, read_status

from .conftest import CONFIG, Automem


def test_the_result_the_path_and_the_next_command_are_told(call: Automem, folder: Path) -> None:
    (folder / "toy.toml").write_text(CONFIG, encoding="utf-8")
    done = call("eval", "toy.toml")
    assert (done.code, done.out) == (0, "")
    assert "100.00 ± 0.00" in done.err
    (path,) = folder.glob("runs/toys/evaluations/*/evaluation.json")
    assert f"wrote {path.relative_to(folder)}" in done.err
    assert f"next: automem trace runs/toys {path.parent.name[:8]}/default/1" in done.err


def test_a_complete_evaluation_is_read_and_not_played_again(call: Automem, toys: Path) -> None:
    (path,) = toys.glob("evaluations/*/evaluation.json")
    before = path.stat().st_mtime_ns
    done = call("eval", "toy.toml", "--display", "plain", "--json")
    assert done.code == 0 and path.stat().st_mtime_ns == before
    assert msgspec.json.decode(done.out, type=Evaluation).mean == 100.0
    assert "2/2 episodes" in done.err


def test_the_run_folder_tells_how_it_was_made(toys: Path) -> None:
    config = load_config(toys / "run.toml")
    assert config.seeds.search == "1-2" and config.run.name == "toys"
    status = read_status(RunFolder(toys))
    assert status is not None
    assert (status.status, status.command) == ("finished", ("eval", "toy.toml"))
    assert (toys / "logs" / "automem.log").exists()


def test_the_written_configuration_plays_the_same_evaluation(call: Automem, toys: Path) -> None:
    before = sorted(toys.glob("evaluations/*"))
    assert call("eval", "runs/toys/run.toml").code == 0
    assert sorted(toys.glob("evaluations/*")) == before


def test_overrides_and_names_make_another_run(call: Automem, toys: Path) -> None:
    done = call(
        "eval", "toy.toml", "--run", '4"2', "-s", "seeds.search=[5]", "--display", "json", "-s",
        "agent.name=logplan",
    )  # fmt: skip
    assert done.code == 0
    other = toys.parent / "4_2"
    assert load_config(other / "run.toml").seeds.search == (5,)
    first = json.loads(done.err.splitlines()[0])
    assert first["event"] == "summary" and first["title"] == "toy: toy"


def test_a_mistake_in_the_configuration_is_usage(call: Automem, toys: Path) -> None:
    for override in ("run.nam=x", "environment.rooom=3", "roles.default.backend=toy-playr"):
        done = call("eval", "toy.toml", "-s", override)
        assert done.code == 2 and "did you mean" in done.err


def test_a_limit_of_the_run_has_its_own_code_and_the_way_on(call: Automem, toys: Path) -> None:
    done = call("eval", "toy.toml", "-s", "limits.run_tokens=500", "-s", "seeds.search=[9]")
    assert done.code == 3
    resume = "automem eval toy.toml -s limits.run_tokens=500 -s 'seeds.search=[9]'"
    assert f"go on with: {resume}" in done.err
    status = read_status(RunFolder(toys))
    assert status is not None and status.status == "interrupted"


def test_a_run_that_is_being_played_is_left_alone(call: Automem, toys: Path) -> None:
    with hold(RunFolder(toys)):
        done = call("eval", "toy.toml")
    assert done.code == 1 and "is being played by process" in done.err


class Failing:
    """Plays nothing and fails as it is told."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def __call__(
        self, _config: RunConfig, _plugins: Plugins, _run: RunFolder, /, *, progress: Progress
    ) -> Evaluation:
        raise self.error


@pytest.mark.parametrize(
    ("error", "state"),
    [(EvaluationError("2 episodes are unfinished"), "failed"), (ValueError("a bug"), "failed")],
)
def test_what_the_evaluator_raises_comes_through_and_is_noted(
    folder: Path, error: Exception, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run, config = RunFolder(folder / "a"), parse_config(CONFIG)
    invocation = Invocation(arguments=("eval",))
    with pytest.raises(type(error), match=str(error)):
        play(
            [config], load_plugins(), run, invocation,
            mode="plain", title="it", evaluate=Failing(error),
        )  # fmt: skip
    assert invocation.log == run.log
    status = read_status(run)
    assert status is not None and (status.status, status.message) == (state, str(error))
    assert "it" in capsys.readouterr().err


def test_settling_keeps_what_was_watched_and_adds_what_was_read(toys: Path) -> None:
    (path,) = toys.glob("evaluations/*/evaluation.json")
    evaluation = msgspec.json.decode(path.read_bytes(), type=Evaluation)
    watched = EpisodeProgress("default", 1, max_steps=60, state="done", note="seen")
    progress = Progress(episodes={("default", 1): watched})
    settle(progress, evaluation)
    assert progress.episodes["default", 1] is watched
    read = progress.episodes["default", 2]
    assert (read.state, read.progression, read.step) == ("done", 1.0, 16)


@pytest.mark.parametrize(
    ("asked", "before"),
    [
        (signal.SIGINT, "default_int_handler"),
        (signal.SIGTERM, "default_int_handler"),
        (signal.SIGHUP, "default_int_handler"),
        (signal.SIGTERM, "SIG_IGN"),  # as a script starts a command that ends in &
    ],
)
def test_an_interrupted_evaluation_says_how_to_go_on(
    site: Path, toys: Path, tmp_path: Path, asked: signal.Signals, before: str
) -> None:
    arguments = ["eval", "toy.toml", "--display", "json"]
    for endless in ("seeds.search=2000 from 9", "evaluation.episodes_at_once=1"):
        arguments += ["-s", endless]
    script = (
        "import signal, sys\n"
        f"signal.signal(signal.SIGINT, signal.{before})\n"
        "from automem.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(site)},
    ) as child:
        assert child.stderr is not None
        while json.loads(child.stderr.readline()).get("state") != "playing":
            pass
        child.send_signal(asked)
        said = child.stderr.read()
    assert child.returncode == 130, said
    assert "nothing is lost; go on with: automem eval toy.toml --display json" in said
    status = read_status(RunFolder(toys))
    assert status is not None and status.status == "interrupted"
