"""Commits that must not be: what one may not do to a record, and what it may not leave out.

The first table damages healthy records at will. The second takes commits that the workflows really
make, and changes one thing in each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from typing import Any, Final

from attrs import evolve

from coachwork.effects import Commit
from coachwork.errors import ModelError
from coachwork.jobs import JobKind, JobRef, Lease
from coachwork.messages import Usage
from coachwork.ports import Answer, CommitResult
from coachwork.records import KINDS, Check, Delete, Insert, Op, Record, Update, key_of
from coachwork.sessions import Account, AccountStatus, InFlight, SessionStatus, Spending
from coachwork.testing import RecordingNotifier
from coachwork.workflows import (
    Setup,
    cancel,
    complete,
    process,
    purge_expired,
    relay,
    retry,
    send,
    start,
    submit,
)
from tests.damage import (
    ANSWERED,
    BENS_SESSION,
    EARLIER,
    GREETING,
    LATER,
    OPEN_JOB,
    ROOM,
    ROOM_JOB,
    ROOM_SESSION,
    SESSION,
    TALK,
    Change,
    Written,
    damaged,
    field,
    recorded,
    second_session,
    session,
    values,
    written,
)
from tests.faults import ADA, BEGIN, World

Bad = tuple[str, Callable[[], Written]]
"""How the violation begins, and the commit."""

OF_ONE_RECORD: Final[dict[str, Bad]] = {
    "an ended session changes": (
        "2: session acme/id-00006: from cancelled to cancelled",
        lambda: written((f"session {BENS_SESSION}", session(updated_at=LATER))),
    ),
    "an ended session lives again": (
        "2: session acme/id-00006: from cancelled to active",
        lambda: written((f"session {BENS_SESSION}", session(status=SessionStatus.ACTIVE))),
    ),
    "a session begins with messages": (
        "2: session acme/another: it begins as active, 4 messages",
        lambda: written(extra=(second_session(values(damaged())[f"session {SESSION}"][0]),)),
    ),
    "a session begins paused": (
        "2: session acme/another: it begins as paused",
        lambda: written(
            extra=(
                evolve(
                    second_session(values(damaged())[f"session {SESSION}"][0]),
                    status=SessionStatus.PAUSED,
                    messages=0,
                ),
            )
        ),
    ),
    "messages are lost": (
        "3: session acme/id-00008: it lost messages",
        lambda: written((f"session {SESSION}", session(messages=3))),
    ),
    "a message changes": (
        "3: message acme/id-00008/2: it changed",
        lambda: written((f"message {SESSION} 2", field(text="Other."))),
    ),
    "a message of a live session vanishes": (
        "3: message acme/id-00008/2: deleted",
        lambda: written((f"message {SESSION} 2", None)),
    ),
    "a live session vanishes": (
        "3: session acme/id-00008: deleted",
        lambda: written((f"session {SESSION}", None)),
    ),
    "a settled job changes": (
        "4: job acme/id-00009: it was settled",
        lambda: written((f"job {ANSWERED}", field(updated_at=LATER))),
    ),
    "what was accepted changes": (
        "4: job acme/id-00010: what was accepted",
        lambda: written((f"job {OPEN_JOB}", field(message=3))),
    ),
    "a job lives longer": (
        "4: job acme/id-00010: what was accepted",
        lambda: written((f"job {OPEN_JOB}", field(expires_at=LATER))),
    ),
    "a job follows another one": (
        "4: job acme/id-00010: what was accepted",
        lambda: written((f"job {OPEN_JOB}", field(follows=GREETING))),
    ),
    "a settled job changes with its delivery": (
        "4: job acme/id-00009: it was settled",
        lambda: written((f"job {ANSWERED}", field(delivered_at=LATER, updated_at=LATER))),
    ),
    "a first claim changes": (
        "6: job acme/id-00010: its first claim changed",
        lambda: written((f"job {OPEN_JOB}", field(claimed_at=LATER))),
    ),
    "a receipt changes": (
        "5: receipt acme/ada/...: it changed",
        lambda: written(("receipt k7", field(command="other"))),
    ),
    "a lease passes on too early": (
        "6: job acme/id-00010: taken over",
        lambda: written((f"job {OPEN_JOB}", field(attempts=2, lease=Lease(2, LATER)))),
    ),
    "two attempts at once": (
        "6: job acme/id-00010: from attempt 1 to 3",
        lambda: written(
            (f"job {OPEN_JOB}", field(attempts=3, lease=Lease(3, LATER), updated_at=LATER))
        ),
    ),
    "a context changes": (
        "9: background acme/id-00008",
        lambda: written((f"background {SESSION}", field(context={"a": 1}))),
    ),
    "a completion is counted twice": (
        "9: standing acme/ada/room: from 1 to 3",
        lambda: written(("standing room", field(completed=3))),
    ),
    "a completion goes back in time": (
        "9: standing acme/ada/room",
        lambda: written(("standing room", field(completed=2, completed_at=EARLIER))),
    ),
    "what is settled at the start changes": (
        "9: session acme/id-00008: what is settled",
        lambda: written((f"session {SESSION}", session(max_turns=7))),
    ),
    "activity goes back": (
        "9: session acme/id-00008: its instants",
        lambda: written((f"session {SESSION}", session(last_activity_at=EARLIER))),
    ),
    "a change goes back": (
        "9: session acme/id-00008: its instants",
        lambda: written((f"session {SESSION}", session(updated_at=EARLIER))),
    ),
    "an expiry goes back": (
        "9: session acme/id-00008: its expiry",
        lambda: written((f"session {SESSION}", session(expires_after=timedelta(days=1)))),
    ),
    "a job goes back in time": (
        "9: job acme/id-00010: its instants",
        lambda: written((f"job {OPEN_JOB}", field(updated_at=EARLIER))),
    ),
    "keys of two tenants": (
        "8: one commit wrote keys of 2 tenants",
        lambda: written(
            (f"session {SESSION}", session(updated_at=LATER)),
            extra=(Account("other", "eve", AccountStatus.OPEN, BEGIN),),
        ),
    ),
    "sessions of two users": (
        "8: one commit changed sessions of 2 users",
        lambda: written(
            (f"session {SESSION}", session(updated_at=LATER)),
            (f"session {BENS_SESSION}", session(updated_at=LATER)),
        ),
    ),
}


# --- what one commit writes together -----------------------------------------------------------


class Filmed(World):
    """A world that keeps every commit with what was stored before it."""

    def __init__(self) -> None:
        """Begin with a coach that answers, and fails when it is told to."""
        super().__init__([TALK, ROOM], self._answer, notifier=RecordingNotifier())
        self.film: list[Written] = []
        self.fails = False

    def _answer(self, _ask: object) -> str | Answer:
        return Answer(finish="error") if self.fails else "Go on."

    def commit(self, effect: Commit, /) -> CommitResult:
        """Carry it out, and keep it."""
        before = self.records()
        result = super().commit(effect)
        self.film.append((before, effect.ops))
        return result


def _story(world: Filmed) -> Iterator[str]:
    """Live through a session and another; tell after each command what it was."""
    setup: Setup = world.setup
    talk = world.run(start(setup, ADA, TALK, key="a")).session.id
    yield "start"
    world.run(send(setup, ADA, TALK, talk, "One.", key="b"))
    yield "send"
    job = world.run(submit(setup, ADA, TALK, talk, "Two.", key="c"))
    yield "submit"
    world.run(process(setup, JobRef("acme", job.id, JobKind.REPLY)))
    yield "process"
    world.fails = True
    failed = ""
    try:
        world.run(send(setup, ADA, TALK, talk, "Three.", key="d"))
    except ModelError as error:
        failed = error.job or ""
    yield "fail"
    world.fails = False
    world.run(retry(setup, ADA, TALK, failed, key="e"))
    yield "retry"
    world.run(relay(setup))
    yield "relay"
    room = world.run(start(setup, ADA, ROOM, key="f")).session.id
    yield "start room"
    world.run(send(setup, ADA, ROOM, room, "One.", key="g"))
    world.run(complete(setup, ADA, ROOM, room, key="h"))
    yield "complete"
    world.run(cancel(setup, ADA, TALK, talk))
    yield "cancel"
    world.run(start(setup, ADA, TALK, key="i"))
    left = world.run(start(setup, ADA, TALK, wait=False, key="j")).session.id
    yield "start over"
    world.clock.advance(hours=1)
    world.run(send(setup, ADA, TALK, left, "One.", key="k"))
    yield "send over"
    world.run(relay(setup))
    world.clock.advance(days=15)
    yield "wait"
    world.run(purge_expired(setup))
    yield "purge"


@cache
def _film() -> dict[str, list[Written]]:
    world = Filmed()
    film: dict[str, list[Written]] = {}
    for name in _story(world):
        film[name] = world.film
        world.film = []
    return film


def real(name: str, number: int = 0) -> Written:
    """Return a commit of the story: the *number*-th of that command, the last one being -1."""
    return _film()[name][number]


def every_real_commit() -> list[Written]:
    """Return all commits of the story."""
    return [commit for commits in _film().values() for commit in commits]


Cut = Callable[[tuple[Op, ...]], tuple[Op, ...]]


def without(kind: str) -> Cut:
    """Return what leaves out what a commit does to that kind of record."""
    return lambda ops: tuple(op for op in ops if key_of(op).kind != kind)


def only(kind: str) -> Cut:
    """Return what leaves out all that a commit does to other kinds of records."""
    return lambda ops: tuple(op for op in ops if key_of(op).kind == kind)


def altered(kind: str, change: Change, *, shared: bool = False) -> Cut:
    """Return what changes the record of that kind; of two claims only the tenant's, if *shared*."""

    def cut(ops: tuple[Op, ...]) -> tuple[Op, ...]:
        return tuple(
            evolve(op, record=_changed(op.record, change))
            if isinstance(op, Insert | Update)
            and op.record.key.kind == kind
            and not (shared and len(op.record.key.parts) != 1)
            else op
            for op in ops
        )

    return cut


