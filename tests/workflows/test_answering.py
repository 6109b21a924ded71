"""Asking the model, and what its answers come to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve, frozen

from coachwork.adapters import final
from coachwork.effects import AskModel, Commit, Effect, ReadLog
from coachwork.errors import (
    LLMError,
    LLMTimeoutError,
    SessionNotActiveError,
    SessionNotFoundError,
    StillAnsweringError,
    StoreUnavailableError,
    TemplateError,
)
from coachwork.jobs import ErrorCode, Job, JobError, JobKind, JobRef, JobStatus, Lease
from coachwork.messages import Usage
from coachwork.policies import Settings
from coachwork.ports import Answer, Ask, CommitResult
from coachwork.sessions import Session, SessionStatus
from coachwork.testing.faults import CrashError, InterruptError
from coachwork.topics import Topic
from coachwork.workflows import (
    Claimed,
    Completed,
    Turn,
    cancel,
    complete,
    pause,
    process,
    release,
    resume,
    send,
    start,
    submit,
)
from coachwork.workflows._answering import MAX_RAW, MAX_RESULT, answer
from coachwork.workflows._jobs import reread
from coachwork.workflows._processing import claim
from tests.faults import ADA, BEGIN, World


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


TALK = Topic(id="talk", system="Listen.", initiation="Greet.", result=Values)
PLAIN = Topic(id="plain", system="Listen.", max_turns=2, complete_at_max_turns=True)
COST = Usage(5, 7, 1)
WRONG: Any = 7


def said(*answers: Any, topic: Topic[object] = TALK) -> tuple[World, str]:  # noqa: ANN401 - anything at all
    """Return a world whose model answers these after a greeting, and Ada's session."""
    world = World([TALK, PLAIN], ["Hello."] if topic is TALK else [])
    session = world.run(start(world.setup, ADA, topic)).session.id
    world.script = list(answers)
    return world, session


def turn(world: World, session: str, key: str = "k") -> Turn[Values]:
    """Send a message."""
    return world.run(send(world.setup, ADA, TALK, session, "Hello.", key=key))


# --- replies ------------------------------------------------------------------------------------


def test_a_greeting_cannot_end_the_session() -> None:
    """Where the user has said nothing there is nothing to end."""
    world = World([TALK], [final(Values(["x"]))])
    started = world.run(start(world.setup, ADA, TALK))
    assert started.session.status == "active"
    assert started.greeting is not None


def test_a_welcome_back_may_end_the_session() -> None:
    """A final welcome-back is final as any reply."""
    world, session = said("Go on.", final(Values(["x"])))
    turn(world, session)
    back = world.run(resume(world.setup, ADA, TALK, session))
    assert (back.is_final, back.result) == (True, Values(["x"]))


@pytest.mark.parametrize(
    "answer,reason",
    [
        (Answer(text=""), "EMPTY_REPLY"),
        (Answer(text=" \n"), "EMPTY_REPLY"),
        (Answer(text='{"message": "Hi"'), "BAD_REPLY"),
        (Answer(text='{"message": "Hi", "is_final": "yes"}'), "BAD_REPLY"),
        (Answer(text="cut", finish="length"), "LENGTH"),
        (Answer(text="no", finish="content_filter"), "CONTENT_FILTER"),
        (Answer(text="no", finish="error"), "LLM_ERROR"),
        (LLMError(reason="CONTENT_FILTER"), "CONTENT_FILTER"),
        (LLMError(reason="SESSION_CANCELLED"), "LLM_ERROR"),
        (LLMTimeoutError(), "LLM_TIMEOUT"),
        (TimeoutError(), "LLM_TIMEOUT"),
        (RuntimeError("secret"), "LLM_ERROR"),
        (Answer(text=WRONG), "LLM_ERROR"),
        (Answer(text="x", usage=WRONG), "LLM_ERROR"),
    ],
    ids=[
        "empty",
        "blank",
        "cut JSON",
        "wrong shape",
        "length",
        "filter",
        "error",
        "an error with its reason",
        "an error with another reason",
        "timeout",
        "another timeout",
        "any error",
        "no text",
        "no usage",
    ],
)
def test_each_bad_answer_is_a_failed_job(answer: object, reason: str) -> None:
    """With its reason and a text that holds nothing of the answer; the message stays."""
    world, session = said(answer)
    with pytest.raises((LLMError, LLMTimeoutError)) as error:
        turn(world, session)
    assert (error.value.reason, error.value.session, error.value.key) == (reason, session, "k")
    assert "secret" not in str(error.value)
    assert (world.only(Session).messages, world.only(Session).turns) == (2, 0)


