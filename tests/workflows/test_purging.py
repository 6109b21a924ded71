"""Sweeping: what has expired is closed and deleted, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import cast

import pytest
from attrs import evolve, frozen

from coachwork.adapters import Memory, final
from coachwork.effects import Commit, Now, Workflow
from coachwork.errors import (
    CorruptRecordError,
    SessionNotActiveError,
    SessionNotFoundError,
    StoreError,
    StoreUnavailableError,
    UnsupportedSchemaError,
    ValidationError,
    VersionConflictError,
)
from coachwork.events import MessageFailed
from coachwork.jobs import ErrorCode, JobKind, JobStatus
from coachwork.messages import Message, Role, Usage
from coachwork.ports import Answer, Ask, CommitResult, Query
from coachwork.records import (
    ACCOUNT,
    JOB_RECORD,
    MAX_OPS,
    MESSAGE,
    RECEIPT,
    SESSION_RECORD,
    Delete,
    Insert,
    Key,
    Op,
    Record,
    Stored,
    Update,
    account_key,
    claim_key,
    job_key,
    message_key,
    session_key,
)
from coachwork.sessions import (
    Account,
    AccountStatus,
    EndReason,
    Receipt,
    Session,
    SessionStatus,
)
from coachwork.testing import RecordingNotifier
from coachwork.testing.faults import CrashError, Fault
from coachwork.topics import Topic
from coachwork.workflows import (
    Caller,
    Purged,
    Setup,
    cancel,
    cancel_job,
    complete,
    delete_all,
    export,
    get,
    pause,
    purge_expired,
    relay,
    send,
    start,
    submit,
    topics,
)
from coachwork.workflows._purging import (
    BATCH,
    delete_found,
    delete_lost,
    delete_session,
    delete_unreadable,
    find_lost,
    home_of_job,
    is_over,
)
from coachwork.workflows._store import load
from tests.between import between
from tests.faults import ADA, BEGIN, BEN, Told, World, faults_of
from tests.stores import STORES, opened


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


WEEK = timedelta(days=7)
INSTANT = timedelta(microseconds=1)
TALK = Topic(id="talk", system="Listen.", initiation="Say hello.", result=Values, keep_ended=WEEK)
ROOM = Topic(id="room", system="Listen.", exclusive=True)
KEPT = Topic(id="kept", system="Listen.", keep_ended=None)
FOR_EVER = Topic(id="for_ever", system="Listen.", expires_after=None)

EXPIRY = BEGIN + timedelta(days=14)
"""When a session expires that nobody touches after the beginning."""

NOTHING = Purged(expired=0, deleted=0, more=False)


def coach(ask: Ask) -> str:
    """Say what depends on nothing but what is asked."""
    text = {"the end": final()}.get(ask.messages[-1].text, "Go on.")
    return '{"values": ["courage"]}' if ask.purpose is JobKind.EXTRACTION else text


def new_world() -> World:
    """Return a world with these topics and that coach."""
    return World([TALK, ROOM, KEPT, FOR_EVER], coach)


def begun(world: World, topic: Topic[object] = TALK, caller: Caller = ADA) -> str:
    """Start a session with one turn in it, and return its id."""
    session = world.run(start(world.setup, caller, topic)).session.id
    world.run(send(world.setup, caller, topic, session, "Hello."))
    return session


def swept(world: World, limit: int = 1000) -> Purged:
    """Sweep once."""
    return world.run(purge_expired(world.setup, limit=limit))


def kinds(world: World) -> set[str]:
    """Return the kinds of all records."""
    return {record.key.kind for record in world.records()}


def written(world: World, kind: str) -> list[Record]:
    """Return all records of that kind that were written, in order."""
    return [
        op.record
        for ops in world.commits
        for op in ops
        if isinstance(op, Insert | Update) and op.record.key.kind == kind
    ]


# --- when ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [0, -1, True, 1.5, "1", None])
def test_a_limit_is_a_number(wrong: object) -> None:
    """It is refused before anything is asked."""
    world = new_world()
    with pytest.raises(ValidationError) as error:
        swept(world, cast("int", wrong))
    assert (error.value.field, world.effects) == ("limit", [])


@pytest.mark.parametrize("store", STORES)
def test_a_live_session_goes_at_the_very_instant(store: str, tmp_path: Path) -> None:
    """Not a microsecond before: then it is closed as expired, and deleted with all of it."""
    world = World([TALK], coach, repository=opened(store, tmp_path))
    session = begun(world)
    world.clock.time = EXPIRY - INSTANT
    before = world.records()
    assert swept(world) == NOTHING
    assert world.records() == before
    assert world.run(get(world.setup, ADA, TALK, session)).expires_at == EXPIRY
    world.clock.time = EXPIRY
    with pytest.raises(SessionNotFoundError):
        world.run(get(world.setup, ADA, TALK, session))
    assert swept(world) == Purged(expired=1, deleted=1, more=False)
    assert kinds(world) == {"account"}
    last = SESSION_RECORD.read(written(world, "session")[-1]).value
    assert last.status is SessionStatus.ABANDONED
    assert last.ledger.ending is not None
    assert (last.ledger.ending.reason, last.expires_at) == (EndReason.EXPIRED, EXPIRY)


def test_a_session_that_turns_out_live_is_left_alone() -> None:
    """A clock that goes back between two looks at a session deletes nothing that is not closed."""
    world = new_world()
    begun(world)
    before = world.records()
    times = iter([EXPIRY, EXPIRY - INSTANT, EXPIRY])

    def tick(effect: object) -> None:
        if isinstance(effect, Now):
            world.clock.time = next(times)

    world.meanwhile = tick
    assert swept(world) == NOTHING
    assert world.records() == before


def test_what_a_late_answer_cost_goes_with_its_session() -> None:
    """Nothing that belongs to a session outlives it."""
    world = new_world()
    session = begun(world)

    def model(ask: Ask) -> Answer:
        world.run(cancel(world.setup, ADA, TALK, session))
        return Answer(text=coach(ask), usage=Usage(1))

    world.model = model
    with pytest.raises(SessionNotActiveError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert "spending" in kinds(world)
    world.clock.time += WEEK
    assert swept(world) == Purged(expired=0, deleted=1, more=False)
    assert kinds(world) == {"account"}


def test_a_paused_session_goes_alike() -> None:
    """Its last activity is the pause."""
    world = new_world()
    session = begun(world)
    world.clock.advance(days=3)
    world.run(pause(world.setup, ADA, TALK, session))
    world.clock.time = EXPIRY + timedelta(days=3) - INSTANT
    assert swept(world) == NOTHING
    world.clock.time += INSTANT
    assert swept(world) == Purged(expired=1, deleted=1, more=False)


Ends = Callable[[Setup, Caller, Topic[Values], str], Workflow[object]]


@pytest.mark.parametrize("ends", [cancel, complete], ids=["cancelled", "completed"])
def test_an_ended_session_goes_some_time_after_its_end(ends: Ends) -> None:
    """It is kept as long as its topic said at the start, to the very instant."""
    world = new_world()
    session = begun(world)
    world.clock.advance(days=2)
    world.run(ends(world.setup, ADA, TALK, session))
    world.clock.time = BEGIN + timedelta(days=2) + WEEK - INSTANT
    assert swept(world) == NOTHING
    world.clock.time += INSTANT
    assert swept(world) == Purged(expired=0, deleted=1, more=False)
    assert kinds(world) == {"account"} | ({"standing"} if ends is complete else set())


def test_a_session_that_was_replaced_goes_after_its_end() -> None:
    """Start-new ends the old one; the new one stays."""
    world = new_world()
    old = begun(world)
    new = begun(world)
    world.clock.advance(days=7)
    assert swept(world) == Purged(expired=0, deleted=1, more=False)
    assert world.memory.get(session_key("acme", old)) is None
    assert world.run(get(world.setup, ADA, TALK, new)).messages == 3


def test_what_is_kept_for_ever_stays() -> None:
    """``None`` for an ended session, and ``None`` for a live one: no sweep ever takes it."""
    world = new_world()
    ended = begun(world, KEPT)
    world.run(cancel(world.setup, ADA, KEPT, ended))
    live = begun(world, FOR_EVER)
    world.clock.advance(days=36_500)
    assert swept(world) == NOTHING
    assert world.run(get(world.setup, ADA, KEPT, ended)).expires_at is None
    assert world.run(get(world.setup, ADA, FOR_EVER, live)).status == "active"


def test_what_is_kept_for_ever_after_its_end_still_expires_alive() -> None:
    """A live session that expires is gone, however long ended ones are kept."""
    world = new_world()
    begun(world, KEPT)
    world.clock.time = EXPIRY
    assert swept(world) == Purged(expired=1, deleted=1, more=False)


# --- what ---------------------------------------------------------------------------------------


def test_nothing_else_is_touched() -> None:
    """Other sessions, users and tenants, accounts and standings: every record is as it was."""
    world = new_world()
    old = begun(world)
    world.run(complete(world.setup, ADA, TALK, old))
    world.clock.advance(days=1)
    for caller in (ADA, BEN, Caller("other", "ada")):
        begun(world, TALK, caller)
    begun(world, ROOM)
    others = [record for record in world.records() if old not in record.body]
    standings = world.stored("standing")
    world.clock.time = BEGIN + WEEK
    assert swept(world) == Purged(expired=0, deleted=1, more=False)
    assert world.stored("standing") == standings
    left = [record for record in world.records() if record.key.kind != "standing"]
    assert left == others
    standing = world.run(topics(world.setup, ADA))[0]
    assert (standing.status, standing.completed) == ("paused", 1)  # idle by now


def test_a_job_in_flight_is_settled_first() -> None:
    """It fails because its session expired: whoever waits for it is told so."""
    world = new_world()
    session = world.run(start(world.setup, ADA, TALK)).session.id

    def model(_ask: Ask) -> str:
        raise CrashError

    world.model = model
    with pytest.raises(CrashError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    world.clock.time = EXPIRY
    assert swept(world) == Purged(expired=1, deleted=1, more=False)
    job = JOB_RECORD.read(written(world, "job")[-1]).value
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert job.error.code is ErrorCode.SESSION_EXPIRED


def test_an_exclusive_topic_is_freed() -> None:
    """Both claims go with the session that held them."""
    world = new_world()
    begun(world, ROOM)
    world.clock.time = EXPIRY
    swept(world)
    assert kinds(world) == {"account"}
    begun(world, ROOM, BEN)


def test_a_claim_of_a_newer_session_stays() -> None:
    """What was taken over in the meantime belongs to the new holder."""
    world = new_world()
    begun(world, ROOM)
    world.clock.time = EXPIRY
    session = begun(world, ROOM, BEN)
    assert swept(world) == Purged(expired=0, deleted=1, more=False)
    for user in ("ben", None):
        assert world.memory.get(claim_key("acme", "room", user)) is not None
    assert world.run(get(world.setup, BEN, ROOM, session)).status == "active"


def long_talk(world: World, number: int) -> str:
    """Return a session with so many messages, put there without talking."""
    session = world.run(start(world.setup, ADA, KEPT)).session.id
    key = session_key("acme", session)
    record = world.memory.get(key)
    assert record is not None
    body = record.body.replace('"messages":0', f'"messages":{number}')
    ops: list[Op] = [Update(Record(key, 2, record.facts, body))]
    for sequence in range(1, number + 1):
        said = Message(
            tenant="acme",
            user="ada",
            session=session,
            sequence=sequence,
            role=Role.USER,
            text="Hello.",
            at=BEGIN,
            job="j",
        )
        ops.append(MESSAGE.insert(said))
    assert world.memory.commit(ops) is CommitResult.DONE
    return session


def test_a_long_conversation_goes_page_by_page() -> None:
    """No commit has more operations than an engine takes; the last messages go first."""
    world = new_world()
    world.checks = False
    session = long_talk(world, 250)
    world.clock.time = EXPIRY
    assert swept(world) == Purged(expired=1, deleted=1, more=False)
    assert kinds(world) == {"account"}
    assert max(len(ops) for ops in world.commits) <= MAX_OPS
    gone = [op.key for ops in world.commits for op in ops if isinstance(op, Delete)]
    messages = [key for key in gone if key.kind == "message"]
    assert messages == [message_key("acme", session, number) for number in range(250, 0, -1)]
    assert gone[-1] == session_key("acme", session)


@pytest.mark.parametrize("fault", [Fault.CRASH_AFTER, Fault.CONFLICT_NOT_DONE])
def test_a_sweep_that_stopped_midway_leaves_a_whole_beginning(fault: Fault) -> None:
    """What is still there of a long conversation can be exported, and the next sweep goes on."""
    world = new_world()
    world.checks = False
    long_talk(world, 250)
    world.clock.time = EXPIRY
    steps = [isinstance(effect, Commit) for effect in dry(world)]
    second = [number for number, commits in enumerate(steps) if commits][1]
    told = Told(second, fault)
    sweep = purge_expired(world.setup)
    if fault is Fault.CRASH_AFTER:
        with pytest.raises(CrashError):
            world.run(sweep, told)
    else:  # it goes on one by one, and dies over that
        with pytest.raises(CrashError):
            world.run(between(sweep, second + 80, die), told)
    (left,) = world.run(export(world.setup, ADA)).sessions
    assert 0 < len(left.messages) < 250
    assert swept(world) == Purged(expired=0, deleted=1, more=False)
    assert kinds(world) == {"account"}


def die() -> None:
    """Let the process die."""
    raise CrashError


def dry(world: World) -> Sequence[object]:
    """Return the effects of a sweep, done on a copy of *world*."""
    copy = copied(world)
    swept(copy)
    return copy.effects


def copied(world: World) -> World:
    """Return another world in which the same is stored at the same time."""
    memory = Memory()
    assert memory.commit([Insert(record) for record in world.records()]) is CommitResult.DONE
    copy = World([TALK, ROOM, KEPT, FOR_EVER], coach, repository=memory)
    copy.clock.time = world.clock.time
    copy.ids.number = world.ids.number
    copy.checks = world.checks
    return copy


# --- again, and at once -------------------------------------------------------------------------


def furnished() -> World:
    """Return a world in which a live session, an ended one and a mark are to be swept."""
    world = new_world()
    world.run(cancel(world.setup, ADA, TALK, begun(world)))
    begun(world, ROOM)
    world.run(delete_all(world.setup, BEN))
    begun(world, FOR_EVER, Caller("other", "ada"))
    world.clock.time = EXPIRY
    return world


def test_a_second_sweep_does_nothing() -> None:
    """What is gone is gone: nothing is counted twice, and nothing is written."""
    world = furnished()
    assert swept(world) == Purged(expired=1, deleted=2, more=False)
    commits = len(world.commits)
    assert swept(world) == NOTHING
    assert len(world.commits) == commits


def swept_with(world: World, number: int, what: Callable[[], object]) -> tuple[Purged, bool]:
    """Sweep, while something happens before that step; tell whether there was such a step."""
    happened: list[int] = []

    def meanwhile() -> None:
        happened.append(number)
        what()

    return world.run(between(purge_expired(world.setup), number, meanwhile)), bool(happened)


def test_two_may_sweep_at_once() -> None:
    """One sweeps at whatever step of the other: all is gone, and what expired is closed once."""
    begin = furnished()
    wanted = copied(begin)
    swept(wanted)
    others: list[Purged] = []

    def sweeps_of(number: int) -> bool:
        world = copied(begin)
        first, happened = swept_with(world, number, lambda: others.append(swept(world)))
        assert by_key(world) == by_key(wanted)
        assert not happened or first.expired + others[-1].expired == 1
        return happened

    assert [sweeps_of(number) for number in range(len(dry(begin)) + 1)][-2:] == [True, False]
    assert {other.deleted for other in others} == {0, 1, 2}


def test_a_sweep_may_fail_at_any_step_and_is_repeated() -> None:
    """A crash, a lost answer or a conflict at every step: the next sweep ends what it began."""
    begin = furnished()
    effects = dry(begin)
    wanted = copied(begin)
    swept(wanted)
    for number, effect in enumerate(effects):
        for fault in faults_of(effect) if isinstance(effect, Commit) else [Fault.FAIL_BEFORE]:
            world = copied(begin)
            world.insist(partial(purge_expired, world.setup), Told(number, fault))
            assert by_key(world) == by_key(wanted)


def by_key(world: World) -> dict[str, Record]:
    """Return everything that is stored."""
    return {record.key.text: record for record in world.records()}


def start_again(world: World, _session: str) -> None:
    """Start anew on the topic whose session has expired."""
    begun(world, ROOM)


def start_another(world: World, _session: str) -> None:
    """Another user starts on the exclusive topic."""
    begun(world, ROOM, BEN)


def cancel_it(world: World, session: str) -> None:
    """Try to cancel what has expired."""
    with pytest.raises(SessionNotFoundError):
        world.run(cancel(world.setup, ADA, ROOM, session))


def delete_it(world: World, _session: str) -> None:
    """Delete all that is the user's."""
    world.run(delete_all(world.setup, ADA))


