"""From finished episodes to an evaluation: means, errors, totals."""

from __future__ import annotations

from automem.episode.tally import totals_of
from automem.evaluate.behaviour.measures import behaviour_summary
from automem.evaluate.plan import EvaluationPlan, agent_text
from automem.evaluate.statistics import balrog_error, mean_and_error, stratified
from automem.records.result import EpisodeResult, Evaluation, TaskScore


def summarize(plan: EvaluationPlan, episodes: list[EpisodeResult]) -> Evaluation:
    """The evaluation of a plan's episodes, progression in percent.

    With several tasks the mean is the mean over tasks and its error is that of a stratified
    sample, tasks being the strata.
    """
    values = [100 * episode.progression for episode in episodes]
    strata = [[100 * e.progression for e in episodes if e.task == task] for task in plan.tasks]
    mean, error = stratified(strata)
    scores = [_score(task, values) for task, values in zip(plan.tasks, strata, strict=True)]
    counts = [episode.behaviour for episode in episodes if episode.behaviour is not None]
    return Evaluation(
        key=plan.key,
        name=plan.name,
        environment=plan.environment,
        profile=str(plan.options.get("profile", "")),
        agent=agent_text(plan.agent),
        scaffold=plan.scaffold,
        scaffold_name=plan.scaffold_name,
        roles={role: identity.text for role, identity in plan.roles.items()},
        tasks=plan.tasks,
        seeds=plan.seeds,
        mean=mean,
        standard_error=error,
        balrog_standard_error=balrog_error(values),
        scores=tuple(scores),
        episodes=tuple(episodes),
        versions=_versions(episodes),
        totals=totals_of([episode.totals for episode in episodes]),
        behaviour=behaviour_summary(counts) if len(counts) == len(episodes) else None,
    )


def _versions(episodes: list[EpisodeResult]) -> dict[str, tuple[str, ...]]:
    names = sorted({name for episode in episodes for name in episode.versions})
    return {
        name: tuple(sorted({episode.versions.get(name, "none") for episode in episodes}))
        for name in names
    }


def _score(task: str, values: list[float]) -> TaskScore:
    mean, error = mean_and_error(values)
    return TaskScore(task=task, episodes=len(values), mean=mean, standard_error=error)
