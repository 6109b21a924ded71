"""Start means new: one commit retires the old session and writes the new one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from coachwork.effects import Commit, Workflow
from coachwork.errors import (
    IdempotencyKeyReusedError,
    LLMError,
    OutcomeUnknownError,
    SessionConflictError,
    SessionNotFoundError,
    StillAnsweringError,
    StoreUnavailableError,
    TemplateError,
    TopicNotFoundError,
    ValidationError,
    VersionConflictError,
)
from coachwork.jobs import ErrorCode, Job, JobKind, JobRef, JobStatus
from coachwork.policies import Settings
from coachwork.ports import Admission, Ask, CommitResult
from coachwork.records import ACCOUNT
from coachwork.sessions import Account, AccountStatus, EndReason, Session
from coachwork.testing import RecordingDispatcher, rehearse
from coachwork.testing.faults import CrashError
from coachwork.topics import Topic
from coachwork.workflows import Caller, Setup, Started, cancel, delete_all, send, start
from coachwork.workflows._start import LiveSessionError, start_unless_live
from tests.faults import ADA, BEN, World
from tests.workers import work

TALK = Topic(id="talk", system="You are with {name}.", initiation="Greet {name}.")
PLAIN = Topic(id="plain", system="Listen.")
ROOM = Topic(id="room", system="Listen.", exclusive=True)
WRONG: Any = {1, 2}
NAMED = {"name": "Ada"}


def world(**given: Any) -> World:  # noqa: ANN401 - as a world takes it
    """Return a world in which the coach says hello."""
    return World([TALK, PLAIN, ROOM], lambda _: "Hello.", **given)


def test_a_start_greets() -> None:
    """The session is there before the model is asked, and its greeting after."""
    here = world()
    seen: list[object] = []

    def model(_ask: Ask) -> str:
        seen.append(here.only(Session))
        return "Hello."

    here.model = model
    started = here.run(start(here.setup, ADA, TALK, context=NAMED, key="k"))
    assert started.greeting is not None
    assert (started.greeting.text, started.session.messages, started.session.turns) == (
        "Hello.",
        1,
        0,
    )
    assert (started.resumed, started.key, started.job is not None) == (False, "k", True)
    assert len(seen) == 1
    assert [part.text for part in here.asks[0].messages] == ["You are with Ada.", "Greet Ada."]


def test_a_start_without_initiation_asks_no_model() -> None:
    """Where the topic has no INITIATION, the user speaks first; the same call says the same."""
    here = world()
    started = here.run(start(here.setup, ADA, PLAIN, key="k"))
    assert (started.greeting, started.job, here.asks) == (None, None, [])
    assert here.run(start(here.setup, ADA, PLAIN, key="k")) == started


def test_a_key_that_is_left_out_is_made() -> None:
    """The answer tells the key, and the call again with it gives the same answer."""
    here = world()
    started = here.run(start(here.setup, ADA, TALK, context=NAMED))
    again = here.run(start(here.setup, ADA, TALK, context=NAMED, key=started.key))
    assert again == started
    assert len(here.asks) == 1


def test_every_error_tells_the_key() -> None:
    """Who left the key out learns it from the error, so that an unknown outcome can be retried."""
    here = world(settings=Settings(commit_tries=2))

    def lost(effect: Commit) -> CommitResult:
        here.memory.commit(effect.ops)
        raise OutcomeUnknownError

    here.memory.get = lambda _key: None  # type: ignore[method-assign]
    here.commit = lost  # type: ignore[method-assign]
    with pytest.raises(OutcomeUnknownError) as error:
        here.run(start(here.setup, ADA, PLAIN))
    assert error.value.key == "id-00002"


def test_another_content_under_the_same_key() -> None:
    """Another topic, context or take-over under the same key changes nothing."""
    here = world()
    here.run(start(here.setup, ADA, PLAIN, key="k"))
    before = here.records()
    for other in (
        start(here.setup, ADA, TALK, context=NAMED, key="k"),
        start(here.setup, ADA, PLAIN, context=NAMED, key="k"),
        start(here.setup, ADA, PLAIN, take_over=True, key="k"),
    ):
        with pytest.raises(IdempotencyKeyReusedError):
            here.run(other)
    assert here.records() == before


def test_a_retry_in_the_middle_is_told_to_wait() -> None:
    """The same call while the first one waits for the model: accepted, not asked twice."""
    here = world()
    here.model = lambda _: CrashError()
    with pytest.raises(CrashError):
        here.run(start(here.setup, ADA, TALK, context=NAMED, key="k"))
    with pytest.raises(StillAnsweringError) as error:
        here.run(start(here.setup, ADA, TALK, context=NAMED, key="k"))
    assert (error.value.key, error.value.retry_after) == ("k", 330.0)
    assert error.value.session == here.only(Session).about.id


def test_a_greeting_that_fails_leaves_the_session() -> None:
    """The error carries session, job and key; a message goes on, and a retry says the same."""
    here = world()
    here.model = lambda _: LLMError(retry_after=2.0)
    failed: list[LLMError] = []
    for _ in range(2):
        with pytest.raises(LLMError) as error:
            here.run(start(here.setup, ADA, TALK, context=NAMED, key="k"))
        failed.append(error.value)
    assert {(one.session, one.key, one.job, one.retry_after) for one in failed} == {
        (here.only(Session).about.id, "k", "id-00001", 2.0)
    }
    assert len(here.asks) == 1
    here.model = lambda _: "Hello after all."
    turn = here.run(send(here.setup, ADA, TALK, here.only(Session).about.id, "Hi."))
    assert turn.message.text == "Hello after all."


# --- refusals -----------------------------------------------------------------------------------


def test_the_context_is_checked_against_all_templates_first() -> None:
    """All gaps are named at once, and nothing is written."""
    here = world()
    with pytest.raises(TemplateError) as error:
        here.run(start(here.setup, ADA, TALK, key="k"))
    assert set(error.value.problems) == {"system", "initiation"}
    assert (here.records(), error.value.key) == ([], "k")


def test_a_template_that_changed_does_not_refuse_what_was_accepted() -> None:
    """A late retry finds its outcome though the templates now want another context."""
    here = world()
    started = here.run(start(here.setup, ADA, PLAIN, key="k"))
    changed = evolve(PLAIN, system="Now with {name}.")
    here.declare(changed)
    assert here.run(start(here.setup, ADA, changed, key="k")).session.id == started.session.id


@pytest.mark.parametrize(
    "call,error",
    [
        (lambda s: start(s, ADA, Topic(id="other", system="x")), TopicNotFoundError),
        (lambda s: start(s, ADA, PLAIN, key=" k"), ValidationError),
        (lambda s: start(s, ADA, PLAIN, key=""), ValidationError),
        (lambda s: start(s, ADA, PLAIN, context={"a": WRONG}), ValidationError),
        (lambda s: start(s, ADA, PLAIN, take_over=WRONG), ValidationError),
    ],
    ids=["topic", "blank key", "no key", "context", "take over"],
)
def test_bad_input_asks_nothing(
    call: Callable[[Setup], Workflow[object]], error: type[Exception]
) -> None:
    """What is not valid is refused before anything is asked."""
    here = world()
    with pytest.raises(error):
        rehearse(call(here.setup))


def test_another_user_holds_an_exclusive_topic() -> None:
    """A conflict asks the model nothing, and the receipt is read before it is told."""
    here = world()
    here.run(start(here.setup, BEN, ROOM))
    first = len(here.effects)
    with pytest.raises(SessionConflictError) as error:
        here.run(start(here.setup, ADA, ROOM, take_over=True))
    assert error.value.conflict_user_id == "ben"
    assert here.names(first)[-2:] == ["Get", "Now"]
    assert "receipt" in repr(here.effects[-2])
    assert "Commit" not in here.names(first)


def test_an_exclusive_topic_is_taken_over_when_idle() -> None:
    """Idle: longer than the idle timeout, and not a moment before; and only if it is asked for."""
    here = world()
    here.run(start(here.setup, BEN, ROOM))
    here.clock.advance(minutes=30)
    with pytest.raises(SessionConflictError):
        here.run(start(here.setup, ADA, ROOM, take_over=True))
    here.clock.advance(microseconds=1)
    with pytest.raises(SessionConflictError):
        here.run(start(here.setup, ADA, ROOM))
    started = here.run(start(here.setup, ADA, ROOM, take_over=True))
    assert {claim.user for claim in here.stored("claim")} == {"ada"}
    assert started.session.user == "ada"


def test_an_expired_holder_is_no_conflict() -> None:
    """Another user's session that has expired is closed by whoever starts."""
    here = world()
    here.run(start(here.setup, BEN, ROOM))
    here.clock.advance(days=14)
    here.run(start(here.setup, ADA, ROOM))
    bens = here.stored("session")[0]
    assert isinstance(bens, Session)
    assert bens.ledger.ending is not None
    assert bens.ledger.ending.reason is EndReason.EXPIRED


