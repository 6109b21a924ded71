"""A failed job is repeated: a new one for the same message, while that is the last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from attrs import evolve, frozen

from coachwork.adapters import final
from coachwork.effects import Commit, Workflow
from coachwork.errors import (
    IdempotencyKeyReusedError,
    JobNotFoundError,
    JobNotRetryableError,
    LLMError,
    LLMTimeoutError,
    MaxTurnsReachedError,
    SessionAccessDeniedError,
    SessionBusyError,
    SessionNotActiveError,
    SessionNotFoundError,
    TopicNotFoundError,
    ValidationError,
    VersionConflictError,
)
from coachwork.jobs import ErrorCode, Job, JobKind, JobRef, JobStatus
from coachwork.messages import Message
from coachwork.policies import Settings
from coachwork.ports import Admission, Answer, Ask, CommitResult
from coachwork.records import SESSION_RECORD
from coachwork.sessions import Session
from coachwork.testing import RecordingDispatcher, RecordingNotifier, rehearse
from coachwork.testing.faults import CrashError, Fault, InterruptError
from coachwork.topics import Topic
from coachwork.workflows import (
    Caller,
    JobReport,
    Setup,
    cancel,
    cancel_job,
    complete,
    delete_all,
    job,
    pause,
    resume,
    retry,
    send,
    start,
    submit,
)
from tests.faults import ADA, BEN, Says, Told, World
from tests.workers import work


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


TALK = Topic(id="talk", system="Listen.", result=Values)
SHORT = Topic(id="short", system="Listen.", max_turns=1)
HALL = Topic(id="hall", system="Listen.", initiation="Say hello.", resume="Welcome back.")


def begun(topic: Topic[object] = TALK, **given: Any) -> tuple[World, str]:  # noqa: ANN401 - as a world takes it
    """Return a world in which Ada has a session, and the session's id."""
    world = World([TALK, SHORT, HALL], lambda _: "Go on.", **given)
    return world, world.run(start(world.setup, ADA, topic, wait=False)).session.id


def failed(
    topic: Topic[object] = TALK,
    fault: Callable[[], Says] = LLMTimeoutError,
    **given: Any,  # noqa: ANN401 - as a world takes it
) -> tuple[World, str, str]:
    """Return a world in which a message's job failed, the session and the job."""
    world, session = begun(topic, **given)
    return world, session, fails(world, topic, session, fault)


def fails(
    world: World, topic: Topic[object], session: str, fault: Callable[[], Says] = LLMTimeoutError
) -> str:
    """Submit a message whose job fails, and return the job."""
    plain, world.model = world.model, lambda _: fault()
    name = world.run(submit(world.setup, ADA, topic, session, "Hello.")).id
    work(world)
    world.model = plain
    return name


def refused(world: World, workflow: Workflow[object], error: type[Exception]) -> list[str]:
    """Return the names of what was asked for by *workflow* before it refused."""
    first, before = len(world.effects), world.records()
    with pytest.raises(error):
        world.run(workflow)
    assert world.records() == before
    return world.names(first)


def stored(world: World, name: str) -> Job:
    """Return a job as it is stored."""
    (found,) = (one for one in world.stored("job") if isinstance(one, Job) and one.id == name)
    return found


# --- a new job ----------------------------------------------------------------------------------


def test_a_failed_job_is_repeated() -> None:
    """The same message is answered by a new job; the turn is taken again, nothing is said twice."""
    world, session, old = failed()
    assert world.only(Session).turns == 0
    report = world.run(retry(world.setup, ADA, TALK, old, key="r"))
    assert (report.status, report.retry_of, report.key) == ("completed", old, "r")
    assert (report.user_message, report.kind, report.session) == (1, "reply", session)
    assert report.outcome is not None
    assert report.outcome.message is not None
    assert (report.outcome.message.text, report.outcome.turn) == ("Go on.", 1)
    texts = [one.text for one in world.stored("message") if isinstance(one, Message)]
    assert texts == ["Hello.", "Go on."]
    assert world.asks[-1].messages[-1].text == "Hello."
    assert (world.only(Session).turns, stored(world, old).status) == (1, "failed")
    assert stored(world, report.id).follows == old


def test_a_failed_job_is_repeated_by_a_worker() -> None:
    """Without waiting: the dispatcher is told, and the job waits."""
    post = RecordingDispatcher()
    world, _, old = failed(dispatcher=post)
    asked = len(world.asks)
    report = world.run(retry(world.setup, ADA, TALK, old, wait=False))
    assert (report.status, report.retry_of, len(world.asks)) == ("pending", old, asked)
    assert post.refs[-1] == JobRef("acme", report.id, JobKind.REPLY)
    assert [one.status for one in work(world)] == ["completed"]


