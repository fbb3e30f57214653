"""Between conversations and tokens: the model's chat template and its tokenizer."""

from __future__ import annotations

import datetime
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, cast

import numpy as np
from jinja2 import Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

from automem.errors import ModelError, ServerError
from automem.records.model import Message
from automem_tiny.engine.asking import Tokens
from automem_tiny.engine.shape import Shape, read_eos, read_json

_SPECIAL: Final = ("bos_token", "eos_token", "unk_token", "pad_token")


@dataclass(frozen=True, slots=True)
class Text:
    """A tokenizer with its chat template, rendered as transformers does."""

    tokenizer: Tokenizer
    template: Template
    special: dict[str, str]
    """What a template may call these tokens, and how they are written."""
    ends: frozenset[int]
    """Tokens that end an answer."""
    context: int
    """The most tokens of a conversation and its answer."""
    longest: int
    """Bytes of the longest token."""
    temperature: float
    """Where an ask names none."""

    def prompt(self, messages: Sequence[Message]) -> Tokens:
        """The tokens of a conversation that is to be answered. Raises ModelError."""
        said = [{"role": one.role, "content": one.content} for one in messages]
        try:
            text = self.template.render(
                messages=said, add_generation_prompt=True, tools=None, **self.special
            )
        except Exception as error:
            # The template is the model's code: what it raises is meant for who wrote the messages.
            raise ModelError(f"the chat template refused: {error}", status=400) from error
        # Everybody waits while a text is taken apart, so one that cannot fit is not.
        if (size := len(text.encode("utf-8", "surrogatepass"))) > self.context * self.longest:
            raise too_long(self.context, f"{size} bytes of the prompt")
        return np.array(self.tokenizer.encode(text, add_special_tokens=False).ids, np.int64)

    def written(self, tokens: Sequence[int]) -> str:
        """The text of tokens, without special ones."""
        return self.tokenizer.decode(list(tokens), skip_special_tokens=True)


def too_long(context: int, counted: str) -> ModelError:
    """What is said of a conversation that does not fit."""
    return ModelError(
        f"the conversation is longer than the model's context of {context} tokens ({counted}): "
        "lower max_tokens, or the scaffold's limits on turns, read_lines and result_bytes",
        status=400,
    )


def read_text(folder: Path, shape: Shape) -> Text:
    """Read tokenizer and template. Raises ServerError, saying what is missing."""
    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ServerError(f"{folder} is not complete: tokenizer.json is missing")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the package raises nothing narrower
        raise ServerError(f"{path} is damaged: {error}; put it there anew") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if tokenizer.get_vocab_size() > shape.vocab_size:
        raise ServerError(
            f"{path} has {tokenizer.get_vocab_size()} tokens and the model {shape.vocab_size}: "
            "they do not belong together"
        )
    settings = read_json(folder / "tokenizer_config.json")
    special = {name: text for name in _SPECIAL if (text := _token(settings.get(name)))}
    own = tokenizer.token_to_id(special.get("eos_token", ""))
    path = folder / "generation_config.json"
    generation = read_json(path) if path.exists() else {}
    ends = frozenset({*shape.eos, *read_eos(generation), *(() if own is None else (own,))})
    longest = max((len(token.encode()) for token in tokenizer.get_vocab()), default=0)
    return Text(
        tokenizer=tokenizer,
        template=_template(folder, settings),
        special=special,
        ends=ends,
        context=shape.max_position_embeddings,
        longest=longest,
        temperature=_temperature(path, generation),
    )


def _temperature(path: Path, generation: dict[str, Any]) -> float:
    found = generation.get("temperature")
    if found is None:
        return 1.0
    if not isinstance(found, int | float) or not 0.0 <= found < math.inf:
        raise ServerError(f"{path} is damaged: its temperature is {found!r}; put it there anew")
    return float(found)


def _token(given: object) -> str:
    """A special token is written as a text, or as a table with more about it."""
    found = cast("dict[str, Any]", given).get("content") if isinstance(given, dict) else given
    return found if isinstance(found, str) else ""


def _template(folder: Path, settings: dict[str, Any]) -> Template:
    path = folder / "chat_template.jinja"
    try:
        source: object = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        source = settings.get("chat_template")
    except (OSError, ValueError) as error:
        raise ServerError(f"{path} cannot be read: {error}") from error
    if not isinstance(source, str):
        raise ServerError(
            f"{folder} has no chat template: put chat_template.jinja beside its tokenizer, or "
            "name the instruct version of the model"
        )
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
    )
    environment.filters["tojson"] = _tojson
    offered = {"raise_exception": _refuse, "strftime_now": _now}
    try:
        return environment.from_string(source, globals=offered)
    except TemplateError as error:
        raise ServerError(f"the chat template of {folder} is damaged: {error}") from error


def _tojson(value: object, indent: int | None = None) -> str:
    """Without the escapes for HTML that jinja2's own makes."""
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _refuse(message: str) -> NoReturn:
    raise TemplateError(message)


def _now(form: str) -> str:
    return datetime.datetime.now(tz=datetime.UTC).astimezone().strftime(form)
