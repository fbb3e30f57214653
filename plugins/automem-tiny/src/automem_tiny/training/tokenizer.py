"""The tokenizer: byte pairs that never reach over the edge of a field the model composes."""
# transformers is in another interpreter, so its types are not known here.
# pyright: basic, reportMissingImports=false

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

FILES: Final = ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja")
VOCABULARY: Final = 1408
SPECIAL: Final = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CHAT_TEMPLATE: Final = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
WORDS: Final = (
    "north-east", "north-west", "south-east", "south-west", "north", "south", "west", "east",
    "grass", "sand", "path", "water", "lava", "tree", "stone", "coal", "iron", "diamond", "table",
    "furnace", "plant-ripe", "plant", "sapling", "zombie", "skeleton", "cow", "arrow",
    "wood_pickaxe", "wood_sword", "stone_pickaxe", "stone_sword", "iron_pickaxe", "iron_sword",
    "wood", "drink", "sleep", "nap", "den", "enter", "deeper", "inside", "back", "close", "rest",
    "wall", "nothing", "further", "within", "moved", "still",
)  # fmt: skip
"""Longer ones first where one begins another."""
FIELD: Final = (
    r"<\|[A-Za-z_]+\|>| ?(?<!/)-?\d+| ?\b(?:" + "|".join(WORDS) + r")\b|\b[a-z]+_[a-z_]+\b"
    r"|(?:Move|Make|Place) [A-Z][a-z]+(?: [A-Z][a-z]+)?|[a-z]+\.txt\|?"
)
EVERY: Final = 5
"""Of so many conversations one is looked at."""
LARGEST: Final = 64
"""Whole numbers up to it are one token each."""


def make_tokenizer(texts: Iterable[str]) -> Any:
    """Train it on conversations as the chat template writes them."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(FIELD), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - len(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_with_numbers(texts), trainer)
    tokenizer.add_special_tokens(list(SPECIAL))
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|im_end|>",  # noqa: S106 - a token of text
        pad_token="<|endoftext|>",  # noqa: S106 - a token of text
        chat_template=CHAT_TEMPLATE,
        model_max_length=2048,
    )


def _with_numbers(texts: Iterable[str]) -> Iterable[str]:
    yield from texts
    numbers = [sign + str(number) for number in range(LARGEST + 1) for sign in ("", "-")]
    for _ in range(500):
        yield " " + " ".join(numbers)
        yield ",".join(numbers)


def copy_tokenizer(start: Path, out: Path) -> None:
    """Put the tokenizer of one folder into another, as far as it is there."""
    for name in FILES:
        if (start / name).exists():
            shutil.copy(start / name, out / name)


def main() -> None:
    """`python -m automem_tiny.training.tokenizer OUT LESSONS`: from every fifth conversation."""
    import sys
    from itertools import islice

    from automem_tiny.training.lessons import read_lessons
    from automem_tiny.training.packing import move

    out, *paths = [Path(argument) for argument in sys.argv[1:]]
    lessons = islice(read_lessons(paths), 0, None, EVERY)
    texts = (f"{m['role']}\n{m['content']}" for lesson in lessons for m in lesson["messages"])
    part = out.with_name(f"{out.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    make_tokenizer(texts).save_pretrained(part)
    move(part, out, last="tokenizer.json")


if __name__ == "__main__":
    main()
