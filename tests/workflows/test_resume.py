"""Resume means continue, and `open` is resume or start."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve, frozen

from coachwork.adapters import final
from coachwork.effects import Commit, Effect, Get, Summarize
from coachwork.errors import (
    IdempotencyKeyReusedError,
    LLMError,
    SessionNotActiveError,
    SessionNotFoundError,
    StillAnsweringError,
    TopicNotFoundError,
    ValidationError,
)
from coachwork.jobs import ErrorCode, JobKind, JobStatus
from coachwork.ports import Ask, CommitResult
from coachwork.records import Insert, Update
from coachwork.sessions import LIVE, Session, SessionStatus
from coachwork.testing import RecordingDispatcher, rehearse
from coachwork.testing.faults import CrashError, InterruptError
from coachwork.topics import Topic
from coachwork.workflows import (
    Resumed,
    Started,
    cancel,
    open_session,
    pause,
    resume,
    send,
    start,
    submit,
)
from tests.between import between
from tests.faults import ADA, World
from tests.workers import work


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


TALK = Topic(id="talk", system="Listen.", initiation="Greet.", result=Values)
PLAIN = Topic(id="plain", system="Listen.")


def begun(topic: Topic[object] = TALK, turns: int = 1) -> tuple[World, str]:
    """Return a world in which Ada has talked, and the session's id."""
    world = World([TALK, PLAIN], lambda _: "Go on.")
    session = world.run(start(world.setup, ADA, topic)).session.id
    for number in range(turns):
        world.run(send(world.setup, ADA, topic, session, f"Message {number}."))
    world.asks.clear()
    return world, session


def left(world: World, session: str, topic: Topic[object] = TALK) -> None:
    """Leave a message without an answer, as a process that died."""
    plain, world.model = world.model, lambda _: CrashError()
    with pytest.raises(CrashError):
        world.run(send(world.setup, ADA, topic, session, "Lost.", key="lost"))
    world.model = plain
    world.asks.clear()


def pending(topic: Topic[object]) -> tuple[World, str]:
    """Return a world in which a final reply came while the session was paused."""
    world, session = begun(topic)

    def model(_ask: Ask) -> str:
        world.run(pause(world.setup, ADA, topic, session))
        return final()

    world.model = model
    world.run(send(world.setup, ADA, topic, session, "That is all."))
    world.model = lambda _: '{"values": ["x"]}'
    world.asks.clear()
    return world, session


def test_a_welcome_back() -> None:
    """A paused session turns ACTIVE and is welcomed back; a welcome-back is no turn."""
    world, session = begun()
    world.run(pause(world.setup, ADA, TALK, session))
    back = world.run(resume(world.setup, ADA, TALK, session, key="k"))
    assert back.message is not None
    assert (back.message.text, back.session.status, back.session.turns) == ("Go on.", "active", 1)
    assert (back.resumed, back.is_final, back.result, back.key) == (True, False, None, "k")
    assert world.asks[0].purpose is JobKind.WELCOME_BACK
    assert world.run(resume(world.setup, ADA, TALK, session, key="k")) == back


def test_an_active_session_is_welcomed_back_too() -> None:
    """Any ACTIVE session, idle or not, may be resumed; it is activity."""
    world, session = begun()
    world.clock.advance(days=1)
    back = world.run(resume(world.setup, ADA, TALK, session))
    assert (back.session.is_idle, back.session.last_activity_at) == (False, world.clock.time)


def test_a_welcome_back_that_fails_does_not_unresume() -> None:
    """The model fails: the session is ACTIVE all the same, and the error tells session and key."""
    world, session = begun()
    world.run(pause(world.setup, ADA, TALK, session))
    world.model = lambda _: LLMError()
    with pytest.raises(LLMError) as error:
        world.run(resume(world.setup, ADA, TALK, session, key="k"))
    assert (error.value.session, error.value.key) == (session, "k")
    assert world.only(Session).status is SessionStatus.ACTIVE
    with pytest.raises(LLMError):
        world.run(resume(world.setup, ADA, TALK, session, key="k"))