def test_admission_may_refuse() -> None:
    """The application's own refusal comes out as it is; nothing is written, no model asked."""
    seen: list[Admission] = []

    def admit(admission: Admission) -> None:
        seen.append(admission)
        raise PermissionError("no more today")

    here = world(admit=admit)
    with pytest.raises(PermissionError):
        here.run(start(here.setup, ADA, PLAIN))
    assert seen == [
        Admission(
            command="start", tenant="acme", user="ada", topic="plain", session=None, text=None
        )
    ]
    assert here.records() == []


def test_admission_does_not_refuse_what_was_accepted_meanwhile() -> None:
    """A twin of the call was accepted while the application thought: no refusal is a lie."""
    here = world()
    twins: list[object] = []

    def admit(_admission: Admission) -> None:
        if not twins:
            twins.append(None)
            twins.append(here.run(start(here.setup, ADA, PLAIN, key="k")))
            raise PermissionError("no more today")

    here.ports = evolve(here.ports, admit=admit)
    assert here.run(start(here.setup, ADA, PLAIN, key="k")) == twins[1]
    assert len(here.stored("session")) == 1


# --- the world moves ----------------------------------------------------------------------------


def test_a_twin_that_was_faster() -> None:
    """The same call at the same moment: one session, and both get it."""
    here = world()
    twins: list[object] = []
    plain = World.commit

    def commit(effect: Commit) -> CommitResult:
        here.commit = lambda other: plain(here, other)  # type: ignore[method-assign]
        twins.append(here.run(start(here.setup, ADA, TALK, context=NAMED, key="k")))
        return plain(here, effect)

    here.commit = commit  # type: ignore[method-assign]
    assert here.run(start(here.setup, ADA, TALK, context=NAMED, key="k")) == twins[0]
    assert len(here.asks) == 1


