"""Settling: the world moves while the model thinks. One test for each row of its decision table."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from attrs import frozen

from coachwork.adapters import final
from coachwork.effects import Commit
from coachwork.errors import (
    LLMError,
    OutcomeUnknownError,
    SessionNotActiveError,
    SessionNotFoundError,
    StillAnsweringError,
    StoreUnavailableError,
    TemplateError,
    VersionConflictError,
)
from coachwork.jobs import ErrorCode, Job, JobError, JobEvent, JobKind, JobStatus, Settlement
from coachwork.messages import Message, Usage
from coachwork.policies import Settings
from coachwork.ports import Answer, Ask, CommitResult
from coachwork.records import Check, Insert, Update
from coachwork.sessions import Background, EndReason, Session, SessionStatus, Spending
from coachwork.testing.faults import CrashError, Fault, InterruptError
from coachwork.topics import Topic
from coachwork.workflows import (
    Started,
    Turn,
    cancel,
    complete,
    delete_all,
    pause,
    purge_expired,
    resume,
    send,
    start,
    submit,
)
from coachwork.workflows._jobs import Held, load_held, reread
from coachwork.workflows._settling import closed_from_outside, expire, give_up
from tests.faults import ADA, BEN, Told, World
from tests.specimens import TICK


@frozen
class Values:
    """What the conversation is to yield."""

    values: list[str]


TALK = Topic(id="talk", system="Listen.", result=Values)
PLAIN = Topic(id="plain", system="Listen.")
ROOM = Topic(id="room", system="Listen.", exclusive=True)
COST = Usage(5, 7, 1)


def begun(topic: Topic[object] = TALK, settings: Settings | None = None) -> tuple[World, str]:
    """Return a world in which Ada has a session, and the session's id."""
    world = World([TALK, PLAIN, ROOM], settings=settings)
    return world, world.run(start(world.setup, ADA, topic)).session.id


def thinking(world: World, what: Callable[[], object], *said: str) -> None:
    """Let the model do *what* while it thinks about its first answer, then say these in turn."""
    texts = list(said)

    def model(_ask: Ask) -> Answer:
        text = texts.pop(0)
        if len(texts) == len(said) - 1:
            what()
        return Answer(text=text, usage=COST)

    world.model = model


def job_of(world: World, kind: JobKind = JobKind.REPLY) -> Job:
    """Return the one job of that kind."""
    (job,) = (job for job in world.stored("job") if isinstance(job, Job) and job.kind is kind)
    return job


def texts(world: World) -> Sequence[str]:
    """Return all that was said."""
    return [one.text for one in world.stored("message") if isinstance(one, Message)]


# --- ACTIVE -------------------------------------------------------------------------------------


def test_an_active_session_takes_the_reply() -> None:
    """Session ACTIVE: the message is written, and what it cost is kept on job and session."""
    world, session = begun()
    thinking(world, lambda: None, "Go on.")
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert (turn.message.text, turn.is_final, turn.session.status) == ("Go on.", False, "active")
    assert (turn.job.usage, turn.session.usage) == (COST, COST)
    assert world.stored("spending") == []


def test_an_outcome_keeps_the_figures_of_its_moment() -> None:
    """Turns and messages as they were then, the reply included, whatever is said afterwards."""
    world, session = begun()
    thinking(world, lambda: None, "Go on.", final(Values(["honesty"])))
    for text in ("One.", "Two."):
        world.run(send(world.setup, ADA, TALK, session, text))
    assert [job.settlement for job in world.stored("job")] == [
        Settlement(reply=2, final=False, turns=1, messages=2),
        Settlement(reply=4, final=True, turns=2, messages=4),
    ]


def test_an_outcome_without_a_reply_keeps_them_too() -> None:
    """A result that was extracted for the owner adds no message."""
    world, session = begun()
    thinking(world, lambda: None, "Go on.", '{"values": []}')
    world.run(send(world.setup, ADA, TALK, session, "One."))
    world.run(complete(world.setup, ADA, TALK, session))
    assert world.stored("job")[-1].settlement == Settlement(
        reply=None, final=True, turns=1, messages=2
    )


