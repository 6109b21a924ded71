"""A message of the user, and the coach's reply."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve, frozen

from coachwork.adapters import final
from coachwork.effects import Commit, Workflow
from coachwork.errors import (
    CorruptRecordError,
    IdempotencyKeyReusedError,
    LLMError,
    LLMTimeoutError,
    MaxTurnsReachedError,
    OutcomeUnknownError,
    SessionAccessDeniedError,
    SessionBusyError,
    SessionNotActiveError,
    SessionNotFoundError,
    StillAnsweringError,
    StoreUnavailableError,
    TopicNotFoundError,
    ValidationError,
    VersionConflictError,
)
from coachwork.jobs import Job, JobKind, JobStatus
from coachwork.messages import Message
from coachwork.policies import Settings
from coachwork.ports import Admission, Ask, CommitResult
from coachwork.records import MESSAGE, Delete, message_key
from coachwork.sessions import Session
from coachwork.testing import RecordingDispatcher, rehearse
from coachwork.testing.faults import CrashError, Fault, InterruptError
from coachwork.topics import Topic
from coachwork.workflows import (
    Caller,
    Setup,
    cancel,
    complete,
    delete_all,
    job,
    pause,
    send,
    start,
    submit,
)
from tests.faults import ADA, BEN, Told, World
from tests.workers import work


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


TALK = Topic(id="talk", system="Listen.", result=Values)
SHORT = Topic(id="short", system="Listen.", max_turns=2, max_message_bytes=20)


def begun(topic: Topic[object] = TALK, **given: Any) -> tuple[World, str]:  # noqa: ANN401 - as a world takes it
    """Return a world in which Ada has a session, and the session's id."""
    world = World([TALK, SHORT], lambda _: "Go on.", **given)
    return world, world.run(start(world.setup, ADA, topic)).session.id


def left(world: World, session: str, text: str = "Lost.", purpose: str = "reply") -> None:
    """Leave a message without an answer, as a process that died."""
    plain = world.model

    def dying(ask: Ask) -> CrashError | str:
        return CrashError() if ask.purpose == purpose else final()

    world.model = dying
    with pytest.raises(CrashError):
        world.run(send(world.setup, ADA, TALK, session, text, key="lost"))
    world.model = plain


def test_a_turn() -> None:
    """A message and its reply are one turn, kept with the job that made it."""
    world, session = begun()
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert (turn.user_message.text, turn.message.text) == ("Hello.", "Go on.")
    assert (turn.user_message.sequence, turn.message.sequence) == (1, 2)
    assert (turn.session.turns, turn.session.messages, turn.key) == (1, 2, "k")
    assert turn.user_message.job == turn.message.job == turn.job.id
    assert (turn.is_final, turn.result, turn.result_error) == (False, None, None)


def test_a_final_turn_has_the_result() -> None:
    """The coach ends the session; the answer has the result in the topic's type, twice too."""
    world, session = begun()
    world.model = lambda ask: final() if ask.purpose is JobKind.REPLY else '{"values": ["x"]}'
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert (turn.is_final, turn.result) == (True, Values(["x"]))
    assert world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k")) == turn
    assert len(world.asks) == 2


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call,error",
    [
        (lambda s: send(s, ADA, Topic(id="no", system="x"), "s", "Hi."), TopicNotFoundError),
        (lambda s: send(s, ADA, SHORT, "", "Hi."), ValidationError),
        (lambda s: send(s, ADA, SHORT, "s", "   "), ValidationError),
        (lambda s: send(s, ADA, SHORT, "s", "x" * 21), ValidationError),
        (lambda s: send(s, ADA, SHORT, "s", "a\0b"), ValidationError),
        (lambda s: send(s, ADA, SHORT, "s", "Hi.", key="k" * 256), ValidationError),
        (lambda s: submit(s, ADA, Topic(id="no", system="x"), "s", "Hi."), TopicNotFoundError),
        (lambda s: submit(s, ADA, SHORT, "", "Hi."), ValidationError),
        (lambda s: submit(s, ADA, SHORT, "s", "   "), ValidationError),
        (lambda s: submit(s, ADA, SHORT, "s", "Hi.", key="k" * 256), ValidationError),
    ],
    ids=[
        *("topic", "session", "blank", "long", "NUL", "key"),
        *("submit: topic", "submit: session", "submit: blank", "submit: key"),
    ],
)
def test_bad_input_asks_nothing(
    call: Callable[[Setup], Workflow[object]], error: type[Exception]
) -> None:
    """What is not valid is refused before anything is asked."""
    world, _ = begun()
    with pytest.raises(error):
        rehearse(call(world.setup))


