"""Where things are in a run folder."""

from pathlib import Path

from automem.run.layout import run_folder


def test_names_of_runs_and_tasks_become_single_path_components(tmp_path: Path) -> None:
    run = run_folder(tmp_path, "../a b")
    assert run.path.parent == tmp_path and run.name == ".._a_b"
    episode = run.evaluation("k").episode("Mini/Hack", 42)
    assert episode.path == run.path / "evaluations" / "k" / "episodes" / "Mini%2FHack" / "42"
    for odd in ("", ".", ".."):
        assert run_folder(tmp_path, odd).path.parent == tmp_path
        assert run.evaluation("k").episode(odd, 42).path.parent.parent == episode.path.parents[1]


def test_two_tasks_never_share_a_folder(tmp_path: Path) -> None:
    evaluation = run_folder(tmp_path, "a").evaluation("k")
    tasks = ["a/b", "a_b", "a b", "a%2Fb", "", "_", ".", "..", "%", "%2E", "MiniHack-Room-5x5-v0"]
    assert len({evaluation.episode(task, 1).path for task in tasks}) == len(tasks)
    assert evaluation.episode("MiniHack-Room-5x5-v0", 1).path.parent.name == "MiniHack-Room-5x5-v0"


def test_evaluations_and_episodes_are_listed_in_order(tmp_path: Path) -> None:
    run = run_folder(tmp_path, "a")
    assert run.evaluations() == []
    (run.path / "evaluations" / "k" / "episodes" / "b" / "10.old").mkdir(parents=True)
    for task, seed in (("b", 10), ("b", 9), ("a", 11)):
        run.evaluation("k").episode(task, seed).path.mkdir(parents=True)
    (evaluation,) = run.evaluations()
    found = [(e.path.parent.name, e.path.name) for e in evaluation.episodes()]
    assert found == [("a", "11"), ("b", "9"), ("b", "10")]


def test_every_file_of_a_run_is_inside_it(tmp_path: Path) -> None:
    run = run_folder(tmp_path, "a")
    evaluation = run.evaluation("k")
    paths = [run.config, run.status, run.lock, run.log, run.logs, run.scaffolds]
    paths += [evaluation.plan, evaluation.evaluation, evaluation.episode("t", 1).result]
    assert len(set(paths)) == len(paths)
    assert all(path.is_relative_to(run.path) for path in paths)