def test_an_active_session_is_ended_by_a_final_reply() -> None:
    """Session ACTIVE, final reply: message, end, result and settled job are one commit."""
    world, session = begun()
    thinking(world, lambda: None, final(Values(["honesty"])))
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert (turn.is_final, turn.result, turn.session.status) == (
        True,
        Values(["honesty"]),
        "completed",
    )
    kinds = sorted(
        op.record.key.kind for op in world.commits[-1] if isinstance(op, Insert | Update)
    )
    assert kinds == ["job", "message", "session", "standing"]


# --- PAUSED -------------------------------------------------------------------------------------


def test_a_paused_session_keeps_the_reply_and_stays_paused() -> None:
    """Session PAUSED: a late reply is kept and does not un-pause."""
    world, session = begun()
    thinking(world, lambda: world.run(pause(world.setup, ADA, TALK, session)), "Go on.")
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert (turn.session.status, texts(world)) == ("paused", ["Hello.", "Go on."])
    assert sum(world.asked.values()) == 1


def test_a_final_reply_to_a_paused_session_is_not_final_yet() -> None:
    """Session PAUSED, final reply: completion is pending, and the next resume extracts."""
    world, session = begun()
    thinking(
        world,
        lambda: world.run(pause(world.setup, ADA, TALK, session)),
        final(Values(["too early"])),
        '{"values": ["courage"]}',
    )
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert (turn.is_final, turn.session.status) == (False, "paused")
    assert turn.session.completion_pending
    back = world.run(resume(world.setup, ADA, TALK, session))
    assert (back.is_final, back.result, back.message) == (True, Values(["courage"]), None)
    assert [ask.purpose for ask in world.asks] == ["reply", "extraction"]
    assert back.session.usage == COST + COST


def test_pause_is_refused_once_a_final_reply_is_kept() -> None:
    """No moment exists in which the session is final and nobody extracts."""
    world, session = begun()
    refused: list[str] = []

    def model(ask: Ask) -> str:
        if ask.purpose is JobKind.REPLY:
            return final()
        with pytest.raises(Exception, match="in flight") as error:
            world.run(pause(world.setup, ADA, TALK, session))
        refused.append(type(error.value).__name__)
        return '{"values": []}'

    world.model = model
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert (turn.is_final, refused) == (True, ["SessionBusyError"])


# --- expired ------------------------------------------------------------------------------------


def test_an_expired_session_is_closed_and_the_reply_dropped() -> None:
    """Session expired: the end is written, the job failed so, the cost kept beside it."""
    world, session = begun()
    thinking(world, lambda: world.clock.advance(days=14), "Too late.")
    with pytest.raises(SessionNotFoundError) as error:
        world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert (error.value.session, error.value.key) == (session, "k")
    assert error.value.job == job_of(world).id
    ended = world.only(Session)
    assert (ended.status, ended.ledger.ending is not None and ended.ledger.ending.reason) == (
        SessionStatus.ABANDONED,
        EndReason.EXPIRED,
    )
    error_ = job_of(world).error
    assert error_ is not None
    assert error_.code is ErrorCode.SESSION_EXPIRED
    assert (world.only(Spending).usage, job_of(world).usage) == (COST, Usage())
    assert (texts(world), world.stored("claim")) == (["Hello."], [])