def test_others_who_are_always_faster() -> None:
    """Conflicts at every try: VERSION_CONFLICT, with the key."""
    here = world(settings=Settings(commit_tries=3))
    told: list[int] = []

    def commit(_effect: Commit) -> CommitResult:
        told.append(1)
        return CommitResult.CONFLICT

    here.commit = commit  # type: ignore[method-assign]
    with pytest.raises(VersionConflictError) as error:
        here.run(start(here.setup, ADA, PLAIN, key="k"))
    assert (error.value.tries, len(told), error.value.key) == (3, 3, "k")


def test_a_retry_after_the_session_is_gone() -> None:
    """A late retry of a start whose session has expired finds no session, and makes none."""
    here = world()
    here.run(start(here.setup, ADA, PLAIN, key="k"))
    here.clock.advance(days=14)
    with pytest.raises(SessionNotFoundError):
        here.run(start(here.setup, ADA, PLAIN, key="k"))
    assert len(here.stored("session")) == 1


# --- the account --------------------------------------------------------------------------------


def test_a_user_who_is_being_deleted_cannot_start() -> None:
    """While the deletion goes on, a start is told to come back; nothing is written."""
    here = world()
    here.memory.commit(
        [ACCOUNT.insert(Account("acme", "ada", AccountStatus.DELETING, here.clock.time))]
    )
    with pytest.raises(StoreUnavailableError, match="deleted"):
        here.run(start(here.setup, ADA, PLAIN))
    assert len(here.records()) == 1


def test_a_user_who_was_deleted_may_come_back() -> None:
    """The mark of a deletion becomes an open account again."""
    here = world()
    here.run(start(here.setup, ADA, PLAIN))
    here.run(delete_all(here.setup, ADA))
    assert here.only(Account).status is AccountStatus.DELETED
    here.run(start(here.setup, ADA, PLAIN))
    assert (here.only(Account).status, here.only(Account).until) == (AccountStatus.OPEN, None)
    here.run(start(here.setup, ADA, ROOM))
    assert len(here.stored("session")) == 2


def test_what_is_settled_at_the_start() -> None:
    """Limits and exclusivity are fixed in the session; a later topic changes nothing of it."""
    here = world()
    topic = Topic(id="plain", system="x", max_turns=3, idle_timeout=timedelta(hours=1), revision=4)
    here.declare(topic)
    trial = Caller("acme", "ada", "scenario-1")
    here.run(start(here.setup, trial, topic))
    about = here.only(Session).about
    assert (about.max_turns, about.idle_timeout, about.topic_revision, about.scenario) == (
        3,
        timedelta(hours=1),
        4,
        "scenario-1",
    )
    here.declare(PLAIN)
    view = here.run(cancel(here.setup, trial, PLAIN, about.id))
    assert (view.max_turns, view.scenario) == (3, "scenario-1")