@pytest.mark.parametrize("other", [start_again, start_another, cancel_it, delete_it])
def test_the_world_moves_at_any_step_of_a_sweep(other: Callable[[World, str], None]) -> None:
    """Starts, cancels and deletions meanwhile: nothing is left half, and nothing new is lost."""

    def meets(number: int) -> bool:
        world = new_world()
        session = begun(world, ROOM)
        world.clock.time = EXPIRY
        _, happened = swept_with(world, number, lambda: other(world, session))
        assert world.memory.get(session_key("acme", session)) is None
        if happened and other in {start_again, start_another}:
            assert world.only(Session).messages == 2
        else:
            assert kinds(world) == {"account"}
        return happened

    for number in range(100):
        if not meets(number):
            return
    raise AssertionError("the sweep has no end")


def test_a_clock_that_goes_back_is_believed() -> None:
    """Expired when the view was asked, but not when it was read again: it is left alone."""
    world = new_world()
    begun(world)
    world.clock.time = EXPIRY
    before = world.records()
    assert world.run(between(purge_expired(world.setup), 2, lambda: back(world))) == NOTHING
    assert world.records() == before


def back(world: World) -> None:
    """Set the clock back."""
    world.clock.time = BEGIN


def test_a_conflict_without_a_cause_is_tried_again() -> None:
    """An engine may answer a conflict that was none: what was to go is gone all the same."""
    world = furnished()
    plain, told = World.commit, [0]

    def commit(effect: Commit) -> CommitResult:
        told[0] += 1
        return CommitResult.CONFLICT if told[0] % 2 else plain(world, effect)

    world.commit = commit  # type: ignore[method-assign]
    swept(world)
    assert kinds(world) == kinds_of_the_rest()


