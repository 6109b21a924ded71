"""Clients, workers, relays and sweepers at once, one effect at a time, with every kind of fault.

Each of them is a workflow that stands still before its next effect. Hypothesis chooses who takes
the next step, what goes wrong at it, what the model says and what time it is: so whatever can
happen between two steps of one happens in some run. The invariants of the brief are held against
every commit; in the end all processes die at once, and one worker has to put everything in order.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Final, Literal

from attrs import define, frozen
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from coachwork import Answer, Settings, Topic
from coachwork.adapters import final
from coachwork.effects import AskModel, Commit, Effect, Workflow
from coachwork.errors import ApplicationError, CoachworkError, LLMError, LLMTimeoutError
from coachwork.events import Event, MessageCompleted
from coachwork.jobs import Job, JobRef, JobStatus
from coachwork.messages import Message, Role
from coachwork.ports import Ask
from coachwork.records import JOB_RECORD, job_key
from coachwork.sessions import LIVE, JobKind, Session
from coachwork.testing.faults import CrashError, Fault, InjectedError, InterruptError
from coachwork.workflows import (
    Caller,
    Claimed,
    Setup,
    cancel,
    cancel_job,
    complete,
    delete_all,
    due_jobs,
    job,
    open_session,
    pause,
    process,
    purge_expired,
    relay,
    renew,
    resume,
    retry,
    send,
    serve,
    start,
    submit,
)
from tests.faults import CRASHES, INTERRUPTS, LIES, Says, World, faults_of
from tests.specimens import ABOUT, PENDING


@frozen
class Values:
    """What the conversation yields."""

    values: list[str]


SOLO: Final = Topic(
    id="solo", system="Listen.", initiation="Greet.", result=Values, max_turns=5, title="Solo"
)
SHARED: Final = Topic(id="shared", system="Listen.", exclusive=True)
TOPICS: Final = (SOLO, SHARED)
ADA: Final = Caller("acme", "ada")
BOB: Final = Caller("acme", "bob")
CALLERS: Final = (ADA, BOB, Caller("other", "ada"))
GONE: Final = ABOUT
RATHER: Final = 6
BEGINNINGS: Final = (
    ["message"] * 6
    + ["work"] * 6
    + ["retry"] * 3
    + ["resume", "relay"] * 2
    + ["start", "open", "pause", "cancel", "complete", "job", "cancel_job", "renew"]
    + ["sweep", "delete_all"]
)
SETTINGS: Final = Settings(attempts=3)

Word = Literal["talks", "ends", "babbles", "fails", "is late"]
WORDS: Final[tuple[Word, ...]] = (
    "talks",
    "talks",
    "talks",
    "ends",
    "ends",
    "babbles",
    "fails",
    "is late",
)

place = st.integers(0, 7)
whose = st.sampled_from(CALLERS)
which = st.sampled_from(TOPICS)
flag = st.booleans()
FAULTS: Final = sorted(CRASHES | INTERRUPTS | LIES | {Fault.FAIL_BEFORE})
fault_of_a_step = st.sampled_from([None] * 12 + FAULTS)


@define(eq=False)
class Actor:
    """Somebody who stands before their next effect."""

    name: str
    workflow: Workflow[object]
    effect: Effect[object]


class Jobs(RuleBasedStateMachine):
    """Everything that clients, workers, relays, sweepers, clocks and faults may do."""

    actors: list[Actor]

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self.word: Word = "talks"
        self.world = World(TOPICS, self.say, settings=SETTINGS, notifier=self)
        self.actors = []
        self.said = 0
        self.told: dict[tuple[str, str], Event] = {}
        self.claims: list[Claimed] = []

    # --- the ports that are watched ----------------------------------------------------------

    def say(self, ask: Ask) -> Says:
        """Answer as the model, in the word of this step."""
        match self.word:
            case "fails":
                return LLMError(retry_after=3)
            case "is late":
                return LLMTimeoutError()
            case "babbles":
                return Answer(text='{"message": "cut o')
            case "ends" if ask.purpose is not JobKind.EXTRACTION:
                return final(None, f"Attempt {ask.attempt}: goodbye.")
            case _:
                if ask.purpose is JobKind.EXTRACTION:
                    return '{"values": ["honesty"]}'
                return f"Attempt {ask.attempt}: go on."

    def notify(self, event: Event, /) -> None:
        """Hear an event: never two outcomes of one job, never one before those it follows."""
        settled = self.job(event.tenant, event.job)
        assert settled is not None
        assert settled.status is (
            JobStatus.COMPLETED if isinstance(event.data, MessageCompleted) else JobStatus.FAILED
        )
        key = (event.tenant, event.id)
        assert self.told.setdefault(key, event) == event
        if settled.follows is not None and self.job(event.tenant, settled.follows) is not None:
            assert (event.tenant, f"{settled.follows}.settled") in self.told

    def job(self, tenant: str, job_id: str) -> Job | None:
        """Return a job as it is stored."""
        record = self.world.memory.get(job_key(tenant, job_id))
        return None if record is None else JOB_RECORD.read(record).value

    # --- who begins what ---------------------------------------------------------------------

    def begin(self, name: str, workflow: Workflow[object]) -> None:
        """Let somebody come up to their first effect."""
        try:
            effect = next(workflow)
        except (StopIteration, CoachworkError):
            return
        note(f"{name} begins")
        self.actors.append(Actor(name, workflow, effect))

    def pick(self, number: int) -> tuple[Caller, Topic[object], str]:
        """Return one of the newest sessions, rather a live one."""
        stored: list[Session] = self.world.stored("session")
        live = [value for value in stored if value.status in LIVE]
        some = live if live and number < RATHER else stored
        about = some[-1 - number % len(some)].about if some else GONE
        return Caller(about.tenant, about.user), self.topic_of(about.id), about.id

    def topic_of(self, session: str) -> Topic[object]:
        """Return the topic of a session."""
        stored: list[Session] = self.world.stored("session")
        ids = {value.about.id: value.about.topic for value in stored}
        return SHARED if ids.get(session) == SHARED.id else SOLO

    def pick_job(self, number: int, *, failed: bool) -> Job:
        """Return one of the newest jobs: rather one that *failed*, or one that is open."""
        stored: list[Job] = self.world.stored("job")
        wanted = [
            value
            for value in stored
            if (value.error is not None if failed else not value.is_settled)
        ]
        some = wanted if wanted and number < RATHER else stored
        return some[-1 - number % len(some)] if some else PENDING

    @property
    def given(self) -> Setup:
        """What the workflows are given."""
        return self.world.setup

    @initialize()
    def somebody_talks(self) -> None:
        """There are two sessions from the beginning, and in one of them a message waits."""
        self.world.run(start(self.given, ADA, SOLO))
        self.world.run(start(self.given, BOB, SOLO, wait=False))
        self.message(1, again=False, waits=False)
        while self.actors:
            self.advance(self.actors[0], None)

    @rule(
        what=st.sampled_from(BEGINNINGS), who=whose, topic=which, number=place, one=flag, other=flag
    )
    def begin_something(
        self, what: str, who: Caller, topic: Topic[object], number: int, *, one: bool, other: bool
    ) -> None:
        """Somebody begins to do something."""
        match what:
            case "start":
                key = f"start-{number}"
                self.begin(what, start(self.given, who, topic, take_over=one, key=key, wait=other))
            case "open":
                self.begin(what, open_session(self.given, who, topic, wait=one))
            case "relay":
                self.begin(what, relay(self.given))
            case "sweep":
                self.begin(what, purge_expired(self.given))
            case "delete_all":
                self.begin(what, delete_all(self.given, who))
            case "message":
                self.message(number, again=one and other, waits=one)
            case "work":
                self.work(number)
            case "renew":
                self.renew(number)
            case "job" | "retry" | "cancel_job":
                self.ask_for_job(what, number, wait=one)
            case _:
                self.change(what, number, wait=one)

    def message(self, number: int, *, again: bool, waits: bool) -> None:
        """Send or submit a message, sometimes with a key that was used for it before."""
        who, topic, session = self.pick(number)
        self.said += not again
        text, key = f"message {self.said}", f"message-{self.said}"
        way = send if waits else submit
        self.begin(f"{way.__name__} {key}", way(self.given, who, topic, session, text, key=key))

    def change(self, what: str, number: int, *, wait: bool) -> None:
        """Pause, resume, cancel or complete."""
        who, topic, session = self.pick(number)
        workflows: dict[str, Callable[[], Workflow[object]]] = {
            "pause": lambda: pause(self.given, who, topic, session),
            "resume": lambda: resume(self.given, who, topic, session, wait=wait),
            "cancel": lambda: cancel(self.given, who, topic, session),
            "complete": lambda: complete(self.given, who, topic, session),
        }
        self.begin(what, workflows[what]())

    def ask_for_job(self, what: str, number: int, *, wait: bool) -> None:
        """Poll, repeat or cancel a job; repeat one that failed, if there is any."""
        old = self.pick_job(number, failed=what == "retry")
        who = Caller(old.tenant, old.user)
        topic = self.topic_of(old.session)
        key = f"retry-{old.id}"
        workflows: dict[str, Callable[[], Workflow[object]]] = {
            "job": lambda: job(self.given, who, topic, old.id),
            "retry": lambda: retry(self.given, who, topic, old.id, key=key, wait=wait),
            "cancel_job": lambda: cancel_job(self.given, who, topic, old.id),
        }
        self.begin(f"{what} {old.id}", workflows[what]())

    def work(self, number: int) -> None:
        """A worker takes on a job that it was told of, due or not."""
        value = self.pick_job(number, failed=False)
        ref = JobRef(value.tenant, value.id, value.kind)
        self.begin(f"work {value.id}", serve(self.given.for_worker(), ref, self.claims.append))

    def renew(self, number: int) -> None:
        """A worker makes the lease last of a job that it claimed once."""
        if self.claims:
            claimed = self.claims[-1 - number % len(self.claims)]
            self.begin(f"renew {claimed.ref.job}", renew(self.given.for_worker(), claimed))

    # --- who takes the next step ---------------------------------------------------------------

    def advance(self, actor: Actor, fault: Fault | None) -> None:
        """Carry out the effect that *actor* stands before, with a fault or without."""
        if fault not in faults_of(actor.effect):
            fault = None
        effect = actor.effect
        note(f"{actor.name}: {type(actor.effect).__name__} {actor.effect.subject} {fault or ''}")
        try:
            try:
                answer = self.world._perform(actor.effect, fault)
            except CrashError:
                self.actors.remove(actor)
                actor.workflow.close()
            except BaseException as failure:
                if isinstance(failure, AssertionError):
                    raise
                actor.effect = actor.workflow.throw(failure)
            else:
                actor.effect = actor.workflow.send(answer)
        except (StopIteration, CoachworkError, InterruptError, InjectedError) as end:
            if isinstance(end, ApplicationError):  # the library misused itself
                raise
            self.actors.remove(actor)
        if isinstance(effect, Commit):
            self.replies_are_of_their_jobs()

    def replies_are_of_their_jobs(self) -> None:
        """Every reply is of its job's last lease, and answers the last message before it."""
        jobs: dict[str, Job] = {value.id: value for value in self.world.stored("job")}
        asked = 0
        said: list[Message] = self.world.stored("message")
        for message in said:
            if message.role is Role.USER:
                asked = message.sequence
            elif message.job in jobs:
                answered = jobs[message.job]
                assert message.text.startswith(f"Attempt {answered.attempts}: ") or answered.steps
                assert answered.message in {None, asked}

    @precondition(lambda self: self.actors)
    @rule(
        number=place, word=st.sampled_from(WORDS), fault=fault_of_a_step, steps=st.integers(1, 14)
    )
    def step(self, number: int, word: Word, fault: Fault | None, steps: int) -> None:
        """One of them takes a few steps; something may go wrong at the last one."""
        actor = self.actors[-1 - number % len(self.actors)]
        self.word = word
        for left in range(steps, 0, -1):
            if actor in self.actors:
                self.advance(actor, fault if left == 1 else None)

    @precondition(lambda self: self.actors)
    @rule(number=place, word=st.sampled_from(WORDS))
    def think(self, number: int, word: Word) -> None:
        """One of them goes on until the model has answered, and stands there with the answer."""
        actor = self.actors[-1 - number % len(self.actors)]
        self.word = word
        asked = False
        while actor in self.actors and not asked:
            asked = isinstance(actor.effect, AskModel)
            self.advance(actor, None)

    @precondition(lambda self: self.actors)
    @rule(number=place, word=st.sampled_from(WORDS))
    def finish(self, number: int, word: Word) -> None:
        """One of them goes on to the end."""
        actor = self.actors[-1 - number % len(self.actors)]
        self.word = word
        while actor in self.actors:
            self.advance(actor, None)

    @rule(
        duration=st.sampled_from(
            [
                *[timedelta(seconds=1)] * 4,
                *[timedelta(seconds=31)] * 4,
                *[timedelta(minutes=6)] * 2,
                timedelta(minutes=11),
                timedelta(minutes=-7),
                timedelta(hours=25),
                timedelta(days=15),
            ]
        )
    )
    def time_passes(self, duration: timedelta) -> None:
        """Time passes; now and then the clock goes back."""
        self.world.clock.time += duration

    # --- the end ---------------------------------------------------------------------------------

    def teardown(self) -> None:
        """All processes die; then one worker, one relay and no more faults settle everything."""
        for actor in self.actors:
            actor.workflow.close()
        self.word = "talks"
        for _ in range(2):
            self.world.clock.time += SETTINGS.lease + timedelta(minutes=8)
            for ref in self.world.run(due_jobs(self.given, limit=1000)):
                self.world.run(process(self.given, ref))
            self.world.run(relay(self.given))
        deleted = {
            (value.tenant, value.user)
            for value in self.world.stored("account")
            if value.status != "open"
        }
        for value in self.world.stored("job"):
            if (value.tenant, value.user) in deleted:
                continue
            assert value.is_settled, value
            assert value.delivered_at is not None
            assert (value.tenant, f"{value.id}.settled") in self.told
        for value in self.world.stored("job"):
            # What was paid for is not thrown away by who only wants to wait no longer.
            assert value.error is None or value.error.code != "JOB_CANCELLED" or not value.steps
            for kind in JobKind:
                assert self.world.asked[value.id, kind.value] <= max(value.attempts, 0)


TestJobs = Jobs.TestCase
TestJobs.settings = settings(
    max_examples=int(os.environ.get("COACHWORK_JOB_EXAMPLES", "60")),
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
