"""What the core package offers by itself: nothing yet, through the hooks every plugin uses."""

from __future__ import annotations
