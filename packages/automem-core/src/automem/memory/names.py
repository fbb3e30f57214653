"""Names of memory files: which are allowed, and which file a model meant."""

from __future__ import annotations

from collections.abc import Collection

NAME_BYTES = 100
_EXTENSIONS = (".txt", ".md")


def check_name(name: str) -> str | None:
    """Why a file cannot have this name, as a text that a model can act on; None if it can."""
    reason = _reason(name)
    if reason is None:
        return None
    return f"{reason} Use a plain file name such as notes.txt."


def _reason(name: str) -> str | None:
    if not name or name != name.strip():
        return "The file name is empty or begins or ends with a space."
    if "/" in name or "\\" in name:
        return (
            "The memory is one flat folder: a file name holds no folder, slash or backslash, "
            "and nothing outside the folder can be reached."
        )
    if name.startswith("."):
        return "A file name must not begin with a dot."
    # The character that cannot be shown is not repeated; a lone surrogate could not be stored.
    if not name.isprintable():
        return "The file name holds a control character or another one that cannot be printed."
    if any(character in "<>|*" for character in name):
        return "A file name must not hold any of < > | *."
    length = len(name.encode())
    if length > NAME_BYTES:
        return f"The file name has {length} bytes; at most {NAME_BYTES} are allowed."
    return None


def meant(said: str, known: Collection[str]) -> str:
    """The known file that `said` means, or `said` where none or several come into question.

    Tolerated: quotes around it, another case, a missing `.txt` or `.md`.
    """
    if said in known:
        return said
    bare = said.strip("`'\" ")
    if bare in known:
        return bare
    folded = bare.casefold()
    same = [name for name in known if name.casefold() == folded]
    if len(same) == 1:
        return same[0]
    longer = [name for name in known if _without_extension(name.casefold()) == folded]
    return longer[0] if not same and len(longer) == 1 else bare


def _without_extension(name: str) -> str:
    for extension in _EXTENSIONS:
        name = name.removesuffix(extension)
    return name