def refused(world: World, workflow: Workflow[object], error: type[Exception]) -> list[str]:
    """Return the names of what was asked for by *workflow* before it refused."""
    first, before = len(world.effects), world.records()
    with pytest.raises(error):
        world.run(workflow)
    assert world.records() == before
    return world.names(first)


def test_a_refused_message_asks_the_model_nothing() -> None:
    """Whatever the reason: no commit, no model; the receipt is the last thing read."""
    world, session = begun()
    setup = world.setup
    world.run(pause(setup, ADA, TALK, session))
    for text, workflow, error in (
        ("unknown", send(setup, ADA, TALK, "unknown", "Hi."), SessionNotFoundError),
        ("foreign", send(setup, BEN, TALK, session, "Hi."), SessionAccessDeniedError),
        ("tenant", send(setup, Caller("b", "ada"), TALK, session, "Hi."), SessionNotFoundError),
        ("topic", send(setup, ADA, SHORT, session, "Hi."), SessionNotFoundError),
    ):
        assert refused(world, workflow, error) == ["NewId", "NewId", "Get", "Now"], text
    names = refused(world, send(setup, ADA, TALK, session, "Hi.", key="k"), SessionNotActiveError)
    assert names == ["NewId", "Get", "Now", "Get", "Get"]
    assert "receipt" in repr(world.effects[-1])
    assert world.asks == []


def test_an_expired_session_is_not_found_at_the_very_instant() -> None:
    """From the instant of its expiry on it is as if it were not there, and not a moment before."""
    world, session = begun()
    world.clock.advance(days=14, microseconds=-1)
    world.run(send(world.setup, ADA, TALK, session, "In time."))
    world.clock.advance(days=14)
    refused(world, send(world.setup, ADA, TALK, session, "Late."), SessionNotFoundError)


def test_idle_refuses_nothing() -> None:
    """An idle session takes a message as any other."""
    world, session = begun()
    world.clock.advance(days=3)
    assert world.run(send(world.setup, ADA, TALK, session, "Hello.")).session.is_idle is False


def test_a_deleted_user_has_no_session() -> None:
    """Commands that were under way when the data was deleted find nothing."""
    world, session = begun()
    world.run(delete_all(world.setup, ADA))
    refused(world, send(world.setup, ADA, TALK, session, "Hello."), SessionNotFoundError)


def test_another_turn_in_flight() -> None:
    """SESSION_BUSY tells how long at the most, and asks no model."""
    world, session = begun()
    left(world, session)
    world.clock.advance(minutes=1)
    with pytest.raises(SessionBusyError) as error:
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert (error.value.retry_after, error.value.accepted) == (270.0, False)


