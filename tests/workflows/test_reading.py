"""Questions that change nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from coachwork.effects import Workflow
from coachwork.errors import (
    SessionAccessDeniedError,
    SessionNotFoundError,
    TopicNotFoundError,
    ValidationError,
)
from coachwork.policies import Settings
from coachwork.sessions import SessionStatus
from coachwork.testing import rehearse
from coachwork.topics import Topic
from coachwork.workflows import (
    Caller,
    Check,
    Setup,
    cancel,
    check,
    complete,
    get,
    history,
    list_sessions,
    pause,
    send,
    start,
    topics,
)
from tests.faults import ADA, BEGIN, BEN, World

TALK = Topic(id="talk", system="Listen.", title="A talk")
ROOM = Topic(id="room", system="Listen.", exclusive=True)
EVE = Caller("other", "ada")
WRONG: Any = 7


def world(**given: Any) -> World:  # noqa: ANN401 - as a world takes it
    """Return a world with two topics."""
    return World([TALK, ROOM], lambda _: "Go on.", **given)


# --- check --------------------------------------------------------------------------------------


def test_check_without_a_session() -> None:
    """All fields of a session are null, and the advice is to start."""
    here = world()
    assert here.run(check(here.setup, ADA, TALK)) == Check(
        has_session=False,
        session_id=None,
        status=None,
        actual_status=None,
        is_idle=None,
        conflict=False,
        conflict_user_id=None,
        advice="start",
    )
    with pytest.raises(TopicNotFoundError):
        rehearse(check(here.setup, ADA, Topic(id="no", system="x")))


def test_check_presents_an_idle_session_as_paused() -> None:
    """Idle is longer than thirty minutes, not thirty minutes; polling is no activity."""
    here = world()
    session = here.run(start(here.setup, ADA, TALK)).session.id
    here.clock.advance(minutes=30)
    told = here.run(check(here.setup, ADA, TALK))
    assert (told.status, told.is_idle, told.advice, told.session_id) == (
        "active",
        False,
        "open",
        session,
    )
    here.clock.advance(microseconds=1)
    told = here.run(check(here.setup, ADA, TALK))
    assert (told.status, told.actual_status, told.is_idle, told.advice) == (
        "paused",
        "active",
        True,
        "choose",
    )
    assert len(here.commits) == 1


def test_check_of_a_paused_session() -> None:
    """The user chooses between resuming and starting new."""
    here = world()
    session = here.run(start(here.setup, ADA, TALK)).session.id
    here.run(pause(here.setup, ADA, TALK, session))
    told = here.run(check(here.setup, ADA, TALK))
    assert (told.status, told.is_idle, told.advice) == ("paused", False, "choose")


def test_check_of_an_expired_session() -> None:
    """Invisible at the very instant of its expiry, whether or not anybody swept it away."""
    here = world()
    here.run(start(here.setup, ADA, TALK))
    here.clock.advance(days=14, microseconds=-1)
    assert here.run(check(here.setup, ADA, TALK)).has_session
    here.clock.advance(microseconds=1)
    assert not here.run(check(here.setup, ADA, TALK)).has_session


def test_check_of_a_conflict() -> None:
    """Another user's session holds the topic; its expiry ends the conflict."""
    here = world()
    here.run(start(here.setup, BEN, ROOM))
    told = here.run(check(here.setup, ADA, ROOM))
    assert (told.has_session, told.conflict, told.conflict_user_id, told.advice) == (
        False,
        True,
        "ben",
        "blocked",
    )
    assert here.run(check(here.setup, BEN, ROOM)).conflict is False
    assert here.run(check(here.setup, EVE, ROOM)).conflict is False
    here.clock.advance(days=14)
    assert here.run(check(here.setup, ADA, ROOM)).conflict is False


# --- get ----------------------------------------------------------------------------------------