def test_a_session_without_any_word_of_the_coach_is_greeted() -> None:
    """A greeting that failed is made up for, where the topic has one."""
    world = World([TALK, PLAIN], lambda _: LLMError())
    with pytest.raises(LLMError) as error:
        world.run(start(world.setup, ADA, TALK))
    world.model = lambda _: "Hello."
    assert error.value.session is not None
    back = world.run(resume(world.setup, ADA, TALK, error.value.session))
    assert [ask.purpose for ask in world.asks] == [JobKind.GREETING, JobKind.GREETING]
    assert back.message is not None

    world, session = begun(PLAIN, turns=0)
    world.run(resume(world.setup, ADA, PLAIN, session))
    assert world.asks[0].purpose is JobKind.WELCOME_BACK


def test_what_has_ended_is_not_resumed() -> None:
    """A refused resume asks no model, and reads the receipt last."""
    world, session = begun()
    world.run(cancel(world.setup, ADA, TALK, session))
    with pytest.raises(SessionNotActiveError) as error:
        world.run(resume(world.setup, ADA, TALK, session))
    assert (error.value.status, error.value.allowed, world.asks) == ("cancelled", (), [])
    assert "receipt" in repr(world.effects[-1])


@pytest.mark.parametrize("bad", ["", " x", 7], ids=repr)
def test_bad_input_asks_nothing(bad: Any) -> None:  # noqa: ANN401 - anything at all
    """What is not valid is refused before anything is asked."""
    world, _ = begun()
    for workflow in (
        resume(world.setup, ADA, TALK, bad),
        resume(world.setup, ADA, TALK, "s", key=bad),
        open_session(world.setup, ADA, TALK, key=bad),
    ):
        with pytest.raises(ValidationError):
            rehearse(workflow)
    with pytest.raises(TopicNotFoundError):
        rehearse(open_session(world.setup, ADA, Topic(id="no", system="x")))


# --- a job in flight ----------------------------------------------------------------------------


def test_a_job_that_is_worked_on_is_told() -> None:
    """Another call still answers: the session turns ACTIVE, the answer tells the job; twice too."""
    world, session = begun()
    left(world, session)
    world.run(pause(world.setup, ADA, TALK, session))
    back = world.run(resume(world.setup, ADA, TALK, session, key="k"))
    assert (back.message, back.session.status, world.asks) == (None, "active", [])
    assert back.job is not None
    assert (back.job.kind, back.job.status) == (JobKind.REPLY, JobStatus.PROCESSING)
    assert world.run(resume(world.setup, ADA, TALK, session, key="k")) == back
    world.run(pause(world.setup, ADA, TALK, session))
    again = world.run(resume(world.setup, ADA, TALK, session, key="k"))
    assert again.session.status == "paused"  # what was done is not done again


def test_the_answer_is_told_once_it_is_there() -> None:
    """The same resume again, after the other call has answered or died, brings the reply."""
    world, session = begun()
    left(world, session)
    world.run(resume(world.setup, ADA, TALK, session, key="k"))
    world.clock.advance(minutes=6)
    back = world.run(resume(world.setup, ADA, TALK, session, key="k"))
    assert back.message is not None
    assert back.message.text == "Go on."
    assert len(world.asks) == 1


def test_a_job_that_was_left_is_finished() -> None:
    """Its lease ran out, or was given up: the resume asks the model in its place."""
    world, session = begun()
    left(world, session)
    world.clock.advance(minutes=6)
    back = world.run(resume(world.setup, ADA, TALK, session))
    assert back.message is not None
    assert back.job is not None
    assert (back.job.kind, back.job.attempts) == (JobKind.REPLY, 2)

    world, session = begun()
    world.model = lambda _: InterruptError()
    with pytest.raises(InterruptError):
        world.run(send(world.setup, ADA, TALK, session, "Lost."))
    world.model = lambda _: "Go on."
    back = world.run(resume(world.setup, ADA, TALK, session))
    assert back.message is not None