def test_a_job_that_was_given_up_blocks_nobody() -> None:
    """Who is interrupted leaves the session free: the next message goes on at once."""
    world, session = begun()
    world.model = lambda _: InterruptError()
    with pytest.raises(InterruptError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    world.model = lambda _: "Go on."
    assert world.run(send(world.setup, ADA, TALK, session, "Another.")).session.turns == 1


def test_an_interrupt_while_accepting_leaves_no_lease() -> None:
    """The answer to the accepting commit is lost to Ctrl-C: the message is kept, nobody waits."""
    world, session = begun()

    def interrupt(effect: Commit, /) -> CommitResult:
        World.commit(world, effect)
        del world.commit
        raise InterruptError

    world.commit = interrupt  # type: ignore[method-assign]
    with pytest.raises(InterruptError):
        world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k1"))
    assert world.only(Job).status is JobStatus.PENDING
    world.model = lambda _: "Go on."
    assert world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k1")).session.turns == 1


def test_all_turns_are_used() -> None:
    """At the limit the session stays ACTIVE; pause, complete and cancel are still possible."""
    world, session = begun(SHORT)
    for text in ("One.", "Two."):
        world.run(send(world.setup, ADA, SHORT, session, text))
    names = refused(world, send(world.setup, ADA, SHORT, session, "Three."), MaxTurnsReachedError)
    assert "AskAdmission" not in names
    assert world.run(complete(world.setup, ADA, SHORT, session)).session.status == "completed"


def test_a_failed_turn_is_free() -> None:
    """A message whose job failed takes no turn; it stays in the log."""
    world, session = begun(SHORT)
    world.model = lambda _: LLMTimeoutError()
    for number in range(3):
        with pytest.raises(LLMTimeoutError) as error:
            world.run(send(world.setup, ADA, SHORT, session, f"Failed {number}."))
        assert (error.value.session, error.value.key is not None) == (session, True)
    world.model = lambda _: "Go on."
    world.run(send(world.setup, ADA, SHORT, session, "One."))
    turn = world.run(send(world.setup, ADA, SHORT, session, "Two."))
    assert (turn.session.turns, turn.session.messages) == (2, 7)
    with pytest.raises(MaxTurnsReachedError):
        world.run(send(world.setup, ADA, SHORT, session, "Three."))


@pytest.mark.parametrize("says", ["Go on.", final()], ids=["plain", "final"])
def test_a_topic_may_complete_by_itself(says: str) -> None:
    """The answer to the last turn ends the session where the topic says so."""
    topic = evolve(SHORT, complete_at_max_turns=True, max_turns=1)
    world, session = begun(SHORT)
    world.declare(topic)
    session = world.run(start(world.setup, ADA, topic)).session.id
    world.model = lambda _: says
    turn = world.run(send(world.setup, ADA, topic, session, "One."))
    assert (turn.is_final, turn.session.status) == (True, "completed")


# --- the same key -------------------------------------------------------------------------------


def test_the_same_call_says_the_same() -> None:
    """One message, one model call, one answer; also when the session has ended since."""
    world, session = begun()
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k")) == turn
    world.run(cancel(world.setup, ADA, TALK, session))
    again = world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert (again.message, again.session.status) == (turn.message, "cancelled")
    assert len(world.asks) == 1


def test_other_content_under_the_same_key() -> None:
    """Another text, or another command, under the same key changes nothing."""
    world, session = begun()
    world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    for workflow in (
        send(world.setup, ADA, TALK, session, "Other.", key="k"),
        complete(world.setup, ADA, TALK, session, key="k"),
    ):
        refused(world, workflow, IdempotencyKeyReusedError)


def test_keys_are_scoped_to_tenant_and_user() -> None:
    """Another user's call under the same key is another call."""
    world, session = begun()
    world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    other = world.run(start(world.setup, BEN, TALK)).session.id
    assert world.run(send(world.setup, BEN, TALK, other, "Hi.", key="k")).session.user == "ben"


def test_attempts_are_bounded() -> None:
    """After three leases without an outcome the job fails, and the turn is free."""
    world, session = begun()
    for _ in range(3):
        world.model = lambda _: CrashError()
        with pytest.raises(CrashError):
            world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
        world.clock.advance(minutes=6)
    for _ in range(2):
        with pytest.raises(LLMError) as error:
            world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
        assert (error.value.reason, error.value.key) == ("ATTEMPTS_EXHAUSTED", "k")
    assert (len(world.asks), world.only(Session).turns) == (3, 0)


def test_attempts_used_up_by_extraction_complete_without_a_result() -> None:
    """A final reply that is kept is not lost: the session completes, and says what went wrong."""
    world, session = begun()
    left(world, session, purpose="extraction")
    for _ in range(2):
        world.clock.advance(minutes=6)
        left(world, session, purpose="extraction")
    world.clock.advance(minutes=6)
    turn = world.run(send(world.setup, ADA, TALK, session, "Lost.", key="lost"))
    assert (turn.is_final, turn.result) == (True, None)
    assert turn.result_error is not None
    assert turn.result_error.code == "ATTEMPTS_EXHAUSTED"
    assert [ask.purpose for ask in world.asks].count(JobKind.REPLY) == 1


# --- what is left behind ------------------------------------------------------------------------


def test_the_next_message_settles_what_was_left() -> None:
    """A lease that ran out blocks nobody: the job fails, its turn is free, its message stays."""
    world, session = begun()
    left(world, session)
    world.clock.advance(minutes=5, seconds=30)
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello?"))
    assert (turn.session.turns, turn.session.messages) == (1, 3)
    (failed,) = (
        job for job in world.stored("job") if isinstance(job, Job) and job.error is not None
    )
    assert (failed.error and failed.error.code) == "LEASE_EXPIRED"


def test_the_next_message_finishes_a_final_reply_that_was_left() -> None:
    """A final reply that was paid for is not lost: the session ends, and the message is refused."""
    world, session = begun()
    left(world, session, purpose="extraction")
    world.clock.advance(minutes=6)
    world.model = lambda _: '{"values": ["kept"]}'
    with pytest.raises(SessionNotActiveError) as error:
        world.run(send(world.setup, ADA, TALK, session, "Hello?", key="k"))
    assert (error.value.status, error.value.key, error.value.command) == (
        "completed",
        "k",
        "send to",
    )
    turn = world.run(send(world.setup, ADA, TALK, session, "Lost.", key="lost"))
    assert turn.result == Values(["kept"])


def test_what_was_left_may_be_taken_by_another_at_that_moment() -> None:
    """Somebody cancels, or takes the job, while it is finished: it is decided again."""
    world, session = begun()
    left(world, session, purpose="extraction")
    world.clock.advance(minutes=6)

    def model(_ask: Ask) -> str:
        world.run(cancel(world.setup, ADA, TALK, session))
        return "{}"

    world.model = model
    with pytest.raises(SessionNotActiveError) as error:
        world.run(send(world.setup, ADA, TALK, session, "Hello?", key="k"))
    assert (error.value.command, error.value.status, error.value.key) == (
        "send to",
        "cancelled",
        "k",
    )

    world, session = begun()
    left(world, session, purpose="extraction")
    world.clock.advance(minutes=6)

    def slow(_ask: Ask) -> CrashError | str:
        if len(world.asks) == 4:
            return CrashError()
        world.clock.advance(minutes=6)
        with pytest.raises(CrashError):
            world.run(send(world.setup, ADA, TALK, session, "Lost.", key="lost"))
        return "{}"

    world.model = slow
    with pytest.raises(SessionBusyError) as busy:
        world.run(send(world.setup, ADA, TALK, session, "Hello?", key="k"))
    assert (busy.value.accepted, busy.value.key) == (False, "k")


# --- admission ----------------------------------------------------------------------------------


def test_admission_may_rewrite() -> None:
    """The text that is taken is the application's; the key still stands for the user's."""
    world, session = begun(admit=lambda given: "***" if given.command == "send" else None)
    turn = world.run(send(world.setup, ADA, TALK, session, "Darn.", key="k"))
    assert turn.user_message.text == "***"
    assert world.asks[0].messages[-1].text == "***"
    assert world.run(send(world.setup, ADA, TALK, session, "Darn.", key="k")) == turn


def test_admission_may_not_rewrite_to_anything() -> None:
    """What the application puts in its place must be a text that a user could send."""
    world, session = begun(admit=lambda given: " " if given.command == "send" else None)
    with pytest.raises(ValidationError) as error:
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert (error.value.field, world.stored("message")) == ("admit", [])


def test_admission_is_asked_once() -> None:
    """Also where others were faster, and never for a call that was accepted before."""
    given: list[Admission] = []
    world, session = begun(admit=lambda admission: given.append(admission))  # noqa: PLW0108
    workflow = send(world.setup, ADA, TALK, session, "Hello.", key="k")
    world.run(workflow, Told(6, Fault.CONFLICT_NOT_DONE))
    world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert [one.command for one in given] == ["start", "send"]
    assert given[-1] == Admission(
        command="send", tenant="acme", user="ada", topic="talk", session=session, text="Hello."
    )


def test_admission_does_not_refuse_what_was_accepted_meanwhile() -> None:
    """A twin of the call was accepted while the application thought: no refusal is a lie."""
    world, session = begun()
    twins: list[object] = []

    def admit(_admission: Admission) -> None:
        if not twins:
            twins.append(None)
            twins.append(world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k")))
            raise PermissionError("no more today")

    world.ports = evolve(world.ports, admit=admit)
    assert world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k")) == twins[1]
    assert len(world.stored("message")) == 2


def test_admission_refuses_and_nothing_is_kept() -> None:
    """The application's own refusal comes out as it is."""
    world, session = begun()

    def admit(_admission: Admission) -> None:
        raise PermissionError("no more today")

    world.ports = evolve(world.ports, admit=admit)
    names = refused(world, send(world.setup, ADA, TALK, session, "Hello."), PermissionError)
    assert names[-2:] == ["AskAdmission", "Get"]
    assert "receipt" in repr(world.effects[-1])


# --- faults -------------------------------------------------------------------------------------


def test_an_unknown_outcome_at_every_try() -> None:
    """OUTCOME_UNKNOWN comes out only when all tries are used up, and it tells the key."""
    world, session = begun(settings=Settings(commit_tries=2))

    def lost(_effect: Commit) -> CommitResult:
        raise OutcomeUnknownError

    world.commit = lost  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknownError) as error:
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    key = error.value.key
    assert key is not None
    del world.commit
    assert world.run(send(world.setup, ADA, TALK, session, "Hello.", key=key)).session.turns == 1


def test_an_unknown_outcome_and_then_a_conflict() -> None:
    """What is certain at last is told: VERSION_CONFLICT."""
    world, session = begun(settings=Settings(commit_tries=2))
    fates: list[OutcomeUnknownError | CommitResult] = [
        OutcomeUnknownError(),
        CommitResult.CONFLICT,
    ]

    def commit(_effect: Commit) -> CommitResult:
        fate = fates.pop(0)
        if isinstance(fate, CommitResult):
            return fate
        raise fate

    world.commit = commit  # type: ignore[method-assign]
    with pytest.raises(VersionConflictError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))


