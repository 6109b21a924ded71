"""Workers: they answer the jobs that wait, in threads or in tasks.

A worker needs a coach and nothing else. Start as many as you like, in as many processes as you
like, on the same repository::

    with Worker(coach):
        ...  # chat.submit("And courage") is answered meanwhile

Any queue can do the same by calling ``coach.process`` with the `coachwork.jobs.JobRef` that its
`coachwork.ports.Dispatcher` was given; keep one worker beside it for what the queue lost.
"""

from coachwork.worker._async_worker import AsyncWorker
from coachwork.worker._options import WorkerOptions
from coachwork.worker._worker import Worker

__all__ = [
    "AsyncWorker",
    "Worker",
    "WorkerOptions",
]
