"""Mean loss over a job's examples of the base, and of the base with the adapter in plain peft.

python tests/server/training/adapter_loss.py FOLDER
"""
# It runs in the trainer's interpreter, so its types are not known here.
# pyright: basic, reportMissingImports=false

import sys
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

from automem_train.workers.jobs import read_work
from automem_train.workers.network import load_tokenizer
from automem_train.workers.rows import TokenizerCodec, rows_of


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    work = read_work(folder)
    lora = work.job.lora
    codec = TokenizerCodec.of(load_tokenizer(work.job.base), work.job.base)
    rows = rows_of((one.messages for one in work.examples), codec, lora.train_on, lora.cutoff)

    @torch.inference_mode()
    def mean(model: torch.nn.Module) -> float:
        total = 0.0
        for row in rows.rows:
            tokens, labels = torch.tensor([list(row.tokens)]), torch.tensor([list(row.labels)])
            total += float(model(input_ids=tokens, labels=labels).loss) * row.learned
        return total / rows.learned

    plain = AutoModelForCausalLM.from_pretrained(work.job.base, dtype=torch.float32).eval()
    before = mean(plain)
    sys.stdout.write(f"{before} {mean(PeftModel.from_pretrained(plain, folder).eval())}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