def test_at_most_ten_operations() -> None:
    """The greatest of all commits, a take-over with a job in flight, has at most ten operations."""
    here = world()
    room = evolve(ROOM, initiation="Hi.")
    here.declare(room)
    here.run(start(here.setup, ADA, room))
    here.model = lambda _: CrashError()
    with pytest.raises(CrashError):
        here.run(start(here.setup, ADA, room))
    here.model = lambda _: "Hello."
    here.run(start(here.setup, ADA, room))
    assert max(len(ops) for ops in here.commits) <= 10


# --- beside a live session ----------------------------------------------------------------------


def test_who_opens_spares_a_live_session() -> None:
    """A start on behalf of `open` names the session that is there, and changes nothing."""
    here = world()

    def begin() -> Workflow[Started[None]]:
        return start_unless_live(here.setup, ADA, PLAIN, context=None, key=None, wait=True)

    first = here.run(begin()).session
    before = here.records()
    with pytest.raises(LiveSessionError) as error:
        here.run(begin())
    assert (error.value.session, here.records()) == (first.id, before)
    here.clock.advance(days=14)
    assert here.run(begin()).session.id != first.id


# --- without waiting ----------------------------------------------------------------------------


def test_a_worker_may_greet() -> None:
    """Who does not wait gets the session with its job; the same call later gets the greeting."""
    post = RecordingDispatcher()
    here = world(dispatcher=post)

    def begin(wait: bool) -> Workflow[Started[None]]:  # noqa: FBT001 - a question of the test
        return start(here.setup, ADA, TALK, context=NAMED, key="k", wait=wait)

    started = here.run(begin(wait=False))
    assert (started.greeting, started.session.status, here.asks) == (None, "active", [])
    assert started.job is not None
    assert (started.job.kind, started.job.status, started.job.attempts) == (
        JobKind.GREETING,
        JobStatus.PENDING,
        0,
    )
    assert started.session.job == started.job.id
    assert post.refs == [JobRef("acme", started.job.id, JobKind.GREETING)]
    assert here.run(begin(wait=False)) == started
    (report,) = work(here)
    assert report.id == started.job.id
    done = here.run(begin(wait=False))
    assert done.greeting is not None
    assert (done.greeting.text, done.session.id, len(here.asks)) == (
        "Hello.",
        started.session.id,
        1,
    )
    assert here.run(begin(wait=True)) == done


def test_who_waits_later_greets_in_the_workers_place() -> None:
    """The same key goes on with what was left to a worker, if none has taken it yet."""
    here = world()
    started = here.run(start(here.setup, ADA, TALK, context=NAMED, key="k", wait=False))
    again = here.run(start(here.setup, ADA, TALK, context=NAMED, key="k"))
    assert again.greeting is not None
    assert again.session.id == started.session.id
    assert work(here) == []
    assert len(here.asks) == 1


def test_a_silent_start_leaves_nothing_to_a_worker() -> None:
    """Where the user speaks first there is no job, whoever waits."""
    post = RecordingDispatcher()
    here = world(dispatcher=post)
    started = here.run(start(here.setup, ADA, PLAIN, wait=False))
    assert (started.job, started.session.job, post.refs) == (None, None, [])
    assert here.only(Session).latest_job is None


def test_a_greeting_that_a_worker_owes_is_retired_with_its_session() -> None:
    """Start means new: the old one's job fails as replaced, and no worker asks for it."""
    here = world()
    first = here.run(start(here.setup, ADA, TALK, context=NAMED, wait=False))
    here.run(start(here.setup, ADA, TALK, context=NAMED, wait=False))
    assert first.job is not None
    (report,) = work(here)
    assert report.id != first.job.id
    codes = {job.id: job.error and job.error.code for job in here.stored("job")}
    assert codes == {first.job.id: ErrorCode.SESSION_REPLACED, report.id: None}


def test_the_first_job_follows_none() -> None:
    """The session knows its latest job, and each job the one before it."""
    here = world()
    started = here.run(start(here.setup, ADA, TALK, context=NAMED))
    assert started.job is not None
    assert here.only(Session).latest_job == started.job.id
    assert here.only(Job).follows is None


@pytest.mark.parametrize("field", ["wait", "take_over"])
def test_a_flag_is_no_guess(field: str) -> None:
    """Only True and False are; nothing is asked before that is clear."""
    here = world()
    for wrong in (0, 1, "no", None):
        options: Any = {field: wrong}
        with pytest.raises(ValidationError) as error:
            here.run(start(here.setup, ADA, TALK, context=NAMED, **options))
        assert error.value.field == field
    assert here.effects == []