def test_a_failure_of_a_job_that_was_left_tells_the_key_of_the_resume() -> None:
    """The key in the error is the caller's own, not that of the call which left the job."""
    world, session = begun()
    left(world, session)
    world.clock.advance(minutes=6)
    world.model = lambda _: LLMError()
    with pytest.raises(LLMError) as error:
        world.run(resume(world.setup, ADA, TALK, session, key="k"))
    assert error.value.key == "k"


def test_a_job_that_another_takes_at_that_moment() -> None:
    """Somebody else was faster to take the job over: it is decided again."""
    world, session = begun()
    left(world, session)
    world.clock.advance(minutes=6)

    def commit(effect: Commit) -> CommitResult:
        world.commit = lambda other: World.commit(world, other)  # type: ignore[method-assign]
        world.run(send(world.setup, ADA, TALK, session, "Lost.", key="lost"))
        return World.commit(world, effect)

    world.commit = commit  # type: ignore[method-assign]
    back = world.run(resume(world.setup, ADA, TALK, session))
    assert back.message is not None
    assert back.message.text == "Go on."
    assert [ask.purpose for ask in world.asks] == [JobKind.REPLY, JobKind.WELCOME_BACK]


def test_a_job_that_is_settled_after_the_session_was_read() -> None:
    """The other call has answered between two reads: it is decided again."""
    world, session = begun()
    left(world, session)
    world.clock.advance(minutes=6)
    done: list[object] = []

    def meanwhile(effect: Effect[object]) -> None:
        if isinstance(effect, Get) and effect.key.kind == "job" and not done:
            done.append(world.run(send(world.setup, ADA, TALK, session, "Lost.", key="lost")))

    world.meanwhile = meanwhile
    world.run(resume(world.setup, ADA, TALK, session))
    assert [ask.purpose for ask in world.asks] == [JobKind.REPLY, JobKind.WELCOME_BACK]


def test_its_own_job_in_other_hands() -> None:
    """The same resume at the same moment waits for the first one."""
    world, session = begun()
    world.model = lambda _: CrashError()
    with pytest.raises(CrashError):
        world.run(resume(world.setup, ADA, TALK, session, key="k"))
    with pytest.raises(StillAnsweringError):
        world.run(resume(world.setup, ADA, TALK, session, key="k"))


def test_a_lost_answer_of_its_own() -> None:
    """The commit was done and told a conflict: its own job is known again, and finished."""
    world, session = begun()

    def commit(effect: Commit) -> CommitResult:
        world.commit = lambda other: World.commit(world, other)  # type: ignore[method-assign]
        World.commit(world, effect)
        return CommitResult.CONFLICT

    world.commit = commit  # type: ignore[method-assign]
    back = world.run(resume(world.setup, ADA, TALK, session))
    assert back.message is not None
    assert back.job is not None
    assert (back.job.attempts, len(world.asks)) == (1, 1)


# --- completion pending -------------------------------------------------------------------------


def test_a_pending_completion_extracts_instead_of_welcoming_back() -> None:
    """The final reply came while it was paused: the next resume ends it, with the result."""
    world, session = pending(TALK)
    back = world.run(resume(world.setup, ADA, TALK, session, key="k"))
    assert (back.is_final, back.result, back.message) == (True, Values(["x"]), None)
    assert back.session.status == "completed"
    assert world.run(resume(world.setup, ADA, TALK, session, key="k")) == back
    assert [ask.purpose for ask in world.asks] == [JobKind.EXTRACTION]


def test_a_pending_completion_without_a_result_asks_no_model() -> None:
    """A topic that yields nothing is completed in one commit; the same call says the same."""
    world, session = pending(PLAIN)
    back = world.run(resume(world.setup, ADA, PLAIN, session, key="k"))
    assert (back.is_final, back.result, back.job, world.asks) == (True, None, None, [])
    assert world.run(resume(world.setup, ADA, PLAIN, session, key="k")) == back


