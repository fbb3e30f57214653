"""What a review of a recipe begins with: the instructions of all of them, and the brief."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from anyio import to_thread

from automem.records import training
from automem.records.review import ReviewBudget, ReviewTask
from automem.review.fields import Shown, record_sections
from automem.review.filling import below_headings, budget_text, filled
from automem.review.measuring import evaluation_measures, measures_text
from automem.review.scaffolds.brief import incumbent_text
from automem.review.tools.playing import EpisodesArguments, show_episodes
from automem.review.workplace import Workplace
from automem_train.recipes.priors import priors
from automem_train.recipes.telling import priors_text
from automem_train.reviewing.bench import Bench
from automem_train.reviewing.tools.data import data_lines
from automem_train.reviewing.tools.turns import TurnsArguments, turns_text
from automem_train.reviewing.work import RecipeWork
from automem_train.select import selection
from automem_train.turns import record

_HERE = "automem_train.reviewing"
_SHOWN: tuple[Shown, ...] = (
    ("Keys of [[lora]] in recipe.toml", training, frozenset({"LoraSettings", "Target"})),
    (
        "Keys of selection.toml",
        selection,
        frozenset({"Share", "Named", "EpisodeChoice", "Selection"}),
    ),
    ("What score(turn) is given, as a dict", record, frozenset()),
)


def instructor(work: RecipeWork) -> Callable[[ReviewTask, ReviewBudget], str]:
    """Makes the system prompt: what loop 2 does, what is worth learning, what settings do."""

    def instructions(task: ReviewTask, budget: ReviewBudget) -> str:
        del task
        return filled(
            _HERE,
            "instructions",
            configurations=work.configurations,
            budget=budget_text(budget),
            ranks=", ".join(map(str, training.SERVED_RANKS)),
            reference=below_headings(record_sections(_SHOWN)),
        )

    return instructions


def briefer(bench: Bench) -> Callable[[Workplace], Awaitable[str]]:
    """Makes the first message. Raises DataError, ScaffoldError, TraceError for damaged files."""

    async def brief(place: Workplace) -> str:
        work = bench.work
        table = await bench.table(place)
        columns = {one.letter: evaluation_measures(one) for one in place.view.evaluations}
        counted = await to_thread.run_sync(
            turns_text, table, bench.names, TurnsArguments(examples=0)
        )
        return filled(
            _HERE,
            "brief",
            task=place.task,
            work=work,
            overview=incumbent_text(place),
            episodes=await show_episodes(place, EpisodesArguments()),
            measures=measures_text(columns).partition("\n\n")[0],
            turns=counted.partition("\n")[2].strip(),
            total=counted.partition(" ")[0],
            data="\n".join([f"- {line}" for line in data_lines(bench.data(place))]),
            priors=priors_text(priors(work.environment, work.parameters)),
            tried=[name for name in place.library.named("tried/") if name.endswith(".md")],
        )

    return brief
