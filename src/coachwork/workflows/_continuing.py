"""Going on with a job that was accepted before: by a retry, a resume, or whoever finds it left."""

from __future__ import annotations

from datetime import datetime

from coachwork.effects import Now, Workflow
from coachwork.errors import RefusedError
from coachwork.jobs import OPEN
from coachwork.records import Op
from coachwork.sessions import later
from coachwork.topics import Topic
from coachwork.workflows._answering import finish
from coachwork.workflows._jobs import Held, reread, still_answering, take
from coachwork.workflows._settling import expire, give_up, raise_for
from coachwork.workflows._setup import Setup
from coachwork.workflows._store import Tries


def go_on(setup: Setup, topic: Topic[object], held: Held) -> Workflow[Held]:
    """Return a job that was accepted before with its outcome, finishing it if nobody holds it.

    Args:
        setup: The application's declarations.
        topic: The session's topic.
        held: The job as it was read; the caller may hold no lease of it.

    Raises:
        StillAnsweringError: Somebody holds it.
        CoachworkError: What the job failed with, or what `finish` raises.
    """
    tries = Tries(setup)
    while True:
        tries.another()
        job = held.job.value
        if job.status not in OPEN:
            raise_for(job)
            return held
        now = yield from Now()
        if job.is_overdue(now):
            held = yield from expire(setup, held, now)
            continue
        if job.lease is not None and job.is_held(now):
            raise still_answering(job, (job.lease.until - now).total_seconds())
        taken = yield from take_and_finish(setup, topic, tries, held, now)
        if taken is not None:
            return taken
        held = yield from reread(held)


def take_and_finish(
    setup: Setup, topic: Topic[object], tries: Tries, held: Held, now: datetime, *more: Op
) -> Workflow[Held | None]:
    """Take a job that nobody holds, with *more* in the same commit, and finish it.

    Returns:
        The session and the settled job; None to read again and decide again.
    """
    taken = yield from take_safely(setup, tries, held, now, *more)
    if taken is None:
        return None
    return (yield from finish(setup, topic, taken))


def take_safely(
    setup: Setup, tries: Tries, held: Held, now: datetime, *more: Op
) -> Workflow[Held | None]:
    """Take the lease; whoever is interrupted at that moment gives it up, if it was taken."""
    try:
        return (yield from take(setup, tries, held, now, *more))
    except GeneratorExit:  # the process is gone: nothing can be asked any more
        raise
    except BaseException:
        yield from give_up(held, held.job.value.attempts + 1, later(now, setup.lease))
        raise


def finish_abandoned(
    setup: Setup, topic: Topic[object], tries: Tries, held: Held, now: datetime
) -> Workflow[None]:
    """Finish a job that was about to end its session and that nobody holds any more.

    Whatever comes of it, whoever found it reads the session again and decides again.
    """
    try:
        yield from take_and_finish(setup, topic, tries, held, now)
    except RefusedError:
        return