def test_a_pending_completion_that_another_cancels() -> None:
    """Cancelled at the same moment: the resume is refused."""
    for topic in (TALK, PLAIN):
        world, session = pending(topic)

        def commit(
            effect: Commit,
            world: World = world,
            topic: Topic[object] = topic,
            session: str = session,
        ) -> CommitResult:
            del world.commit
            world.run(cancel(world.setup, ADA, topic, session))
            return World.commit(world, effect)

        world.commit = commit  # type: ignore[method-assign]
        with pytest.raises(SessionNotActiveError):
            world.run(resume(world.setup, ADA, topic, session))


# --- open ---------------------------------------------------------------------------------------


def test_open_resumes_what_is_there_and_starts_where_nothing_is() -> None:
    """The convenience of the third system."""
    world = World([TALK, PLAIN], lambda _: "Hello.")
    started = world.run(open_session(world.setup, ADA, TALK, context={"name": "Ada"}))
    assert isinstance(started, Started)
    resumed = world.run(open_session(world.setup, ADA, TALK))
    assert isinstance(resumed, Resumed)
    assert resumed.session.id == started.session.id
    world.run(cancel(world.setup, ADA, TALK, started.session.id))
    assert isinstance(world.run(open_session(world.setup, ADA, TALK)), Started)
    world.clock.advance(days=14)
    assert isinstance(world.run(open_session(world.setup, ADA, TALK)), Started)


def test_open_again_with_the_same_key() -> None:
    """The same call does what it did before, whatever became of the session."""
    world = World([TALK, PLAIN], lambda _: "Hello.")
    started = world.run(open_session(world.setup, ADA, TALK, key="k1"))
    resumed = world.run(open_session(world.setup, ADA, TALK, key="k2"))
    assert world.run(open_session(world.setup, ADA, TALK, key="k1")) != resumed
    assert isinstance(world.run(open_session(world.setup, ADA, TALK, key="k1")), Started)
    world.run(cancel(world.setup, ADA, TALK, started.session.id))
    again = world.run(open_session(world.setup, ADA, TALK, key="k2"))
    assert isinstance(again, Resumed)
    assert isinstance(resumed, Resumed)
    assert again.message == resumed.message
    assert len(world.stored("session")) == 1


def test_open_under_a_key_that_was_used_for_something_else() -> None:
    """Another topic, or another command: nothing is changed."""
    world, session = begun()
    world.run(open_session(world.setup, ADA, TALK, key="k1"))
    world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k2"))
    before = world.records()
    for key in ("k1", "k2"):
        with pytest.raises(IdempotencyKeyReusedError):
            world.run(open_session(world.setup, ADA, PLAIN, key=key))
    assert world.records() == before


def test_open_beside_its_twin() -> None:
    """The same call at the same moment: the twin starts between two reads, and both get it."""
    for when in range(6):
        world = World([TALK, PLAIN], lambda _: "Hello.")
        twins: list[object] = []
        steps = [0]

        def meanwhile(
            _effect: Effect[object],
            world: World = world,
            twins: list[object] = twins,
            steps: list[int] = steps,
            when: int = when,
        ) -> None:
            if steps[0] == when:
                twins.append(world.run(open_session(world.setup, ADA, TALK, key="k")))
            steps[0] += 1

        world.meanwhile = meanwhile
        assert world.run(open_session(world.setup, ADA, TALK, key="k")) == twins[0]
        assert len(world.stored("session")) == 1


def test_a_session_of_another_topic() -> None:
    """A session is found by its own topic only."""
    world, session = begun()
    with pytest.raises(SessionNotFoundError):
        world.run(resume(world.setup, ADA, PLAIN, session))


def test_a_topic_that_is_now_silent() -> None:
    """Templates are read live: where INITIATION is gone, a silent session is welcomed back."""
    world = World([TALK], lambda _: LLMError())
    with pytest.raises(LLMError):
        world.run(start(world.setup, ADA, TALK))
    world.declare(evolve(TALK, initiation=None))
    world.model = lambda _: "Hello."
    world.run(resume(world.setup, ADA, TALK, world.only(Session).about.id))
    assert world.asks[-1].purpose is JobKind.WELCOME_BACK
    assert len(world.stored("job")) == 2


