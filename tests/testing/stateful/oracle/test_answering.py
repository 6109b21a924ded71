"""A job, from the call that is accepted to its one outcome: the rules of the brief's section 5."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from coachwork.messages import Usage
from coachwork.testing.stateful._topics import BOARD, TALK, VALUES
from coachwork.testing.stateful._words import BRAVE, HONEST, SAYS, InterruptionError
from coachwork.testing.stateful.oracle import Refusal, Session
from tests.oracles import ADA, Desk

LEASE = timedelta(minutes=5, seconds=30)


def meanwhile(desk: Desk, session: Session, happens: Callable[[], object], says: str) -> str:
    """Send a message, let something happen while the model thinks, and return what comes of it."""
    plan = desk.oracle.send(ADA, session, session.topic, "hello", None, waits=True)
    next(plan)
    desk.name()
    happens()
    try:
        plan.send(SAYS[says])
    except StopIteration:
        return "answered"
    except Refusal as refusal:
        return refusal.code
    return "asked again"


def test_a_message_is_a_turn_and_its_answer_too() -> None:
    """The user's message and the coach's reply stand in the log, with one job."""
    desk = Desk()
    session = desk.started(TALK)
    turn = desk.said(session, "talks")
    assert [told["role"] for told in session.messages if told] == ["user", "coach"]
    assert (turn["message"]["text"], turn["is_final"], session.turns) == ("Go on.", False, 1)
    assert session.usage == Usage(10, 5, 1)


def test_a_failed_turn_is_free() -> None:
    """The message stays, and the turn is given back."""
    desk = Desk()
    session = desk.started(TALK)
    with pytest.raises(Refusal, match="LLM_ERROR") as raised:
        desk.said(session, "babbles")
    assert raised.value.facts == {"reason": "BAD_REPLY", "retry_after": 10.0}
    assert (session.turns, len(session.log), session.in_flight) == (0, 1, None)
    with pytest.raises(Refusal, match="LLM_TIMEOUT"):
        desk.said(session, "is late")


def test_a_final_reply_brings_its_result_or_has_it_extracted() -> None:
    """What does not fit is asked for; a topic without a result asks for none."""
    desk = Desk()
    assert desk.said(desk.started(VALUES), "ends with a result")["result"] == BRAVE
    assert desk.said(desk.started(VALUES), "ends with a misfit", "extracts")["result"] == HONEST
    told = desk.said(desk.started(VALUES), "ends", "chats")
    assert (told["result"], told["result_error"]) == (None, {"code": "BAD_REPLY"})
    assert desk.said(desk.started(TALK), "ends with a result")["result"] is None


def test_the_last_turn_may_end_by_itself() -> None:
    """Where the topic says so, and only a reply does."""
    desk = Desk()
    session = desk.started(BOARD)
    assert not desk.said(session, "talks")["is_final"]
    assert desk.said(session, "talks", "extracts")["is_final"]


def test_a_greeting_is_never_final() -> None:
    """Before the user has said anything nothing can be final."""
    desk = Desk()
    assert desk.started(VALUES, "ends with a result").status == "active"


def test_what_is_in_flight_blocks_until_its_time_is_over() -> None:
    """A lease, or ten minutes for a worker to come; then the next message displaces it."""
    desk = Desk()
    session = desk.started(TALK)
    desk.said(session, waits=False)
    assert desk.oracle.dispatched == [session.jobs[0]]
    with pytest.raises(Refusal, match="SESSION_BUSY") as raised:
        desk.said(session)
    assert raised.value.facts == {"retry_after": 600.0}
    desk.advance(minutes=10)
    desk.said(session, "talks")
    assert (session.jobs[0].error, session.turns) == ("LEASE_EXPIRED", 1)
    desk.said(session, waits=False)
    desk.advance(hours=24)
    desk.said(session, "talks")
    assert session.jobs[2].error == "JOB_EXPIRED"


def test_after_a_pause_the_reply_is_kept() -> None:
    """A final one is not final yet."""
    desk = Desk()
    session = desk.started(VALUES)
    came = meanwhile(desk, session, lambda: desk.oracle.pause(ADA, session, VALUES), "ends")
    assert (came, session.status, session.pending) == ("answered", "paused", True)


def test_after_a_cancel_the_reply_is_dropped_and_its_cost_is_kept() -> None:
    """The caller is told that the session has ended."""
    desk = Desk()
    session = desk.started(TALK)
    came = meanwhile(desk, session, lambda: desk.oracle.cancel(ADA, session, TALK), "talks")
    assert (came, session.turns) == ("SESSION_NOT_ACTIVE", 0)
    (spent,) = desk.oracle.exported(ADA)["spendings"]
    assert (spent["usage"], spent["token"]) == (Usage(10, 5, 1), 1)


@pytest.mark.parametrize("says, spendings", [("ends", 1), ("is late", 0)])
def test_who_finds_it_expired_ends_it(says: str, spendings: int) -> None:
    """What cost nothing is not noted."""
    desk = Desk()
    session = desk.started(VALUES)
    came = meanwhile(desk, session, lambda: desk.advance(days=14), says)
    assert (came, session.reason) == ("SESSION_NOT_FOUND", "expired")
    assert len(desk.oracle.exported(ADA)["spendings"]) == spendings


@pytest.mark.parametrize("says", ["talks", "ends"])
def test_what_was_deleted_comes_to_nothing(says: str) -> None:
    """Neither a reply nor a final one is kept."""
    desk = Desk()
    session = desk.started(VALUES)
    came = meanwhile(desk, session, lambda: desk.oracle.delete_all(ADA), says)
    assert (came, desk.oracle.sessions) == ("SESSION_NOT_FOUND", [])


def test_who_comes_too_late_gets_what_another_has_brought() -> None:
    """A worker took over when the lease had run out."""
    desk = Desk()
    session = desk.started(TALK)

    def takes_over() -> None:
        desk.now += LEASE
        desk.play(desk.oracle.process(session.jobs[0]), "talks in JSON")

    assert meanwhile(desk, session, takes_over, "talks") == "answered"
    assert session.log[-1].text.startswith("And")
    assert len(desk.oracle.exported(ADA)["spendings"]) == 1


def test_who_comes_too_late_while_another_works_is_told_to_wait() -> None:
    """The other one holds the job, or has given it up."""
    for then, left in (("is stopped", 0.0), (None, LEASE.total_seconds())):
        desk = Desk()
        session = desk.started(TALK)
        desk.said(session, waits=False)
        first = desk.oracle.process(session.jobs[0])
        next(first)
        desk.now += LEASE
        plan = desk.oracle.process(session.jobs[0])
        next(plan)
        if then is not None:
            with pytest.raises(InterruptionError):
                plan.send(SAYS[then])
        with pytest.raises(StopIteration):  # a worker is told how it stands
            first.send(SAYS["talks"])
        job = session.jobs[0]
        assert (job.is_settled, job.attempts) == (False, 2)
        assert (job.lease is None) == (left == 0.0)


def test_who_is_stopped_gives_the_lease_up() -> None:
    """The next message displaces the job at once; the third lease is the last."""
    desk = Desk(attempts=1)
    session = desk.started(TALK)
    with pytest.raises(InterruptionError):
        desk.said(session, "is stopped", key="k")
    assert session.jobs[0].status == "pending"
    plan = desk.oracle.send(ADA, session, TALK, "message 0", "k", waits=True)
    with pytest.raises(Refusal, match="LLM_ERROR") as raised:
        desk.play(plan)
    assert raised.value.facts["reason"] == "ATTEMPTS_EXHAUSTED"
    with pytest.raises(InterruptionError):
        desk.said(session, "is stopped")
    desk.said(session, "talks")
    assert session.jobs[-2].error == "LEASE_EXPIRED"


def test_who_is_stopped_too_late_gives_up_nothing() -> None:
    """The job is another's by then."""
    desk = Desk()
    session = desk.started(TALK)
    plan = desk.oracle.send(ADA, session, TALK, "hello", None, waits=True)
    next(plan)
    desk.name()
    desk.now += LEASE
    next(desk.oracle.process(session.jobs[0]))
    with pytest.raises(InterruptionError):
        plan.send(SAYS["is stopped"])
    assert (session.jobs[0].status, session.jobs[0].attempts) == ("processing", 2)


