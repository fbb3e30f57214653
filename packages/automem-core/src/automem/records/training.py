"""What crosses the boundary between the host and a trainer: a job, its progress, its adapter."""

from __future__ import annotations

import hashlib
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from automem.records._struct import Record

Target = Literal["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
Schedule = Literal["cosine", "linear", "constant"]
TrainOn = Literal["all", "last"]
Precision = Literal["float32", "bfloat16"]
Count = Annotated[int, Meta(ge=1)]
Rate = Annotated[float, Meta(gt=0.0, le=1.0)]
Share = Annotated[float, Meta(ge=0.0, lt=1.0)]

ATTENTION: tuple[Target, ...] = ("q_proj", "k_proj", "v_proj", "o_proj")
PROJECTIONS: tuple[Target, ...] = (*ATTENTION, "gate_proj", "up_proj", "down_proj")
SERVED_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""Ranks that vLLM keeps room for; other engines take any up to the largest of them."""
MOST_RANK = SERVED_RANKS[-1]
"""The largest rank that the engines serve."""


FAILED_BY_SETTINGS = 65
"""How a worker ends where the job's own settings are at fault: its data cannot be learned so.

No program ends with it by accident, as with 1, or with 2 for words that it does not know.
"""


def served_rank(rank: int) -> int:
    """The rank that vLLM keeps room for, the next one that there is; a larger one is as it is."""
    return next((served for served in SERVED_RANKS if served >= rank), rank)


class LoraSettings(Record):
    """One LoRA configuration of a recipe."""

    rank: Annotated[int, Meta(ge=1, le=MOST_RANK)] = 16
    alpha: Annotated[float, Meta(gt=0.0, le=4096.0)] = 32.0
    """The adapter's product is scaled by `alpha / rank`."""
    dropout: Share = 0.0
    targets: Annotated[tuple[Target, ...], Meta(min_length=1)] = ATTENTION
    """Linear layers that are adapted, in every block; never embeddings or the head."""
    learning_rate: Rate = 5e-5
    epochs: Annotated[int, Meta(ge=1, le=100)] = 1
    batch: Count = 2
    """Examples of one pass of one process."""
    accumulate: Count = 8
    """Passes whose gradients make one step."""
    cutoff: Annotated[int, Meta(ge=16)] = 16_384
    """Tokens of an example; a longer one loses its beginning, which is counted."""
    schedule: Schedule = "cosine"
    warmup: Share = 0.05
    """Share of the steps over which the learning rate rises."""
    weight_decay: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.0
    clip: Annotated[float, Meta(gt=0.0)] = 1.0
    """Largest norm of the gradient."""
    train_on: TrainOn = "last"
    """`last`: the cleaned reply alone is learned; `all`: every reply of the conversation."""
    seed: Annotated[int, Meta(ge=0, lt=2**32)] = 0
    """Of the order of examples, of dropout and of the adapter's first weights."""


class TrainingJob(Record):
    """`job.json`: all that a worker is told. It names files, and holds nothing of them."""

    trainer: str
    """Name of the trainer, as a plugin offers it."""
    base: str
    """The base model: a folder, or a name on a model hub."""
    data: str
    """Hash of the data set."""
    examples: str
    """Path of its `examples.jsonl`: one object a line, of which `messages` is a list of `role`
    and `content`, the last one being what is learned."""
    examples_sha256: str
    """Of that file; a worker refuses another."""
    lora: LoraSettings
    precision: Precision = "bfloat16"
    """Of the base's weights; the adapter itself is kept and stepped in float32."""
    checkpointing: bool = False
    """Compute activations again instead of keeping them: less memory, a third more time."""
    processes: Count = 1
    """That train together; each takes `batch` examples of a pass, so a step grows with them."""
    save_seconds: Annotated[float, Meta(ge=0.0)] = 120.0
    """A state to go on from is kept so often, and at the end of every epoch; 0 after each step."""
    evaluation: str = ""
    """The data's evaluations and seeds in words, for the provenance."""

    @property
    def key(self) -> str:
        """16 hexadecimal digits of all that the adapter depends on; its folder's name.

        Examples count by their content, not by what their data set is called: the same ones out of
        a selection in other words would train the same adapter, and not be judged a second time.
        """
        bare = msgspec.structs.replace(self, data="", examples="", save_seconds=0.0, evaluation="")
        canonical = msgspec.json.encode(bare, order="deterministic")
        return hashlib.sha256(canonical).hexdigest()[:16]


class Launch(Record):
    """How a trainer's process is started."""

    argv: tuple[str, ...]
    environ: dict[str, str] = {}
    """Added to the environment variables of the host, of which secrets are left out."""


class TrainingStep(Record):
    """One line of `progress.jsonl`: one step of the optimizer."""

    step: int
    """From 1."""
    steps: int
    """In all."""
    epoch: float
    """Passes over the data so far."""
    loss: float
    """Mean over the labelled tokens of the step, in nats."""
    learning_rate: float
    gradient: float
    """Norm before it is clipped."""
    labelled: int
    """Tokens of the step that are learned."""
    tokens: int
    """Tokens of the step, prompts included, padding not."""
    seconds: float
    """Wall time of the step."""


class BaseIdentity(Record):
    """Which base an adapter belongs to. Engines refuse it on any other."""

    model: str
    """As the job named it."""
    config_sha256: str
    """Of `config.json`."""
    weights_sha256: str
    """Of the names and hashes of the weight files."""
    tokenizer_sha256: str
    """Of `tokenizer.json`, or of what stands in its place."""
    template_sha256: str
    """Of the chat template."""


class DataIdentity(Record):
    """What an adapter was trained on."""

    hash: str
    """Of the data set."""
    examples: int
    tokens: int
    """Of all examples once, after truncation."""
    labelled: int
    """Those of them that are learned."""
    truncated: int
    """Examples that lost their beginning."""
    dropped: int = 0
    """Examples of which truncation left nothing to learn."""
    episodes: tuple[str, ...] = ()
    """Evaluation, task and seed of each episode that has an example."""


class Provenance(Record):
    """`provenance.json` of an adapter: written last, so its existence means that it is whole."""

    base: BaseIdentity
    data: DataIdentity
    job: TrainingJob
    versions: dict[str, str]
    """Distribution -> version, those that compute."""
    processes: int = 1
    """That trained together."""
    device: str = "cpu"
    steps: int
    seconds: float
    """Wall time of all sittings."""
    losses: tuple[float, ...]
    """Of every step."""
    adapter_sha256: str
    """Of the weights file."""
    settings_sha256: str = ""
    """Of `adapter_config.json`, which says how the weights are scaled; empty where nobody did."""
    parent: str = ""
    """Hash of the scaffold that played the data."""
