"""Reading `selection.toml`, and the jailed `score(turn)` beside it."""

from pathlib import Path

import pytest

from automem.errors import CodeFault, DataError
from automem_train.select.scoring import MOST_FAULTS, open_scorer
from automem_train.select.selection import load_selection
from automem_train.turns.record import Turn

SCORE = "def score(turn):\n    return 1.0\n"


def turn(step: int = 1, **changes: object) -> Turn:
    fields: dict[str, object] = {
        "id": f"e/t/1/{step}/log/0",
        "evaluation": "e",
        "task": "t",
        "seed": 1,
        "step": step,
        "phase": "log",
        "turn": 0,
        "role": "memory",
        "position": "first",
        "shape": "log/first",
        "prompt_tokens": 100,
        "reply_tokens": 5,
        "reply": "<|DONE|>",
        "before": 0.0,
        "gain": 0.25,
        "final": 0.5,
        "rank": 0.0,
    }
    return Turn(**{**fields, **changes})  # pyright: ignore[reportArgumentType]


def written(folder: Path, text: str, score: str | None = SCORE) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "selection.toml").write_text(text, encoding="utf-8")
    if score is not None:
        (folder / "score.py").write_text(score, encoding="utf-8")
    return folder


def test_a_selection_is_read_with_the_program_beside_it(tmp_path: Path) -> None:
    folder = written(tmp_path, 'criteria = "good"\n[episodes]\nseeds = "1-3"\n')
    chooser = load_selection(folder)
    assert chooser == load_selection(folder / "selection.toml")
    assert chooser.score == SCORE
    assert chooser.seeds == {1, 2, 3}


def test_the_same_selection_is_the_same_bytes_however_it_is_written(tmp_path: Path) -> None:
    one = written(tmp_path / "a", 'criteria = "good"\nmost = 3\n')
    other = written(tmp_path / "b", '# words\nmost = 3\ncriteria = "good"\n')
    assert load_selection(one).canonical == load_selection(other).canonical


@pytest.mark.parametrize(
    ("text", "score", "problem"),
    [
        ('criteria = "a"\nmots = 3', SCORE, "mots"),
        ("criteria = 3", SCORE, "criteria"),
        ("criteria = ", SCORE, "selection.toml"),
        ('criteria = "a"\n[episodes]\nbest = 2.0', SCORE, "best"),
        ('criteria = "a"\n[episodes]\nseeds = "x"', SCORE, "seeds"),
        ('criteria = "a"\n[shapes]\n"log/*" = 0.7\n"plan/*" = 0.7', SCORE, "more than 1"),
        ('criteria = "a"', None, "chooses nothing"),
        (
            'criteria = "a"\ninclude = [{id = "x", reason = "r"}]\n'
            'exclude = [{id = "x", reason = "r"}]',
            SCORE,
            "in `include` and in `exclude`",
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, score: str | None, problem: str) -> None:
    with pytest.raises(DataError, match=problem):
        load_selection(written(tmp_path, text, score))


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        load_selection(tmp_path / "selection.toml")
    written(tmp_path, 'criteria = "a"', None)
    (tmp_path / "score.py").write_bytes(b"\xff")
    with pytest.raises(DataError, match="not UTF-8"):
        load_selection(tmp_path)


@pytest.mark.anyio
async def test_the_program_sees_a_turn_as_plain_data(tmp_path: Path) -> None:
    source = (
        "def score(turn):\n"
        "    if turn['cut_off']:\n"
        "        return None\n"
        "    return turn['gain'] + len(turn['operations']) + (turn['shape'] == 'log/first')\n"
    )
    async with open_scorer(source, log=tmp_path / "log") as scorer:
        assert await scorer.score(turn()) == 1.25
        assert await scorer.score(turn(cut_off=True)) is None
        await scorer.check()


@pytest.mark.anyio
@pytest.mark.parametrize("value", ["'much'", "True", "float('inf')", "[1]", "1 / 0"])
async def test_what_is_no_score_is_a_fault_of_the_turn(tmp_path: Path, value: str) -> None:
    async with open_scorer(f"def score(turn):\n    return {value}\n", log=tmp_path / "l") as scorer:
        with pytest.raises(CodeFault):
            await scorer.score(turn())
        assert scorer.faults == 1


@pytest.mark.anyio
async def test_too_many_faults_end_it(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"failed for {MOST_FAULTS + 1} turns"):
        async with open_scorer("def score(turn):\n    return 'x'\n", log=tmp_path / "l") as scorer:
            for _ in range(MOST_FAULTS):
                with pytest.raises(CodeFault):
                    await scorer.score(turn())
            await scorer.score(turn())


@pytest.mark.anyio
async def test_a_program_that_counts_its_calls_is_found_out(tmp_path: Path) -> None:
    source = "seen = []\n\ndef score(turn):\n    seen.append(1)\n    return len(seen)\n"
    async with open_scorer(source, log=tmp_path / "log") as scorer:
        await scorer.score(turn())
        with pytest.raises(DataError, match="depend on the turn alone"):
            await scorer.check()


@pytest.mark.anyio
@pytest.mark.parametrize("source", ["def rate(turn):\n    return 1\n", "def score(:\n"])
async def test_a_program_without_the_function_is_refused(tmp_path: Path, source: str) -> None:
    with pytest.raises(DataError, match=r"score\.py"):
        async with open_scorer(source, log=tmp_path / "log"):
            pass


@pytest.mark.anyio
async def test_the_program_cannot_read_files(tmp_path: Path) -> None:
    source = "def score(turn):\n    return len(open('/etc/hostname').read())\n"
    async with open_scorer(source, log=tmp_path / "log") as scorer:
        with pytest.raises(CodeFault):
            await scorer.score(turn())


def test_turns_alike_in_shape_and_length_are_of_one_stratum() -> None:
    assert turn(prompt_tokens=100).stratum == turn(prompt_tokens=127).stratum == "log/first <128"
    assert turn(prompt_tokens=128).stratum == "log/first <256"