def _changed(record: Record, change: Change) -> Record:
    kind = KINDS[record.key.kind]
    return kind.record(change(kind.read(record).value), record.version)


def also(make: Callable[[Any], object], kind: str) -> Cut:
    """Return what inserts one more record, made from the one of that kind."""

    def cut(ops: tuple[Op, ...]) -> tuple[Op, ...]:
        (found,) = (
            op.record
            for op in ops
            if not isinstance(op, Delete | Check) and key_of(op).kind == kind
        )
        return (*ops, Insert(recorded(make(KINDS[kind].read(found).value))))

    return cut


def edited(name: str, *cuts: Cut, number: int = 0) -> Written:
    """Return a commit of the story with something changed."""
    before, ops = real(name, number)
    for cut in cuts:
        ops = cut(ops)
    return before, ops


def _two_replies(**changes: Any) -> Written:  # noqa: ANN401 - any field of a message
    """Return a reply of two messages, the second one changed."""
    return edited(
        "send",
        also(lambda said: evolve(said, sequence=said.sequence + 1, **changes), "message"),
        altered(
            "session",
            lambda old: evolve(
                old,
                messages=old.messages + 1,
                ledger=evolve(old.ledger, coach_messages=old.ledger.coach_messages + 1),
            ),
        ),
        number=1,
    )


