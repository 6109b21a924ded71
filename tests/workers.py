"""What a worker does, for tests that need one: it finds what is due, and answers it."""

from __future__ import annotations

from coachwork.workflows import JobReport, due_jobs, process, relay
from tests.faults import World


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