def test_a_repetition_may_be_final() -> None:
    """It is a reply as any other, with the result."""
    world, _, old = failed()
    world.model = lambda _: final(Values(["x"]))
    report = world.run(retry(world.setup, ADA, TALK, old))
    assert report.outcome is not None
    assert (report.outcome.is_final, report.outcome.result) == (True, Values(["x"]))


def test_a_repetition_that_fails_can_be_repeated() -> None:
    """Either of the two, as long as the message is the last; the error tells the new job."""
    world, session, old = failed()
    world.model = lambda _: LLMError(retry_after=3)
    with pytest.raises(LLMError) as error:
        world.run(retry(world.setup, ADA, TALK, old, key="r1"))
    assert (error.value.key, error.value.session, error.value.retry_after) == ("r1", session, 3)
    again = error.value.job
    assert again not in {None, old}
    with pytest.raises(LLMError) as second:
        world.run(retry(world.setup, ADA, TALK, old, key="r2"))
    world.model = lambda _: "Go on."
    report = world.run(retry(world.setup, ADA, TALK, second.value.job or "", key="r3"))
    assert (report.retry_of, world.only(Session).turns) == (second.value.job, 1)
    refused(world, retry(world.setup, ADA, TALK, again or ""), JobNotRetryableError)


@pytest.mark.parametrize("kind", ["greeting", "welcome_back"])
def test_what_answers_no_message_is_repeated_while_nothing_was_asked_since(kind: str) -> None:
    """A greeting and a welcome-back take no turn."""
    world, session = begun(HALL)
    world.model = lambda _: LLMTimeoutError()
    if kind == "greeting":
        (failed_job,) = work(world)
    else:
        world.model = lambda _: "Hello."
        work(world)
        world.model = lambda _: LLMTimeoutError()
        world.run(resume(world.setup, ADA, HALL, session, wait=False))
        (failed_job,) = work(world)
    world.model = lambda _: "At last."
    report = world.run(retry(world.setup, ADA, HALL, failed_job.id))
    assert (report.kind, report.status, report.user_message) == (kind, "completed", None)
    assert world.only(Session).turns == 0
    refused(world, retry(world.setup, ADA, HALL, failed_job.id), JobNotRetryableError)


def test_a_greeting_is_not_repeated_once_something_else_was_asked() -> None:
    """The user went on, or came back, since then; also where that failed too."""
    world, session = begun(HALL)
    world.model = lambda _: LLMTimeoutError()
    (greeting,) = work(world)
    fails(world, HALL, session)
    with pytest.raises(JobNotRetryableError) as error:
        world.run(retry(world.setup, ADA, HALL, greeting.id))
    assert "gone on" in error.value.reason


# --- refusals, in order -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call,error",
    [
        (lambda s: retry(s, ADA, Topic(id="no", system="x"), "j"), TopicNotFoundError),
        (lambda s: retry(s, ADA, TALK, ""), ValidationError),
        (lambda s: retry(s, ADA, TALK, cast("str", b"j")), ValidationError),
        (lambda s: retry(s, ADA, TALK, "j", key="k" * 256), ValidationError),
        (lambda s: retry(s, ADA, TALK, "j", wait=cast("bool", "no")), ValidationError),
    ],
    ids=["topic", "job", "bytes", "key", "wait"],
)
def test_bad_input_asks_nothing(
    call: Callable[[Setup], Workflow[object]], error: type[Exception]
) -> None:
    """What is not valid is refused before anything is asked."""
    with pytest.raises(error):
        rehearse(call(begun()[0].setup))


def test_whose_job_it_is() -> None:
    """Not found and access denied come first, whatever the key was used for."""
    world, _, old = failed()
    setup = world.setup
    for caller in (ADA, BEN, Caller("other", "ada")):
        world.run(start(setup, caller, SHORT, key="k"))
    for caller, topic, name, error in (
        (ADA, TALK, "gone", JobNotFoundError),
        (ADA, SHORT, old, JobNotFoundError),
        (Caller("other", "ada"), TALK, old, JobNotFoundError),
        (BEN, TALK, old, SessionAccessDeniedError),
    ):
        again: Workflow[object] = retry(setup, caller, topic, name, key="k")
        refused(world, again, error)


def test_another_users_job_may_be_hidden() -> None:
    """A setting answers as if there were none."""
    world, _, old = failed(settings=Settings(hide_foreign=True))
    world.run(start(world.setup, BEN, TALK))
    refused(world, retry(world.setup, BEN, TALK, old), JobNotFoundError)


