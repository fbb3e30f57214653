"""What a build raises."""

from __future__ import annotations

from automem.errors import AutoMemError


class BuildError(AutoMemError):
    """A build cannot begin, or a command of it failed."""
