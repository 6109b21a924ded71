"""Reading and writing values: pages without gaps, bounded tries, and whose session it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from coachwork.effects import Commit, Find, Get, ReadLog, Workflow
from coachwork.errors import (
    CorruptRecordError,
    OutcomeUnknownError,
    SessionAccessDeniedError,
    SessionNotFoundError,
    StoreUnavailableError,
    VersionConflictError,
)
from coachwork.messages import Message, Role
from coachwork.policies import Settings
from coachwork.ports import CommitResult, Query
from coachwork.records import ACCOUNT, MESSAGE, SESSION_RECORD, Insert, Record, session_key
from coachwork.sessions import Account, AccountStatus
from coachwork.testing import rehearse
from coachwork.topics import Topic
from coachwork.workflows import Caller, Setup, start
from coachwork.workflows._store import (
    PAGE,
    Tries,
    find,
    load,
    load_session,
    read_all_messages,
    read_messages,
)
from tests.faults import ADA, BEGIN, BEN, World

DONE, CONFLICT = CommitResult.DONE, CommitResult.CONFLICT
TALK = Topic(id="talk", system="Listen.")
ACCOUNT_OF_ADA = Account("acme", "ada", AccountStatus.OPEN, BEGIN)
INSERT: Insert = ACCOUNT.insert(ACCOUNT_OF_ADA)


def message(sequence: int) -> Record:
    """Return a message as a record."""
    said = Message(
        tenant="acme",
        user="ada",
        session="s",
        sequence=sequence,
        role=Role.USER,
        text="Hello.",
        at=BEGIN,
        job="j",
    )
    return MESSAGE.insert(said).record


def sequences(messages: Sequence[Message]) -> list[int]:
    """Return the sequence numbers."""
    return [one.sequence for one in messages]


# --- reading ------------------------------------------------------------------------------------


def test_what_is_loaded_has_its_version() -> None:
    """A value comes with the version that a change must name; where there is none, None comes."""
    record = ACCOUNT.record(ACCOUNT_OF_ADA, 7)
    rehearsal = rehearse(load(ACCOUNT, record.key), record)
    assert rehearsal.asked == (Get(record.key),)
    assert rehearsal.result is not None
    assert (rehearsal.result.value, rehearsal.result.version) == (ACCOUNT_OF_ADA, 7)
    assert rehearse(load(ACCOUNT, record.key), None).result is None


def test_what_is_found_is_read() -> None:
    """A view's records come as values, in its order."""
    query = Query(kind="account", tenant="acme", owner="ada")
    rehearsal = rehearse(find(ACCOUNT, query), [ACCOUNT.record(ACCOUNT_OF_ADA, 2)])
    assert rehearsal.asked == (Find(query),)
    assert [stored.value for stored in rehearsal.result] == [ACCOUNT_OF_ADA]


def test_what_is_damaged_is_refused() -> None:
    """A record that cannot be read is an error that names kind and field."""
    damaged = Record(INSERT.record.key, 1, INSERT.record.facts, "{}")
    with pytest.raises(CorruptRecordError) as error:
        rehearse(load(ACCOUNT, damaged.key), damaged)
    assert (error.value.kind, error.value.field) == ("account", "schema")


def test_messages_are_asked_for_as_the_port_tells() -> None:
    """One page of a log: after a number, or the last ones."""
    rehearsal = rehearse(read_messages("acme", "s", after=3, limit=2), [message(4), message(5)])
    assert sequences(rehearsal.result) == [4, 5]
    assert rehearsal.asked == (ReadLog(tenant="acme", session="s", after=3, limit=2),)
    rehearsal = rehearse(read_messages("acme", "s", last=2, limit=2), [message(8), message(9)])
    assert sequences(rehearsal.result) == [8, 9]


@pytest.mark.parametrize("last", [None, 20])
def test_an_empty_log_is_no_gap(last: int | None) -> None:
    """A session in which nothing was said has no messages, and nothing is missing."""
    assert rehearse(read_messages("acme", "s", last=last, limit=20), []).result == []


@pytest.mark.parametrize(
    ("last", "there"),
    [(None, [2, 3]), (None, [1, 3]), (20, [7, 9]), (None, [2, 1])],
    ids=["the first", "one between", "one of the last", "out of order"],
)
def test_nothing_is_shown_with_a_part_left_out(last: int | None, there: list[int]) -> None:
    """A log may lag behind, but one with a gap is damaged."""
    with pytest.raises(CorruptRecordError) as error:
        rehearse(read_messages("acme", "s", last=last, limit=20), [message(n) for n in there])
    assert (error.value.kind, error.value.field) == ("message", "sequence")


@pytest.mark.parametrize("number", [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE])
def test_all_messages_are_read_page_by_page(number: int) -> None:
    """However long the conversation, all of it comes, in order, after the number asked for."""
    records = [message(n) for n in range(4, number + 4)]
    pages = [records[at : at + PAGE] for at in range(0, number + 1, PAGE)]
    rehearsal = rehearse(read_all_messages("acme", "s", after=3), *pages)
    assert sequences(rehearsal.result) == [*range(4, number + 4)]
    assert [effect.after for effect in rehearsal.asked if isinstance(effect, ReadLog)] == [
        3 + PAGE * page for page in range(len(pages))
    ]


# --- tries --------------------------------------------------------------------------------------


