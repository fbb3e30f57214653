"""How a training is shown: what is done, the loss, the pace, the time left."""

import io
import json

from automem.records.training import TrainingStep
from automem.ui.lines import Told, make_lines_display
from automem.ui.training import RECENT_STEPS, TrainingProgress, training_text


def step(number: int, *, steps: int = 100, loss: float = 2.0, seconds: float = 0.5) -> TrainingStep:
    return TrainingStep(
        step=number,
        steps=steps,
        epoch=number / 50,
        loss=loss,
        learning_rate=2e-4,
        gradient=1.0,
        labelled=100,
        tokens=1500,
        seconds=seconds,
    )


def test_before_the_first_step_it_says_what_is_done() -> None:
    line = TrainingProgress(doing="loading").line("training by peft")
    assert (line.title, training_text(line)) == ("training by peft", "loading")
    assert line.loss is None and line.seconds_left is None


def test_a_training_tells_its_loss_its_pace_and_the_time_that_is_left() -> None:
    steps = [step(n, loss=2.0 if n <= RECENT_STEPS else 1.0) for n in range(1, 41)]
    text = training_text(TrainingProgress(steps=steps).line("training"))
    assert text == (
        "step 40 of 100, epoch 0.80 | loss 2.000 -> 1.000 | 3,000 tokens/s | rate 0.0002 | "
        "30 s left"
    )


def test_the_last_step_has_no_time_left_and_what_is_done_then_comes_last() -> None:
    progress = TrainingProgress(doing="writing the adapter", steps=[step(1, steps=1)])
    text = training_text(progress.line("training"))
    assert "left" not in text and text.endswith("| writing the adapter")


def test_a_clock_that_stood_still_gives_no_pace() -> None:
    line = TrainingProgress(steps=[step(1, seconds=0.0)]).line("training")
    assert line.tokens_per_second is None and "tokens/s" not in training_text(line)


def test_programs_read_the_same_as_json() -> None:
    progress, stream = TrainingProgress(), io.StringIO()
    told = Told(lambda: progress.line("training"), training_text)
    shown = make_lines_display("json", told, stream)
    shown.begin(0.0)
    progress.steps.append(step(1))
    shown.end(1.0)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["training", "training"]
    assert (lines[1]["step"], lines[1]["steps"], lines[1]["loss"]) == (1, 100, 2.0)
