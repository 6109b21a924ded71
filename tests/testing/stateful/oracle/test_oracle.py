"""The commands, and what workers, others and sweepers do: sections 3 and 5 of the brief."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from coachwork.plain import JSON
from coachwork.testing.stateful._topics import BOARD, CONTEXTS, COUNCIL, TALK, VALUES
from coachwork.testing.stateful._words import FLINT, HONEST, SAYS, SHAKE, SHUT, InterruptionError
from coachwork.testing.stateful.oracle import Plan, Refusal, Session, Tale
from coachwork.topics import Topic
from tests.oracles import ADA, BOB, Desk

ADAS = CONTEXTS["Ada"]


def start(
    desk: Desk,
    topic: Topic[object],
    key: str | None = None,
    *,
    who: tuple[str, str] = ADA,
    take_over: bool = False,
    waits: bool = True,
) -> Plan[Tale]:
    """Return the plan of a start."""
    return desk.oracle.start(who, topic, ADAS, key, take_over=take_over, waits=waits)


def resume(
    desk: Desk, session: Session, key: str | None = None, *, waits: bool = True
) -> Plan[Tale]:
    """Return the plan of a resume."""
    return desk.oracle.resume(ADA, session, session.topic, key, waits=waits)


# --- start and open --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "setting, paused, ends",
    [
        ("replace", False, ("abandoned", "replaced")),
        ("cancel", False, ("cancelled", "cancelled")),
        ("cancel", True, ("abandoned", "replaced")),
    ],
)
def test_start_means_new(setting: str, ends: tuple[str, str], *, paused: bool) -> None:
    """The owner's live session is retired; an active one as the settings say."""
    desk = Desk(start_new=setting)
    old = desk.started(TALK)
    if paused:
        desk.oracle.pause(ADA, old, TALK)
    desk.started(TALK)
    assert (old.status, old.reason) == ends


def test_an_expired_session_gives_way_as_expired() -> None:
    """Whoever meets it writes it."""
    desk = Desk()
    old = desk.started(VALUES)
    desk.advance(days=14)
    desk.started(VALUES)
    assert old.reason == "expired"


def test_a_session_of_another_user_gives_way_only_when_it_is_ripe() -> None:
    """Idle or paused, where the topic allows it; an active one never."""
    desk = Desk()
    old = desk.started(COUNCIL)
    assert desk.refusal(start(desk, COUNCIL, who=BOB, take_over=True)) == "SESSION_CONFLICT"
    desk.oracle.pause(ADA, old, COUNCIL)
    assert desk.refusal(start(desk, COUNCIL, who=BOB)) == "SESSION_CONFLICT"
    desk.play(start(desk, COUNCIL, who=BOB, take_over=True), "talks")
    assert old.reason == "replaced"
    board = desk.started(BOARD)
    desk.advance(hours=1)
    assert desk.refusal(start(desk, BOARD, who=BOB, take_over=True)) == "SESSION_CONFLICT"
    assert board.status == "active"


def test_a_context_must_fill_the_templates() -> None:
    """Nothing is written where a name has no value."""
    desk = Desk()
    plan = desk.oracle.start(ADA, VALUES, {}, None, take_over=False, waits=True)
    assert desk.refusal(plan) == "TEMPLATE_ERROR"
    assert desk.oracle.sessions == []


def test_the_same_start_with_the_same_key_starts_once() -> None:
    """Greeted or not; another start with that key is refused, an expired one not found."""
    desk = Desk()
    told = desk.play(start(desk, VALUES, "k"), "talks")
    assert desk.play(start(desk, VALUES, "k"))["greeting"] == told["greeting"]
    assert desk.refusal(start(desk, TALK, "k")) == "IDEMPOTENCY_KEY_REUSED"
    desk.play(start(desk, TALK, "t"))
    assert desk.play(start(desk, TALK, "t"))["job"] is None
    assert len(desk.oracle.sessions) == 2
    desk.advance(days=14)
    assert desk.refusal(start(desk, VALUES, "k")) == "SESSION_NOT_FOUND"