def kinds_of_the_rest() -> set[str]:
    """Return the kinds that are left of the furnished world after a sweep."""
    world = furnished()
    swept(world)
    return kinds(world)


def test_tries_to_delete_are_bounded() -> None:
    """An engine that answers nothing but conflicts is told of, and not asked for ever."""
    world = furnished()
    plain = World.commit

    def commit(effect: Commit) -> CommitResult:
        deletes = any(isinstance(op, Delete) and op.key.kind == "message" for op in effect.ops)
        return CommitResult.CONFLICT if deletes else plain(world, effect)

    world.commit = commit  # type: ignore[method-assign]
    with pytest.raises(VersionConflictError) as error:
        swept(world)
    assert error.value.tries == world.setup.settings.commit_tries


# --- how much -----------------------------------------------------------------------------------


def test_a_limit_bounds_one_sweep() -> None:
    """It stops at its limit and says that there may be more; again and again it gets to an end."""
    world = new_world()
    for user in ("ada", "ben", "cy"):
        begun(world, TALK, Caller("acme", user))
    world.clock.time = EXPIRY
    told = [swept(world, 2) for _ in range(3)]
    assert told == [
        Purged(expired=2, deleted=2, more=True),
        Purged(expired=1, deleted=1, more=False),
        NOTHING,
    ]
    assert kinds(world) == {"account"}