def test_a_model_that_gives_no_answer_is_the_developers() -> None:
    """A port that returns something else fails the job, and the cause is told."""
    world, session = said(None)
    with pytest.raises(LLMError) as error:
        turn(world, session)
    assert "Answer" in str(error.value.__cause__)


@pytest.mark.parametrize(
    "wish,kept", [(3, 3.0), (0, 0.0), (None, None), (float("nan"), None), (-1, None), ("x", None)]
)
@pytest.mark.parametrize("type_", [LLMError, LLMTimeoutError])
def test_the_providers_wish_for_a_pause(
    wish: Any,  # noqa: ANN401 - whatever a port makes of it
    kept: float | None,
    type_: type[LLMError | LLMTimeoutError],
) -> None:
    """A number of seconds is kept and passed on; the usual pause is told, and kept nowhere."""
    world, session = said(type_(retry_after=wish))
    with pytest.raises(type_) as error:
        turn(world, session)
    assert error.value.retry_after == (type_().retry_after if kept is None else kept)
    assert kept_pause(world) == kept


def kept_pause(world: World) -> float | None:
    """Return the pause that is stored with the failed job."""
    (why,) = (job.error for job in world.stored("job") if job.error is not None)
    pause = why.retry_after
    assert pause is None or isinstance(pause, float)
    return pause


def test_a_pause_that_the_provider_did_not_name_is_no_wish() -> None:
    """What an adapter says otherwise, or a model that simply fails, is kept as no pause."""
    unspoken = LLMError()
    unspoken.retry_after = 77.0
    for failure in (unspoken, TimeoutError(), ValueError("no model")):
        world, session = said(failure)
        with pytest.raises((LLMError, LLMTimeoutError)) as error:
            turn(world, session)
        assert error.value.retry_after == error.value.default_retry_after
        assert kept_pause(world) is None


def test_what_a_failed_answer_cost_is_kept() -> None:
    """On the job and on the session; negative figures count as none."""
    world, session = said(Answer(text="", usage=Usage(5, -7, 1)))
    with pytest.raises(LLMError):
        turn(world, session)
    assert world.only(Session).ledger.usage == Usage(5, 0, 1)


def test_the_last_turn_ends_the_session_where_the_topic_says_so() -> None:
    """Only the reply to the last turn does, not the one before."""
    world, session = said("One.", "Two.", topic=PLAIN)
    first = world.run(send(world.setup, ADA, PLAIN, session, "a"))
    last = world.run(send(world.setup, ADA, PLAIN, session, "b"))
    assert (first.is_final, last.is_final, last.session.status) == (False, True, "completed")


# --- results ------------------------------------------------------------------------------------


def extracted(*answers: Any) -> tuple[World, Turn[Values]]:  # noqa: ANN401 - anything at all
    """Return a world and the final turn in it, whose result is extracted from these."""
    world, session = said(Answer(text=final(), usage=COST), *answers)
    return world, turn(world, session)


def test_a_final_reply_is_kept_before_its_result_is_asked_for() -> None:
    """What was paid for is in the job when the model is asked again; both costs are counted."""
    kept: list[Sequence[object]] = []
    world, session = said()

    def model(ask: Ask) -> Answer:
        if ask.purpose is JobKind.EXTRACTION:
            jobs = [job for job in world.stored("job") if isinstance(job, Job)]
            kept.append(jobs[-1].steps)
            return Answer(data={"values": ["x"]}, usage=COST)
        return Answer(text=final(message="Bye."), usage=COST)

    world.model = model
    done = turn(world, session)
    assert (done.is_final, done.result, done.message.text) == (True, Values(["x"]), "Bye.")
    assert len(kept[0]) == 1
    assert done.job.usage == done.session.usage == COST + COST


def test_a_result_that_does_not_fit_is_extracted_again() -> None:
    """A final reply with a result of the wrong shape: its own extraction decides."""
    world, session = said(
        '{"message": "Bye.", "is_final": true, "result": {"values": 7}}', '{"values": ["x"]}'
    )
    assert turn(world, session).result == Values(["x"])
    assert len(world.asks) == 3