@pytest.mark.parametrize("fault", [Fault.LOST_DONE, Fault.CONFLICT_DONE], ids=lambda f: f.value)
def test_the_cost_of_an_expired_reply_is_kept_once(fault: Fault) -> None:
    """The commit that closes an expired session may lose its answer: nothing is counted twice."""
    world, session = begun()
    first = len(world.effects)
    thinking(world, lambda: world.clock.advance(days=14), "Too late.")
    closing = [n for n, name in enumerate(names_of_a_late_send()) if name == "Commit"][1]
    with pytest.raises(SessionNotFoundError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."), Told(closing, fault))
    assert isinstance(world.effects[first + closing], Commit)
    assert world.only(Spending).usage == COST
    assert job_of(world).usage == Usage()


def names_of_a_late_send() -> list[str]:
    """The effects of a send whose session expires meanwhile."""
    world, session = begun()
    first = len(world.effects)
    thinking(world, lambda: world.clock.advance(days=14), "Too late.")
    with pytest.raises(SessionNotFoundError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    return world.names(first)


def test_a_swept_session_is_not_found() -> None:
    """A session that expired and was swept away meanwhile is not found; nothing comes back."""
    world, session = begun()

    def swept() -> None:
        world.clock.advance(days=14)
        world.run(purge_expired(world.setup))

    thinking(world, swept, "Too late.")
    with pytest.raises(SessionNotFoundError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert {record.key.kind for record in world.records()} == {"account"}


# --- ended --------------------------------------------------------------------------------------


def test_a_cancelled_session_drops_the_reply() -> None:
    """Session ended, job closed: nothing is written but what the dropped reply cost."""
    world, session = begun()
    thinking(world, lambda: world.run(cancel(world.setup, ADA, TALK, session)), "Too late.")
    with pytest.raises(SessionNotActiveError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert (texts(world), world.only(Spending).usage) == (["Hello."], COST)
    assert world.only(Session).turns == 0


def test_cancel_wins_over_extraction() -> None:
    """Cancel always wins: also over a final reply whose result is being extracted."""
    world, session = begun()

    def model(ask: Ask) -> Answer:
        if ask.purpose is JobKind.EXTRACTION:
            world.run(cancel(world.setup, ADA, TALK, session))
        return Answer(text=final() if ask.purpose is JobKind.REPLY else "{}", usage=COST)

    world.model = model
    with pytest.raises(SessionNotActiveError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert world.only(Session).status is SessionStatus.CANCELLED
    assert (job_of(world).usage, world.only(Spending).usage) == (COST, COST)


def test_a_new_session_drops_the_reply_to_the_old_one() -> None:
    """Start-new supersedes the job of the old session; the new one is untouched."""
    world, session = begun()
    new: list[Started[Values]] = []
    thinking(world, lambda: new.append(world.run(start(world.setup, ADA, TALK))), "Too late.")
    with pytest.raises(SessionNotActiveError, match="abandoned"):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    error = job_of(world).error
    assert error is not None
    assert error.code is ErrorCode.SESSION_REPLACED
    assert [world.only(Spending).session, new[0].session.messages] == [session, 0]


def test_a_take_over_by_another_user_drops_the_reply() -> None:
    """Another user takes the exclusive topic over: the reply to the first one is dropped."""
    world, session = begun(ROOM)

    def taken() -> None:
        world.run(pause(world.setup, ADA, ROOM, session))
        world.run(start(world.setup, BEN, ROOM, take_over=True))

    thinking(world, taken, "Too late.")
    with pytest.raises(SessionNotActiveError):
        world.run(send(world.setup, ADA, ROOM, session, "Hello."))
    assert world.only(Spending).user == "ada"


def test_an_answer_without_cost_leaves_no_record() -> None:
    """Where the provider tells no cost there is nothing to keep."""
    world, session = begun()

    def model(_ask: Ask) -> str:
        world.run(cancel(world.setup, ADA, TALK, session))
        return "Too late."

    world.model = model
    with pytest.raises(SessionNotActiveError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert world.stored("spending") == []


def test_figures_are_no_reason_to_fail() -> None:
    """When the cost of a dropped answer cannot be written, the answer to the caller is the same."""
    world, session = begun()
    thinking(world, lambda: world.run(cancel(world.setup, ADA, TALK, session)), "Too late.")
    with pytest.raises(SessionNotActiveError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    last = max(n for n, effect in enumerate(world.effects) if isinstance(effect, Commit))

    world, session = begun()
    outer = len(world.effects)
    inner: list[int] = []

    def cancelled() -> None:
        before = len(world.effects)
        world.run(cancel(world.setup, ADA, TALK, session))
        inner.append(len(world.effects) - before)

    thinking(world, cancelled, "Too late.")
    told = Told(last - outer - sum(inner) - _effects_of_a_cancel(), Fault.FAIL_BEFORE)
    with pytest.raises(SessionNotActiveError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."), told)
    assert world.stored("spending") == []


def _effects_of_a_cancel() -> int:
    """How many effects a cancel of a session with a job in flight asks for."""
    world, session = begun()
    world.model = lambda _: CrashError()
    with pytest.raises(CrashError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    before = len(world.effects)
    world.run(cancel(world.setup, ADA, TALK, session))
    return len(world.effects) - before


# --- taken over by another call -----------------------------------------------------------------


def test_a_slow_answer_after_a_take_over_is_dropped() -> None:
    """The same call again after the lease answers; the first one comes late and says the same."""
    world, session = begun()
    again: list[Turn[Values]] = []

    def retried() -> None:
        world.clock.advance(minutes=6)
        again.append(world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k")))

    thinking(world, retried, "Too late.", "In time.")
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert turn == again[0]
    assert turn.message.text == "In time."
    assert (world.only(Spending).token, world.only(Spending).usage) == (1, COST)
    assert job_of(world).attempts == 2


def test_who_comes_late_is_told_that_another_still_answers() -> None:
    """The job was taken over and is still in other hands: no answer, and no refusal either."""
    world, session = begun()

    def model(_ask: Ask) -> Answer:
        if len(world.asks) == 2:
            raise CrashError
        world.clock.advance(minutes=6)
        with pytest.raises(CrashError):
            world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
        return Answer(text="Too late.", usage=COST)

    world.model = model
    with pytest.raises(StillAnsweringError) as error:
        world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert (error.value.accepted, error.value.retry_after, error.value.key) == (True, 330.0, "k")
    assert (job_of(world).status, world.only(Spending).token) == (JobStatus.PROCESSING, 1)


def test_who_comes_late_may_be_told_to_come_at_once() -> None:
    """The one who took the job over has given it up: it is there for the next one."""
    world, session = begun()

    def model(_ask: Ask) -> str:
        if len(world.asks) == 2:
            raise InterruptError
        world.clock.advance(minutes=6)
        with pytest.raises(InterruptError):
            world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
        return "Too late."

    world.model = model
    with pytest.raises(StillAnsweringError) as error:
        world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert error.value.retry_after == 0.0


def test_a_displaced_job_is_settled_for_ever() -> None:
    """The next message settles a job whose lease ran out; its late answer changes nothing."""
    world, session = begun()

    def displaced() -> None:
        world.clock.advance(minutes=6)
        world.run(send(world.setup, ADA, TALK, session, "Are you there?"))

    thinking(world, displaced, "Too late.", "Yes.")
    with pytest.raises(LLMError) as error:
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert error.value.reason == "LEASE_EXPIRED"
    assert texts(world) == ["Hello.", "Are you there?", "Yes."]
    assert world.only(Session).turns == 1
    assert world.only(Spending).usage == COST


# --- only the version moved ---------------------------------------------------------------------


def test_a_session_that_only_moved_is_decided_again() -> None:
    """Pause and resume while the model thinks: the reply is kept, and the model asked once."""
    world, session = begun()

    def moved() -> None:
        world.run(pause(world.setup, ADA, TALK, session))
        world.run(resume(world.setup, ADA, TALK, session))

    thinking(world, moved, "Go on.")
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert (turn.message.text, turn.session.status) == ("Go on.", "active")
    assert len(world.asks) == 1


def writes(effect: object, kind: str) -> bool:
    """Whether *effect* is a commit that writes a record of that kind."""
    return isinstance(effect, Commit) and any(
        isinstance(op, Insert | Update) and op.record.key.kind == kind for op in effect.ops
    )


def test_a_final_reply_that_found_a_pause_and_then_a_resume_is_extracted() -> None:
    """Paused when it was to be kept, active when it is settled: the answer there is extracted."""
    world, session = begun()
    thinking(
        world,
        lambda: world.run(pause(world.setup, ADA, TALK, session)),
        final(),
        '{"values": ["courage"]}',
    )

    def meanwhile(effect: object) -> None:
        # The reply is about to be written on the paused session: at this moment it is resumed.
        if len(world.asks) == 1 and writes(effect, "message"):
            world.run(resume(world.setup, ADA, TALK, session))

    world.meanwhile = meanwhile
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert (turn.is_final, turn.result) == (True, Values(["courage"]))
    assert [ask.purpose for ask in world.asks] == ["reply", "extraction"]


def test_a_welcome_back_keeps_its_summary() -> None:
    """The summary that the model was shown is written in the same commit as what it said."""
    world, session = begun()
    thinking(world, lambda: None, "Go on.", "Welcome.")
    world.run(send(world.setup, ADA, TALK, session, "I like the sea."))
    world.run(resume(world.setup, ADA, TALK, session))
    assert any(writes(Commit(world.commits[-1]), kind) for kind in ("background",))
    assert world.only(Background).summarized == 2


def test_who_settled_it_finds_it_so() -> None:
    """The commit was done and told a conflict: its own outcome is known again."""
    world, session = begun()
    thinking(world, lambda: None, "Go on.")
    first = len(world.effects)
    world.run(send(world.setup, ADA, TALK, session, "Hello."))
    commits = [n for n, name in enumerate(world.names(first)) if name == "Commit"]
    for fault in (Fault.CONFLICT_DONE, Fault.LOST_DONE):
        world, session = begun()
        thinking(world, lambda: None, "Go on.")
        told = Told(commits[1], fault)
        turn = world.run(send(world.setup, ADA, TALK, session, "Hello."), told)
        assert (turn.message.text, world.stored("spending")) == ("Go on.", [])


def test_tries_to_settle_are_bounded() -> None:
    """When others are faster at every try, the caller is told, and the job is left to the next."""
    world, session = begun(settings=Settings(commit_tries=3))
    plain = World.commit

    def commit(effect: Commit) -> CommitResult:
        if writes(effect, "message") and world.asks:
            world.memory.commit(())
            raise OutcomeUnknownError
        return plain(world, effect)

    world.commit = commit  # type: ignore[method-assign]
    world.model = lambda _: "Go on."
    with pytest.raises(OutcomeUnknownError) as error:
        world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert (error.value.key, error.value.job) == ("k", job_of(world).id)
    assert (job_of(world).status, len(world.asks)) == (JobStatus.PENDING, 1)
    del world.commit
    turn = world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert turn.message.text == "Go on."


def test_conflicts_at_every_try_are_told() -> None:
    """The same with plain conflicts: VERSION_CONFLICT, after as many tries as the settings say."""
    world, session = begun(settings=Settings(commit_tries=2))
    busy = [False]

    def model(_ask: Ask) -> str:
        busy[0] = True
        return "Go on."

    plain = World.commit

    def commit(effect: Commit) -> CommitResult:
        if busy[0]:
            busy[0] = False
            for command in (pause, resume):
                world.run(command(world.setup, ADA, TALK, session))
            busy[0] = True
        return plain(world, effect)

    world.model = model
    world.commit = commit  # type: ignore[method-assign]
    with pytest.raises(VersionConflictError) as error:
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert error.value.tries == 2


# --- deleted ------------------------------------------------------------------------------------


def test_a_reply_to_a_deleted_user_leaves_nothing() -> None:
    """All data of the user is deleted while the model thinks: nothing of it comes back."""
    world, session = begun()
    thinking(world, lambda: world.run(delete_all(world.setup, ADA)), "Too late.")
    with pytest.raises(SessionNotFoundError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert {record.key.kind for record in world.records()} == {"account"}


def test_a_reply_is_not_written_once_the_deletion_is_marked() -> None:
    """The mark alone is enough: settling checks it, though nothing is deleted yet."""
    world, session = begun()
    first = len(world.effects)
    world.run(delete_all(world.setup, BEN))
    marking = world.names(first).index("Commit")

    def marked() -> None:
        with pytest.raises(CrashError):
            world.run(delete_all(world.setup, ADA), Told(marking, Fault.CRASH_AFTER))

    thinking(world, marked, "Too late.")
    with pytest.raises(SessionNotFoundError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert texts(world) == ["Hello."]
    world.run(delete_all(world.setup, ADA))
    assert {record.key.kind for record in world.records()} == {"account"}


def test_a_late_cost_of_a_deleted_user_is_not_kept() -> None:
    """Cancelled, read again, and then deleted: not even the cost comes back."""
    world, session = begun()
    thinking(world, lambda: world.run(cancel(world.setup, ADA, TALK, session)), "Too late.")
    plain = World.commit

    def commit(effect: Commit) -> CommitResult:
        if writes(effect, "spending"):
            world.commit = lambda other: plain(world, other)  # type: ignore[method-assign]
            world.run(delete_all(world.setup, ADA))
        return plain(world, effect)

    world.commit = commit  # type: ignore[method-assign]
    with pytest.raises(SessionNotActiveError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert {record.key.kind for record in world.records()} == {"account"}


def test_a_user_who_came_back_is_not_given_the_old_reply() -> None:
    """Deleted and started anew while the model thinks: the new session is not touched."""
    world, session = begun()

    def back() -> None:
        world.run(delete_all(world.setup, ADA))
        world.run(start(world.setup, ADA, TALK))

    thinking(world, back, "Too late.")
    with pytest.raises(SessionNotFoundError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert (world.only(Session).messages, texts(world)) == (0, [])


# --- giving up, and failing ---------------------------------------------------------------------


def test_an_interrupted_call_leaves_its_job_at_once() -> None:
    """Ctrl-C while the model thinks: the lease is given up, and a retry need not wait."""
    world, session = begun()
    world.model = lambda _: InterruptError()
    with pytest.raises(InterruptError):
        world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert (job_of(world).status, job_of(world).lease) == (JobStatus.PENDING, None)
    world.model = lambda _: "Go on."
    assert world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k")).job.attempts == 2


@pytest.mark.parametrize("conflicts, left", [(2, JobStatus.PENDING), (3, JobStatus.PROCESSING)])
def test_giving_up_is_tried_a_few_times(conflicts: int, left: JobStatus) -> None:
    """The lease may be renewed at the same moment, but not for ever."""
    world, session = begun()
    world.model = lambda _: CrashError()
    with pytest.raises(CrashError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    held = world.run(load_held(ADA, session, job_of(world).id))
    told: list[int] = []

    def commit(effect: Commit) -> CommitResult:
        told.append(1)
        done = len(told) > conflicts
        return World.commit(world, effect) if done else CommitResult.CONFLICT

    world.commit = commit  # type: ignore[method-assign]
    world.run(give_up(held, 1))
    assert (job_of(world).status, len(told)) == (left, 3)


def test_only_ones_own_lease_is_given_up() -> None:
    """It is known by its token, and where that is a guess, by its end, too."""
    world, session = begun()
    world.model = lambda _: CrashError()
    with pytest.raises(CrashError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    held = world.run(load_held(ADA, session, job_of(world).id))
    lease = held.job.value.lease
    assert lease is not None
    for token, until in ((2, None), (0, None), (1, lease.until + TICK), (1, lease.until - TICK)):
        world.run(give_up(held, token, until))
        assert job_of(world).status is JobStatus.PROCESSING
    world.run(give_up(held, 1, lease.until))
    assert job_of(world).status is JobStatus.PENDING
    world.run(give_up(held, 1, lease.until))


def test_giving_up_is_a_courtesy() -> None:
    """When the repository is gone too, what interrupted is what the caller gets."""
    world, session = begun()

    def broken() -> None:
        world.memory.get = lambda _key: (_ for _ in ()).throw(StoreUnavailableError())  # type: ignore[method-assign]
        raise InterruptError

    thinking(world, broken, "Never.")
    with pytest.raises(InterruptError):
        world.run(send(world.setup, ADA, TALK, session, "Hello."))


def test_who_lost_the_lease_gives_nothing_up() -> None:
    """The job was taken over before the interruption: it is left to who has it."""
    world, session = begun()

    def model(_ask: Ask) -> str:
        if len(world.asks) == 2:
            return "In time."
        world.clock.advance(minutes=6)
        world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
        raise InterruptError

    world.model = model
    with pytest.raises(InterruptError):
        world.run(send(world.setup, ADA, TALK, session, "Hello.", key="k"))
    assert job_of(world).status is JobStatus.COMPLETED


def test_a_failed_job_is_settled_on_a_paused_session_too() -> None:
    """The model fails while the session is paused: the turn is free, the session stays paused."""
    world, session = begun()

    def model(_ask: Ask) -> LLMError:
        world.run(pause(world.setup, ADA, TALK, session))
        return LLMError(retry_after=3.0)

    world.model = model
    with pytest.raises(LLMError) as error:
        world.run(send(world.setup, ADA, TALK, session, "Hello."))
    assert error.value.retry_after == 3.0
    assert (world.only(Session).status, world.only(Session).turns) == (SessionStatus.PAUSED, 0)


def test_a_prompt_that_cannot_be_made_fails_the_job() -> None:
    """Templates are read live: one that breaks later fails the job and tells the developer."""

    class Templates:
        broken = False

        def template(self, _topic: str, _name: str, /) -> str | None:
            return None if self.broken else "Listen."

    templates = Templates()
    world = World([PLAIN], lambda _: "Hi", templates=templates)
    session = world.run(start(world.setup, ADA, PLAIN)).session.id
    templates.broken = True
    with pytest.raises(TemplateError):
        world.run(send(world.setup, ADA, PLAIN, session, "Hello.", key="k"))
    with pytest.raises(LLMError) as error:
        world.run(send(world.setup, ADA, PLAIN, session, "Hello.", key="k"))
    assert (error.value.reason, error.value.session) == ("LLM_ERROR", session)


# --- settled from outside -----------------------------------------------------------------------


def waiting(settings: Settings | None = None) -> tuple[World, Held]:
    """Return a world in which a job waits whose time is over, and the job."""
    world, session = begun(settings=settings)
    name = world.run(submit(world.setup, ADA, TALK, session, "Hello.")).id
    world.clock.advance(hours=24)
    return world, world.run(load_held(ADA, session, name))


def test_what_settles_a_job_from_outside() -> None:
    """Session, job and account in one commit: the turn is free, and nothing was said."""
    world, held = waiting()
    why = JobError(ErrorCode.JOB_EXPIRED, "nobody answered it in time")
    after, ops = closed_from_outside(held, JobEvent.EXPIRE, why, world.clock.time)
    assert [type(op) for op in ops] == [Update, Update, Check]
    assert world.memory.commit(ops) is CommitResult.DONE
    assert world.run(reread(held)) == after
    assert (after.session.value.in_flight, after.session.value.turns) == (None, 0)
    assert after.job.value.error == why


@pytest.mark.parametrize(
    "fault",
    [None, Fault.CONFLICT_NOT_DONE, Fault.CONFLICT_DONE, Fault.LOST_DONE, Fault.LOST_NOT_DONE],
)
def test_a_job_expires_once(fault: Fault | None) -> None:
    """Whoever meets it settles it; who was faster, or whether the answer was lost, is the same."""
    world, held = waiting()
    commits = len(world.commits)
    told = None if fault is None else Told(0, fault)
    after = world.run(expire(world.setup, held, world.clock.time), told)
    error = after.job.value.error
    assert error is not None
    assert (error.code, len(world.commits) - commits) == (ErrorCode.JOB_EXPIRED, 1)
    first = len(world.effects)
    assert world.run(expire(world.setup, after, world.clock.time)) == after
    assert len(world.effects) == first


def test_expiring_is_given_up_after_some_tries() -> None:
    """Who is never fast enough is told so, and may ask again."""
    world, held = waiting(Settings(commit_tries=1))
    with pytest.raises(VersionConflictError):
        world.run(expire(world.setup, held, world.clock.time), Told(0, Fault.CONFLICT_NOT_DONE))