def test_more_may_be_none() -> None:
    """Exactly as many as the limit: the next sweep finds nothing more."""
    world = new_world()
    begun(world)
    world.clock.time = EXPIRY
    assert [swept(world, 1), swept(world, 1)] == [
        Purged(expired=1, deleted=1, more=True),
        NOTHING,
    ]


# --- the marks of deletions ---------------------------------------------------------------------


def test_the_mark_of_a_deletion_is_swept_at_the_very_instant() -> None:
    """It stands against commands under way for a while, and is nobody's business after that."""
    world = new_world()
    world.run(delete_all(world.setup, ADA))
    world.clock.time = EXPIRY - INSTANT
    swept(world)
    assert len(world.stored("account")) == 1
    world.clock.time = EXPIRY
    assert swept(world) == NOTHING
    assert world.records() == []


def test_open_accounts_stay() -> None:
    """The account of a user with nothing in it is no mark; one that is being deleted stays too."""
    world = new_world()
    begun(world)
    with pytest.raises(CrashError):
        world.run(delete_all(world.setup, BEN), Told(3, Fault.CRASH_AFTER))
    world.clock.advance(days=1000)
    swept(world)
    statuses = [ACCOUNT.read(record).value.status for record in world.records()]
    assert sorted(statuses) == [AccountStatus.DELETING, AccountStatus.OPEN]