def test_get_is_for_the_owner() -> None:
    """Another user is denied, another tenant and an unknown id find nothing."""
    here = world()
    started = here.run(start(here.setup, ADA, TALK))
    assert here.run(get(here.setup, ADA, TALK, started.session.id)) == started.session
    with pytest.raises(SessionAccessDeniedError):
        here.run(get(here.setup, BEN, TALK, started.session.id))
    for caller, session in ((EVE, started.session.id), (ADA, "unknown")):
        with pytest.raises(SessionNotFoundError):
            here.run(get(here.setup, caller, TALK, session))
    hiding = world(settings=Settings(hide_foreign=True))
    session = hiding.run(start(hiding.setup, ADA, TALK)).session.id
    with pytest.raises(SessionNotFoundError):
        hiding.run(get(hiding.setup, BEN, TALK, session))


def test_an_ended_session_is_kept_for_a_while() -> None:
    """Fourteen days after its end, or for ever where the topic says so."""
    here = world()
    session = here.run(start(here.setup, ADA, TALK)).session.id
    here.clock.advance(days=13)
    here.run(complete(here.setup, ADA, TALK, session))
    here.clock.advance(days=14, microseconds=-1)
    assert here.run(get(here.setup, ADA, None, session)).expires_at == BEGIN + timedelta(days=27)
    here.clock.advance(microseconds=1)
    with pytest.raises(SessionNotFoundError):
        here.run(get(here.setup, ADA, None, session))

    kept = evolve(TALK, keep_ended=None)
    here.declare(kept)
    session = here.run(start(here.setup, ADA, kept)).session.id
    here.run(cancel(here.setup, ADA, kept, session))
    here.clock.advance(days=9999)
    assert here.run(get(here.setup, ADA, None, session)).expires_at is None


def test_a_session_that_never_expires() -> None:
    """``expires_after=None`` keeps a live one for ever."""
    here = world()
    lasting = evolve(TALK, expires_after=None)
    here.declare(lasting)
    session = here.run(start(here.setup, ADA, lasting)).session.id
    here.clock.advance(days=9999)
    assert here.run(get(here.setup, ADA, None, session)).status == "active"


# --- history ------------------------------------------------------------------------------------


def test_history_is_paged() -> None:
    """More than 200 messages, page by page, in order and without gap."""
    here = world()
    here.checks = False
    session = here.run(start(here.setup, ADA, TALK)).session.id
    for number in range(105):
        here.run(send(here.setup, ADA, TALK, session, f"Message {number}."))
    first = here.run(history(here.setup, ADA, session, limit=200))
    assert (len(first.messages), first.next) == (200, 200)
    rest = here.run(history(here.setup, ADA, session, after=200, limit=200))
    assert (len(rest.messages), rest.next) == (10, None)
    sequences = [message.sequence for message in (*first.messages, *rest.messages)]
    assert sequences == [*range(1, 211)]
    last = here.run(history(here.setup, ADA, session, last=3, limit=1))
    assert ([one.sequence for one in last.messages], last.next) == ([208, 209, 210], None)
    assert here.run(history(here.setup, ADA, session, after=210)).messages == ()
    assert here.run(history(here.setup, ADA, session, after=210)).next is None
    assert len(here.run(history(here.setup, ADA, session)).messages) == 50


def test_history_is_for_the_owner() -> None:
    """As everything of a session."""
    here = world()
    session = here.run(start(here.setup, ADA, TALK)).session.id
    with pytest.raises(SessionAccessDeniedError):
        here.run(history(here.setup, BEN, session))


@pytest.mark.parametrize(
    "call,field",
    [
        (lambda s: history(s, ADA, ""), "session_id"),
        (lambda s: history(s, ADA, "s", after=-1), "after"),
        (lambda s: history(s, ADA, "s", limit=0), "limit"),
        (lambda s: history(s, ADA, "s", limit=201), "limit"),
        (lambda s: history(s, ADA, "s", limit=True), "limit"),
        (lambda s: history(s, ADA, "s", last=10**9), "last"),
        (lambda s: list_sessions(s, ADA, limit=0), "limit"),
        (lambda s: list_sessions(s, ADA, since=datetime(2026, 1, 1)), "since"),  # noqa: DTZ001
        (lambda s: list_sessions(s, ADA, before=WRONG), "before"),
        (lambda s: list_sessions(s, ADA, topic=""), "topic"),
        (lambda s: list_sessions(s, ADA, after=""), "after"),
        (lambda s: list_sessions(s, ADA, status="active"), "status"),
        (lambda s: list_sessions(s, ADA, status=["gone"]), "status"),
        (lambda s: list_sessions(s, ADA, status=WRONG), "status"),
        (lambda s: get(s, ADA, TALK, ""), "session_id"),
    ],
    ids=range(15),
)
def test_bad_input_asks_nothing(call: Callable[[Setup], Workflow[object]], field: str) -> None:
    """What is not valid is refused before anything is asked, and the field is named."""
    with pytest.raises(ValidationError) as error:
        rehearse(call(world().setup))
    assert error.value.field == field


