"""Configuration files: what they may say, what is refused, and that they survive a round trip."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automem.errors import ConfigError
from automem.records.config import (
    AgentSection,
    EnvironmentSection,
    EvaluationSection,
    LimitsSection,
    RoleSection,
    RunConfig,
    RunSection,
    ScaffoldSection,
    SeedsSection,
)
from automem.records.model import Sampling
from automem.run.config import load_config, parse_config, render_config, runnable_anywhere
from automem.run.schema import config_schema
from automem.testing.adapters import write_adapter

FULL = """
[run]
name = "first"

[environment]
name = "crafter"
profile = "paper"
tasks = ["default"]
max_steps = 50

[scaffold]
from = "crafter-v0"

[roles.default]
backend = "openai-compatible"
model = "big"
temperature = 0.5
max_tokens = 100
stop = ["END"]
price = [1, 0.5, 2]
base_url = "http://127.0.0.1:8000/v1"

[roles.memory]
adapter = "latest"

[seeds]
search = [42, 43]
train = "3 from 1000"

[limits]
run_cost = 5
"""


def test_free_keys_become_options_and_sampling_is_gathered() -> None:
    config = parse_config(FULL)
    assert config.environment == EnvironmentSection(
        name="crafter", tasks=("default",), max_steps=50, options={"profile": "paper"}
    )
    assert config.roles["default"] == RoleSection(
        backend="openai-compatible",
        model="big",
        sampling=Sampling(temperature=0.5, max_tokens=100, stop=("END",)),
        price=(1.0, 0.5, 2.0),
        options={"base_url": "http://127.0.0.1:8000/v1"},
    )
    assert config.roles["memory"] == RoleSection(adapter="latest")
    assert config.scaffold.source == "crafter-v0"
    assert config.limits.run_cost == 5.0
    assert config.seeds.train == "3 from 1000"


def test_overrides_are_toml_where_they_parse_and_text_elsewhere() -> None:
    config = parse_config(
        FULL,
        [
            "seeds.search=[1, 2]",
            "environment.profile=balrog",
            "roles.gameplay.temperature = 0.1",
            "seeds.report=10 from 5000",
            "run.name=a\nb = 1",
        ],
    )
    assert config.seeds.search == (1, 2)
    assert config.environment.options == {"profile": "balrog"}
    assert config.roles["gameplay"].sampling.temperature == 0.1
    assert config.seeds.report == "10 from 5000"
    assert config.run.name == "a\nb = 1"


@pytest.mark.parametrize("item", ["seeds.search", "=3", "name=x", "run..name=x"])
def test_an_override_that_names_no_key_is_refused(item: str) -> None:
    with pytest.raises(ConfigError, match=r"write section\.key=value"):
        parse_config(FULL, [item])


def test_an_override_below_a_value_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"goes below run\.name, which is a value"):
        parse_config(FULL, ["run.name.first=1"])


@pytest.mark.parametrize(
    ("addition", "said"),
    [
        ("[evolv]", r"section \[evolv\]: no such key; did you mean `\[evolve\]`"),
        ("[agent]\nnam = 1", r"\[agent\] nam: no such key; did you mean `name`"),
        ("[evaluation]\nzzz = 1", r"\[evaluation\] zzz: no such key; known: seeds, "),
        ("[roles.gamepla]", r"\[roles\] gamepla: no such key; did you mean `gameplay`"),
        ("[agent]\nhistory = 0", r"agent\.history: expected `int` >= 1"),
        ("[evaluation]\nseeds = 'serch'", r"\[evaluation\] seeds: 'serch' is none of search"),
        ("[evolve]\ntoken = 'x'", r"evolve\.token: this looks like a secret"),
        ("[roles.gameplay]\ntop_p = 'x'", r"roles\.gameplay\.top_p: expected `float"),
        ("[roles.gameplay]\ntimeout_seconds = 0", r"timeout_seconds: expected `float` > 0"),
        ("[roles.gameplay]\nretries = -1", r"retries: expected `int` >= 0"),
        ("[roles.gameplay]\nprice = [1, -1, 1]", r"price.*: expected `float` >= 0"),
        ("[roles.gameplay]\nmodel = 3", r"roles\.gameplay\.model: expected `str"),
    ],
)
def test_what_is_wrong_is_named_with_its_path(addition: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_config(FULL + addition)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[run]\nname = 'a'", "missing required field `environment`"),
        ("[run]\n[environment]\nname = 'a'", r"run: object missing required field `name`"),
        ("run = 3", r"\[run\] must be a table of keys, not 3"),
        ("[roles]\ndefault = 'x'", r"\[roles.default\] must be a table"),
        (
            "[scaffold]\nfrom = 3\n[run]\nname='a'\n[environment]\nname='b'",
            "scaffold.from: expected",
        ),
        ("[scaffold]\nsource = 'x'", r"\[scaffold\] source: no such key"),
        ("[run\n", "is not TOML"),
        ("a = " + "[" * 5_000 + "]" * 5_000, "is not TOML"),
        ("a = " + "1" * 5_000, "is not TOML"),
    ],
)
def test_files_of_the_wrong_shape_are_refused(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"(?i){said}"):
        parse_config(text)


def test_an_empty_scaffold_section_is_no_scaffold() -> None:
    text = "[run]\nname = 'a'\n[environment]\nname = 'b'\n[scaffold]"
    assert parse_config(text).scaffold.source == ""


def test_shared_seeds_are_refused_when_the_file_is_loaded() -> None:
    with pytest.raises(ConfigError, match="seed 42 is in `search` and in `report`"):
        parse_config(FULL, ["seeds.report=[42]"])


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read the configuration .*nope\.toml"):
        load_config(tmp_path / "nope.toml")
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9")
    with pytest.raises(
        ConfigError, match=r"No such file or directory; did you mean '.*latin\.toml'"
    ):
        load_config(tmp_path / "latn.toml")
    with pytest.raises(ConfigError, match="is not UTF-8"):
        load_config(tmp_path / "latin.toml")


def test_the_file_is_named_in_errors(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("[agnet]", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"mine\.toml: section \[agnet\]"):
        load_config(path)


NAMES = st.text(st.characters(codec="utf-8"), max_size=8)
KEYS = st.text("abcxyz_-\"'. é", min_size=1, max_size=6).map("x".__add__)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5,
)
OPTIONS = st.dictionaries(KEYS, VALUES, max_size=3)
MAYBE_FLOAT = st.none() | st.floats(0, 10)
ROLES = st.builds(
    RoleSection,
    backend=st.none() | NAMES,
    adapter=st.none() | NAMES,
    sampling=st.builds(
        Sampling,
        temperature=MAYBE_FLOAT,
        max_tokens=st.none() | st.integers(1, 9),
        stop=st.lists(NAMES, max_size=2).map(tuple),
    ),
    seeded=st.booleans(),
    price=st.none() | st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
    options=OPTIONS,
)
CONFIGS = st.builds(
    RunConfig,
    run=st.builds(RunSection, name=NAMES, folder=NAMES),
    environment=st.builds(
        EnvironmentSection,
        name=NAMES,
        tasks=st.lists(NAMES, max_size=2).map(tuple),
        max_steps=st.none() | st.integers(1, 99),
        options=OPTIONS,
    ),
    agent=st.builds(AgentSection, name=NAMES, chain_of_thought=st.booleans()),
    scaffold=st.builds(ScaffoldSection, source=NAMES),
    roles=st.dictionaries(st.sampled_from(["default", "memory", "gameplay"]), ROLES),
    seeds=st.sampled_from(
        [SeedsSection(), SeedsSection(search=(3, 1), train="2 from 5", report="7-9")]
    ),
    limits=st.builds(LimitsSection, run_tokens=st.none() | st.integers(1, 9), run_cost=MAYBE_FLOAT),
    evaluation=st.builds(EvaluationSection, workers=st.none() | st.integers(1, 4)),
    evolve=OPTIONS,
    train=OPTIONS,
)


@given(CONFIGS)
def test_a_rendered_configuration_loads_to_the_same(config: RunConfig) -> None:
    assert parse_config(render_config(config)) == config


def test_an_option_called_like_a_field_cannot_be_rendered() -> None:
    config = parse_config(FULL)
    environment = msgspec.structs.replace(config.environment, options={"tasks": 1})
    with pytest.raises(ConfigError, match=r"\[environment\] tasks: an option may not"):
        render_config(msgspec.structs.replace(config, environment=environment))


def test_the_schema_describes_the_file_as_it_is_written() -> None:
    sections = config_schema()["$defs"]
    role = sections["RoleSection"]
    assert {"temperature", "max_tokens", "backend"} <= role["properties"].keys()
    assert not {"sampling", "options"} & role["properties"].keys()
    assert role["additionalProperties"] and sections["EnvironmentSection"]["additionalProperties"]
    assert not sections["LimitsSection"]["additionalProperties"]
    assert list(sections["ScaffoldSection"]["properties"]) == ["from"]


@pytest.mark.parametrize(
    "override",
    [
        "environment.max_steps=0",
        "limits.run_tokens=0",
        "limits.episode_cost=-1.0",
        "roles.default.temperature=-0.1",
        "roles.default.top_p=1.5",
        "roles.default.max_tokens=0",
    ],
)
def test_a_number_that_makes_no_sense_is_refused_before_anything_is_played(override: str) -> None:
    with pytest.raises(ConfigError, match=r"expected `(int|float)` [<>]=? [01]"):
        parse_config(FULL, [override])


def test_a_configuration_that_is_runnable_anywhere_has_no_relative_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "scaffold.toml").write_text('name = "mine"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    text = '[run]\nname = "a"\n[environment]\nname = "toy"\n[scaffold]\nfrom = "mine"\n'
    config = runnable_anywhere(parse_config(text))
    assert config.run.folder == str(tmp_path / "runs")
    assert config.scaffold.source == str(tmp_path / "mine")
    named = parse_config(text.replace('"mine"', '"crafter-v0"'))
    assert runnable_anywhere(named).scaffold.source == "crafter-v0"


def test_an_adapter_in_a_folder_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_adapter(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    text = '[run]\nname = "a"\n[environment]\nname = "toy"\n[roles.default]\nadapter = "mine"\n'
    roles = runnable_anywhere(parse_config(text)).roles
    assert roles["default"].adapter == str(tmp_path / "mine")
    served = parse_config(text.replace('"mine"', '"memory"'))
    assert runnable_anywhere(served).roles["default"].adapter == "memory"


def test_a_text_in_place_of_a_list_is_told_how_to_write_one() -> None:
    with pytest.raises(ConfigError, match=r'environment\.tasks: expected `array`.* as in \["a"\]'):
        parse_config(FULL, ["environment.tasks=default"])