def test_a_greeting_may_be_left_to_a_worker() -> None:
    """The same key goes on with it, waiting or not; a job that is too old is settled so."""
    desk = Desk()
    assert desk.play(start(desk, VALUES, "k", waits=False))["greeting"] is None
    assert desk.play(start(desk, VALUES, "k", waits=False))["greeting"] is None
    assert len(desk.oracle.dispatched) == 2
    assert desk.play(start(desk, VALUES, "k"), "talks")["greeting"] is not None
    desk.play(start(desk, VALUES, "old", waits=False))
    desk.advance(hours=24)
    assert desk.play(start(desk, VALUES, "old", waits=False))["job"]["error_code"] == "JOB_EXPIRED"
    assert desk.refusal(start(desk, VALUES, "old")) == "JOB_NOT_FOUND"


def test_open_resumes_or_starts() -> None:
    """A key that was used does what it did, for the same topic."""
    desk = Desk()

    def open_it(topic: Topic[object], key: str | None = None) -> Plan[Tale]:
        return desk.oracle.open(ADA, topic, ADAS, key, waits=True)

    assert not desk.play(open_it(TALK, "first"))["resumed"]
    assert desk.play(open_it(TALK, "second"), "talks")["resumed"]
    assert not desk.play(open_it(TALK, "first"))["resumed"]
    assert desk.play(open_it(TALK, "second"))["resumed"]
    assert desk.refusal(open_it(VALUES, "second")) == "IDEMPOTENCY_KEY_REUSED"
    desk.play(open_it(VALUES), "talks")
    desk.advance(days=14)
    assert not desk.play(open_it(VALUES), "talks")["resumed"]


# --- resume, pause, cancel, complete ---------------------------------------------------------


def test_resume_means_continue() -> None:
    """A welcome-back, a greeting that is still owed, or the summary of what is new."""
    desk = Desk()
    session = desk.started(VALUES, "fails")
    told = desk.play(resume(desk, session, "k"), "talks")
    assert told["job"]["kind"] == "greeting"
    assert desk.play(resume(desk, session, "k"))["message"] == told["message"]
    assert desk.play(resume(desk, session), "talks")["job"]["kind"] == "welcome_back"
    assert session.summary == "[1-1]"
    assert desk.play(resume(desk, session), "talks")["session"]["messages"] == 3
    assert session.summary == "[1-1][2-2]"
    desk.oracle.cancel(ADA, session, VALUES)
    assert desk.refusal(resume(desk, session)) == "SESSION_NOT_ACTIVE"


def test_resume_goes_on_with_what_is_in_flight() -> None:
    """It returns the job that others hold, finishes one that nobody holds, and drops old ones."""
    desk = Desk()
    session = desk.started(TALK)
    desk.said(session, waits=False)
    assert desk.play(resume(desk, session, "a", waits=False))["message"] is None
    assert desk.play(resume(desk, session, "b"), "talks")["message"]["text"] == "Go on."
    desk.said(session, waits=False)
    working = desk.oracle.process(session.jobs[-1])
    next(working)
    assert desk.play(resume(desk, session, "c"))["message"] is None
    assert desk.play(resume(desk, session, "c"))["message"] is None
    with pytest.raises(StopIteration):
        working.send(SAYS["talks"])
    assert desk.play(resume(desk, session, "c"))["message"] is not None
    desk.said(session, waits=False)
    desk.advance(hours=24)
    assert desk.play(resume(desk, session), "talks")["job"]["kind"] == "welcome_back"


@pytest.mark.parametrize("topic, says", [(TALK, ()), (VALUES, ("extracts",))])
def test_resume_ends_what_ended_while_it_was_paused(
    topic: Topic[object], says: tuple[str, ...]
) -> None:
    """With the result, if there is to be one; the same key tells the same."""
    desk = Desk()
    session = desk.started(topic)
    desk.said(session, waits=False)
    desk.oracle.pause(ADA, session, topic)
    desk.play(desk.oracle.process(session.jobs[-1]), "ends")
    told = desk.play(resume(desk, session, "k"), *says)
    assert (told["is_final"], told["result"]) == (True, HONEST if says else None)
    assert desk.play(resume(desk, session, "k"))["is_final"]


