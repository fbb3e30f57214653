"""The README of an exported adapter: what it is, what it came from, how it is loaded."""

from __future__ import annotations

from importlib import resources
from string import Template
from typing import Final

from automem.records.training import Provenance
from automem_train.adapters.reading import ends

_SHORT: Final = 12
_UNMERGED: Final = """\
from peft import AutoPeftModelForCausalLM
from transformers import AutoTokenizer

model = AutoPeftModelForCausalLM.from_pretrained("FOLDER")
tokenizer = AutoTokenizer.from_pretrained("{base}")"""
_MERGED: Final = """\
from transformers import AutoModelForCausalLM, AutoTokenizer

model = AutoModelForCausalLM.from_pretrained("FOLDER", dtype="auto")
tokenizer = AutoTokenizer.from_pretrained("FOLDER")"""


def card(said: Provenance, name: str, *, dtype: str = "") -> str:
    """The text; `dtype` is that of merged weights, empty for an adapter by itself."""
    job, lora = said.job, said.job.lora
    first, last = ends(said.losses)
    merged = (
        f"The base model with this adapter added in float32 and cast to {dtype} once; it needs no "
        "adapter beside it."
    )
    text = resources.files("automem_train.adapters").joinpath("card.md").read_text("utf-8")
    return Template(text).substitute(
        title=f"Memory specialist {name}",
        kind=merged if dtype else "A LoRA adapter in peft's form, for the base model below alone.",
        library="transformers" if dtype else "peft",
        base=job.base,
        config=said.base.config_sha256[:_SHORT],
        weights=said.base.weights_sha256[:_SHORT],
        data=job.data,
        examples=f"{said.data.examples:,}",
        labelled=f"{said.data.labelled:,}",
        tokens=f"{said.data.tokens:,}",
        episodes=f"{len(said.data.episodes):,}",
        rank=lora.rank,
        alpha=f"{lora.alpha:g}",
        dropout=f"{lora.dropout:g}",
        targets=", ".join(lora.targets),
        steps=f"{said.steps:,}",
        epochs=lora.epochs,
        rate=f"{lora.learning_rate:g}",
        schedule=lora.schedule,
        batch=lora.batch,
        accumulate=lora.accumulate,
        first="?" if first is None else f"{first:.3f}",
        last="?" if last is None else f"{last:.3f}",
        trainer=job.trainer,
        device=said.device,
        versions=", ".join(f"{one} {version}" for one, version in sorted(said.versions.items())),
        usage=_MERGED if dtype else _UNMERGED.format(base=job.base),
    )
