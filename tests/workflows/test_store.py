"""Reading and writing values, on top of get and commit."""

from __future__ import annotations

import pytest

from coachwork.errors import (
    CorruptRecordError,
    OutcomeUnknownError,
    SessionAccessDeniedError,
    SessionNotFoundError,
    StoreUnavailableError,
    VersionConflictError,
)
from coachwork.policies import Settings
from coachwork.ports import CommitResult, Query
from coachwork.records import MESSAGE, SESSION_RECORD, Delete, Record, message_key, session_key
from coachwork.sessions import Session
from coachwork.testing import rehearse
from coachwork.topics import Topic
from coachwork.workflows import Caller, Setup, send, start
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

TALK = Topic(id="talk", system="Listen.")


def talked(turns: int) -> tuple[World, str]:
    """Return a world with a session of so many turns, and the session's id."""
    world = World([TALK], lambda _: "Go on.")
    world.checks = False
    session = world.run(start(world.setup, ADA, TALK)).session.id
    for number in range(turns):
        world.run(send(world.setup, ADA, TALK, session, f"Message {number}."))
    return world, session


def test_values_come_with_their_version() -> None:
    """A record is read as what it holds; nothing is None."""
    world, session = talked(1)
    stored = world.run(load(SESSION_RECORD, session_key("acme", session)))
    assert stored is not None
    assert (stored.value, stored.version) == (world.only(Session), 3)
    assert world.run(load(SESSION_RECORD, session_key("acme", "no"))) is None
    query = Query(kind="session", tenant="acme", owner="ada")
    assert world.run(find(SESSION_RECORD, query)) == [stored]


def test_all_messages_are_read_page_by_page() -> None:
    """Also where the last page is just full."""
    world, session = talked(PAGE // 2)
    messages = world.run(read_all_messages("acme", session))
    assert [message.sequence for message in messages] == [*range(1, PAGE + 1)]
    assert world.names()[-2:] == ["ReadLog", "ReadLog"]
    later = world.run(read_all_messages("acme", session, after=PAGE - 1))
    assert [message.sequence for message in later] == [PAGE]


def test_a_window_of_messages() -> None:
    """The last so many, in order; none where nothing was said."""
    world, session = talked(3)
    window = world.run(read_messages("acme", session, last=2, limit=2))
    assert [message.sequence for message in window] == [5, 6]
    assert world.run(read_messages("acme", "no", last=2, limit=2)) == []
    assert world.run(read_messages("acme", "no", limit=2)) == []


def test_a_log_with_a_gap_is_damaged() -> None:
    """Nothing is shown with a part left out."""
    world, session = talked(2)
    records: list[Record] = list(world.memory.log("acme", session, limit=10))
    query = read_messages("acme", session, limit=10)
    with pytest.raises(CorruptRecordError):
        rehearse(query, [records[0], records[2]])
    with pytest.raises(CorruptRecordError):
        rehearse(read_messages("acme", session, after=0, limit=10), records[1:])
    assert len(rehearse(read_messages("acme", session, last=2, limit=2), records[2:]).result) == 2
    assert MESSAGE.name == "message"
    assert Delete(message_key("acme", session, 1), 1)


# --- tries --------------------------------------------------------------------------------------

SETUP = Setup(topics={}, settings=Settings(commit_tries=2))


def test_tries_are_counted() -> None:
    """As many as the settings say; then the caller is told that others were faster."""
    tries = Tries(SETUP)
    for _ in range(2):
        tries.another()
        assert rehearse(tries.commit([]), CommitResult.CONFLICT).result is False
    with pytest.raises(VersionConflictError) as error:
        tries.another()
    assert error.value.tries == 2
    assert rehearse(Tries(SETUP).commit([]), CommitResult.DONE).result is True


def test_an_unknown_outcome_counts_as_a_conflict_until_the_end() -> None:
    """It is told only when it was the last word."""
    unknown = OutcomeUnknownError()
    tries = Tries(SETUP)
    for _ in range(2):
        tries.another()
        assert rehearse(tries.commit([]), unknown).result is False
    with pytest.raises(OutcomeUnknownError) as error:
        tries.another()
    assert error.value is unknown
    tries = Tries(SETUP)
    for answer in (unknown, CommitResult.CONFLICT):
        tries.another()
        assert rehearse(tries.commit([]), answer).result is False
    with pytest.raises(VersionConflictError):
        tries.another()
    with pytest.raises(StoreUnavailableError):
        rehearse(Tries(SETUP).commit([]), StoreUnavailableError())


# --- sessions -----------------------------------------------------------------------------------


def test_a_session_is_its_owners() -> None:
    """With the time at which it was not expired."""
    world, session = talked(0)
    stored, now = world.run(load_session(world.setup, ADA, session))
    assert (stored.value.about.id, now) == (session, BEGIN)
    with pytest.raises(SessionAccessDeniedError):
        world.run(load_session(world.setup, BEN, session))
    hiding = Setup(topics={}, settings=Settings(hide_foreign=True))
    for setup, caller in ((hiding, BEN), (world.setup, Caller("other", "ada"))):
        with pytest.raises(SessionNotFoundError):
            world.run(load_session(setup, caller, session))
    world.clock.advance(days=14)
    for caller in (ADA, BEN):  # what has expired is nobody's
        with pytest.raises(SessionNotFoundError):
            world.run(load_session(world.setup, caller, session))