def test_the_receipt_comes_before_the_status() -> None:
    """A key of something else is told also where the session has ended."""
    world, session, old = failed()
    world.run(start(world.setup, ADA, SHORT, key="k"))
    world.run(cancel(world.setup, ADA, TALK, session))
    refused(world, retry(world.setup, ADA, TALK, old, key="k"), IdempotencyKeyReusedError)
    names = refused(world, retry(world.setup, ADA, TALK, old), SessionNotActiveError)
    assert names[-1] == "Get"
    assert "receipt" in repr(world.effects[-1])


def test_not_in_a_paused_or_ended_session() -> None:
    """The status is told before anything about the job."""
    world, session, old = failed(fault=lambda: Answer(text="x", finish="content_filter"))
    world.run(pause(world.setup, ADA, TALK, session))
    with pytest.raises(SessionNotActiveError) as error:
        world.run(retry(world.setup, ADA, TALK, old))
    assert (error.value.command, error.value.status) == ("retry a job in", "paused")
    assert "resume" in error.value.allowed
    world.run(cancel(world.setup, ADA, TALK, session))
    refused(world, retry(world.setup, ADA, TALK, old), SessionNotActiveError)


def test_not_what_did_not_fail() -> None:
    """Neither an open job nor a completed one."""
    world, session = begun()
    name = world.run(submit(world.setup, ADA, TALK, session, "Hello.")).id
    for _ in range(2):
        with pytest.raises(JobNotRetryableError) as error:
            world.run(retry(world.setup, ADA, TALK, name))
        assert (error.value.reason, error.value.http_status) == ("it has not failed", 409)
        work(world)


@pytest.mark.parametrize("code", ["CONTENT_FILTER", "JOB_CANCELLED"])
def test_not_what_another_try_cannot_mend(code: str) -> None:
    """The closed list says which: asking again would not help, or nobody wants it."""
    if code == "CONTENT_FILTER":
        world, _, old = failed(fault=lambda: Answer(text="x", finish="content_filter"))
    else:
        world, session = begun()
        old = world.run(submit(world.setup, ADA, TALK, session, "Hello.")).id
        world.run(cancel_job(world.setup, ADA, TALK, old))
    with pytest.raises(JobNotRetryableError) as error:
        world.run(retry(world.setup, ADA, TALK, old))
    assert error.value.reason == f"it failed with {code}"


def test_not_once_the_talk_has_gone_on() -> None:
    """Another message was said, answered or not: no reply to the old one."""
    world, session, old = failed()
    world.run(submit(world.setup, ADA, TALK, session, "More."))
    refused(world, retry(world.setup, ADA, TALK, old), JobNotRetryableError)
    work(world)
    with pytest.raises(JobNotRetryableError) as error:
        world.run(retry(world.setup, ADA, TALK, old))
    assert error.value.reason == "the conversation has gone on since"


def test_not_retryable_comes_before_busy() -> None:
    """Nobody is told to come back for what will never be: the greeting before a turn in flight."""
    world, session = begun(HALL)
    world.model = lambda _: LLMTimeoutError()
    (greeting,) = work(world)
    world.run(submit(world.setup, ADA, HALL, session, "Hello."))
    refused(world, retry(world.setup, ADA, HALL, greeting.id), JobNotRetryableError)


def test_busy_while_another_repetition_is_in_flight() -> None:
    """The message is still the last, and somebody is at it already."""
    world, _, old = failed(SHORT)
    again = world.run(retry(world.setup, ADA, SHORT, old, key="r", wait=False))
    with pytest.raises(SessionBusyError) as error:
        world.run(retry(world.setup, ADA, SHORT, old, key="r2"))
    assert (error.value.job, error.value.retry_after) == (again.id, 600.0)
    world.clock.advance(minutes=10)
    report = world.run(retry(world.setup, ADA, SHORT, old, key="r3"))
    assert (report.status, report.retry_of) == ("completed", old)
    left = stored(world, again.id).error
    assert left is not None
    assert left.code is ErrorCode.LEASE_EXPIRED


