"""Workers: they answer the jobs that wait, in threads or in tasks.

A worker needs a coach and nothing else. Start as many as you like, in as many processes as you
like, on the same repository::

    with Worker(coach):
        ...  # chat.submit("And courage") is answered meanwhile

Any queue can do the same by calling ``coach.process`` with the `coachwork.jobs.JobRef` that its
`coachwork.ports.Dispatcher` was given; keep one worker beside it for what the queue lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coachwork.worker._options import WorkerOptions
from coachwork.worker._worker import Worker

if TYPE_CHECKING:
    from coachwork.worker._async_worker import AsyncWorker
else:  # the checkers would take any name for one that is there

    def __getattr__(name: str) -> object:
        """Load `AsyncWorker` when it is asked for."""
        if name == "AsyncWorker":
            from coachwork.worker._async_worker import (  # noqa: PLC0415 - it loads an event loop
                AsyncWorker,
            )

            return AsyncWorker
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "AsyncWorker",
    "Worker",
    "WorkerOptions",
]
