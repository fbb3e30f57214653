"""The answer of a tool that cannot do what was asked."""

from __future__ import annotations

from automem.errors import AutoMemError


class ToolRefusal(AutoMemError):
    """A tool cannot do what was asked; the text says why, and what can be done."""
