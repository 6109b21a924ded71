"""Everything that users, workers, sweepers and the clock do, to the coach and to the oracle."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final, Protocol

from coachwork.jobs import JobKind, JobRef
from coachwork.plain import JSON, to_json
from coachwork.policies import Settings
from coachwork.testing._fakes import NOON
from coachwork.testing.conformance._capability import Capability
from coachwork.testing.conformance._promise import Make
from coachwork.testing.stateful._both import Both, Step, Words
from coachwork.testing.stateful._playing import hold
from coachwork.testing.stateful._topics import CONTEXTS
from coachwork.testing.stateful._words import SLATE
from coachwork.testing.stateful.oracle import Job, Session, Who
from coachwork.topics import Topic
from coachwork.workflows import due_jobs, purge_expired, relay


class Keyed(Protocol):
    """A call with an idempotency key, which may be made again."""

    def __call__(self, *, waits: bool, words: Words) -> Step:
        """Return the step that makes it."""
        ...


class Commands:
    """What can be done in a run.

    Attributes:
        both: The coach and the oracle.
        calls: All calls that were made with a key: who made them, the key, and the call itself.
        finds_due: Whether the repository finds what is due; if not, workers only get what they
            are told of, and no relay comes.
        finds_expired: Whether it finds what has expired; if not, no sweeper comes.
        deletes: Whether it deletes much at once; if not, nobody is deleted, and no sweeper comes.
    """

    def __init__(
        self,
        make: Make,
        settings: Settings,
        *,
        settle: float = 0.0,
        lacks: Collection[Capability] = (),
    ) -> None:
        """Begin a run over a repository."""
        self.both = Both(make, settings, self.meanwhile, settle=settle)
        self.finds_due = Capability.DUE not in lacks
        self.finds_expired = Capability.EXPIRED not in lacks
        self.deletes = Capability.LARGE_COMMITS not in lacks
        self.calls: list[tuple[Who, str, Keyed]] = []

    # --- with a key, and perhaps the model -------------------------------------------------------

    def keyed(
        self, who: Who, command: Callable[..., Step], *given: object, **named: object
    ) -> Keyed:
        """Return a call of *command* with a new key, and remember it."""
        key = f"key-{len(self.calls)}"
        call = partial(command, who, *given, key, **named)
        self.calls.append((who, key, call))
        return call

    def start(
        self,
        who: Who,
        topic: Topic[Any],
        context: Mapping[str, JSON],
        key: str | None,
        *,
        take_over: bool,
        waits: bool,
        words: Words,
    ) -> Step:
        """Start anew."""
        both = self.both
        plan = both.oracle.start(who, topic, context, key, take_over=take_over, waits=waits)
        start = both.user(who).start
        call = partial(start, topic, context=context, take_over=take_over, key=key, wait=waits)
        return both.held(plan, call, key, words)

    def open(
        self,
        who: Who,
        topic: Topic[Any],
        context: Mapping[str, JSON],
        key: str | None,
        *,
        waits: bool,
        words: Words,
    ) -> Step:
        """Resume the live session, else start one."""
        plan = self.both.oracle.open(who, topic, context, key, waits=waits)
        call = partial(self.both.user(who).open, topic, context=context, key=key, wait=waits)
        return self.both.held(plan, call, key, words)

    def send(
        self, who: Who, session: Session, text: str, key: str | None, *, waits: bool, words: Words
    ) -> Step:
        """Say something, and have it answered at once or by a worker."""
        plan = self.both.oracle.send(who, session, session.topic, text, key, waits=waits)
        chat = self.both.chat(who, session)
        say = chat.send if waits else chat.submit
        return self.both.held(plan, partial(say, text, key=key), key, words)

    def resume(
        self, who: Who, session: Session, key: str | None, *, waits: bool, words: Words
    ) -> Step:
        """Come back."""
        plan = self.both.oracle.resume(who, session, session.topic, key, waits=waits)
        call = partial(self.both.chat(who, session).resume, key=key, wait=waits)
        return self.both.held(plan, call, key, words)

    def complete(
        self,
        who: Who,
        session: Session,
        key: str | None,
        *,
        waits: bool,  # noqa: ARG002 - whoever completes waits
        words: Words,
    ) -> Step:
        """End it and get its result."""
        plan = self.both.oracle.complete(who, session, session.topic, key)
        call = partial(self.both.chat(who, session).complete, key=key)
        return self.both.held(plan, call, key, words)

    def retry(self, who: Who, job: Job, key: str | None, *, waits: bool, words: Words) -> Step:
        """Ask again for what a job was to bring."""
        plan = self.both.oracle.retry(who, job, job.session.topic, key, waits=waits)
        retry = self.both.chat(who, job.session).retry
        return self.both.held(plan, partial(retry, job.id, key=key, wait=waits), key, words)

    def act(
        self,
        who: Who,
        session: Session,
        action: Mapping[str, JSON],
        message: int,
        key: str | None,
        *,
        waits: bool,  # noqa: ARG002 - there is nothing to wait for
        words: Words,
    ) -> Step:
        """Click."""
        given: Mapping[str, JSON] = {"parameters": {}, **action}
        plan = self.both.oracle.act(who, session, session.topic, given, message, key)
        chat = self.both.chat(who, session)
        call = partial(chat.act, action["type"], action.get("parameters"), message=message, key=key)
        # Without a program it is refused before the key counts.
        return self.both.held(plan, call, key if session.topic.program else None, words)

    def process(self, job: Job, words: Words) -> Step:
        """Let a worker answer a job."""
        ref = JobRef(job.session.who[0], job.id, JobKind(job.kind))
        plan = self.both.oracle.process(job)
        return self.both.held(plan, partial(self.both.coach.process, ref), None, words)

    # --- without ---------------------------------------------------------------------------------

    def pause(self, who: Who, session: Session) -> Step:
        """Pause."""
        tell = partial(self.both.oracle.pause, who, session, session.topic)
        return self.both.read(tell, self.both.chat(who, session).pause)

    def cancel(self, who: Who, session: Session) -> Step:
        """Cancel."""
        tell = partial(self.both.oracle.cancel, who, session, session.topic)
        return self.both.read(tell, self.both.chat(who, session).cancel)

    def cancel_job(self, who: Who, job: Job) -> Step:
        """Cancel a job."""
        tell = partial(self.both.oracle.cancel_job, who, job)
        return self.both.read(tell, partial(self.both.user(who).cancel_job, job.id))

    def look_at_job(self, who: Who, job: Job) -> Step:
        """Poll a job, and ask its session what it waits for."""
        both, session = self.both, job.session
        poll = partial(both.user(who).job, job.id)
        yield from both.read(partial(both.oracle.poll, who, job), poll)
        tell = partial(both.oracle.pending_job, who, session, session.topic)
        yield from both.read(tell, both.chat(who, session).pending_job)

    def look_at(self, who: Who, session: Session, topic: Topic[Any]) -> Step:
        """Look at a session as *who*, by a *topic* that may be another, and at its last job."""
        get = self.both.user(who).session(topic, session.id).get
        yield from self.both.read(partial(self.both.oracle.get, who, session, topic), get)
        for job in session.jobs[-1:]:
            yield from self.look_at_job(who, job)

    def export(self, who: Who) -> Step:
        """Take out everything of a user."""
        yield from self.both.wait_for_views()
        tell = partial(self.both.oracle.exported, who)
        yield from self.both.read(tell, self.both.user(who).export)

    def delete_all(self, who: Who) -> Step:
        """Delete a user with everything."""
        if self.deletes:
            yield from self.both.wait_for_views()
            tell = partial(self.both.oracle.delete_all, who)
            yield from self.both.read(tell, self.both.user(who).delete_all)

    # --- behind the scenes -----------------------------------------------------------------------

    def look_for_work(self) -> Step:
        """Let a worker look for what waits for it."""
        both = self.both
        if not self.finds_due:
            return
        yield from both.wait_for_views()
        found = yield both.on_own(due_jobs(both.coach.setup))
        due = [JobRef(job.session.who[0], job.id, JobKind(job.kind)) for job in both.oracle.due()]
        hold("what waits for a worker", to_json(found), to_json(due))

    def relay(self, *, in_vain: bool) -> Step:
        """Tell others what they are owed; *in_vain* where they cannot be told anything."""
        both = self.both
        both.oracle.is_deaf = in_vain
        both.props.notifier.recover()
        if in_vain:
            both.props.notifier.fail()
        if self.finds_due:
            yield from both.wait_for_views()
            yield from both.read(both.oracle.relay, both.on_own(relay(both.coach.setup)))

    def sweep(self) -> Step:
        """Take away what has expired."""
        both = self.both
        if self.finds_expired and self.deletes:
            yield from both.wait_for_views()
            yield from both.read(both.oracle.purge, both.on_own(purge_expired(both.coach.setup)))

    # --- time, and what happens while the model thinks -------------------------------------------

    def pass_time(self, duration: timedelta) -> Step:
        """Let time pass; the clock never goes back behind the beginning."""
        yield from ()
        clock = self.both.props.clock
        clock.time = max(NOON, clock.time + duration)

    def meanwhile(self, what: str, job: Job) -> Step:
        """Let happen what others do while the model thinks about *job*."""
        return _MEANWHILE[what](self, job)

    def start_anew(self, session: Session) -> Step:
        """Start on the same topic, and leave the greeting to a worker."""
        given = (session.who, session.topic, CONTEXTS["Ada"], None)
        return self.start(*given, take_over=False, waits=False, words=Words())

    def call_again(self) -> Step:
        """Make the last call with a key once more, as a client does who heard nothing of it."""
        for _, _, again in self.calls[-1:]:
            yield from again(waits=True, words=Words())

    def after_the_lease(self, then: Step) -> Step:
        """Do something when the lease has run out."""
        yield from self.pass_time(self.both.props.settings.lease)
        yield from then


def _nothing(_commands: Commands, _job: Job) -> Step:
    """Let nothing happen."""
    yield from ()


_QUIETLY: Final = Words()

_MEANWHILE: Final[Mapping[str, Callable[[Commands, Job], Step]]] = {
    "nothing": _nothing,
    "pause": lambda do, job: do.pause(job.session.who, job.session),
    "cancel": lambda do, job: do.cancel(job.session.who, job.session),
    "start anew": lambda do, job: do.start_anew(job.session),
    "all is deleted": lambda do, job: do.delete_all(job.session.who),
    "it expires": lambda do, _: do.pass_time(timedelta(days=14)),
    "a moment passes": lambda do, _: do.pass_time(timedelta(seconds=1)),
    "the lease runs out": lambda do, _: do.pass_time(do.both.props.settings.lease),
    "a worker comes": lambda do, job: do.process(job, _QUIETLY),
    "a worker takes over": lambda do, job: do.after_the_lease(do.process(job, _QUIETLY)),
    "another message comes": lambda do, job: do.after_the_lease(
        do.send(job.session.who, job.session, "Hello?", None, waits=True, words=_QUIETLY)
    ),
    "the call comes again": lambda do, _: do.call_again(),
    "say more": lambda do, job: do.send(
        job.session.who, job.session, "And more.", None, waits=False, words=_QUIETLY
    ),
    "resume": lambda do, job: do.resume(
        job.session.who, job.session, None, waits=False, words=_QUIETLY
    ),
    "complete": lambda do, job: do.complete(
        job.session.who, job.session, None, waits=True, words=_QUIETLY
    ),
    "retry": lambda do, job: do.retry(job.session.who, job, None, waits=False, words=_QUIETLY),
    "click": lambda do, job: do.act(
        job.session.who,
        job.session,
        SLATE,
        job.session.newest_of_coach,
        None,
        waits=True,
        words=_QUIETLY,
    ),
    "cancel the job": lambda do, job: do.cancel_job(job.session.who, job),
    "look at the job": lambda do, job: do.look_at_job(job.session.who, job),
}
"""What may happen while the model thinks, by name."""

MEANWHILE: Final = tuple(_MEANWHILE)
