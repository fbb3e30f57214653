"""What each phase of each scaffold offered: with it a reply is read as the game was played."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from automem.records.scaffold import Phase
from automem.review.view import scaffold_folder
from automem.run.layout import RunFolder
from automem.scaffold.load import Scaffold, load_scaffold
from automem_train.clean.draft import Vocabulary
from automem_train.dataset.conversations import TurnId


@dataclass(slots=True)
class Words:
    """The vocabularies of the scaffolds that were played."""

    run: RunFolder
    scaffolds: Mapping[str, str]
    """Evaluation -> hash of its scaffold."""
    tasks: Mapping[str, str]
    """Episode -> its task as the game calls it."""
    _loaded: dict[str, Scaffold] = field(default_factory=dict[str, Scaffold])
    _known: dict[tuple[str, str, Phase], Vocabulary] = field(
        default_factory=dict[tuple[str, str, Phase], Vocabulary]
    )

    def of(self, turn: TurnId) -> Vocabulary:
        """What the turn's phase offered. Raises ScaffoldError, RunError."""
        task = self.tasks[turn.episode]
        known = self._known.get((turn.evaluation, task, turn.phase))
        if known is None:
            digest = self.scaffolds[turn.evaluation]
            if digest not in self._loaded:
                self._loaded[digest] = load_scaffold(scaffold_folder(self.run, digest))
            known = self._loaded[digest].for_task(task).vocabulary(turn.phase)
            self._known[turn.evaluation, task, turn.phase] = known
        return known
