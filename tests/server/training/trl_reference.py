"""The same training by trl's SFTTrainer: the same rows in the same order, from the same weights.

python tests/server/training/trl_reference.py FOLDER, with job.json; it writes `trl.json` (loss of
each step, and when it was done) and `trl.safetensors` (what was learned).
"""
# It runs in an interpreter of its own, so its types are not known here.
# pyright: basic, reportMissingImports=false

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from datasets import Dataset
from peft import get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import TrainerCallback
from trl import SFTConfig, SFTTrainer

from automem_train.workers.jobs import read_work
from automem_train.workers.network import load_base, load_tokenizer, quiet, with_lora
from automem_train.workers.order import order_of
from automem_train.workers.rows import TokenizerCodec, rows_of


class Order(torch.utils.data.Sampler):
    """Our order of each epoch."""

    def __init__(self, seed: int, examples: int) -> None:
        self.seed, self.examples, self.epoch = seed, examples, -1

    def __iter__(self) -> Iterator[int]:
        self.epoch += 1
        return iter(order_of(self.seed, self.epoch, self.examples))

    def __len__(self) -> int:
        return self.examples


class Reference(SFTTrainer):
    """Keeps what each pass lost, exactly, where the log rounds it."""

    order: Order
    passes: list[float]

    def _get_train_sampler(self, *_: object) -> Order:
        return self.order

    def training_step(self, *given, **named) -> torch.Tensor:
        loss = super().training_step(*given, **named)
        self.passes.append(float(loss))
        return loss


class Steps(TrainerCallback):
    """The loss and the end of each step."""

    def __init__(self) -> None:
        self.trainer: Reference
        self.losses: list[float] = []
        self.ends: list[float] = []

    def on_step_end(self, *_: object, **__: object) -> None:
        self.losses.append(sum(self.trainer.passes))
        self.trainer.passes.clear()
        self.ends.append(time.monotonic())


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    quiet()
    work = read_work(folder)
    lora = work.job.lora
    tokenizer = load_tokenizer(work.job.base)
    codec = TokenizerCodec.of(tokenizer, work.job.base)
    told = rows_of((one.messages for one in work.examples), codec, lora.train_on, lora.cutoff)
    rows = [{"input_ids": list(r.tokens), "labels": list(r.labels)} for r in told.rows]
    steps = Steps()
    trainer = Reference(
        model=with_lora(load_base(work.job), work.job),
        args=SFTConfig(
            output_dir=str(folder / "trl"),
            per_device_train_batch_size=lora.batch,
            gradient_accumulation_steps=lora.accumulate,
            num_train_epochs=lora.epochs,
            learning_rate=lora.learning_rate,
            lr_scheduler_type=lora.schedule,
            warmup_steps=lora.warmup,
            weight_decay=lora.weight_decay,
            max_grad_norm=lora.clip,
            optim="adamw_torch",
            gradient_checkpointing=work.job.checkpointing,
            bf16=False,
            max_length=None,
            seed=lora.seed,
            use_cpu=True,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        ),
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        callbacks=[steps],
    )
    steps.trainer, trainer.passes = trainer, []
    trainer.order = Order(lora.seed, len(rows))
    trainer.train()
    learned = get_peft_model_state_dict(trainer.model, save_embedding_layers=False)
    save_file({name: one.contiguous() for name, one in learned.items()}, folder / "trl.safetensors")
    said = {"losses": steps.losses, "ends": steps.ends}
    (folder / "trl.json").write_text(json.dumps(said), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