def test_pause_and_cancel_twice_are_once() -> None:
    """Anything that has ended otherwise is refused."""
    desk = Desk()
    session = desk.started(TALK)
    for _ in range(2):
        assert desk.oracle.pause(ADA, session, TALK)["status"] == "paused"
    for _ in range(2):
        assert desk.oracle.cancel(ADA, session, TALK)["status"] == "cancelled"
    with pytest.raises(Refusal, match="SESSION_NOT_ACTIVE") as raised:
        desk.oracle.pause(ADA, session, TALK)
    assert raised.value.facts == {"session_status": "cancelled", "allowed": []}
    done = desk.started(TALK)
    desk.play(desk.oracle.complete(ADA, done, TALK, None))
    with pytest.raises(Refusal, match="SESSION_NOT_ACTIVE"):
        desk.oracle.cancel(ADA, done, TALK)


def test_pause_waits_for_a_result_unless_nobody_holds_it() -> None:
    """What is left of an extraction is dropped."""
    desk = Desk()
    session = desk.started(VALUES)
    desk.said(session, "talks")
    plan = desk.oracle.complete(ADA, session, VALUES, None)
    next(plan)
    with pytest.raises(Refusal, match="SESSION_BUSY"):
        desk.oracle.pause(ADA, session, VALUES)
    with pytest.raises(InterruptionError):
        plan.send(SAYS["is stopped"])
    desk.oracle.pause(ADA, session, VALUES)
    assert (session.status, session.jobs[-1].error) == ("paused", "LEASE_EXPIRED")


def test_complete_ends_and_extracts() -> None:
    """Once; paused it is refused, busy it waits; without a word there is nothing to extract."""
    desk = Desk()
    session = desk.started(VALUES)
    desk.said(session, "talks")
    desk.oracle.pause(ADA, session, VALUES)
    complete = desk.oracle.complete
    with pytest.raises(Refusal, match="SESSION_NOT_ACTIVE") as raised:
        desk.play(complete(ADA, session, VALUES, "k"))
    assert raised.value.facts["allowed"] == ["resume", "cancel"]
    desk.play(resume(desk, session), "talks")
    assert desk.play(complete(ADA, session, VALUES, "k"), "extracts")["result"] == HONEST
    assert desk.play(complete(ADA, session, VALUES, "k"))["job"] is not None
    assert desk.play(complete(ADA, session, VALUES, "other"))["job"] is None
    silent = desk.started(VALUES)
    assert desk.play(complete(ADA, silent, VALUES, None))["job"] is None
    left = desk.started(VALUES)
    with pytest.raises(InterruptionError):
        desk.said(left, "ends", "is stopped")
    assert desk.play(complete(ADA, left, VALUES, None), "extracts")["result"] == HONEST


# --- send and jobs ---------------------------------------------------------------------------


def test_turns_run_out() -> None:
    """At the limit no message is taken; a job that is displaced gives its turn back."""
    desk = Desk()
    session = desk.started(VALUES)
    for _ in range(2):
        desk.said(session, "talks")
    desk.said(session, waits=False)
    desk.advance(minutes=10)
    desk.said(session, "talks")
    with pytest.raises(Refusal, match="MAX_TURNS_REACHED") as raised:
        desk.said(session)
    assert raised.value.facts == {"max_turns": 3}
    desk.oracle.pause(ADA, session, VALUES)
    with pytest.raises(Refusal, match="SESSION_NOT_ACTIVE"):
        desk.said(session)