# --- lists --------------------------------------------------------------------------------------


def test_sessions_are_paged_the_newest_first() -> None:
    """More than 200 of them, page by page; only the caller's own."""
    here = world()
    here.checks = False
    here.run(start(here.setup, BEN, TALK))
    ids = [here.run(start(here.setup, ADA, TALK)).session.id for _ in range(230)]
    page = here.run(list_sessions(here.setup, ADA, limit=200))
    assert [one.id for one in page.sessions] == ids[:-201:-1]
    rest = here.run(list_sessions(here.setup, ADA, limit=200, after=page.next))
    assert ([one.id for one in rest.sessions], rest.next) == (ids[29::-1], None)
    exact = here.run(list_sessions(here.setup, ADA, limit=30, after=page.next))
    assert (len(exact.sessions), exact.next) == (30, None)


def test_expired_sessions_are_left_out_of_pages() -> None:
    """However many stand between: a page is full, or the last one."""
    here = world()
    kept = evolve(TALK, keep_ended=None, expires_after=None)
    here.declare(kept)
    oldest = here.run(start(here.setup, ADA, kept)).session.id
    here.declare(TALK)
    for _ in range(5):
        here.run(start(here.setup, ADA, TALK))
    here.clock.advance(days=14)
    page = here.run(list_sessions(here.setup, ADA, limit=2))
    assert ([one.id for one in page.sessions], page.next) == ([oldest], None)


def test_filters_of_lists() -> None:
    """By status, topic and time of the start, all at once."""
    here = world()
    first = here.run(start(here.setup, ADA, TALK)).session.id
    here.clock.advance(hours=1)
    second = here.run(start(here.setup, ADA, ROOM)).session.id
    here.run(pause(here.setup, ADA, ROOM, second))

    def ids(**filters: Any) -> list[str]:  # noqa: ANN401
        page = here.run(list_sessions(here.setup, ADA, **filters))
        return [one.id for one in page.sessions]

    assert ids() == [second, first]
    assert ids(status=("active",)) == [first]
    assert ids(status=[SessionStatus.PAUSED, "completed"]) == [second]
    assert ids(topic="room") == [second]
    assert ids(since=BEGIN + timedelta(hours=1)) == [second]
    assert ids(before=BEGIN + timedelta(hours=1)) == [first]
    assert ids(before=BEGIN) == []


def test_topics_with_the_callers_standing() -> None:
    """Not started, in progress, paused (idle too) and completed, for each declared topic."""
    here = world()

    def standing() -> list[tuple[str, str, int]]:
        told = here.run(topics(here.setup, ADA))
        return [(one.topic, one.status, one.completed) for one in told]

    assert standing() == [("talk", "not_started", 0), ("room", "not_started", 0)]
    talk = here.run(start(here.setup, ADA, TALK)).session.id
    room = here.run(start(here.setup, ADA, ROOM)).session.id
    here.run(pause(here.setup, ADA, ROOM, room))
    assert standing() == [("talk", "in_progress", 0), ("room", "paused", 0)]
    here.run(complete(here.setup, ADA, TALK, talk))
    here.clock.advance(days=14)
    assert standing() == [("talk", "completed", 1), ("room", "not_started", 0)]
    told = here.run(topics(here.setup, ADA))[0]
    assert (told.title, told.session_id, told.completed_at) == ("A talk", talk, BEGIN)
    here.run(start(here.setup, ADA, TALK))
    here.clock.advance(hours=1)
    assert standing()[0] == ("talk", "paused", 1)