@pytest.mark.parametrize(
    "answer,code,raw",
    [
        (Answer(text="no JSON"), "BAD_REPLY", "no JSON"),
        (Answer(text='{"values": 7}'), "BAD_REPLY", '{"values": 7}'),
        (Answer(data={"values": 7}), "BAD_REPLY", '{"values": 7}'),
        (Answer(text=""), "EMPTY_REPLY", ""),
        (Answer(text="x" * (MAX_RAW + 1)), "BAD_REPLY", "x" * MAX_RAW),
        (LLMError(), "LLM_ERROR", None),
        (TimeoutError(), "LLM_TIMEOUT", None),
        (None, "LLM_ERROR", None),
    ],
    ids=["text", "shape", "data", "empty", "long", "error", "timeout", "no answer"],
)
def test_an_extraction_that_fails_does_not_fail_the_turn(
    answer: object, code: str, raw: str | None
) -> None:
    """The session completes, and the result says what went wrong, with the raw text."""
    _, done = extracted(answer)
    assert (done.is_final, done.result, done.session.status) == (True, None, "completed")
    assert done.result_error is not None
    assert (done.result_error.code, done.result_error.raw) == (code, raw)


def test_a_result_that_is_too_long() -> None:
    """A result that a record could not hold, once it is escaped, is none."""
    _, done = extracted(Answer(data={"values": ["\x01" * 30_000]}))
    assert done.result_error is not None
    assert done.result_error.code == "BAD_REPLY"
    assert str(MAX_RESULT) in done.result_error.reason


def test_an_extraction_whose_prompt_cannot_be_made() -> None:
    """A template without its value: the session completes without a result, and says why."""
    world, session = said(final())
    world.declare(evolve(TALK, extraction="About {nobody}."))
    done = turn(world, session)
    assert done.result_error is not None
    assert (done.result_error.code, len(world.asks)) == ("LLM_ERROR", 2)


def test_a_reply_whose_prompt_cannot_be_made() -> None:
    """The developer is told which name is missing; the job failed, the model was not asked."""
    world, session = said()
    world.declare(evolve(TALK, system="About {nobody}."))
    with pytest.raises(TemplateError, match="nobody") as error:
        turn(world, session)
    assert (error.value.session, error.value.key, len(world.asks)) == (session, "k", 1)


def test_a_topic_that_lost_its_result_type() -> None:
    """Declared without a result while it is extracted: completed, with nothing."""
    world, session = said()

    def model(ask: Ask) -> str:
        if ask.purpose is JobKind.EXTRACTION:
            raise KeyboardInterrupt
        return final()

    world.model = model
    with pytest.raises(KeyboardInterrupt):
        turn(world, session)
    other: Topic[None] = Topic(id="talk", system="Listen.")
    world.declare(other)
    world.model = lambda _: '{"values": []}'
    done = world.run(send(world.setup, ADA, other, session, "Hello.", key="k"))
    assert (done.is_final, done.result, done.result_error) == (True, None, None)


# --- keeping a final reply ----------------------------------------------------------------------


def test_a_pause_before_the_final_reply_is_kept() -> None:
    """Then it is settled without a conclusion, and the next resume extracts."""
    world, session = said()

    def model(ask: Ask) -> str:
        if ask.purpose is JobKind.REPLY:
            world.run(pause(world.setup, ADA, TALK, session))
        return final() if ask.purpose is JobKind.REPLY else '{"values": ["x"]}'

    world.model = model
    done = turn(world, session)
    assert (done.is_final, done.session.completion_pending) == (False, True)
    assert [ask.purpose for ask in world.asks] == ["greeting", "reply"]
    assert world.run(resume(world.setup, ADA, TALK, session)).result == Values(["x"])


def test_a_session_that_expired_is_asked_for_no_result() -> None:
    """Its final reply is dropped, so a result of it would be paid for in vain."""
    world, session = said()

    def model(_ask: Ask) -> str:
        world.clock.advance(days=14)
        return final()

    world.model = model
    with pytest.raises(SessionNotFoundError):
        turn(world, session)
    assert [ask.purpose for ask in world.asks] == ["greeting", "reply"]


def test_a_kept_reply_begins_a_new_lease() -> None:
    """The next step has the whole time too, under the same token."""
    world, session = said()
    leases: list[Lease | None] = []

    def model(ask: Ask) -> str:
        world.clock.advance(minutes=5)
        leases.append(world.stored("job")[-1].lease)
        return final() if ask.purpose is JobKind.REPLY else '{"values": ["x"]}'

    world.model = model
    turn(world, session)
    assert leases == [
        Lease(1, BEGIN + world.setup.settings.lease),
        Lease(1, BEGIN + timedelta(minutes=5) + world.setup.settings.lease),
    ]