def test_open_spares_a_session_that_was_started_between_its_two_looks() -> None:
    """Of two that open at once, the second resumes what the first one started, at any moment."""
    for number in range(12):
        world = World([TALK], lambda _: "Go on?")
        context = {"name": "Ada"}
        opening = open_session(world.setup, ADA, TALK, context=context)
        others: list[str] = []

        def start_another(world: World = world, others: list[str] = others) -> None:
            started = start(world.setup, ADA, TALK, context={"name": "Ada"})
            others.append(world.run(started).session.id)

        opened = world.run(between(opening, number, start_another))
        live = [s.about.id for s in world.stored("session") if s.status in LIVE]
        assert live in ([opened.session.id], others)


def test_open_starts_where_the_session_ended_between_its_two_looks() -> None:
    """It does not tell that the session is not active: nobody asked for that one."""
    for number in range(30):
        world = World([TALK], lambda _: "Go on?")
        first = world.run(start(world.setup, ADA, TALK, context={"name": "Ada"})).session.id
        opening = open_session(world.setup, ADA, TALK, context={"name": "Ada"})

        def end(world: World = world, first: str = first) -> None:
            world.run(cancel(world.setup, ADA, TALK, first))

        told: Started[Any] | Resumed[Any] | SessionNotActiveError
        try:
            told = world.run(between(opening, number, end))
        except SessionNotActiveError as error:
            told = error
        if isinstance(told, SessionNotActiveError):
            assert told.job is not None  # the welcome-back was under way: it was accepted
        else:
            assert told.session.id != first or isinstance(told, Resumed)