def test_max_turns_is_asked_last() -> None:
    """The turn that was given back is taken again; where none is left, nobody is asked."""
    given: list[Admission] = []
    world, _, old = failed(SHORT, admit=given.append)
    (record,) = (record for record in world.records() if record.key.kind == "session")
    session = SESSION_RECORD.read(record)
    # As long as the message is the last nobody can have taken its turn: it is done by hand.
    world.memory.commit([SESSION_RECORD.update(session, evolve(session.value, turns=1))])
    given.clear()
    with pytest.raises(MaxTurnsReachedError) as error:
        world.run(retry(world.setup, ADA, SHORT, old))
    assert (error.value.max_turns, given) == (1, [])
    stored_ = SESSION_RECORD.read(next(r for r in world.records() if r.key.kind == "session"))
    world.memory.commit([SESSION_RECORD.update(stored_, session.value)])
    assert world.run(retry(world.setup, ADA, SHORT, old)).status == "completed"
    assert world.only(Session).turns == 1


def test_a_job_whose_time_is_over_is_not_repeated() -> None:
    """After 24 hours it is not found; it is settled first where it was open."""
    world, _, old = failed()
    world.clock.advance(hours=24)
    refused(world, retry(world.setup, ADA, TALK, old), JobNotFoundError)
    world, session = begun()
    name = world.run(submit(world.setup, ADA, TALK, session, "Hello.")).id
    world.clock.advance(hours=24)
    with pytest.raises(JobNotFoundError):
        world.run(retry(world.setup, ADA, TALK, name, key="r"))
    error = stored(world, name).error
    assert error is not None
    assert error.code is ErrorCode.JOB_EXPIRED
    assert len(world.stored("receipt")) == 2


# --- the same key -------------------------------------------------------------------------------


def test_the_same_call_makes_one_job() -> None:
    """Whoever calls again finds what the first call made, waiting or not."""
    world, _, old = failed()
    first = world.run(retry(world.setup, ADA, TALK, old, key="r", wait=False))
    assert world.run(retry(world.setup, ADA, TALK, old, key="r", wait=False)) == first
    done = world.run(retry(world.setup, ADA, TALK, old, key="r"))
    assert (done.id, done.status) == (first.id, "completed")
    assert world.run(retry(world.setup, ADA, TALK, old, key="r", wait=False)) == done
    assert len(world.stored("job")) == 2


def test_the_key_of_the_message_is_another() -> None:
    """A retry is a call of its own: the key of the message's call cannot be used for it."""
    world, session = begun()
    world.model = lambda _: LLMTimeoutError()
    with pytest.raises(LLMTimeoutError) as error:
        world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    name = error.value.job or ""
    refused(world, retry(world.setup, ADA, TALK, name, key="k"), IdempotencyKeyReusedError)


def test_the_same_call_after_the_old_jobs_time() -> None:
    """The old job is not found any more; the call still finds what it made."""
    world, _, old = failed()
    done = world.run(retry(world.setup, ADA, TALK, old, key="r"))
    world.clock.advance(hours=24)
    assert world.run(retry(world.setup, ADA, TALK, old, key="r")) == done
    refused(world, retry(world.setup, ADA, TALK, old, key="other"), JobNotFoundError)
    world.run(start(world.setup, ADA, SHORT, key="used"))
    refused(world, retry(world.setup, ADA, TALK, old, key="used"), JobNotFoundError)
    refused(world, retry(world.setup, ADA, SHORT, old, key="r"), JobNotFoundError)


def test_the_same_call_after_the_sessions_time() -> None:
    """Nothing of an expired session can be told, whatever the key."""
    world, _, old = failed()
    world.run(retry(world.setup, ADA, TALK, old, key="r"))
    world.clock.advance(days=14)
    refused(world, retry(world.setup, ADA, TALK, old, key="r"), JobNotFoundError)


def test_the_same_call_while_all_is_swept_away() -> None:
    """The session went between the receipt and the job."""
    world, _, old = failed()
    world.run(retry(world.setup, ADA, TALK, old, key="r"))
    world.run(delete_all(world.setup, ADA))
    refused(world, retry(world.setup, ADA, TALK, old, key="r"), JobNotFoundError)


def test_a_start_under_the_same_key_made_no_job() -> None:
    """A receipt without a job is of another command, and so of other content."""
    world, session, old = failed(SHORT)
    world.run(complete(world.setup, ADA, SHORT, session, key="c"))
    refused(world, retry(world.setup, ADA, SHORT, old, key="c"), IdempotencyKeyReusedError)


# --- what is left, admission, faults ------------------------------------------------------------


def test_what_was_left_is_settled_first() -> None:
    """A repetition whose worker died blocks for its lease; then the next one is made."""
    world, _, old = failed()
    lost = world.run(retry(world.setup, ADA, TALK, old, key="r", wait=False))
    world.model = lambda _: CrashError()
    with pytest.raises(CrashError):
        work(world)
    world.clock.advance(minutes=6)
    world.model = lambda _: "Go on."
    report = world.run(retry(world.setup, ADA, TALK, old, key="r2"))
    assert (report.retry_of, stored(world, lost.id).status) == (old, JobStatus.FAILED)
    assert world.only(Session).turns == 1