def test_a_worker_keeps_a_reply_under_its_own_short_lease() -> None:
    """It renews its leases, so the next step begins with a short one, too."""
    world, session = said()
    name = world.run(submit(world.setup, ADA, TALK, session, "Hello.")).id
    leases: list[Lease | None] = []

    def model(ask: Ask) -> str:
        leases.append(world.stored("job")[-1].lease)
        return final() if ask.purpose is JobKind.REPLY else '{"values": ["x"]}'

    world.model = model
    world.run(process(world.setup.for_worker(), JobRef("acme", name, JobKind.REPLY)))
    assert leases == [Lease(1, BEGIN + world.setup.settings.worker_lease)] * 2


def test_a_failure_is_an_outcome_with_its_cause() -> None:
    """Who works for another gets the settled job instead of an error, and what was raised."""
    world, session = said()
    cause = LLMError(retry_after=3.0)
    world.model = lambda _: cause
    name = world.run(submit(world.setup, ADA, TALK, session, "Hello.")).id
    claimed = world.run(claim(world.setup, JobRef("acme", name, JobKind.REPLY)))
    assert isinstance(claimed, Claimed)
    done, told = world.run(answer(world.setup, claimed.topic, claimed.held))
    assert told is cause
    assert done.job.value.error == JobError(ErrorCode.LLM_ERROR, "the language model failed", 3.0)
    assert (done.job.value, done.session.value) == (world.stored("job")[-1], world.only(Session))


def test_an_outcome_that_is_no_failure_has_no_cause() -> None:
    """Nothing was raised."""
    world, session = said("Go on.")
    name = world.run(submit(world.setup, ADA, TALK, session, "Hello.")).id
    claimed = world.run(claim(world.setup, JobRef("acme", name, JobKind.REPLY)))
    assert isinstance(claimed, Claimed)
    done, told = world.run(answer(world.setup, claimed.topic, claimed.held))
    assert (done.job.value.status, told) == (JobStatus.COMPLETED, None)


def test_a_job_that_was_taken_too_often_is_not_asked_for() -> None:
    """The bound is on leases: the last allowed one asks, the next one settles."""
    world, session = said()
    world.model = lambda _: CrashError()
    name = world.run(submit(world.setup, ADA, TALK, session, "Hello.")).id
    ref = JobRef("acme", name, JobKind.REPLY)
    for number in range(1, 4):
        with pytest.raises(CrashError):
            world.run(process(world.setup, ref))
        assert len(world.asks) == number + 1  # and the greeting
        assert world.asks[-1].attempt == number
        world.clock.advance(minutes=6)
    report = world.run(process(world.setup, ref))
    assert report is not None
    assert (report.error_code, report.retryable) == (ErrorCode.ATTEMPTS_EXHAUSTED, True)
    assert len(world.asks) == 4


def left_completing(world: World, session: str) -> JobRef:
    """Leave a final reply, kept in its job, whose result nobody extracts."""
    world.model = lambda ask: CrashError() if ask.purpose is JobKind.EXTRACTION else final()
    name = world.run(submit(world.setup, ADA, TALK, session, "Hello.")).id
    ref = JobRef("acme", name, JobKind.REPLY)
    with pytest.raises(CrashError):
        world.run(process(world.setup, ref))
    world.clock.advance(minutes=6)
    return ref


def test_a_kept_reply_is_said_when_attempts_are_used_up() -> None:
    """It was paid for: it ends the session, without a result, and nobody is asked."""
    world, session = said()
    world.setup = evolve(world.setup, settings=Settings(attempts=1))
    ref = left_completing(world, session)
    asked = len(world.asks)
    report = world.run(process(world.setup, ref))
    assert report is not None
    assert report.outcome is not None
    assert report.outcome.message is not None
    assert (report.outcome.is_final, report.outcome.result) == (True, None)
    assert report.outcome.result_error is not None
    assert report.outcome.result_error.code == "ATTEMPTS_EXHAUSTED"
    assert len(world.asks) == asked


