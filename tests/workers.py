"""What a worker does, for tests that need one: it finds what is due, and answers it.

Beside it stand the two ports that a worker and a submit tell: a notifier that remembers events, and
a dispatcher that remembers jobs. Both can be made to fail.
"""

from __future__ import annotations

from collections.abc import Callable

from coachwork.events import Event
from coachwork.jobs import JobRef
from coachwork.workflows import JobReport, due_jobs, process, relay
from tests.faults import World


class Heard:
    """A notifier that remembers what it was told.

    Attributes:
        events: Every event that was handed over, in order, repeats too.
        refuses: Whether it fails on an event instead.
        error: What it fails with.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.events: list[Event] = []
        self.refuses: Callable[[Event], bool] = lambda _: False
        self.error: Exception = ConnectionError("nobody listens")

    def notify(self, event: Event, /) -> None:
        """Remember the event, or fail."""
        if self.refuses(event):
            raise self.error
        self.events.append(event)

    @property
    def jobs(self) -> list[str]:
        """The jobs of the events, in order, without repeats."""
        return list(dict.fromkeys(event.job for event in self.events))


class Post:
    """A dispatcher that remembers what it was told, and may fail.

    Attributes:
        refs: Every job that it was told of, in order.
        error: What it fails with after that, if it does.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        self.refs: list[JobRef] = []
        self.error: BaseException | None = None

    def dispatch(self, ref: JobRef, /) -> None:
        """Remember the job."""
        self.refs.append(ref)
        if self.error is not None:
            raise self.error


def work(world: World) -> list[JobReport[object]]:
    """Answer all that is due now, as one worker after the other, and return what became of it."""
    done: list[JobReport[object]] = []
    while due := world.run(due_jobs(world.setup)):
        for ref in due:
            report = world.run(process(world.setup, ref))
            if report is not None:
                done.append(report)
    return done


def work_after_the_lease(world: World) -> list[JobReport[object]]:
    """Let every lease run out, answer all that is left, and deliver all that is owed."""
    world.clock.time += world.setup.settings.lease
    done = work(world)
    if world.setup.notifies:
        world.run(relay(world.setup))
    return done
