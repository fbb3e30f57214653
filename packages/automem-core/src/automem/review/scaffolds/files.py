"""Which files of a scaffold a review may write."""

from __future__ import annotations

import re

from automem.memory.names import check_name
from automem.review.writable import Writable
from automem.scaffold.content import CODE, FILES, MANIFEST, PROMPTS, texts

_PROMPT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}\.md")


def _refused(name: str) -> str:
    folder, slash, plain = name.partition("/")
    if name in (MANIFEST, CODE):
        return ""
    if slash and folder == PROMPTS:
        return "" if _PROMPT.fullmatch(plain) else "a prompt is a file such as prompts/log.md"
    if slash and folder == FILES:
        return check_name(plain) or ""
    return "it is none of the files that may be written"


SCAFFOLD_FILES = Writable(
    said=f"{MANIFEST}, {PROMPTS}/*.md, {FILES}/*, {CODE}",
    refused=_refused,
    read=texts,
    lasting={MANIFEST: "what makes the folder a scaffold"},
)
