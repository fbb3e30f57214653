"""`automem data` as a person calls it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from automem.cli.app import automem
from automem.cli.errors import run_command
from automem.run.layout import RunFolder
from automem_train.command.sampling import sampled

SELECTION = 'criteria = "it writes [down] or looks up"\n[shapes]\n"log/*" = 0.5\n"plan/*" = 0.5\n'
SCORE = "def score(turn):\n    return len(turn['operations']) or None\n"


class Called(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Call = Callable[..., Called]


@pytest.fixture
def call(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """`call("turns", "toy")`, in a folder with the run `toy` and a selection."""
    monkeypatch.chdir(run.path.parent)
    Path("selection.toml").write_text(SELECTION, encoding="utf-8")
    Path("score.py").write_text(SCORE, encoding="utf-8")

    def call(*arguments: str) -> Called:
        capsys.readouterr()
        code = run_command(automem, ("data", *arguments))
        written = capsys.readouterr()
        return Called(code, written.out, written.err)

    return call


def test_turns_are_counted_by_shape(call: Call) -> None:
    done = call("turns", "toy", "--json")
    assert done.code == 0
    assert done.json["turns"] == sum(shape["turns"] for shape in done.json["shapes"])
    assert done.json["episodes"] == 3
    told = call("turns", "toy")
    assert "plan/first+log" in told.err
    assert "memory turns of 3 episodes" in told.err
    assert call("turns", "toy", "--evaluation", "nothing").code == 1


def test_a_data_set_is_made_shown_sampled_checked_and_exported(call: Call, tmp_path: Path) -> None:
    made = call("select", "toy", "selection.toml", "--json")
    assert made.code == 0, made.err
    name, examples = made.json["hash"], made.json["sums"]["examples"]
    assert "it writes [down] or looks up" in made.err
    assert f"next: automem data sample toy {name}" in made.err
    assert call("select", "toy", ".", "--json").json == made.json
    assert [one["hash"] for one in call("show", "toy", "--json").json] == [name]
    assert name in call("show", "toy").err
    assert len(call("show", "toy", name[:5]).out.splitlines()) == examples
    assert call("stats", "toy", "--json").json == made.json
    assert "effective" not in call("stats", "toy").err
    drawn = call("sample", "toy", "--n", "2", "--json").json
    assert len(drawn) == 2
    whole = call("show", "toy", "--turn", drawn[0]["id"]).out
    assert whole.startswith(f"# {drawn[0]['id']}")
    assert drawn[0]["messages"][-1]["content"] in whole
    assert call("show", "toy", "--turn", drawn[0]["id"], "--json").json == [drawn[0]]
    assert "## target" in call("sample", "toy", "--n", "1").out
    assert call("check", "toy", "--json").json == {"hash": name, "proven": examples}
    done = call("export", "toy", "--form", "axolotl", "--out", "out", "--json")
    assert done.json["examples"] == examples
    assert (tmp_path / "out" / "axolotl.yaml").is_file()


def test_refused_turns_are_sampled_with_their_reasons(call: Call) -> None:
    Path("selection.toml").write_text('criteria = "few"\nmost = 2\n', encoding="utf-8")
    assert call("select", "toy", "selection.toml").code == 0
    lines = call("sample", "toy", "--rejected", "--n", "400").out.splitlines()
    assert all(line.endswith("share: 2 better ones were chosen") for line in lines)
    (one,) = call("sample", "toy", "--rejected", "--n", "1", "--json").json
    assert one["reason"] == "share"


def test_named_and_cleaned_examples_say_so(call: Call) -> None:
    call("turns", "toy")
    shown = call("select", "toy", "selection.toml", "--json").json
    turn = call("sample", "toy", shown["hash"], "--n", "1", "--json").json[0]["id"]
    text = f'criteria = "one"\n[[include]]\nid = "{turn}"\nreason = "it is short"\n'
    Path("one").mkdir()
    (Path("one") / "selection.toml").write_text(text, encoding="utf-8")
    name = call("select", "toy", "one", "--json").json["hash"]
    assert "named: it is short" in call("show", "toy", name, "--turn", turn).out


def test_a_wrong_name_is_told(call: Call) -> None:
    assert "no data set in toy" in call("show", "toy").err
    assert call("stats", "toy").code == 1
    call("select", "toy", "selection.toml")
    assert call("show", "toy", "--turn", "nothing").code == 2
    assert call("stats", "nowhere").code == 1
    Path("selection.toml").write_text("criteria = 1", encoding="utf-8")
    failed = call("select", "toy", "selection.toml")
    assert failed.code == 1
    assert "criteria" in failed.err


def test_a_sample_is_the_same_for_its_seed_and_leaves_nothing_out_of_few() -> None:
    many = range(1000)
    assert sampled(many, 5, 1) == sampled(many, 5, 1) != sampled(many, 5, 2)
    assert sampled(many, 5, 1) == sorted(sampled(many, 5, 1))
    assert sampled(range(3), 5, 1) == [0, 1, 2]
