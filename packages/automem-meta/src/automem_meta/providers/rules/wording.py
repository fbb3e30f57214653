"""The texts that come with the rules, and values put into them."""

from __future__ import annotations

from importlib.resources import files


def text_of(name: str, ending: str = "md") -> str:
    """One of the texts that come with the rules."""
    folder = files("automem_meta.providers.rules").joinpath("texts")
    return folder.joinpath(f"{name}.{ending}").read_text(encoding="utf-8")


def filled(name: str, **values: str) -> str:
    """The text `name`.md with each key in capitals replaced; what is put in is left as it is."""
    text = text_of(name)
    for key in values:
        text = text.replace(key, f"\0{key}\0")
    for key, value in values.items():
        text = text.replace(f"\0{key}\0", value)
    return text.rstrip() + "\n"
