"""Programs that train, for interpreters with torch; nothing of the default environment imports it.

Its modules without torch say how examples become rows, in which order they come, and what a job's
folder holds; they are shared by all trainers.
"""

from __future__ import annotations

from typing import Final

MEETING_VARIABLE: Final = "AUTOMEM_TRAINING_MEETING"
"""Names the file in which workers that share a model find one another."""