def test_marks_are_bounded_by_the_limit_too() -> None:
    """More marks than the limit: there is more to do."""
    world = new_world()
    for user in ("ada", "ben", "cy"):
        world.run(delete_all(world.setup, Caller("acme", user)))
    world.clock.time = EXPIRY
    assert [swept(world, 2).more, len(world.records())] == [True, 1]
    assert [swept(world, 2).more, len(world.records())] == [False, 0]


def test_who_came_back_keeps_the_account() -> None:
    """Between the view and the deletion a user starts anew: the open account stays."""

    def comes_back(number: int) -> bool:
        world = new_world()
        world.run(delete_all(world.setup, ADA))
        world.clock.time = EXPIRY
        _, happened = swept_with(world, number, lambda: begun(world))
        assert ("account" in kinds(world)) is happened
        return happened

    assert [comes_back(number) for number in range(5)] == [True, True, True, True, False]


# --- what is still owed -------------------------------------------------------------------------


def listened() -> tuple[World, RecordingNotifier, str]:
    """Return a world with a notifier, that, and a session of which three events are owed."""
    heard = RecordingNotifier()
    world = World([TALK, ROOM, KEPT, FOR_EVER], coach, notifier=heard)
    session = begun(world)
    world.run(submit(world.setup, ADA, TALK, session, "And then?"))
    world.clock.time = EXPIRY
    return world, heard, session


def deaf(world: World) -> None:
    """Take the notifier away: events are kept for those who have one."""
    settings = evolve(world.setup.settings, outbox=True)
    world.setup = evolve(world.setup, settings=settings, notifies=False)
    world.ports = evolve(world.ports, notifier=None)


def test_what_is_owed_is_delivered_before_it_is_deleted() -> None:
    """In order, that of the job which the sweep itself closes too; then all goes."""
    world, heard, _ = listened()
    names = [job.id for job in world.stored("job")]
    assert swept(world) == Purged(expired=1, deleted=1, more=False)
    assert [event.job for event in heard.events] == names
    assert [event.type.name for event in heard.events] == ["COMPLETED", "COMPLETED", "FAILED"]
    last = heard.events[-1].data
    assert isinstance(last, MessageFailed)
    assert last.error_code is ErrorCode.SESSION_EXPIRED
    assert kinds(world) == {"account"}


def test_what_was_delivered_is_not_told_again() -> None:
    """Only what is still owed is told."""
    world, heard, _ = listened()
    world.clock.time = BEGIN
    assert world.run(relay(world.setup)).delivered == 2
    world.clock.time = EXPIRY
    assert swept(world).deleted == 1
    assert len(heard.events) == 3


@pytest.mark.parametrize("number", range(3))
def test_what_cannot_be_delivered_keeps_its_session(number: int) -> None:
    """It is closed and kept whole, what comes later is not told either; the next sweep goes on."""
    world, heard, session = listened()
    names = [job.id for job in world.stored("job")]
    heard.fail(when=lambda event: event.job == names[number])
    other = begun(world, ROOM, BEN)
    world.clock.advance(days=14)
    assert swept(world) == Purged(expired=2, deleted=1, more=False, undelivered=1)
    assert [event.job for event in heard.events if event.session == session] == names[:number]
    assert {record.key.parts[0] for record in world.records() if record.key.kind == "job"} == {
        *names
    }
    assert world.memory.get(session_key("acme", other)) is None
    assert len(world.stored("message")) == 4
    assert swept(world) == Purged(expired=0, deleted=0, more=False, undelivered=1)
    heard.recover()
    assert swept(world) == Purged(expired=0, deleted=1, more=False)
    assert [event.job for event in heard.events if event.session == session] == names