def test_the_same_message_with_the_same_key_is_said_once() -> None:
    """Sent or submitted, it is the same message; while it is answered, one is told to wait."""
    desk = Desk()
    session = desk.started(TALK)
    plan = desk.oracle.send(ADA, session, TALK, "hello", "k", waits=True)
    next(plan)
    again = desk.oracle.send
    with pytest.raises(Refusal, match="SESSION_BUSY"):
        desk.play(again(ADA, session, TALK, "hello", "k", waits=True))
    with pytest.raises(StopIteration):
        plan.send(SAYS["talks"])
    assert desk.play(again(ADA, session, TALK, "hello", "k", waits=True))["is_final"] is False
    assert desk.play(again(ADA, session, TALK, "hello", "k", waits=False))["status"] == "completed"
    with pytest.raises(Refusal, match="IDEMPOTENCY_KEY_REUSED"):
        desk.play(again(ADA, session, TALK, "other", "k", waits=True))
    assert len(session.log) == 2


def test_a_failed_job_is_repeated_while_its_message_is_the_last() -> None:
    """The turn is taken again; the same key repeats it once, though the old job is gone."""
    desk = Desk()
    session = desk.started(VALUES)
    retry = desk.oracle.retry
    with pytest.raises(Refusal):
        desk.said(session, "fails")
    failed = session.jobs[-1]
    told = desk.play(retry(ADA, failed, VALUES, "k", waits=False))
    assert (told["retry_of"], session.turns) == (failed.id, 1)
    desk.play(desk.oracle.process(session.jobs[-1]), "talks")
    assert desk.play(retry(ADA, failed, VALUES, "k", waits=True))["status"] == "completed"
    assert desk.refusal(retry(ADA, failed, VALUES, None, waits=True)) == "JOB_NOT_RETRYABLE"
    assert desk.refusal(retry(ADA, session.jobs[-1], VALUES, None, waits=True)) == (
        "JOB_NOT_RETRYABLE"
    )
    desk.advance(hours=24)
    assert desk.play(retry(ADA, failed, VALUES, "k", waits=True))["status"] == "completed"
    assert desk.refusal(retry(ADA, failed, VALUES, "other", waits=True)) == "JOB_NOT_FOUND"
    assert desk.refusal(retry(BOB, failed, VALUES, "k", waits=True)) == "JOB_NOT_FOUND"
    desk.oracle.pause(ADA, session, VALUES)


def test_what_may_not_be_repeated() -> None:
    """Another user's job, one of a paused session, and one for which there is no turn left."""
    desk = Desk()
    session = desk.started(VALUES, "fails")
    greeting = session.jobs[0]
    retry = desk.oracle.retry
    assert desk.refusal(retry(BOB, greeting, VALUES, None, waits=True)) == "SESSION_ACCESS_DENIED"
    desk.play(retry(ADA, greeting, VALUES, None, waits=True), "talks")
    assert desk.refusal(retry(ADA, greeting, VALUES, None, waits=True)) == "JOB_NOT_RETRYABLE"
    with pytest.raises(Refusal):
        desk.said(session, "fails")
    desk.oracle.pause(ADA, session, VALUES)
    job = session.jobs[-1]
    assert desk.refusal(retry(ADA, job, VALUES, None, waits=True)) == "SESSION_NOT_ACTIVE"


def test_retry_finishes_what_was_left_first() -> None:
    """A final reply that is kept is finished; then there is nothing to repeat."""
    desk = Desk()
    session = desk.started(VALUES)
    with pytest.raises(Refusal):
        desk.said(session, "fails")
    failed = session.jobs[-1]
    plan = desk.oracle.retry(ADA, failed, VALUES, None, waits=True)
    with pytest.raises(InterruptionError):
        desk.play(plan, "ends", "is stopped")
    again = desk.oracle.retry(ADA, failed, VALUES, None, waits=True)
    assert desk.refusal(again, "extracts") == "SESSION_NOT_ACTIVE"


