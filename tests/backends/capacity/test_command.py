"""`automem serve CONFIG --plan` and `automem doctor CONFIG`."""

from __future__ import annotations

import json
from collections.abc import Callable

from automem_backends.capacity.checks import fits
from automem_backends.capacity.gpus import Supply, named
from automem_backends.capacity.telling import tell

from .conftest import Done, Planning

Call = Callable[..., Done]
SHORT = "roles.default.max_model_len=8192"
LATER = "roles.memory.adapter=later"


def test_a_plan_is_told_line_by_line(call: Call) -> None:
    done = call("serve", "planned.toml", "--plan", "--gpu", "h100-80g,1", "-s", SHORT, "-s", LATER)
    assert (done.code, done.out) == (0, "")
    for line in (
        "GPUs named: 1 x h100-80g",
        "vllm with Qwen/Qwen2.5-7B-Instruct, for memory and gameplay: on 1 GPU",
        "7.62 billion parameters, computed from its published dimensions",
        "weights             14.18 GiB",
        "adapters             1.20 GiB  1 place of rank 256",
        "tokens of conversations, 56.0 KiB for each",
        "conversation of memory (later): 8,192 tokens, the most that the scaffold's limits allow; "
        "cut from",
        "They share no prefix in the cache, so an episode keeps both.",
        "note: there is no adapter at later yet: planned with rank 256",
        "It fits: ",
        "and the configuration plays 4.",
    ):
        assert line in done.err, done.err


def test_a_plan_is_given_to_programs(call: Call) -> None:
    done = call("serve", "planned.toml", "--plan", "--gpu", "h100-80g", "--json")
    plan = json.loads(done.out)
    assert (done.code, plan["fits"], plan["origin"]) == (0, True, "named")
    assert plan["engines"][0]["figures"]["token_bytes"] == 57_344


def test_what_does_not_fit_ends_with_1(call: Call) -> None:
    done = call("serve", "planned.toml", "--plan", "--gpu", "t4-16g")
    assert done.code == 1
    assert "PROBLEM" in done.err
    assert "It does not fit as it stands." in done.err


def test_an_unknown_gpu_ends_with_2(call: Call) -> None:
    done = call("serve", "planned.toml", "--plan", "--gpu", "h100")
    assert done.code == 2
    assert "no GPU named 'h100' is known" in done.err


def test_gpus_are_named_for_a_plan_alone(call: Call) -> None:
    done = call("serve", "planned.toml", "--gpu", "h100-80g")
    assert done.code == 2
    assert "--gpu goes with --plan" in done.err


def test_fewer_than_wanted_are_told_how_many(planning: Planning) -> None:
    capacity = planning.plan("rtx4090-24g", SHORT, "seeds.search=1-99")
    said = tell(capacity)[-1]
    assert "The configuration plays 99" in said
    assert f"set evaluation.episodes_at_once = {capacity.episodes}." in said


def test_without_a_gpu_it_lists_those_on_which_it_fits(planning: Planning) -> None:
    lines = tell(planning.plan(Supply(origin="none"), SHORT))
    assert lines[0] == "No GPU was found here (nvidia-smi), and none is named with --gpu."
    assert any(line.startswith("    1 x h100-80g: ") for line in lines)
    assert lines[-1] == "Name GPUs to see how many episodes fit at once: --gpu h100-80g"


def test_where_nothing_would_be_started_there_is_nothing_to_fit(planning: Planning) -> None:
    lines = tell(planning.plan(Supply(origin="none"), "roles.default.backend=rules"))
    assert "takes no GPU of this machine: memory (rules), gameplay (rules)" in lines
    assert lines[-1].startswith("No role names an engine")


def test_replicas_and_processors_are_told_as_such(planning: Planning) -> None:
    found = Supply(origin="found", gpus=named("h100-80g,2").gpus)
    two = ("roles.default.gpus=[0,1]", "roles.default.replicas=2")
    lines = tell(planning.plan(found, SHORT, *two))
    assert lines[0] == "GPUs found: 2 x h100-80g"
    assert lines[2].endswith(": 2 servers of 1 GPU")
    local = ("roles.default.backend=local", "roles.default.model=Qwen/Qwen2.5-0.5B-Instruct")
    lines = tell(planning.plan(Supply(origin="none"), SHORT, *local))
    assert lines[2].endswith(": on the processor")


def test_problems_between_engines_are_told(planning: Planning) -> None:
    lines = tell(planning.plan("h100-80g", SHORT, "roles.memory.model=Qwen/Qwen2.5-3B-Instruct"))
    assert any("PROBLEM  several engines want GPU 0" in line for line in lines)


def test_a_doctor_has_one_line_for_each_engine(planning: Planning) -> None:
    def lines(supply: Supply, *overrides: str) -> list[tuple[bool | None, str]]:
        found = fits(planning.config(*overrides), planning.plugins, supply)
        return [(fit.fits, fit.text) for fit in found]

    ((fitting, said),) = lines(named("h100-80g"), SHORT)
    assert fitting
    assert "episodes at once on h100-80g" in said
    ((fitting, said),) = lines(named("t4-16g"), SHORT)
    assert fitting is False
    assert "are taken before any conversation" in said
    ((fitting, said),) = lines(Supply(origin="none"), SHORT)
    assert fitting is None
    assert "no GPU to fit it on; it would fit on 1 x a10-24g, " in said
    attached = "roles.default.base_url=http://127.0.0.1:1/v1"
    ((fitting, said),) = lines(named("t4-16g"), SHORT, attached)
    assert fitting is None
    assert said.startswith("it runs already at http://127.0.0.1:1/v1")
    two = lines(named("h100-80g"), SHORT, "roles.memory.model=Qwen/Qwen2.5-3B-Instruct")
    assert [fitting for fitting, _ in two] == [True, True, False]


def test_doctor_says_what_fits(call: Call) -> None:
    local = ("-s", "roles.default.backend=local", "-s", SHORT)
    model = ("-s", "roles.default.model=Qwen/Qwen2.5-0.5B-Instruct")
    done = call("doctor", "planned.toml", *local, *model)
    assert "capacity of local with Qwen/Qwen2.5-0.5B-Instruct: " in done.err


def test_doctor_fails_where_it_does_not_fit(call: Call) -> None:
    done = call("doctor", "planned.toml", "-s", "roles.default.model=org/base")
    assert done.code == 1
    assert "MISSING  capacity of vllm with org/base: nothing is known" in done.err


def test_doctor_has_nothing_to_fit_for_rules(call: Call) -> None:
    done = call("doctor", "planned.toml", "-s", "roles.default.backend=rules")
    assert "ok       capacity: no role names an engine that would be started here" in done.err
