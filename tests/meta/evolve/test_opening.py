"""What of a configuration is refused before anything is played."""

from collections.abc import Callable

import pytest

from automem.errors import ConfigError
from automem.loops.judging import Needs
from automem.loops.section import read_section
from automem.plugins import Plugins
from automem.run.config import parse_config
from automem_meta.config import EvolveSection
from automem_meta.evolve.opening import Opened, open_config
from automem_meta.evolve.staged import make_loop

Open = Callable[..., Opened]


def test_names_become_what_they_stand_for(opened: Open) -> None:
    found = opened("evolve.gate_options={}", "evolve.gate=signflip", full=True)
    assert found.needs == Needs(search=10, fresh=0) and found.gate.most_seeds == 10
    assert found.search == tuple(range(1, 11)) and found.fresh[:2] == (100, 101)
    assert (found.report, found.tasks) == ((500, 501, 502), ("default",))


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("evolve.providr=rules", "evolve.providr: 'evolve' has no such option; did you mean"),
        ("evolve.provider=rulez", r"\[evolve\] provider: no meta provider named 'rulez'"),
        ("evolve.gate=two_stages", r"\[evolve\] gate: no gate named 'two_stages'; did you mean"),
        ("evolve.gate_options.alfa=0.1", "evolve.gate_options.alfa: 'two_stage' has no such"),
        ("evolve.options.scrip=x", "evolve.options.scrip: 'scripted-meta' has no such option"),
        ("evolve.review.turns=0", "evolve.review.turns: .*>= 1"),
        ("evolve.fresh=5-20", r"\[evolve\] fresh: seed 5 is also in \[seeds\] search"),
        ("evolve.fresh=495 from 6", r"\[evolve\] fresh: seed 6 is also in \[seeds\] search"),
        ("evolve.fresh=1000 from 400", r"\[evolve\] fresh: seed 500 is also in \[seeds\] report"),
        ("evolve.aa=10 from 139", r"\[evolve\] aa: seed 139 is also in \[evolve\] fresh"),
        ("evolve.fresh=many", r"\[evolve\] fresh: cannot read the seeds 'many'"),
        ("evolve.fresh=9 from 100", "needs 10 fresh seeds for one candidate, and there are 9"),
        ("seeds.search=1-9", "needs 10 search seeds, and there are 9"),
        ("evaluation.memory_only=true", r"\[evaluation\] memory_only: the loops judge"),
        ("agent.name=window", "plays without a scaffold"),
    ],
)
def test_mistakes_are_named_with_their_place(opened: Open, override: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        opened(override, full=True)


def test_a_reviewer_without_a_key_is_told_before_the_pipeline_begins(
    opened: Open, plugins: Plugins, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewer = ("evolve.provider=anthropic", "evolve.model=claude-opus-5-5", "evolve.options={}")
    stage = make_loop(opened(*reviewer, full=True).config, plugins)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "one")
    stage.check()
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    with pytest.raises(ConfigError, match=r"needs a key in .* ANTHROPIC_API_KEY, which is not set"):
        stage.check()


def test_a_configuration_without_the_section_is_told_what_it_lacks(plugins: Plugins) -> None:
    bare = '[run]\nname = "x"\n[environment]\nname = "toy"\n'
    with pytest.raises(ConfigError, match=r"\[evolve\] is missing"):
        read_section(parse_config(bare), EvolveSection)
    with pytest.raises(ConfigError, match=r"provider is missing"):
        read_section(parse_config(f"{bare}[evolve]\nrevisions = 2\n"), EvolveSection)
    with pytest.raises(ConfigError, match=r"roles.default"):
        open_config(parse_config(f'{bare}[scaffold]\nfrom = "toy"\n'), plugins)