def test_polling_changes_nothing_but_what_is_over() -> None:
    """A job whose time is over is settled, and not found."""
    desk = Desk()
    session = desk.started(TALK)
    assert desk.oracle.pending_job(ADA, session, TALK) is None
    desk.said(session, waits=False)
    job = session.jobs[0]
    assert desk.oracle.poll(ADA, job)["status"] == "pending"
    waiting = desk.oracle.pending_job(ADA, session, TALK)
    assert waiting is not None
    assert waiting["id"] == job.id
    desk.advance(hours=24)
    assert desk.oracle.pending_job(ADA, session, TALK) is None
    assert (job.error, session.turns) == ("JOB_EXPIRED", 0)


def test_a_job_is_cancelled_unless_it_ends_the_session() -> None:
    """The message stays, the turn is free; what is settled stays as it is."""
    desk = Desk()
    session = desk.started(VALUES)
    desk.said(session, waits=False)
    job = session.jobs[-1]
    for _ in range(2):
        assert desk.oracle.cancel_job(ADA, job)["error_code"] == "JOB_CANCELLED"
    assert (session.turns, len(session.log)) == (0, 2)
    with pytest.raises(InterruptionError):
        desk.said(session, "ends", "is stopped")
    with pytest.raises(Refusal, match="SESSION_BUSY") as raised:
        desk.oracle.cancel_job(ADA, session.jobs[-1])
    assert raised.value.facts == {"retry_after": 0.0}


# --- workers, others and sweepers ------------------------------------------------------------


def test_workers_find_what_waits_longest_first() -> None:
    """What is held is not due before its lease is over."""
    desk = Desk()
    first, second = desk.started(TALK), desk.started(VALUES)
    desk.said(first, waits=False)
    desk.advance(seconds=1)
    desk.said(second, waits=False)
    waiting = [first.jobs[-1], second.jobs[-1]]
    assert desk.oracle.due() == waiting
    plan = desk.oracle.process(waiting[0])
    next(plan)
    assert desk.oracle.due() == waiting[1:]
    assert desk.play(desk.oracle.process(waiting[0]))["status"] == "processing"
    desk.advance(minutes=6)
    assert desk.oracle.due() == [waiting[1], waiting[0]]


def test_a_worker_settles_what_it_finds_over() -> None:
    """An expired session, a job whose time is over; of what is gone it tells nothing."""
    desk = Desk()
    session = desk.started(BOARD)
    desk.said(session, waits=False)
    desk.advance(hours=24)
    assert desk.play(desk.oracle.process(session.jobs[0]))["error_code"] == "JOB_EXPIRED"
    desk.said(session, waits=False)
    desk.advance(days=2)
    told = desk.play(desk.oracle.process(session.jobs[1]))
    assert (told["error_code"], session.reason) == ("SESSION_EXPIRED", "expired")
    desk.oracle.delete_all(ADA)
    assert desk.play(desk.oracle.process(session.jobs[1])) is None


def test_a_worker_whose_user_leaves_tells_nothing() -> None:
    """All was deleted while the model thought."""
    desk = Desk()
    session = desk.started(TALK)
    desk.said(session, waits=False)
    plan = desk.oracle.process(session.jobs[0])
    next(plan)
    desk.oracle.delete_all(ADA)
    with pytest.raises(StopIteration) as ended:
        plan.send(SAYS["talks"])
    assert ended.value.value.tell() is None


def test_others_are_told_in_order_and_once() -> None:
    """What they could not be told is told later, with all that came before."""
    desk = Desk()
    session = desk.started(VALUES)
    desk.oracle.is_deaf = True
    desk.said(session, waits=False)
    desk.play(desk.oracle.process(session.jobs[1]), "talks")
    assert desk.oracle.relay() == {
        "delivered": 0,
        "failed": 1,
        "more": False,
        "why": "ConnectionError",
    }
    desk.oracle.is_deaf = False
    assert desk.oracle.relay()["delivered"] == 2
    assert [event["kind"] for event in desk.oracle.events] == ["greeting", "reply"]
    assert desk.oracle.relay()["delivered"] == 0