def test_without_a_notifier_what_is_owed_is_kept() -> None:
    """For a relay that has one; what owes nothing goes as ever."""
    world, _, _ = listened()
    deaf(world)
    assert swept(world) == Purged(expired=1, deleted=0, more=False, undelivered=1)
    assert len(world.stored("job")) == 3
    without = new_world()
    begun(without)
    without.clock.time = EXPIRY
    assert swept(without) == Purged(expired=1, deleted=1, more=False)


def test_a_later_job_of_which_nobody_is_to_hear_hides_nothing() -> None:
    """An event that is owed keeps its session also where a process without an outbox came later."""
    world, heard, session = listened()
    world.clock.time = BEGIN
    jobs = world.stored("job")
    with_notifier = world.setup
    world.setup = evolve(world.setup, notifies=False)
    world.run(cancel_job(world.setup, ADA, None, jobs[-1].id))
    world.run(send(world.setup, ADA, TALK, session, "And now?"))
    assert not world.stored("job")[-1].notify
    world.clock.time = EXPIRY
    assert swept(world).undelivered == 1
    world.setup = with_notifier
    assert swept(world).deleted == 1
    assert [event.job for event in heard.events] == [job.id for job in jobs]


def test_what_is_owed_is_found_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many jobs a session has; and none of them is read for it but the latest."""
    monkeypatch.setattr("coachwork.workflows._purging.BATCH", 2)
    for owes in (True, False):
        world = World([TALK], coach, notifier=RecordingNotifier())
        world.setup = evolve(world.setup, notifies=owes)
        session = begun(world)
        world.setup = evolve(world.setup, notifies=False)
        for number in range(3):
            world.run(send(world.setup, ADA, TALK, session, f"Message {number}."))
        world.clock.time = EXPIRY
        assert swept(world).undelivered == owes


def test_sessions_that_are_kept_hold_up_none_behind_them() -> None:
    """However many stand in front: they do not count, and whoever asks for more comes to an end."""
    world, heard, _ = listened()
    for name in "abcde":
        begun(world, ROOM if name == "e" else TALK, Caller("acme", name))
    world.clock.advance(days=14)
    kept = sorted(record.key.text for record in world.records() if record.key.kind == "session")
    stubborn = {event_of.about.id for event_of in world.stored("session")[:4]}
    heard.fail(when=lambda event: event.session in stubborn)
    for _ in range(20):
        if not swept(world, 2).more:
            break
    else:
        raise AssertionError("it never ends")
    left = sorted(record.key.text for record in world.records() if record.key.kind == "session")
    assert left == kept[:4]


def test_the_latest_job_is_that_of_the_session_and_not_of_a_view() -> None:
    """A view that lags shows an older session: what is owed since is delivered all the same."""
    world, heard, session = listened()
    world.clock.time = BEGIN
    jobs = world.stored("job")
    (old,) = [record for record in world.records() if record.key.kind == "session"]
    world.run(cancel_job(world.setup, ADA, None, jobs[-1].id))
    world.run(send(world.setup, ADA, TALK, session, "And now?"))
    world.run(relay(world.setup))
    world.run(send(world.setup, ADA, TALK, session, "And at last?"))
    world.clock.time = EXPIRY

    class Lagging(Memory):
        """A repository whose views are old."""

        def find(self, query: Query, /) -> Sequence[Record]:
            """Show the session as it was."""
            shown = world.memory.find(query)
            return [old if record.key == old.key else record for record in shown]

    lagging = Lagging()
    lagging.get = world.memory.get  # type: ignore[method-assign]
    lagging.commit = world.ports.repository.commit  # type: ignore[method-assign]
    world.ports = evolve(world.ports, repository=lagging)
    assert swept(world).deleted == 1
    assert len({event.job for event in heard.events}) == 5


def test_a_repository_that_fails_while_it_delivers_is_told() -> None:
    """It is no notifier that is away: the sweep stops, and what was done stays done."""
    world, heard, _ = listened()

    def broken(effect: Commit) -> CommitResult:
        if heard.events:
            raise StoreUnavailableError
        return World.commit(world, effect)

    world.commit = broken  # type: ignore[method-assign]
    with pytest.raises(StoreUnavailableError):
        swept(world)
    del world.commit
    assert len(world.stored("job")) == 3
    assert swept(world).deleted == 1
    assert len({event.id for event in heard.events}) == 3


def test_a_sweep_that_delivers_may_fail_at_any_step() -> None:
    """Each event is told at least once, under one id, and then all goes."""
    number = 0
    while True:
        world, heard, _ = listened()
        first = len(world.effects)
        with suppress(CrashError):
            swept_or_crashed = world.run(
                purge_expired(world.setup), Told(number, Fault.CRASH_AFTER)
            )
            assert swept_or_crashed.deleted == 1
            assert len(world.effects) - first <= number
            break
        swept(world)
        assert kinds(world) == {"account"}
        assert len({event.id for event in heard.events}) == 3
        number += 1
    assert number > 20


def test_of_a_deleted_user_no_event_is_told() -> None:
    """What is left of a deletion that stopped midway is swept without a word."""
    world, heard, _ = listened()
    world.clock.time = BEGIN
    with pytest.raises(CrashError):
        world.run(delete_all(world.setup, ADA), Told(6, Fault.CRASH_BEFORE))
    assert "session" in kinds(world)
    world.clock.time = EXPIRY
    assert swept(world).undelivered == 0
    assert heard.events == []


def test_a_job_that_changed_once_more_goes_all_the_same() -> None:
    """Another marks it as delivered between the view and the deletion; anything else is not so."""
    world, _, session = listened()
    world.clock.time = BEGIN
    world.run(cancel(world.setup, ADA, TALK, session))
    ended = world.run(load(SESSION_RECORD, session_key("acme", session)))
    assert ended is not None
    happened: list[CommitResult] = []

    def marked() -> None:
        for name in [job.id for job in world.stored("job")]:
            job = world.run(load(JOB_RECORD, job_key("acme", name)))
            assert job is not None
            mark = JOB_RECORD.update(job, evolve(job.value, delivered_at=BEGIN))
            happened.append(world.memory.commit([mark]))

    world.checks = False  # nothing is deleted so before it is delivered, but by a user's deletion
    trial = copied(world)
    trial.run(delete_session(trial.setup, ended))
    # The messages go first; the first view is that of the jobs, and then they go.
    found = trial.names().index("Find")
    assert world.run(between(delete_session(world.setup, ended), found + 1, marked))
    assert happened == [CommitResult.DONE] * 3
    assert world.stored("job") == []
    assert world.memory.get(session_key("acme", session)) is None


# --- what cannot be read ------------------------------------------------------------------------


def spoil(world: World, key: Key, body: str | None = None) -> Record:
    """Damage what is stored under *key*, and return it as it is now."""
    record = world.memory.get(key)
    assert record is not None
    damaged = Record(key, record.version + 1, record.facts, body or record.body[:-1])
    assert world.memory.commit([Update(damaged)]) is CommitResult.DONE
    return damaged


def in_flight(world: World, caller: Caller) -> tuple[str, str]:
    """Return a session and its job in flight, which nobody holds any more."""
    session = world.run(start(world.setup, caller, KEPT)).session.id
    world.model = lambda _: CrashError()
    with pytest.raises(CrashError):
        world.run(send(world.setup, caller, KEPT, session, "Hello."))
    world.model = coach
    job = world.run(get(world.setup, caller, KEPT, session)).job
    assert job is not None
    return session, job


@pytest.mark.parametrize("kind", ["session", "job", "claim", "account"])
@pytest.mark.parametrize("newer", [False, True], ids=["damaged", "newer"])
def test_what_cannot_be_read_does_not_stop_the_sweep(kind: str, newer: bool) -> None:  # noqa: FBT001
    """It is left as it is, everything else is swept, and then it is told: kind and field."""
    world = new_world()
    first, job = in_flight(world, ADA)
    begun(world, TALK, Caller("acme", "a"))
    begun(world, TALK, Caller("acme", "z"))
    for user in ("b", "c", "y"):
        world.run(delete_all(world.setup, Caller("acme", user)))
    world.checks = False
    key = {
        "session": session_key("acme", first),
        "job": job_key("acme", job),
        "claim": claim_key("acme", "kept", "ada"),
        "account": account_key("acme", "c"),
    }[kind]
    damaged = spoil(world, key, '{"schema":99}' if newer else None)
    world.clock.time = EXPIRY
    wanted: type[StoreError] = UnsupportedSchemaError if newer else CorruptRecordError
    with pytest.raises(wanted) as error:
        swept(world)
    assert isinstance(error.value, CorruptRecordError | UnsupportedSchemaError)
    assert (error.value.kind, error.value.field) == (kind, "schema" if newer else "body")
    assert world.memory.get(key) == damaged
    sessions = [record.key for record in world.records() if record.key.kind == "session"]
    assert sessions == ([] if kind == "account" else [session_key("acme", first)])
    marks = {str(record.key.parts[0]) for record in world.records() if record.facts.expires}
    assert {"b", "y"}.isdisjoint(marks)


def test_of_several_damages_one_is_told() -> None:
    """The sweep goes to its end, however much cannot be read."""
    world = new_world()
    spoiled = [begun(world, TALK, Caller("acme", user)) for user in ("a", "b")]
    begun(world, TALK, Caller("acme", "c"))
    world.checks = False
    for session in spoiled:
        spoil(world, session_key("acme", session))
    world.clock.time = EXPIRY
    with pytest.raises(CorruptRecordError):
        swept(world)
    left = {record.key for record in world.records() if record.key.kind == "session"}
    assert left == {session_key("acme", session) for session in spoiled}


# --- a part of a deletion -----------------------------------------------------------------------


def test_more_of_one_kind_than_a_page_goes() -> None:
    """However many receipts a session has, none is left, and no commit is too large."""
    world = new_world()
    world.checks = False
    session = begun(world)
    for number in range(250):
        receipt = Receipt(
            tenant="acme",
            user="ada",
            key=f"key-{number}",
            command="send",
            fingerprint="",
            session=session,
            job=None,
            at=BEGIN,
        )
        assert world.memory.commit([RECEIPT.insert(receipt)]) is CommitResult.DONE
    world.clock.time = EXPIRY
    swept(world)
    assert kinds(world) == {"account"}
    assert max(len(ops) for ops in world.commits) <= MAX_OPS


@pytest.mark.parametrize("messages", [0, 2], ids=["nothing was said", "something was said"])
def test_a_deletion_that_is_over_takes_nothing(messages: int) -> None:
    """Its mark is in every commit: once that is no longer what is stored, nothing passes."""
    world = new_world()
    session = world.run(start(world.setup, ADA, ROOM)).session.id
    if messages:
        world.run(send(world.setup, ADA, ROOM, session, "Hello."))
    world.run(cancel(world.setup, ADA, ROOM, session))
    ended = world.run(load(SESSION_RECORD, session_key("acme", session)))
    assert ended is not None
    assert ended.value.messages == messages
    before = world.records()
    over = Stored(Account("acme", "ada", AccountStatus.DELETING, BEGIN), 7)
    assert world.run(is_over(over))
    assert not world.run(delete_session(world.setup, ended, over))
    receipts = Query(kind=RECEIPT.name, tenant="acme", owner="ada", limit=BATCH)
    assert not world.run(delete_found(world.setup, receipts, over))
    assert world.records() == before


@pytest.mark.parametrize("messages", [0, 2], ids=["nothing was said", "something was said"])
def test_what_cannot_be_read_goes_with_its_user(messages: int) -> None:
    """A session whose record is damaged is deleted with the messages that its log shows."""
    world = new_world()
    session = world.run(start(world.setup, ADA, ROOM)).session.id
    if messages:
        world.run(send(world.setup, ADA, ROOM, session, "Hello."))
    mark = world.run(load(ACCOUNT, account_key("acme", "ada")))
    assert mark is not None
    world.checks = False
    damaged = spoil(world, session_key("acme", session))
    over = Stored(mark.value, mark.version + 1)
    assert not world.run(delete_unreadable(world.setup, damaged, over))
    assert world.memory.get(damaged.key) == damaged
    assert world.run(delete_unreadable(world.setup, damaged, mark))
    assert kinds(world) == {"account"}


def without_its_session() -> World:
    """Return a world in which a session is gone, and nothing that was its own."""
    world = new_world()
    world.checks = False
    session = world.run(start(world.setup, ADA, TALK)).session.id
    world.run(send(world.setup, ADA, TALK, session, "Hello."))
    stored = world.run(load(SESSION_RECORD, session_key("acme", session)))
    assert stored is not None
    assert world.memory.commit([SESSION_RECORD.delete(stored)]) is CommitResult.DONE
    return world


def test_lost_jobs_go_with_their_messages_and_receipts() -> None:
    """Those whose sessions are not there; once the mark is over nothing is deleted."""
    world = without_its_session()
    there = begun(world, ROOM)
    mark = world.run(load(ACCOUNT, account_key("acme", "ada")))
    assert mark is not None
    jobs = Query(kind=JOB_RECORD.name, tenant="acme", owner="ada", limit=1)
    before = world.records()
    assert not world.run(delete_lost(world.setup, jobs, Stored(mark.value, mark.version + 1)))
    assert world.records() == before
    assert world.run(delete_lost(world.setup, jobs, mark))
    assert world.run(find_lost(jobs, home_of_job)) == []
    for kind in ("message", "job", "receipt"):
        assert {value.session for value in world.stored(kind)} == {there}


def test_a_lost_job_that_cannot_be_read_goes_too() -> None:
    """What it was about nobody knows; a greeting has nothing that was asked."""
    world = without_its_session()
    mark = world.run(load(ACCOUNT, account_key("acme", "ada")))
    assert mark is not None
    for record in [record for record in world.records() if record.key.kind == "job"]:
        spoil(world, record.key)
    jobs = Query(kind=JOB_RECORD.name, tenant="acme", owner="ada", limit=BATCH)
    assert world.run(delete_lost(world.setup, jobs, mark))
    assert "job" not in kinds(world)


def test_a_deletion_of_all_takes_what_is_lost() -> None:
    """A message without a session is found by its job."""
    world = without_its_session()
    world.run(delete_all(world.setup, ADA))
    assert kinds(world) == {"account"}


def test_a_deletion_that_is_not_over_goes_on() -> None:
    """As long as its mark stands, a conflict is tried again and all goes."""
    world = new_world()
    session = begun(world, ROOM)
    world.run(cancel(world.setup, ADA, ROOM, session))
    with pytest.raises(CrashError):
        world.run(delete_all(world.setup, ADA), Told(3, Fault.CRASH_BEFORE))
    mark = world.run(load(ACCOUNT, account_key("acme", "ada")))
    ended = world.run(load(SESSION_RECORD, session_key("acme", session)))
    assert mark is not None
    assert ended is not None
    assert not world.run(is_over(mark))
    plain, told = World.commit, [0]

    def commit(effect: Commit) -> CommitResult:
        told[0] += 1
        return plain(world, effect) if told[0] % 3 == 0 else CommitResult.CONFLICT

    world.commit = commit  # type: ignore[method-assign]
    assert world.run(delete_session(world.setup, ended, mark))
    assert kinds(world) == {"account"}