def test_a_final_reply_that_was_left_is_finished_first() -> None:
    """Then there is nothing to repeat: the session has ended."""
    world, _, old = failed()
    world.run(retry(world.setup, ADA, TALK, old, key="r", wait=False))

    def dying(ask: Ask) -> Says:
        return final() if ask.purpose is JobKind.REPLY else CrashError()

    world.model = dying
    with pytest.raises(CrashError):
        work(world)
    world.clock.advance(minutes=6)
    world.model = lambda _: '{"values": ["kept"]}'
    with pytest.raises(SessionNotActiveError):
        world.run(retry(world.setup, ADA, TALK, old, key="r2"))
    report = world.run(retry(world.setup, ADA, TALK, old, key="r"))
    assert report.outcome is not None
    assert report.outcome.result == Values(["kept"])


def test_admission_is_asked_once_and_may_refuse() -> None:
    """The application is asked before the job is made, and not for a call that was accepted."""
    given: list[Admission] = []

    def admit(admission: Admission) -> None:
        given.append(admission)
        if len(given) == 3:
            raise PermissionError("no more today")

    world, session, old = failed(admit=admit)
    refused(world, retry(world.setup, ADA, TALK, old, key="r"), PermissionError)
    first = len(world.effects)
    commit = commit_of_a_retry()
    world.run(retry(world.setup, ADA, TALK, old, key="r"), Told(commit, Fault.CONFLICT_NOT_DONE))
    world.run(retry(world.setup, ADA, TALK, old, key="r"))
    assert world.names(first).count("AskAdmission") == 1
    assert given[-1] == Admission(
        command="retry", tenant="acme", user="ada", topic="talk", session=session, text=None
    )


def commit_of_a_retry() -> int:
    """Return the number of the commit that accepts a retry."""
    world, _, old = failed()
    first = len(world.effects)
    world.run(retry(world.setup, ADA, TALK, old, key="r"))
    return world.names(first).index("Commit")


@pytest.mark.parametrize("fault", [Fault.LOST_DONE, Fault.CONFLICT_DONE, Fault.LOST_NOT_DONE])
def test_an_answer_that_is_lost_makes_one_job(fault: Fault) -> None:
    """The call finds its own job by its receipt, and goes on with it."""
    world, _, old = failed()
    report = world.run(
        retry(world.setup, ADA, TALK, old, key="r"), Told(commit_of_a_retry(), fault)
    )
    assert (report.status, report.attempts, len(world.stored("job"))) == ("completed", 1, 2)


def test_never_fast_enough() -> None:
    """After the tries that are allowed it is told so, with the key."""
    world, _, old = failed(settings=Settings(commit_tries=1))
    told = Told(commit_of_a_retry(), Fault.CONFLICT_NOT_DONE)
    with pytest.raises(VersionConflictError) as error:
        world.run(retry(world.setup, ADA, TALK, old, key="r"), told)
    assert error.value.key == "r"


def test_an_interrupt_while_accepting_leaves_no_lease() -> None:
    """The answer to the accepting commit is lost to Ctrl-C: the job waits for a worker."""
    world, _, old = failed()
    told = Told(commit_of_a_retry(), Fault.INTERRUPT_AFTER)
    with pytest.raises(InterruptError):
        world.run(retry(world.setup, ADA, TALK, old, key="r"), told)
    (report,) = work(world)
    assert (report.retry_of, report.status) == (old, "completed")


def test_the_session_may_go_between_two_reads() -> None:
    """Deleted while the retry was decided: nothing is accepted."""
    world, _, old = failed()

    def commit(effect: Commit, /) -> CommitResult:
        del world.commit
        world.run(delete_all(world.setup, ADA))
        return world.commit(effect)

    world.commit = commit  # type: ignore[method-assign]
    with pytest.raises((SessionNotFoundError, JobNotFoundError)):
        world.run(retry(world.setup, ADA, TALK, old, key="r"))
    assert world.stored("job") == []


def test_each_job_of_a_message_has_its_own_event() -> None:
    """The old failure and the new outcome are told, in order."""
    heard = RecordingNotifier()
    world, _, old = failed(notifier=heard)
    report: JobReport[Values] = world.run(retry(world.setup, ADA, TALK, old, wait=False))
    work(world)
    assert heard.jobs == [old, report.id]
    assert world.run(job(world.setup, ADA, TALK, report.id)).retry_of == old