def test_an_unavailable_repository() -> None:
    """STORE_UNAVAILABLE comes out at once, with the key, and nothing is written."""
    world, session = begun()
    with pytest.raises(StoreUnavailableError) as error:
        world.run(
            send(world.setup, ADA, TALK, session, "Hello.", key="k"), Told(6, Fault.FAIL_BEFORE)
        )
    assert (error.value.key, world.stored("message")) == ("k", [])


def test_a_missing_message_is_damage() -> None:
    """A job that refers to a message which is not there is a damaged record, not a crash."""
    world, session = begun()
    world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    world.memory.commit([Delete(message_key("acme", session, 2), 1)])
    with pytest.raises(CorruptRecordError):
        world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert MESSAGE.type is Message


def test_a_clock_that_goes_back() -> None:
    """Instants never go back, and the log stays in order, whatever the clock does."""
    world, session = begun()
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello."))
    world.clock.advance(days=-2)
    later = world.run(send(world.setup, ADA, TALK, session, "More."))
    assert later.session.last_activity_at == turn.session.last_activity_at
    assert later.message.at == turn.message.at
    assert later.session.expires_at == turn.session.last_activity_at + timedelta(days=14)


def test_still_answering_tells_how_long() -> None:
    """The same call while the first one still waits for the model."""
    world, session = begun()
    left(world, session)
    world.clock.advance(minutes=5)
    with pytest.raises(StillAnsweringError) as error:
        world.run(send(world.setup, ADA, TALK, session, "Lost.", key="lost"))
    assert (error.value.accepted, error.value.retry_after) == (True, 30.0)
    assert world.only(Job).status is JobStatus.PROCESSING


