"""A client who insists: one life of a session, call by call, whatever goes wrong with them.

The same life is led in both colours, over any repository, under any plan of faults. A call that
gives no answer that stands is made again, under the same key, until it does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Literal

from attrs import define, field

from coachwork.adapters import (
    BuiltinRenderer,
    ExtractiveSummarizer,
    Memory,
    ScriptedModel,
    SQLite,
    TopicTemplates,
)
from coachwork.drivers import run, run_async
from coachwork.effects import Workflow
from coachwork.errors import CoachworkError, ModelError
from coachwork.jobs import JobKind, JobRef
from coachwork.plain import to_json
from coachwork.policies import Settings
from coachwork.ports import Admission, AsyncPorts, Ports
from coachwork.records import Record
from coachwork.testing import CountedIds, FakeClock, RecordingDispatcher, RecordingNotifier
from coachwork.testing.faults import CrashError, FaultPlan, Faults, InjectedError, InterruptError
from coachwork.topics import Topic
from coachwork.workflows import (
    Setup,
    cancel,
    complete,
    due_jobs,
    pause,
    process,
    purge_expired,
    relay,
    resume,
    retry,
    send,
    start,
    submit,
)
from tests.faults import ADA, all_records
from tests.scenes import ROOM, TALK, TOPICS, coach

Colour = Literal["blocking", "async"]

GIVES_UP: Final = 60
"""After how many calls a client who insists takes it that nothing will ever come."""


async def admits(_: Admission, /) -> str | None:
    """Admit everybody."""
    return None


@define
class Life:
    """One life, and what came of it.

    Attributes:
        store: Where it is kept.
        faults: What goes wrong.
        setup: What the application declares.
        ports: What the workflows are run with, in one colour or the other.
        clock: What time it is, but for what the faults make of it.
        notifier: Who hears of events.
        told: What each call was answered, one line each.
    """

    store: Memory | SQLite
    faults: Faults
    setup: Setup
    ports: Ports | AsyncPorts
    clock: FakeClock
    notifier: RecordingNotifier
    told: list[str] = field(factory=list[str])

    @property
    def records(self) -> list[Record]:
        """All that is stored."""
        return all_records(self.store)

    @property
    def text(self) -> str:
        """All that happened, and all that is stored, as one text."""
        stored = sorted(f"{r.key.text} {r.version} {r.body}" for r in self.records)
        events = [str(event.wire()) for event in self.notifier.events]
        return "\n".join([*map(str, self.faults.injected), *self.told, *events, *stored])

    # --- calling -----------------------------------------------------------------------------

    def once(self, workflow: Workflow[Any]) -> Any:  # noqa: ANN401 - whatever it answers
        """Run *workflow* in the colour of this life."""
        if isinstance(self.ports, Ports):
            return run(workflow, self.ports)
        return asyncio.run(run_async(workflow, self.ports))

    def insist(
        self,
        make: Callable[[], Workflow[Any]],
        enough: Callable[[Any], bool] = lambda _: True,
    ) -> Any:  # noqa: ANN401 - as above
        """Call until there is an answer that is enough; a message that failed is tried anew."""
        retries = 0
        for _ in range(GIVES_UP):
            try:
                answer = self.once(make())
            except (CrashError, InterruptError, InjectedError, TimeoutError) as fault:
                self.told.append(type(fault).__name__)
                self.faults.restart()
                self.clock.time += self.setup.settings.lease
            except CoachworkError as error:
                self.told.append(error.code)
                if isinstance(error, ModelError) and error.job is not None and error.retryable:
                    retries += 1
                    key = f"{error.key}-{retries}"
                    make = partial(retry, self.setup, ADA, TALK, error.job, key=key)
                self.clock.advance(seconds=max(1, error.retry_after or 0))
            else:
                self.told.append(repr(to_json(answer)))
                if enough(answer):
                    return answer
                self.clock.time += self.setup.settings.lease
        raise AssertionError("it does not answer")


def life(store: Memory | SQLite, plan: FaultPlan, colour: Colour = "blocking") -> Life:
    """Return a life that is yet to be led."""
    clock, ids, notifier = FakeClock(), CountedIds(), RecordingNotifier()
    by_id = {topic.id: topic for topic in TOPICS}
    templates, summarizer = TopicTemplates(by_id), ExtractiveSummarizer()
    model, dispatcher = ScriptedModel(coach), RecordingDispatcher()
    faults = Faults(plan, sleep=lambda seconds: clock.advance(seconds=seconds))
    ports: Ports | AsyncPorts
    if colour == "blocking":
        ports = faults.ports(
            Ports(
                repository=store,
                model=model,
                clock=clock,
                ids=ids,
                templates=templates,
                renderer=BuiltinRenderer(),
                summarizer=summarizer,
                admit=lambda _: None,
                notifier=notifier,
                dispatcher=dispatcher,
            )
        )
    else:
        ports = faults.ports(
            AsyncPorts(
                repository=store.for_async(),
                model=model.for_async(),
                clock=clock,
                ids=ids,
                templates=templates.for_async(),
                renderer=BuiltinRenderer(),
                summarizer=summarizer.for_async(),
                admit=admits,
                notifier=notifier.for_async(),
                dispatcher=dispatcher.for_async(),
            )
        )
    setup = Setup(topics=by_id, settings=Settings(), notifies=True)
    return Life(store, faults, setup, ports, clock, notifier)


def lead(life: Life) -> str:
    """Lead a life with every command in it; return the id of the session that was completed."""
    setup, insist = life.setup, life.insist
    insist(lambda: start(setup, ADA, TALK, context={"name": "Ada"}, key="start"))
    talk = _session(life, TALK)
    insist(lambda: send(setup, ADA, TALK, talk, "One.", key="send"))
    job = insist(lambda: submit(setup, ADA, TALK, talk, "Two.", key="submit"))
    insist(lambda: process(setup, JobRef("acme", job.id, JobKind.REPLY)))
    insist(lambda: pause(setup, ADA, TALK, talk))
    insist(lambda: resume(setup, ADA, TALK, talk, key="resume"))
    insist(lambda: send(setup, ADA, TALK, talk, "Three.", key="send 2"))
    insist(lambda: complete(setup, ADA, TALK, talk, key="complete"))
    insist(lambda: start(setup, ADA, ROOM, wait=False, key="room"))
    insist(lambda: cancel(setup, ADA, ROOM, _session(life, ROOM)))
    life.clock.time += setup.settings.lease
    for ref in insist(lambda: due_jobs(setup)):
        insist(partial(process, setup, ref))
    insist(lambda: relay(setup), lambda _: not any(record.facts.due for record in life.records))
    return talk


def _session(life: Life, topic: Topic[object]) -> str:
    """Return the id of the one session on *topic*, whichever call its start was answered by."""
    (found,) = (
        str(record.key.parts[0])
        for record in life.records
        if record.key.kind == "session" and record.facts.topic == topic.id
    )
    return found


def sweep(life: Life) -> None:
    """Let everything expire, and sweep it away."""
    life.clock.advance(days=40)
    life.insist(
        lambda: purge_expired(life.setup),
        lambda _: not any(record.key.kind == "session" for record in life.records),
    )
