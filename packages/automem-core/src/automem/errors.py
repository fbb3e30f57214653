"""Every error AutoMem raises on purpose: one class for each boundary it crosses."""

from __future__ import annotations

from typing import Literal

FaultKind = Literal["exception", "timeout", "too_large", "died", "invalid"]


class AutoMemError(Exception):
    """Something the user can understand and act on; printed without a traceback."""


class ConfigError(AutoMemError):
    """A configuration file, an override or an option is not usable."""


class PluginError(AutoMemError):
    """A plugin is missing, broken, or collides with another."""


class SetupError(AutoMemError):
    """An interpreter or a data set could not be made; what was there before still is."""


class ServerError(AutoMemError):
    """An engine cannot be started or attached to, or is down for good."""


class EnvironmentFailure(AutoMemError):
    """A game, or the worker process it lives in, failed. Never a game action, never a score."""


class ScaffoldError(AutoMemError):
    """A scaffold folder does not pass its acceptance check."""


class JailError(AutoMemError):
    """Model-written code cannot be run here as safely as it was asked for."""


class TraceError(AutoMemError):
    """A trace cannot be read, or does not say what it should."""


class ReplayMismatch(TraceError):
    """Playing recorded answers again did not give the recorded observations."""


class LimitReached(AutoMemError):
    """A limit on steps, tokens, money or time stopped the work."""


class RunError(AutoMemError):
    """A run folder is missing, held by another process, or does not say what it should."""


class EvaluationError(AutoMemError):
    """An evaluation cannot be completed; it has no mean."""


class EvaluationUnfinished(EvaluationError):
    """Episodes of an evaluation could not be finished; the same command goes on with them.

    `scaffold_failed` says that the scaffold's own code was the cause each time.
    """

    def __init__(self, message: str, *, scaffold_failed: bool = False) -> None:
        super().__init__(message)
        self.scaffold_failed = scaffold_failed


class MetaError(AutoMemError):
    """A meta-LLM failed or refused, or its provider cannot be used; its review is kept."""


class DataError(AutoMemError):
    """A selection or a data set for training is not usable, or is not what the traces say."""


class TrainerError(AutoMemError):
    """A trainer cannot run here, or failed; what it had learned until then is kept.

    `settings_failed` says that the job itself was the cause, such as a loss that is not finite:
    the same job fails again on any machine.
    """

    def __init__(self, message: str, *, settings_failed: bool = False) -> None:
        super().__init__(message)
        self.settings_failed = settings_failed


class AdapterError(AutoMemError):
    """An adapter is missing or damaged, or belongs to another base model."""


class ModelError(AutoMemError):
    """A model call failed.

    `retryable` says whether the same call may succeed later, `retry_after_seconds` what the
    server asked for, `status` the HTTP status where there was one.
    """

    def __init__(
        self,
        message: str,
        *,
        retryable: bool = False,
        retry_after_seconds: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after_seconds = retry_after_seconds
        self.status = status


class CodeFault(AutoMemError):
    """A call of jailed code failed; `kind` says how. The jail itself goes on.

    exception: the code raised; timeout: it took too long; too_large: request or reply was; died:
    its process ended; invalid: its answer is no plain data, or not what the contract says.
    `line` is where in the code, if that is known.
    """

    def __init__(self, message: str, *, kind: FaultKind, line: int | None = None) -> None:
        super().__init__(message)
        self.kind: FaultKind = kind
        self.line = line