def insisting(tries: Tries) -> Workflow[int]:
    """Commit until it is done; tell how many tries it took."""
    number = 0
    while True:
        tries.another()
        number += 1
        if (yield from tries.commit([INSERT])):
            return number


def of(number: int) -> Tries:
    """Return so many tries."""
    return Tries(Setup(topics={}, settings=Settings(commit_tries=number)))


def test_a_commit_that_is_done_is_done() -> None:
    """The first try suffices where nobody else writes."""
    rehearsal = rehearse(insisting(of(3)), DONE)
    assert rehearsal.result == 1
    assert rehearsal.asked == (Commit((INSERT,)),)


def test_a_conflict_is_tried_again() -> None:
    """As long as tries are left, a conflict and a lost answer alike lead to another one."""
    assert rehearse(insisting(of(3)), CONFLICT, OutcomeUnknownError(), DONE).result == 3


def test_tries_are_bounded() -> None:
    """After as many conflicts as there are tries the caller is told, with their number."""
    with pytest.raises(VersionConflictError) as error:
        rehearse(insisting(of(3)), CONFLICT, CONFLICT, CONFLICT)
    assert error.value.tries == 3
    assert error.value.retryable


def test_an_outcome_that_stays_unknown_is_told() -> None:
    """The last answer was lost: perhaps it is done, and only the same key finds out."""
    lost = OutcomeUnknownError("gone")
    with pytest.raises(OutcomeUnknownError) as error:
        rehearse(insisting(of(2)), CONFLICT, lost)
    assert error.value is lost


def test_a_later_conflict_settles_what_was_unknown() -> None:
    """Whoever read again and then met a conflict knows that nothing is written."""
    with pytest.raises(VersionConflictError):
        rehearse(insisting(of(2)), OutcomeUnknownError(), CONFLICT)


def test_a_repository_that_is_down_is_not_tried_again() -> None:
    """The library adds no hidden retries: what is certainly not done is told at once."""
    with pytest.raises(StoreUnavailableError):
        rehearse(insisting(of(3)), StoreUnavailableError())


# --- whose session ------------------------------------------------------------------------------


@pytest.fixture
def world() -> World:
    """A world in which Ada has one session, id-00001."""
    world = World([TALK])
    world.run(start(world.setup, ADA, TALK))
    return world


def session_id(world: World) -> str:
    """Return the id of the one session."""
    (record,) = (record for record in world.records() if record.key.kind == "session")
    return str(record.key.parts[0])


def test_the_owner_gets_the_session_and_the_time(world: World) -> None:
    """It comes with the instant at which it was not expired, the last one included."""
    ends = BEGIN + timedelta(days=14)
    world.clock.time = ends - timedelta(microseconds=1)
    stored, now = world.run(load_session(world.setup, ADA, session_id(world)))
    assert (stored.value.about.user, stored.version, now) == ("ada", 1, world.clock.time)
    assert stored.value.expires_at == ends


def test_a_session_that_never_was_is_not_found(world: World) -> None:
    """Nor is one that has expired, from the very instant on, swept or not."""
    with pytest.raises(SessionNotFoundError):
        world.run(load_session(world.setup, ADA, "nothing"))
    world.clock.advance(days=14)
    with pytest.raises(SessionNotFoundError):
        world.run(load_session(world.setup, ADA, session_id(world)))


def test_another_tenants_session_does_not_exist(world: World) -> None:
    """Even for a user of the same name; not even its key is looked at."""
    first = len(world.effects)
    with pytest.raises(SessionNotFoundError):
        world.run(load_session(world.setup, Caller("other", "ada"), session_id(world)))
    assert world.effects[first] == Get(session_key("other", session_id(world)))


def test_another_users_session_is_denied(world: World) -> None:
    """Within the tenant it is access denied, and nothing of it is told."""
    with pytest.raises(SessionAccessDeniedError) as error:
        world.run(load_session(world.setup, BEN, session_id(world)))
    assert "ada" not in str(error.value)


def test_another_users_session_may_be_hidden() -> None:
    """A setting makes it not found, word for word like one that never was."""
    world = World([TALK], settings=Settings(hide_foreign=True))
    world.run(start(world.setup, ADA, TALK))
    told: list[str] = []
    for wanted in (session_id(world), "nothing"):
        with pytest.raises(SessionNotFoundError) as error:
            world.run(load_session(world.setup, BEN, wanted))
        told.append(str(error.value))
    assert told[0] == told[1]


def test_not_found_comes_before_access_denied(world: World) -> None:
    """An expired session of another user is not found: nobody learns that it was there."""
    world.clock.advance(days=14)
    with pytest.raises(SessionNotFoundError):
        world.run(load_session(world.setup, BEN, session_id(world)))


def test_damaged_comes_before_all(world: World) -> None:
    """A session that cannot be read is nobody's: the error names kind and field alone."""
    key = session_key("acme", session_id(world))
    record = world.memory.get(key)
    assert record is not None
    body = record.body.replace('"turns":0', '"turns":"none"')
    damaged = Record(key, record.version, record.facts, body)
    with pytest.raises(CorruptRecordError) as error:
        rehearse(load_session(world.setup, BEN, session_id(world)), damaged)
    assert (error.value.kind, error.value.field) == (SESSION_RECORD.name, "turns")