def test_a_final_reply_that_was_paid_for_is_not_lost() -> None:
    """It is kept before the result is asked for; whoever finds it finishes it."""
    desk = Desk()
    session = desk.started(VALUES)
    with pytest.raises(InterruptionError):
        desk.said(session, "ends", "is stopped")
    assert session.jobs[-1].kept == "Bye."
    assert desk.refusal(desk.oracle.send(ADA, session, VALUES, "x", None, waits=False)) == (
        "SESSION_BUSY"
    )
    plan = desk.oracle.send(ADA, session, VALUES, "x", None, waits=True)
    assert desk.refusal(plan, "extracts") == "SESSION_NOT_ACTIVE"
    assert (session.status, session.result) == ("completed", HONEST)


def test_a_kept_reply_is_used_without_a_result_in_the_end() -> None:
    """A job that was taken too often asks nobody any more."""
    desk = Desk(attempts=1)
    session = desk.started(VALUES)
    with pytest.raises(InterruptionError):
        desk.said(session, "ends", "is stopped")
    desk.play(desk.oracle.process(session.jobs[-1]))
    assert (session.status, session.no_result) == ("completed", "ATTEMPTS_EXHAUSTED")


def test_a_kept_reply_of_a_paused_session_waits_for_it() -> None:
    """A worker that finds it keeps the message, and the next resume extracts."""
    desk = Desk()
    session = desk.started(VALUES)
    with pytest.raises(InterruptionError):
        desk.said(session, "ends", "is stopped")
    desk.oracle.pause(ADA, session, VALUES)
    desk.play(desk.oracle.process(session.jobs[-1]))
    assert (session.status, session.pending) == ("paused", True)


def test_what_expires_while_it_is_to_be_kept_is_dropped() -> None:
    """No result is asked for then."""
    desk = Desk()
    session = desk.started(VALUES)
    assert meanwhile(desk, session, lambda: desk.advance(days=14), "ends") == "SESSION_NOT_FOUND"
    assert session.jobs[-1].kept is None


def test_a_job_may_be_settled_by_the_same_call_only_once() -> None:
    """Who lost the lease by a cancelled job is told so."""
    desk = Desk()
    session = desk.started(TALK)
    came = meanwhile(desk, session, lambda: desk.oracle.cancel_job(ADA, session.jobs[0]), "talks")
    assert came == "JOB_CANCELLED"
    came = meanwhile(desk, session, lambda: desk.started(TALK), "talks")
    assert came == "SESSION_NOT_ACTIVE"
