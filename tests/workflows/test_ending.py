"""What every end of a session writes besides the session."""

from __future__ import annotations

from datetime import timedelta

import pytest

from coachwork.jobs import ErrorCode, Job
from coachwork.records import CLAIM, JOB_RECORD, SESSION_RECORD, Delete, Stored, Update, claim_key
from coachwork.sessions import SESSION, Claim, Session, SessionEvent, Standing
from coachwork.testing import rehearse
from coachwork.testing.faults import CrashError
from coachwork.topics import Topic
from coachwork.workflows import cancel, complete, send, start
from coachwork.workflows._ending import (
    close_ops,
    closed,
    consequences,
    end_session,
    free_claims,
    load_job,
)
from tests.faults import ADA, BEGIN, World

PLAIN = Topic(id="plain", system="Listen.")
ROOM = Topic(id="room", system="Listen.", exclusive=True)


def busy(topic: Topic[object] = PLAIN) -> World:
    """Return a world with one session that waits for a reply."""
    world = World([PLAIN, ROOM], lambda _: CrashError())
    session = world.run(start(world.setup, ADA, topic)).session.id
    with pytest.raises(CrashError):
        world.run(send(world.setup, ADA, topic, session, "Hello."))
    return world


def test_a_job_is_loaded_only_where_one_is_in_flight() -> None:
    """A session that waits for nothing asks nothing."""
    world = busy()
    session = world.only(Session)
    assert world.run(load_job(session)) == Stored(world.only(Job), 1)
    world.run(cancel(world.setup, ADA, PLAIN, session.about.id))
    assert rehearse(load_job(world.only(Session))).result is None


def test_only_an_open_job_is_closed() -> None:
    """What has an outcome keeps it."""
    job = Stored(busy().only(Job), 1)
    new = closed(job, ErrorCode.SESSION_CANCELLED, BEGIN)
    assert new is not None
    assert new.error is not None
    assert (new.error.code, new.lease) == (ErrorCode.SESSION_CANCELLED, None)
    assert close_ops(job, new) == [JOB_RECORD.update(job, new)]
    assert closed(Stored(new, 2), ErrorCode.SESSION_EXPIRED, BEGIN) is None
    assert closed(None, ErrorCode.SESSION_EXPIRED, BEGIN) is None
    assert close_ops(None, None) == close_ops(job, None) == []


@pytest.mark.parametrize("event", [SessionEvent.CANCEL, SessionEvent.REPLACE])
def test_an_end_writes_session_job_and_claims(event: SessionEvent) -> None:
    """Three operations: the session and its job are changed, the claim is freed."""
    world = busy()
    session, job = Stored(world.only(Session), 2), Stored(world.only(Job), 1)
    ended = world.run(end_session(session, job, event, BEGIN))
    assert [type(op) for op in ended.ops] == [Update, Update, Delete]
    assert ended.ops[0] == SESSION_RECORD.update(session, ended.session)
    assert (ended.session.in_flight, ended.session.turns) == (None, 0)
    assert ended.job is not None


def test_what_is_no_end_has_no_consequences() -> None:
    """A pause frees nothing and notes nothing."""
    moved = SESSION.move(busy().only(Session), SessionEvent.PAUSE, BEGIN, None)
    assert rehearse(consequences(moved, BEGIN)).result == []


def test_claims_of_others_are_left_alone() -> None:
    """A claim that meanwhile holds for another session is not freed."""
    world = busy(ROOM)
    session = world.only(Session)
    mine = Claim("acme", "room", "ada", session.about.id, tenant_wide=False)
    other = Claim("acme", "room", "ben", "other", tenant_wide=True)
    played = rehearse(free_claims(session), CLAIM.record(mine, 4), CLAIM.record(other, 2))
    assert played.result == [Delete(claim_key("acme", "room", "ada"), 4)]
    assert rehearse(free_claims(session), None, None).result == []


def test_standing_counts_and_never_goes_back() -> None:
    """Completing a topic again counts by one; the clock going back changes no instant back."""
    world = World([PLAIN])
    session = ""
    for _ in range(2):
        session = world.run(start(world.setup, ADA, PLAIN)).session.id
        world.run(complete(world.setup, ADA, PLAIN, session))
        world.clock.time -= timedelta(days=1)
    standing = world.only(Standing)
    assert (standing.completed, standing.completed_at, standing.session) == (2, BEGIN, session)
