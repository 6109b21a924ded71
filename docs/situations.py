"""What happens when the world moves while the model thinks: each situation is run, and looked at.

A job is served by a worker's own workflow, and is stopped right after the model has answered.
Then the other thing happens, and the worker goes on. What is found afterwards is the table in
``docs/explanation/concurrency.md``: nobody wrote down what should be found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Final

from attrs import Factory, define, frozen

from coachwork import Answer, Ask, Chat, Coach, JobRef, Memory, Topic, Usage
from coachwork.adapters import final
from coachwork.effects import AskModel, Effect, Workflow
from coachwork.errors import CoachworkError
from coachwork.events import Event, MessageFailed
from coachwork.jobs import Job, JobKind
from coachwork.messages import Role
from coachwork.ports import Query
from coachwork.records import JOB_RECORD, MESSAGE, SESSION_RECORD, SPENDING, job_key, session_key
from coachwork.sessions import Session
from coachwork.workflows import Held, serve

NOON: Final = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PRICE: Final = Usage(tokens_in=1)
"""What one call of the model costs: so usage counts calls."""


@frozen
class Values:
    """What the session yields."""

    values: list[str]


TOPIC: Final = Topic(id="talk", system="Listen.", result=Values)


@define
class Around:
    """A clock that stands still, ids that are counted, and events that are kept."""

    time: datetime = NOON
    ids: Iterator[int] = Factory(count)
    events: tuple[Event, ...] = ()

    def now(self) -> datetime:
        """Return what the clock shows."""
        return self.time

    def new_id(self) -> str:
        """Return the next id."""
        return f"{next(self.ids):08}"

    def notify(self, event: Event, /) -> None:
        """Keep *event*."""
        self.events += (event,)


class Model:
    """Says one reply; asked for a result, it gives one."""

    def __init__(self, reply: str) -> None:
        """Say *reply*."""
        self.asked = 0
        self._reply = reply

    def complete(self, ask: Ask, /) -> Answer:
        """Answer, at a price."""
        self.asked += 1
        if ask.purpose is JobKind.EXTRACTION:
            return Answer(data={"values": ["honesty"]}, usage=PRICE)
        return Answer(text=self._reply, usage=PRICE)


class Killed(BaseException):
    """The process is gone."""


class World:
    """A session with one message, and a job that waits for a worker."""

    def __init__(self, reply: str) -> None:
        """Start the session and submit the message."""
        self.around = Around()
        self.model = Model(reply)
        self.killed = False
        self.repository = Memory()
        self.coach = Coach(
            self.repository,
            self.model,
            topics=[TOPIC],
            clock=self.around,
            ids=self.around,
            notifier=self.around,
        )
        self.ada = self.coach.as_user("ada", tenant="acme")
        self.chat: Chat[Values] = self.ada.start(TOPIC)
        self.ref = JobRef("acme", self.chat.submit("I told them the truth.").id, JobKind.REPLY)

    def serve(
        self, meanwhile: Callable[[World], object] = lambda _: None, *, after: int = 1
    ) -> None:
        """Answer the job as a worker does; *meanwhile* happens after the *after*-th answer."""
        serving = serve(self.coach.setup.for_worker(), self.ref)
        try:
            self.coach.run(_stopped(serving, after, lambda: meanwhile(self)))
        except Killed:
            serving.close()
            self.killed = True

    def wait(self, duration: timedelta) -> None:
        """Let so much time pass."""
        self.around.time += duration


def _stopped(
    serving: Workflow[Held | None], after: int, then: Callable[[], object]
) -> Workflow[None]:
    """Go through *serving*, with *then* right after the *after*-th answer of the model."""
    answered = 0
    try:
        effect: Effect[object] = next(serving)
        while True:
            try:
                answer = yield effect
            except Exception as failure:  # noqa: BLE001 - it is thrown in where it was asked
                effect = serving.throw(failure)
                continue
            if isinstance(effect, AskModel):
                answered += 1
                if answered == after:
                    then()
            effect = serving.send(answer)
    except StopIteration:
        return


# --- the situations --------------------------------------------------------------------------


@frozen
class Situation:
    """Something that happens while the model thinks.

    Attributes:
        told: What it is, in words.
        happens: It; what it raises is told as its refusal.
        after: After which answer of the model.
        before: What happens before the job is served.
    """

    told: str
    happens: Callable[[World], object]
    after: int = 1
    before: Callable[[World], object] = lambda _: None


def _nothing(_world: World) -> None:
    """Let nothing happen."""


def _kill(_world: World) -> None:
    raise Killed


def _back_and_forth(world: World) -> None:
    world.chat.pause()
    world.chat.resume(wait=False)


def _lease_over(world: World) -> None:
    world.wait(world.coach.setup.settings.worker_lease)


def _another_worker(world: World) -> None:
    world.coach.process(world.ref)


def _overtaken(world: World) -> None:
    _lease_over(world)
    world.serve()


def _next_message(world: World) -> None:
    _lease_over(world)
    world.chat.submit("Are you there?")


def _restart(world: World) -> None:
    world.ada.start(TOPIC, wait=False)


def _expired(world: World) -> None:
    world.wait(TOPIC.expires_after or timedelta(0))


def _near_its_end(world: World) -> None:
    world.wait(world.coach.setup.settings.job_life - timedelta(seconds=10))


def _too_old(world: World) -> None:
    world.wait(timedelta(seconds=20))
    world.ada.job(world.ref.job)


def _too_old_and_killed(world: World) -> None:
    world.wait(timedelta(seconds=20))
    raise Killed


SITUATIONS: Final = (
    Situation("nothing", _nothing),
    Situation("pause", lambda world: world.chat.pause()),
    Situation("pause and resume", _back_and_forth),
    Situation("cancel the session", lambda world: world.chat.cancel()),
    Situation("start new", _restart),
    Situation("the session expires", _expired),
    Situation("cancel the job", lambda world: world.ada.cancel_job(world.ref.job)),
    Situation("the job's 24 hours end, and its owner polls", _too_old, before=_near_its_end),
    Situation("delete the user", lambda world: world.ada.delete_all()),
    Situation("another message", lambda world: world.chat.submit("And another.")),
    Situation("another worker takes the same job", _another_worker),
    Situation("the worker sleeps past its lease; nobody comes", _lease_over),
    Situation("the worker sleeps past its lease; another answers", _overtaken),
    Situation("the worker sleeps past its lease; another message", _next_message),
    Situation("`kill -9`; another worker after the lease", _kill),
    Situation("while the result is extracted: pause", lambda world: world.chat.pause(), 2),
    Situation("while the result is extracted: cancel", lambda world: world.chat.cancel(), 2),
    Situation("while the result is extracted: `kill -9`", _kill, 2),
    Situation(
        "while the result is extracted: the job's 24 hours end, and its owner polls",
        _too_old,
        2,
        _near_its_end,
    ),
    Situation(
        "while the result is extracted: `kill -9`, and the job's 24 hours end",
        _too_old_and_killed,
        2,
        _near_its_end,
    ),
)


# --- what is found ---------------------------------------------------------------------------


@frozen
class Finding:
    """What is found when all is over.

    Attributes:
        refused: How what happened meanwhile was refused, if it was.
        session: The session's status.
        job: The job's status, and why it failed.
        reply: What became of the reply.
        event: What was told, after a relay.
        calls: How often the model was asked, and where that is written down.
    """

    refused: str
    session: str
    job: str
    reply: str
    event: str
    calls: str


def find(situation: Situation, reply: str) -> Finding:
    """Run *situation* with that *reply* of the model, and tell what is found."""
    world = World(reply)
    refused: list[str] = []

    def happen(world: World) -> None:
        try:
            situation.happens(world)
        except CoachworkError as error:
            refused.append(error.code)

    situation.before(world)
    world.serve(happen, after=situation.after)
    if world.killed:
        _lease_over(world)
        world.coach.process(world.ref)
    world.coach.relay()
    return Finding(
        "".join(f" (`{code}`)" for code in refused),
        _session(_stored_session(world)),
        _job(_stored_job(world)),
        _reply(world),
        _event(world),
        _calls(world),
    )


def _stored_session(world: World) -> Session | None:
    record = world.repository.get(session_key("acme", world.chat.session_id))
    return None if record is None else SESSION_RECORD.read(record).value


def _stored_job(world: World) -> Job | None:
    record = world.repository.get(job_key("acme", world.ref.job))
    return None if record is None else JOB_RECORD.read(record).value


def _session(session: Session | None) -> str:
    """Tell how the session stands."""
    if session is None:
        return "gone"
    ending = session.ledger.ending
    if session.ledger.completion_pending:
        return f"{session.status}, `completion_pending`"
    if ending is None:
        return session.status
    if ending.reason.value == session.status.value:
        return f"{session.status}, with its result" if ending.result else session.status
    return f"{session.status} ({ending.reason})"


def _job(job: Job | None) -> str:
    """Tell what became of the job."""
    if job is None:
        return "gone"
    return job.status if job.error is None else f"{job.status}, `{job.error.code}`"


def _reply(world: World) -> str:
    """Tell what became of the reply."""
    log = world.repository.log("acme", world.chat.session_id, limit=100)
    said = [MESSAGE.read(record).value.role for record in log]
    return "kept" if Role.COACH in said else "dropped"


def _event(world: World) -> str:
    """Tell which events of the job were told."""
    events = [event for event in world.around.events if event.job == world.ref.job]
    return "; ".join(_told(event) for event in events) or "none"


def _told(event: Event) -> str:
    """Tell an event in a word."""
    word = event.type.rpartition(".")[2]
    return f"{word}, `{event.data.error_code}`" if isinstance(event.data, MessageFailed) else word


def _calls(world: World) -> str:
    """Tell how often the model was asked, and where its cost stands."""
    asked = world.model.asked
    job = _stored_job(world)
    in_job = 0 if job is None else job.usage.tokens_in
    query = Query(kind=SPENDING.name, tenant="acme", owner="ada")
    beside = sum(SPENDING.read(each).value.usage.tokens_in for each in world.repository.find(query))
    places = (
        (in_job, "job"),
        (beside, "usage record"),
        (asked - in_job - beside, "nowhere"),
    )
    where = [(number, place) for number, place in places if number]
    if len(where) == 1:
        return f"{asked}: {where[0][1]}"
    return f"{asked}: " + ", ".join(f"{number} {place}" for number, place in where)


HEAD: Final = (
    "Meanwhile",
    "Reply",
    "Session",
    "Job",
    "The reply is",
    "Event",
    "Model calls, and where their cost stands",
)
REPLIES: Final = (("plain", "Why?"), ("final", final()))


def rows() -> Iterator[tuple[str, ...]]:
    """Return the table: its head, then what each situation comes to."""
    yield HEAD
    for situation in SITUATIONS:
        kinds = REPLIES if situation.after == 1 else REPLIES[1:]  # a plain reply is one call
        found = [(kind, find(situation, text)) for kind, text in kinds]
        if len(found) == len(REPLIES) and found[0][1] == found[1][1]:
            found = [("either", found[0][1])]
        for kind, told in found:
            yield (
                f"{situation.told}{told.refused}",
                kind,
                told.session,
                told.job,
                told.reply,
                told.event,
                told.calls,
            )