def _in_flight_again(old: Any) -> Any:  # noqa: ANN401 - a session
    """Return a session that still waits for the job that was settled last."""
    return evolve(old, in_flight=InFlight(old.ledger.settled_job, JobKind.REPLY))


OWED: Final = field(notify=True)
_GONE: Final = field(session="gone")

OF_SEVERAL_RECORDS: Final[dict[str, Bad]] = {
    "a session begins without its claim": (
        "1: session acme/id-00002: it begins without claim acme/talk",
        lambda: edited("start", without("claim")),
    ),
    "a session begins with half of its claims": (
        "1: session acme/id-00008: it begins without claim acme/room",
        lambda: edited("start room", lambda ops: ops[1:]),
    ),
    "a session ends and keeps its claim": (
        "1: session acme/id-00002: it ends and keeps claim acme/talk",
        lambda: edited("cancel", without("claim")),
    ),
    "a claim points to nothing": (
        "1: claim acme/talk/ada: points to a session that is not live",
        lambda: edited("start", altered("claim", _GONE)),
    ),
    "a claim points to another user's session": (
        "1: claim acme/room: points to a session that it does not fit",
        lambda: edited("start room", altered("claim", field(user="ben"), shared=True)),
    ),
    "a claim is taken from a live session": (
        "1: claim acme/talk/ada: taken from a session that lives on",
        lambda: written(("claim talk", None)),
    ),
    "a claim goes from one session to another that ended": (
        "1: claim acme/talk/ada: taken from a session that lives on",
        lambda: written(("claim talk", field(session=ROOM_SESSION))),
    ),
    "a message is counted and not there": (
        "3: session acme/id-00002: what it says and what it counts",
        lambda: edited("send", without("message")),
    ),
    "a message leaves a gap": (
        "3: session acme/id-00002: what it says and what it counts",
        lambda: edited("send", altered("message", field(sequence=3))),
    ),
    "a reply is not counted as the coach's": (
        "3: session acme/id-00002: 1 messages of the coach, not as counted",
        lambda: edited("send", altered("session", session(coach_messages=1)), number=1),
    ),
    "one job says two messages": (
        "3: session acme/id-00002: two messages of one role and job",
        _two_replies,
    ),
    "of two messages the later was earlier": (
        "3: session acme/id-00002: the instants of its messages go back",
        lambda: _two_replies(at=EARLIER),
    ),
    "a turn is not counted": (
        "3: session acme/id-00002: 1 turns are taken, not as counted",
        lambda: edited("send", altered("session", session(turns=0))),
    ),
    "a turn that failed is not given back": (
        "3: session acme/id-00002: -1 turns are taken, not as counted",
        lambda: edited("fail", altered("session", session(turns=3)), number=1),
    ),
    "a message is there and its session does not know": (
        "3: message acme/id-00002/2: its session does not count it",
        lambda: edited("send", only("message")),
    ),
    "a message is another user's": (
        "3: message acme/id-00002/2: it is not of its session's user",
        lambda: edited("send", altered("message", field(user="ben"))),
    ),
    "a message comes without its job": (
        "4: message acme/id-00002/2: its job does not come with it",
        lambda: edited("send", without("job")),
    ),
    "a message comes with the job of another message": (
        "4: message acme/id-00002/2: its job does not come with it",
        lambda: edited("send", altered("job", field(message=1))),
    ),
    "a reply comes without its job": (
        "4: message acme/id-00002/3: its job does not come with it",
        lambda: edited("send", without("job"), number=1),
    ),
    "a reply comes with the job of another session": (
        "4: message acme/id-00002/3: its job does not come with it",
        lambda: edited("send", altered("job", _GONE), number=1),
    ),
    "a session waits for nothing": (
        "4: session acme/id-00002: the job in flight is not there",
        lambda: edited("send", without("job")),
    ),
    "a session waits for what is settled": (
        "4: session acme/id-00002: the job in flight is settled",
        lambda: edited("send", altered("session", _in_flight_again), number=1),
    ),
    "a session forgets the job that it waits for": (
        "4: session acme/id-00008: it waits no more for a job that is open",
        lambda: written((f"session {SESSION}", session(in_flight=None))),
    ),
    "a session waits for another job than the open one": (
        "4: session acme/id-00008: it waits no more for a job that is open",
        lambda: written(
            (f"session {SESSION}", session(in_flight=InFlight(ANSWERED, JobKind.REPLY)))
        ),
    ),
    "a job follows nothing": (
        "4: session acme/id-00002: its jobs do not follow one another",
        lambda: edited("send", altered("job", field(follows=None))),
    ),
    "a session forgets its jobs": (
        "4: session acme/id-00002: its jobs do not follow one another",
        lambda: edited("send", altered("session", session(settled_job=None)), number=1),
    ),
    "a session's latest job is an old one": (
        "4: session acme/id-00008: its jobs do not follow one another",
        lambda: written(
            (f"session {SESSION}", session(in_flight=InFlight(ANSWERED, JobKind.REPLY)))
        ),
    ),
    "a job begins that nobody waits for": (
        "4: job acme/id-00006: open, and not in flight",
        lambda: edited("retry", without("session")),
    ),
    "a job begins in another user's session": (
        "4: job acme/id-00003: its session is not there",
        lambda: edited("send", altered("job", field(user="ben"))),
    ),
    "a job is settled and its session waits on": (
        "4: job acme/id-00003: settled, and in flight",
        lambda: edited("send", without("session"), number=1),
    ),
    "a job answers what the coach said": (
        "4: job acme/id-00003: the message that it answers is not there",
        lambda: edited("send", altered("job", field(message=1))),
    ),
    "a greeting answers": (
        "4: job acme/id-00003: the message that it answers is not there",
        lambda: edited("send", altered("job", field(kind=JobKind.GREETING))),
    ),
    "a job repeats one that did not fail": (
        "4: job acme/id-00006: what it repeats is no such job that failed",
        lambda: edited("retry", altered("job", field(retry_of="id-00003"))),
    ),
    "a job repeats nothing": (
        "4: job acme/id-00006: what it repeats is no such job that failed",
        lambda: edited("retry", altered("job", field(retry_of="gone"))),
    ),
    "a job completes without its reply": (
        "4: job acme/id-00003: a reply is there if and only if it completed",
        lambda: edited("send", without("message"), number=1),
    ),
    "a final reply ends nothing": (
        "4: job acme/id-00003: final, and its session is not completed",
        lambda: edited(
            "send",
            altered("job", lambda job: evolve(job, settlement=evolve(job.settlement, final=True))),
            number=1,
        ),
    ),
    "an event is delivered before the one before it": (
        "4: job acme/id-00006: delivered, and one before it is not",
        lambda: (real("relay")[0], real("relay", 1)[1]),
    ),
    "a job is deleted before its event was delivered": (
        f"4: job acme/{ROOM_JOB}: deleted, and its event was not delivered",
        lambda: (
            damaged((f"job {ROOM_JOB}", OWED)),
            written((f"job {ROOM_JOB}", None))[1],
        ),
    ),
    "a job comes without the receipt of its key": (
        "5: job acme/id-00003: there is no receipt of its key",
        lambda: edited("send", without("receipt")),
    ),
    "a receipt tells of another job": (
        "5: job acme/id-00003: its key is of another job",
        lambda: edited("send", altered("receipt", field(job="id-00001"))),
    ),
    "a receipt tells of no job": (
        "5: receipt acme/ada/...: its job is not there",
        lambda: edited("send", altered("receipt", field(job="gone"))),
    ),
    "a receipt tells of no session": (
        "5: receipt acme/ada/...: its session is not there",
        lambda: edited("send", altered("receipt", _GONE)),
    ),
    "a session begins without its background": (
        "8: session acme/id-00002: its background is not there",
        lambda: edited("start", without("background")),
    ),
    "a completion is not counted": (
        "8: session acme/id-00008: its completion is not counted",
        lambda: edited("complete", without("standing"), number=-1),
    ),
    "more is summarized than was said": (
        "8: background acme/id-00008: more is summarized than was said",
        lambda: written((f"background {SESSION}", field(summarized=9))),
    ),
    "a background of nothing": (
        "8: background acme/id-00002: its session is not there",
        lambda: edited("start", only("background")),
    ),
    "a cost of nothing": (
        "8: spending acme/j/1: its session is not there",
        lambda: written(
            extra=(
                Spending(
                    tenant="acme",
                    user="ada",
                    session="gone",
                    job="j",
                    token=1,
                    usage=Usage(1),
                    at=BEGIN,
                ),
            )
        ),
    ),
    "somebody without an account": (
        "8: session acme/id-00002: there is no account",
        lambda: edited("start", without("account")),
    ),
    "somebody whose account was deleted": (
        "8: session acme/id-00002: the account was deleted",
        lambda: edited("start", altered("account", field(status=AccountStatus.DELETED))),
    ),
    "the log of a live session is swept away": (
        "3: message acme/id-00002/7: deleted, and its session has not ended",
        lambda: (real("cancel")[0], real("purge")[1]),
    ),
    "a live session is swept away": (
        "3: session acme/id-00008: deleted, and its session has not ended",
        lambda: written((f"session {SESSION}", None)),
    ),
}