# --- submit -------------------------------------------------------------------------------------


def test_a_message_is_submitted() -> None:
    """It is kept, its turn is taken, a job waits, and no model was asked."""
    post = RecordingDispatcher()
    world, session = begun(dispatcher=post)
    first = len(world.effects)
    report = world.run(submit(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert world.names(first) == [
        *("NewId", "Get", "Now", "Get", "Get"),
        *("AskAdmission", "Commit", "Now", "Dispatch"),
    ]
    assert (report.status, report.kind, report.user_message, report.key) == (
        JobStatus.PENDING,
        JobKind.REPLY,
        1,
        "k",
    )
    assert (report.outcome, report.attempts, report.retry_of) == (None, 0, None)
    assert [ref.job for ref in post.refs] == [report.id]
    kept = world.only(Session)
    assert (kept.turns, kept.messages, kept.latest_job) == (1, 1, report.id)
    assert (world.only(Message).text, world.asks) == ("Hello.", [])


def test_a_submit_without_a_key_tells_the_new_one() -> None:
    """Under it the same call finds the same job."""
    world, session = begun()
    report = world.run(submit(world.setup, ADA, TALK, session, "Hello."))
    assert world.run(submit(world.setup, ADA, TALK, session, "Hello.", key=report.key)) == report


def test_a_refused_submit_changes_nothing() -> None:
    """The order is that of a send: not found, denied, receipt, status, busy, turns."""
    post = RecordingDispatcher()
    world, session = begun(SHORT, dispatcher=post)
    setup = world.setup
    other = world.run(start(setup, BEN, SHORT)).session.id
    for caller, topic, target, error in (
        (ADA, SHORT, "unknown", SessionNotFoundError),
        (Caller("b", "ada"), SHORT, session, SessionNotFoundError),
        (ADA, TALK, session, SessionNotFoundError),
        (ADA, SHORT, other, SessionAccessDeniedError),
    ):
        workflow: Workflow[object] = submit(setup, caller, topic, target, "Hi.")
        assert refused(world, workflow, error)[-2:] == ["Get", "Now"]
    world.run(send(setup, ADA, SHORT, session, "One.", key="one"))
    waiting = world.run(submit(setup, ADA, SHORT, session, "Two.", key="two"))
    refused(world, submit(setup, ADA, SHORT, session, "Three."), SessionBusyError)
    refused(
        world, submit(setup, ADA, SHORT, session, "Three.", key="one"), IdempotencyKeyReusedError
    )
    work(world)
    refused(world, submit(setup, ADA, SHORT, session, "Three."), MaxTurnsReachedError)
    world.run(pause(setup, ADA, SHORT, session))
    refused(world, submit(setup, ADA, SHORT, session, "Three."), SessionNotActiveError)
    refused(
        world, submit(setup, ADA, SHORT, session, "Three.", key="two"), IdempotencyKeyReusedError
    )
    assert [ref.job for ref in post.refs] == [waiting.id]


def test_the_same_submit_says_what_became_of_it() -> None:
    """Pending, then its outcome, also when the session has ended since; a failure is no error."""
    world, session = begun()
    pending = world.run(submit(world.setup, ADA, TALK, session, "Hello.", key="k"))
    work(world)
    done = world.run(submit(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert (done.id, done.status) == (pending.id, JobStatus.COMPLETED)
    assert done == world.run(job(world.setup, ADA, TALK, pending.id))
    world.run(cancel(world.setup, ADA, TALK, session))
    assert world.run(submit(world.setup, ADA, TALK, session, "Hello.", key="k")) == done
    world, session = begun()
    world.run(submit(world.setup, ADA, TALK, session, "Hello.", key="k"))
    world.model = lambda _: LLMTimeoutError()
    work(world)
    failed = world.run(submit(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert (failed.status, failed.retryable) == (JobStatus.FAILED, True)
    with pytest.raises(LLMTimeoutError):
        world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))


def test_submit_and_send_under_one_key_are_one_message() -> None:
    """Either goes on with what the other began; other words are refused in both."""
    world, session = begun()
    report = world.run(submit(world.setup, ADA, TALK, session, "Hello.", key="k"))
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert (turn.job.id, turn.message.text, work(world)) == (report.id, "Go on.", [])
    turn = world.run(send(world.setup, ADA, TALK, session, "More.", key="l"))
    told = world.run(submit(world.setup, ADA, TALK, session, "More.", key="l"))
    assert told.outcome is not None
    assert (told.id, told.outcome.message) == (turn.job.id, turn.message)
    assert len(world.stored("message")) == 4
    for other in (submit, send):
        refused(
            world,
            other(world.setup, ADA, TALK, session, "Else.", key="k"),
            IdempotencyKeyReusedError,
        )


def test_admission_rewrites_what_is_submitted() -> None:
    """A worker's model is asked with the application's text."""
    world, session = begun(admit=lambda given: "***" if given.command == "send" else None)
    world.run(submit(world.setup, ADA, TALK, session, "Darn.", key="k"))
    work(world)
    assert world.asks[0].messages[-1].text == "***"