def test_a_sweep_tells_what_is_owed_before_it_forgets() -> None:
    """What cannot be told is kept; keys of what is gone are free."""
    desk = Desk()
    desk.play(start(desk, BOARD, "k"))
    session = desk.oracle.sessions[0]
    desk.said(session, "talks")
    kept = desk.started(TALK)
    desk.advance(days=2)
    desk.oracle.is_deaf = True
    assert desk.oracle.purge() == {"expired": 1, "deleted": 0, "more": False, "undelivered": 1}
    desk.oracle.is_deaf = False
    assert desk.oracle.purge() == {"expired": 0, "deleted": 1, "more": False, "undelivered": 0}
    assert desk.oracle.sessions == [kept]
    assert len(desk.oracle.events) == 1
    desk.play(start(desk, BOARD, "k"))
    assert len(desk.oracle.sessions) == 2


def test_a_user_is_deleted_with_everything() -> None:
    """Standings and costs, too; others keep theirs."""
    desk = Desk()
    mine = desk.started(TALK)
    desk.play(desk.oracle.complete(ADA, mine, TALK, None))
    desk.started(TALK, who=BOB)
    assert desk.oracle.delete_all(ADA) == {"sessions": 1}
    assert desk.oracle.standing(ADA, TALK)["completed"] == 0
    assert len(desk.oracle.sessions) == 1


# --- clicks ----------------------------------------------------------------------------------


def act(
    desk: Desk, session: Session, action: Mapping[str, JSON], key: str | None = None, at: int = 1
) -> Plan[Tale]:
    """Return the plan of a click."""
    return desk.oracle.act(session.who, session, session.topic, action, at, key)


def test_a_click_is_done_once() -> None:
    """The same key gets the same answer, applied or refused; another one is another click."""
    desk = Desk()
    session = desk.started(COUNCIL)
    told = desk.play(act(desk, session, FLINT, "k"))
    assert desk.play(act(desk, session, FLINT, "k"))["action"] == told["action"]
    assert desk.refusal(act(desk, session, FLINT, "r")) == "ACTION_REFUSED"
    desk.play(act(desk, session, SHUT))
    assert desk.refusal(act(desk, session, FLINT, "r")) == "ACTION_REFUSED"
    assert desk.oracle.program(ADA)["state"] == {"phase": "SHUT", "names": ["flint"]}
    assert [one["status"] for one in desk.oracle.actions(ADA)] == ["applied", "refused", "applied"]


def test_what_takes_no_click() -> None:
    """A topic without a program, a message that is not there, a session that is paused."""
    desk = Desk()
    assert desk.refusal(act(desk, desk.started(VALUES), FLINT)) == "VALIDATION"
    session = desk.started(COUNCIL)
    assert desk.refusal(act(desk, session, FLINT, at=2)) == "VALIDATION"
    desk.oracle.pause(ADA, session, COUNCIL)
    assert desk.refusal(act(desk, session, FLINT)) == "SESSION_NOT_ACTIVE"


def test_a_final_reply_waits_for_the_program() -> None:
    """Where the topic wants it finished first; a reply may finish it."""
    desk = Desk()
    session = desk.started(COUNCIL)
    say = desk.oracle.send
    early = desk.play(say(ADA, session, COUNCIL, "One.", None, waits=True), "ends")
    assert (early["is_final"], session.status) == (False, "active")
    late = desk.play(say(ADA, session, COUNCIL, "Two.", None, waits=True), "shuts and ends")
    assert (late["is_final"], session.status) == (True, "completed")
    assert [shown["kind"] for shown in late["message"]["components"]] == ["pebble"]


def test_what_was_done_goes_with_the_user() -> None:
    """A deletion forgets it; another user has nothing of it."""
    desk = Desk()
    desk.play(act(desk, desk.started(COUNCIL), SHAKE))
    assert len(desk.oracle.actions(ADA)) == 1
    assert desk.oracle.actions(BOB) == []
    desk.oracle.delete_all(ADA)
    assert desk.oracle.program(ADA)["audits"] == 0