def test_a_job_that_nobody_holds_is_taken_with_the_session_and_the_receipt() -> None:
    """One commit takes it, turns the session ACTIVE and writes the receipt, or none of that."""
    world, session = begun()
    world.model = lambda _: InterruptError()
    with pytest.raises(InterruptError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    world.run(pause(world.setup, ADA, TALK, session))
    world.model = lambda _: "Go on."
    before = len(world.commits)
    assert world.run(resume(world.setup, ADA, TALK, session)).session.status == "active"
    taking = {op.record.key.kind for op in world.commits[before] if isinstance(op, Insert | Update)}
    assert taking == {"session", "job", "receipt"}


def test_a_summary_rolls() -> None:
    """The second welcome-back is given the summary so far, and only the messages since."""
    world, session = begun()
    summaries: list[tuple[str | None, int]] = []
    world.meanwhile = lambda effect: (
        summaries.append((effect.previous, len(effect.messages)))
        if isinstance(effect, Summarize)
        else None
    )
    for _ in range(2):
        world.run(send(world.setup, ADA, TALK, session, "I thought about it a lot."))
        world.run(resume(world.setup, ADA, TALK, session))
    assert summaries[0] == (None, 5)
    assert summaries[1][0] is not None
    assert summaries[1][1] == 3


def test_only_a_reply_may_be_the_last_turn() -> None:
    """A welcome-back of a session whose turns are used ends nothing, though the topic would."""
    world, _ = begun()
    topic = evolve(TALK, id="short", max_turns=1)
    world.declare(topic)
    session = world.run(start(world.setup, ADA, topic)).session.id
    world.run(send(world.setup, ADA, topic, session, "Hello."))
    topic = evolve(topic, complete_at_max_turns=True)
    world.declare(topic)
    assert not world.run(resume(world.setup, ADA, topic, session)).is_final


# --- without waiting ----------------------------------------------------------------------------


def with_post(*topics: Topic[object]) -> tuple[World, RecordingDispatcher]:
    """Return a world with a dispatcher, and that."""
    post = RecordingDispatcher()
    return World(topics or (TALK, PLAIN), lambda _: "Go on.", dispatcher=post), post


def test_a_worker_may_welcome_back() -> None:
    """Who does not wait gets the session and its job; the same call later gets what was said."""
    world, post = with_post()
    session = world.run(start(world.setup, ADA, TALK)).session.id
    world.run(pause(world.setup, ADA, TALK, session))
    first = len(world.asks)
    back = world.run(resume(world.setup, ADA, TALK, session, key="k", wait=False))
    assert (back.message, back.session.status, len(world.asks)) == (None, "active", first)
    assert back.job is not None
    assert (back.job.kind, back.job.status) == (JobKind.WELCOME_BACK, JobStatus.PENDING)
    assert [ref.job for ref in post.refs] == [back.job.id]
    assert world.run(resume(world.setup, ADA, TALK, session, key="k", wait=False)) == back
    work(world)
    done = world.run(resume(world.setup, ADA, TALK, session, key="k", wait=False))
    assert done.message is not None
    assert (done.message.text, len(world.asks)) == ("Go on.", first + 1)
    assert world.run(resume(world.setup, ADA, TALK, session, key="k")) == done


def test_a_worker_may_greet_a_silent_session() -> None:
    """A session without any word of the coach is greeted, by whoever comes first."""
    world, _ = with_post()
    world.model = lambda _: LLMError()
    with pytest.raises(LLMError):
        world.run(start(world.setup, ADA, TALK))
    world.model = lambda _: "Go on."
    session = world.only(Session).about.id
    back = world.run(resume(world.setup, ADA, TALK, session, wait=False))
    assert back.job is not None
    assert back.job.kind is JobKind.GREETING
    assert [report.status for report in work(world)] == [JobStatus.COMPLETED]


def test_what_waits_for_a_worker_is_told_again() -> None:
    """A resume finds a message that was submitted: that is its job, and a worker is woken again."""
    world, post = with_post()
    session = world.run(start(world.setup, ADA, TALK)).session.id
    job = world.run(submit(world.setup, ADA, TALK, session, "Hello."))
    world.run(pause(world.setup, ADA, TALK, session))
    back = world.run(resume(world.setup, ADA, TALK, session, wait=False))
    assert back.job is not None
    assert (back.job.id, back.session.status, back.message) == (job.id, "active", None)
    assert [ref.job for ref in post.refs] == [job.id, job.id]
    assert len(work(world)) == 1


def test_who_waits_answers_in_the_workers_place() -> None:
    """A resume that waits takes a submitted message that nobody holds, and brings its reply."""
    world, _ = with_post()
    session = world.run(start(world.setup, ADA, TALK)).session.id
    job = world.run(submit(world.setup, ADA, TALK, session, "Hello."))
    back = world.run(resume(world.setup, ADA, TALK, session))
    assert back.job is not None
    assert (back.job.id, back.job.status) == (job.id, JobStatus.COMPLETED)
    assert back.message is not None
    assert work(world) == []


def test_a_job_in_other_hands_wakes_nobody() -> None:
    """Another call holds it, or did: it is told, and no worker is sent for it."""
    world, post = with_post()
    session = world.run(start(world.setup, ADA, TALK)).session.id
    left(world, session)
    back = world.run(resume(world.setup, ADA, TALK, session, wait=False))
    assert back.job is not None
    assert (back.job.status, post.refs, world.asks) == (JobStatus.PROCESSING, [], [])
    world.clock.advance(minutes=6)
    back = world.run(resume(world.setup, ADA, TALK, session, wait=False))
    assert (back.message, world.asks) == (None, [])  # it is due for a worker, with its next lease
    assert [report.attempts for report in work(world)] == [2]


@pytest.mark.parametrize("wait", [True, False])
def test_a_job_whose_time_is_over_is_settled_first(wait: bool) -> None:  # noqa: FBT001
    """The session is welcomed back then; the client is not sent to poll what is not found."""
    world, post = with_post()
    session = world.run(start(world.setup, ADA, TALK)).session.id
    late = world.run(submit(world.setup, ADA, TALK, session, "Hello."))
    world.run(pause(world.setup, ADA, TALK, session))
    world.clock.advance(hours=24)
    back = world.run(resume(world.setup, ADA, TALK, session, wait=wait))
    assert back.job is not None
    assert (back.job.id == late.id, back.session.status, back.session.turns) == (
        False,
        "active",
        0,
    )
    (over,) = (job for job in world.stored("job") if job.id == late.id)
    assert (over.error and over.error.code) == ErrorCode.JOB_EXPIRED
    assert [ref.job for ref in post.refs] == ([late.id] if wait else [late.id, back.job.id])


def test_a_resume_that_loses_a_race_decides_again() -> None:
    """Somebody pauses once more at the very moment of the commit: the resume comes after it."""
    world, post = with_post()
    session = world.run(start(world.setup, ADA, TALK)).session.id
    world.run(submit(world.setup, ADA, TALK, session, "Hello."))
    plain = World.commit

    def commit(effect: Commit) -> CommitResult:
        del world.commit
        world.run(pause(world.setup, ADA, TALK, session))
        return plain(world, effect)

    world.commit = commit  # type: ignore[method-assign]
    back = world.run(resume(world.setup, ADA, TALK, session, wait=False))
    assert back.session.status == "active"
    assert len(post.refs) == 2


def test_a_pending_completion_may_be_left_to_a_worker() -> None:
    """The result is extracted by a worker, and the same resume tells it afterwards."""
    world, session = pending(TALK)
    back = world.run(resume(world.setup, ADA, TALK, session, key="k", wait=False))
    assert (back.is_final, back.message, world.asks) == (False, None, [])
    assert back.job is not None
    assert back.job.kind is JobKind.EXTRACTION
    work(world)
    done = world.run(resume(world.setup, ADA, TALK, session, key="k", wait=False))
    assert (done.is_final, done.result, done.session.status) == (True, Values(["x"]), "completed")


def test_a_pending_completion_without_a_result_needs_no_worker() -> None:
    """There is nothing to wait for, whoever waits."""
    world, session = pending(PLAIN)
    back = world.run(resume(world.setup, ADA, PLAIN, session, wait=False))
    assert (back.is_final, back.job, back.session.status) == (True, None, "completed")


def test_open_may_leave_it_to_a_worker_too() -> None:
    """Whether it starts or resumes."""
    world, post = with_post()
    started = world.run(open_session(world.setup, ADA, TALK, key="k1", wait=False))
    assert isinstance(started, Started)
    assert (started.greeting, len(post.refs)) == (None, 1)
    work(world)
    resumed = world.run(open_session(world.setup, ADA, TALK, key="k2", wait=False))
    assert isinstance(resumed, Resumed)
    assert (resumed.message, len(post.refs)) == (None, 2)
    again = world.run(open_session(world.setup, ADA, TALK, key="k1", wait=False))
    assert isinstance(again, Started)
    assert again.greeting is not None
    assert len(world.asks) == 1


def test_each_job_follows_the_one_before_it() -> None:
    """The session's jobs are a chain, by which their events are told in order."""
    world, _ = with_post()
    session = world.run(start(world.setup, ADA, TALK)).session.id
    world.run(send(world.setup, ADA, TALK, session, "Hello."))
    world.run(resume(world.setup, ADA, TALK, session))
    jobs = world.stored("job")
    assert [job.follows for job in jobs] == [None, jobs[0].id, jobs[1].id]
    assert world.only(Session).latest_job == jobs[2].id


@pytest.mark.parametrize("wrong", [0, 1, "no", None])
def test_to_wait_or_not_is_no_guess(wrong: Any) -> None:  # noqa: ANN401 - anything at all
    """Only True and False are; nothing is asked before that is clear."""
    setup = World([TALK]).setup
    for workflow in (
        resume(setup, ADA, TALK, "s", wait=wrong),
        open_session(setup, ADA, TALK, wait=wrong),
    ):
        with pytest.raises(ValidationError) as error:
            rehearse(workflow)
        assert error.value.field == "wait"
