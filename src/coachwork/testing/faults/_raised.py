"""What a faulty port raises that no port raises of itself."""

from __future__ import annotations


class CrashError(BaseException):
    """The process is gone.

    It runs through a workflow like the end of a process: until somebody calls `Faults.restart`,
    every other call of the faulty ports raises it too, so that nothing can be cleaned up.
    """


class InterruptError(BaseException):
    """The caller was interrupted, as by Ctrl-C or a cancelled task.

    Unlike after a crash, the workflow may still call its ports, to clean up.
    """


class InjectedError(Exception):
    """A port failed that has no errors of its own.

    A repository raises `coachwork.StoreUnavailableError` instead, a model `coachwork.LLMError`.
    """