def test_an_extraction_that_was_taken_too_often_ends_the_session_without_a_result() -> None:
    """The owner's `complete` is an end whatever the model does."""
    world, session = said("Go on.")
    turn(world, session, "first")
    world.setup = evolve(world.setup, settings=Settings(attempts=1))
    world.model = lambda _: CrashError()
    with pytest.raises(CrashError):
        world.run(complete(world.setup, ADA, TALK, session, key="k"))
    world.clock.advance(minutes=6)
    done = world.run(complete(world.setup, ADA, TALK, session, key="k"))
    assert (done.session.status, done.result) == ("completed", None)
    assert done.result_error is not None
    assert done.result_error.code == "ATTEMPTS_EXHAUSTED"


def test_an_interrupt_while_the_model_thinks_gives_the_lease_up() -> None:
    """Whoever comes next need not wait."""
    world, session = said()
    world.model = lambda _: InterruptError()
    with pytest.raises(InterruptError):
        turn(world, session)
    assert [job.status for job in world.stored("job")] == ["completed", "pending"]


def test_a_repository_that_fails_before_the_model_is_asked_is_told() -> None:
    """It is no prompt that cannot be made: the job is left, and the same call goes on with it."""
    world, session = said("Go on.")
    failing = [True]

    def meanwhile(effect: Effect[object]) -> None:
        if isinstance(effect, ReadLog) and failing:
            failing.clear()
            raise StoreUnavailableError

    world.meanwhile = meanwhile
    with pytest.raises(StoreUnavailableError):
        turn(world, session)
    assert world.stored("job")[-1].status is JobStatus.PENDING
    assert turn(world, session).message.text == "Go on."


def test_a_repository_that_fails_before_a_result_is_asked_for_is_told() -> None:
    """It is no failed extraction: the job is left, and the next one asks for the result."""
    world, session = said()
    ref = left_completing(world, session)
    asked = len(world.asks)
    failing = [True]

    def meanwhile(effect: Effect[object]) -> None:
        if isinstance(effect, ReadLog) and failing:
            failing.clear()
            raise StoreUnavailableError

    world.meanwhile = meanwhile
    with pytest.raises(StoreUnavailableError):
        world.run(process(world.setup, ref))
    assert len(world.asks) == asked
    world.model = lambda _: '{"values": ["x"]}'
    report = world.run(process(world.setup, ref))
    assert report is not None
    assert report.outcome is not None
    assert report.outcome.result == {"values": ["x"]}


def test_a_kept_reply_that_is_nobodys_any_more_is_left() -> None:
    """The lease was given up before anything was asked: the result is for the next one to ask."""
    world, session = said()
    ref = left_completing(world, session)
    asked = len(world.asks)
    claimed = world.run(claim(world.setup, ref))
    assert isinstance(claimed, Claimed)
    world.run(release(claimed))
    fresh = world.run(reread(claimed.held))
    with pytest.raises(StillAnsweringError):
        world.run(answer(world.setup, claimed.topic, fresh))
    assert len(world.asks) == asked
    assert world.stored("job")[-1] == fresh.job.value


def test_the_model_is_told_whose_it_is() -> None:
    """The question knows tenant and user, for whoever listens to what the model writes."""
    world, session = said(final())
    world.script.append('{"values": ["x"]}')
    turn(world, session)
    asked = [effect for effect in world.effects if isinstance(effect, AskModel)]
    assert [effect.ask.purpose for effect in asked] == ["greeting", "reply", "extraction"]
    assert {(effect.tenant, effect.user) for effect in asked} == {("acme", "ada")}


@pytest.mark.parametrize("moment", ["before", "done", "not done"])
def test_what_happens_when_it_is_to_be_kept(moment: str) -> None:
    """The session moves, or the answer is lost, at that very commit: it is kept once."""
    world, session = said()
    world.model = lambda ask: final() if ask.purpose is JobKind.REPLY else '{"values": ["x"]}'
    plain = World.commit

    def commit(effect: Commit) -> CommitResult:
        keeps = any(type(op).__name__ == "Check" for op in effect.ops) and len(world.asks) == 2
        if not keeps:
            return plain(world, effect)
        del world.commit
        if moment == "done":
            plain(world, effect)
        elif moment == "before":
            world.run(pause(world.setup, ADA, TALK, session))
            world.run(resume(world.setup, ADA, TALK, session))
            return plain(world, effect)
        return CommitResult.CONFLICT

    world.commit = commit  # type: ignore[method-assign]
    assert turn(world, session).result == Values(["x"])
    assert [ask.purpose for ask in world.asks] == ["greeting", "reply", "extraction"]


def test_cancelled_when_it_is_to_be_kept() -> None:
    """Cancel wins, the result is not asked for, and what the reply cost is kept beside it."""
    world, session = said()

    def model(_ask: Ask) -> Answer:
        world.run(cancel(world.setup, ADA, TALK, session))
        return Answer(text=final(), usage=COST)

    world.model = model
    with pytest.raises(SessionNotActiveError):
        turn(world, session)
    assert len(world.asks) == 2
    assert [getattr(one, "usage", None) for one in world.stored("spending")] == [COST]
    assert world.only(Session).status is SessionStatus.CANCELLED


def test_a_kept_reply_is_not_asked_for_again() -> None:
    """Whoever takes the job over asks for the result alone, and the costs add up once."""
    world, session = said()

    def model(ask: Ask) -> Answer:
        if ask.purpose is JobKind.EXTRACTION and len(world.asks) == 3:
            raise KeyboardInterrupt
        text = final(message="Bye.") if ask.purpose is JobKind.REPLY else '{"values": ["x"]}'
        return Answer(text=text, usage=COST)

    world.model = model
    with pytest.raises(KeyboardInterrupt):
        turn(world, session)
    done = turn(world, session)
    assert (done.message.text, done.result) == ("Bye.", Values(["x"]))
    assert [ask.purpose for ask in world.asks] == ["greeting", "reply", "extraction", "extraction"]
    assert done.job.usage == done.session.usage == COST + COST


def test_a_process_that_dies_gives_nothing_up() -> None:
    """Nothing can be asked any more: the lease stays until it runs out."""
    world, session = said(CrashError())
    with pytest.raises(CrashError):
        turn(world, session)
    jobs = [job for job in world.stored("job") if isinstance(job, Job)]
    assert (jobs[-1].status, jobs[-1].lease is not None) == ("processing", True)


def test_tries_to_keep_are_bounded() -> None:
    """Others are faster at every try: the caller is told, and the lease given up."""
    world, session = said()
    world.setup = evolve(world.setup, settings=Settings(commit_tries=2))
    world.model = lambda _: final()
    plain = World.commit

    def commit(effect: Commit) -> CommitResult:
        if len(world.asks) == 2 and len(effect.ops) == 3:
            return CommitResult.CONFLICT
        return plain(world, effect)

    world.commit = commit  # type: ignore[method-assign]
    with pytest.raises(Exception, match="2 times"):
        turn(world, session)


def test_an_owner_who_completes_gets_what_is_extracted() -> None:
    """Nothing is said then; the cost is counted once."""
    world, session = said("Go on.", Answer(text='{"values": ["x"]}', usage=COST))
    turn(world, session)
    done = world.run(complete(world.setup, ADA, TALK, session))
    assert isinstance(done, Completed)
    assert (done.result, done.session.usage, done.session.messages) == (Values(["x"]), COST, 3)


def test_who_lost_the_lease_keeps_nothing() -> None:
    """Another took the job over before the final reply came: it is left as the other has it."""
    world, session = said()

    def model(_ask: Ask) -> str:
        world.model = lambda _: CrashError()
        world.clock.time += world.setup.settings.lease
        with pytest.raises(CrashError):
            turn(world, session)
        return final()

    world.model = model
    with pytest.raises(StillAnsweringError):
        turn(world, session)
    job = world.stored("job")[-1]
    assert (job.steps, job.lease.token) == ((), 2)


@frozen
class Both:
    """A result whose fields have the names of a reply's."""

    message: str
    result: str


@frozen
class One:
    """A result of one field."""

    value: str


@pytest.mark.parametrize(
    "of, said, expected",
    [
        (Both, '{"message": "m", "result": "r"}', Both("m", "r")),
        (One, '{"message": "Bye.", "result": {"value": "v"}}', One("v")),
        (One, '{"message": "Bye.", "result": {"other": "v"}}', None),
    ],
)
def test_a_result_in_the_envelope_of_a_reply(of: type, said: str, expected: object) -> None:
    """What fits as it is is taken as it is; else what stands in a reply's place for it."""
    topic = Topic(id="two", system="Listen.", result=of)
    world = World([topic], lambda ask: said if ask.purpose == "extraction" else "Go on.")
    session = world.run(start(world.setup, ADA, topic)).session.id
    world.run(send(world.setup, ADA, topic, session, "Hello."))
    done = world.run(complete(world.setup, ADA, topic, session))
    assert (done.result, done.result_error is None) == (expected, expected is not None)
