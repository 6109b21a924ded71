"""Message jobs as a front end walks through them: submit, reload, poll, repeat, cancel, come back.

Every story is driven through `Coach` on both repositories, with a worker that works when it is told
to, a clock that can be moved, and somebody who hears of every outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import frozen

from coachwork import Chat, Coach, JobRef, LLMError, Topic, Usage
from coachwork.adapters import final
from coachwork.coach import UserCoach
from coachwork.errors import (
    IdempotencyKeyReusedError,
    JobCancelledError,
    JobNotFoundError,
    JobNotRetryableError,
    SessionAccessDeniedError,
    SessionBusyError,
    SessionNotActiveError,
    SessionNotFoundError,
    StillAnsweringError,
)
from coachwork.events import MessageCompleted, MessageFailed
from coachwork.ports import Answer, Ask
from coachwork.sessions import JobKind
from coachwork.testing import FakeClock, RecordingDispatcher, RecordingNotifier
from coachwork.workflows import JobReport, due_jobs
from tests.stores import STORES, Store, everything, kinds, opened


@frozen
class Values:
    """What the conversation yields."""

    values: list[str]


CORE_VALUES = Topic(
    id="core_values",
    system="You coach {name}.",
    initiation="Greet {name}.",
    resume="Welcome {name} back.",
    extraction="List the values.",
    result=Values,
    max_turns=3,
)
HONEST = Values(["honesty"])
GREETED = "Hello! What matters to you?"


class Thinking:
    """A model that takes its time: while it thinks, other things happen.

    Attributes:
        asked: What it was asked.
        meanwhile: What happens while it thinks the next time.
        failing: How often it fails before it answers again.
    """

    def __init__(self) -> None:
        """Think of nothing."""
        self.asked: list[Ask] = []
        self.meanwhile: Callable[[], object] = lambda: None
        self.failing = 0

    def complete(self, ask: Ask, /) -> Answer:
        """Answer as a coach, or fail."""
        self.asked.append(ask)
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        if self.failing:
            self.failing -= 1
            raise LLMError(retry_after=2)
        return Answer(text=_said(ask), usage=Usage(10, 5))


def _said(ask: Ask) -> str:
    if ask.purpose is JobKind.GREETING:
        return GREETED
    if ask.purpose is JobKind.WELCOME_BACK:
        return "Welcome back!"
    if ask.purpose is JobKind.EXTRACTION:
        return '{"values": ["honesty"]}'
    if ask.messages[-1].text == "I am done":
        return final(message="Thank you.")
    return "Tell me more."


class Service:
    """A web service, its worker, and all that stands behind them."""

    def __init__(self, store: Store) -> None:
        """Begin at noon with an empty *store*."""
        self.store = store
        self.clock = FakeClock()
        self.model = Thinking()
        self.heard = RecordingNotifier()
        self.post = RecordingDispatcher()
        self.coach = Coach(
            store,
            self.model,
            topics=[CORE_VALUES],
            clock=self.clock,
            notifier=self.heard,
            dispatcher=self.post,
        )

    def user(self, name: str = "ada", tenant: str = "acme") -> UserCoach:
        """Return the coach as one user sees it."""
        return self.coach.as_user(name, tenant=tenant)

    def begin(self, name: str = "ada") -> Chat[Values]:
        """Start a session, greeted at once."""
        return self.user(name).start(CORE_VALUES, context={"name": name.title()})

    def reload(self, chat: Chat[Values]) -> Chat[Values]:
        """Return the handle that another request makes of what a page has in its address."""
        return self.user().session(CORE_VALUES, chat.session_id)

    def work(self) -> list[JobReport[object]]:
        """Let the worker answer all that waits."""
        done: list[JobReport[object]] = []
        while due := self.coach.run(due_jobs(self.coach.setup)):
            done += [report for ref in due if (report := self.coach.process(ref)) is not None]
        return done

    def history(self, chat: Chat[Values]) -> list[str]:
        """Return all that was said."""
        return [message.text for message in chat.history().messages]

    def outcomes(self) -> list[str]:
        """Return what was heard of every job: what the coach said, or why it did not."""
        return [
            event.data.error_code.value
            if isinstance(event.data, MessageFailed)
            else str(event.data.message)
            for event in self.heard.events
        ]


@pytest.fixture(params=STORES)
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Service]:
    """A service on each repository."""
    made = Service(opened(request.param, tmp_path))
    with made.coach:
        yield made


# --- the ordinary way ---------------------------------------------------------------------------


def test_submit_reload_poll(service: Service) -> None:
    """The page is left and opened again; it finds the job, polls it, and shows the answer."""
    chat = service.begin()
    job = chat.submit("I value honesty", key="request-1")
    assert (job.status, job.estimated_duration) == ("pending", 15_000)
    page = service.reload(chat)
    waiting = page.pending_job()
    assert waiting is not None
    assert (waiting.id, waiting.key, waiting.user_message) == (job.id, "request-1", 2)
    assert service.history(page)[-1] == "I value honesty"
    assert page.get().job == job.id
    service.clock.advance(seconds=3)
    service.model.meanwhile = lambda: seen.append(page.job(job.id).status)
    seen: list[str] = []
    service.work()
    done = page.job(job.id)
    assert (seen, done.status, done.waiting_time) == (["processing"], "completed", 3000)
    assert done.outcome is not None
    assert done.outcome.message is not None
    assert (done.outcome.message.text, done.outcome.turn) == ("Tell me more.", 1)
    assert (page.pending_job(), page.get().job) == (None, None)
    assert service.outcomes() == [GREETED, "Tell me more."]


def test_a_queue_is_told_and_answers(service: Service) -> None:
    """The text of the job's address goes through a queue, to a worker that knows nothing else."""
    chat = service.begin()
    job = chat.submit("I value honesty")
    (text,) = [ref.text for ref in service.post.refs]
    report = service.coach.process(JobRef.parse(text))
    assert report is not None
    assert (report.id, report.status) == (job.id, "completed")
    assert service.coach.process(JobRef.parse(text)) == report  # a queue may tell it twice
    assert (len(service.model.asked), len(service.heard.events)) == (2, 2)


def test_a_whole_conversation_in_the_background(service: Service) -> None:
    """From the greeting to the result nobody ever waits for a model."""
    user = service.user()
    chat = user.start(CORE_VALUES, context={"name": "Ada"}, wait=False)
    for text in ("I value honesty", "I am done"):
        service.work()
        chat.submit(text)
    service.work()
    ended = chat.get()
    assert (ended.status, ended.result) == ("completed", HONEST)
    assert service.outcomes() == [GREETED, "Tell me more.", "Thank you."]
    last = service.heard.events[-1].data
    assert isinstance(last, MessageCompleted)
    assert (last.is_final, last.result, last.turn) == (True, {"values": ["honesty"]}, 2)
    assert service.coach.relay().delivered == 0


# --- failures -----------------------------------------------------------------------------------


def test_a_failed_answer_is_repeated(service: Service) -> None:
    """The page offers a button: the same message is answered, and shown once."""
    chat = service.begin()
    job = chat.submit("I value honesty")
    service.model.failing = 1
    service.work()
    failed = chat.job(job.id)
    assert (failed.status, failed.error_code) == ("failed", "LLM_ERROR")
    assert (failed.retryable, failed.retry_after) == (True, 2.0)
    again = chat.retry(job.id, key="button-1")
    assert again.outcome is not None
    assert (again.retry_of, again.status, again.outcome.turn) == (job.id, "completed", 1)
    assert chat.retry(job.id, key="button-1") == again  # clicked twice
    assert service.history(chat)[1:] == ["I value honesty", "Tell me more."]
    with pytest.raises(JobNotRetryableError):
        chat.retry(job.id, key="button-2")


def test_a_failed_answer_is_repeated_by_a_worker(service: Service) -> None:
    """The button waits for nothing; another click while it waits makes no second job."""
    chat = service.begin()
    job = chat.submit("I value honesty")
    service.model.failing = 1
    service.work()
    again = chat.retry(job.id, key="button", wait=False)
    assert chat.retry(job.id, key="button", wait=False) == again
    assert chat.pending_job() == again
    with pytest.raises(SessionBusyError):
        chat.retry(job.id, key="another-button", wait=False)
    assert [report.id for report in service.work()] == [again.id]
    assert service.outcomes() == [GREETED, "LLM_ERROR", "Tell me more."]


def test_whoever_goes_on_instead(service: Service) -> None:
    """The user writes again after a failure: then that is the last message."""
    chat = service.begin()
    job = chat.submit("I value honesty")
    service.model.failing = 1
    service.work()
    chat.submit("And courage")
    service.work()
    with pytest.raises(JobNotRetryableError):
        chat.retry(job.id)
    assert (chat.get().turns, len(service.history(chat))) == (1, 4)


def test_a_job_is_cancelled(service: Service) -> None:
    """The user wants no answer any more: what was said stays, the turn is free."""
    chat = service.begin()
    job = chat.submit("Wait, no")
    cancelled = chat.cancel_job(job.id)
    assert (cancelled.status, cancelled.error_code) == ("failed", "JOB_CANCELLED")
    assert chat.cancel_job(job.id) == cancelled
    with pytest.raises(JobCancelledError):
        chat.send("Wait, no", key=job.key)
    with pytest.raises(JobNotRetryableError):
        chat.retry(job.id)
    assert (service.work(), chat.get().turns) == ([], 0)
    service.coach.relay()
    assert service.outcomes()[-1] == "JOB_CANCELLED"
    turn = chat.send("I value honesty")
    assert (turn.session.turns, service.history(chat)[1]) == (1, "Wait, no")


def test_a_job_is_cancelled_while_a_worker_thinks(service: Service) -> None:
    """Its answer is dropped."""
    chat = service.begin()
    job = chat.submit("Wait, no")
    service.model.meanwhile = lambda: chat.cancel_job(job.id)
    service.work()
    assert (chat.job(job.id).error_code, service.history(chat)[-1]) == (
        "JOB_CANCELLED",
        "Wait, no",
    )
    assert service.outcomes()[-1] == "JOB_CANCELLED"


# --- one key ------------------------------------------------------------------------------------


def test_submit_and_then_send(service: Service) -> None:
    """A client that loses patience waits for the answer itself, under the same key."""
    chat = service.begin()
    job = chat.submit("I value honesty", key="k")
    turn = chat.send("I value honesty", key="k")
    assert (turn.job.id, turn.message.text) == (job.id, "Tell me more.")
    assert (service.work(), chat.job(job.id).status) == ([], "completed")
    assert len(service.history(chat)) == 3


def test_send_while_a_worker_thinks(service: Service) -> None:
    """The worker has it: the client is told so, and finds the answer later."""
    chat = service.begin()
    job = chat.submit("I value honesty", key="k")

    def impatient() -> None:
        with pytest.raises(StillAnsweringError) as error:
            chat.send("I value honesty", key="k")
        assert (error.value.accepted, error.value.job) == (True, job.id)

    service.model.meanwhile = impatient
    service.work()
    assert chat.send("I value honesty", key="k").message.text == "Tell me more."
    assert len(service.model.asked) == 2


def test_send_and_then_submit(service: Service) -> None:
    """The connection was lost: the client asks in the background what became of it."""
    chat = service.begin()
    turn = chat.send("I value honesty", key="k")
    told = chat.submit("I value honesty", key="k")
    assert told.outcome is not None
    assert (told.id, told.outcome.message) == (turn.job.id, turn.message)
    assert service.post.refs == []


def test_submit_twice(service: Service) -> None:
    """Sent twice under one key it is one message and one job; other words are refused."""
    chat = service.begin()
    job = chat.submit("I value honesty", key="k")
    assert service.reload(chat).submit("I value honesty", key="k") == job
    with pytest.raises(IdempotencyKeyReusedError):
        chat.submit("I value courage", key="k")
    with pytest.raises(SessionBusyError) as error:
        chat.submit("I value honesty", key="another")
    assert (error.value.job, error.value.accepted) == (job.id, False)
    service.work()
    assert chat.submit("I value honesty", key="k").status == "completed"
    assert (len(service.history(chat)), kinds(service.store)["job"]) == (3, 2)


# --- opening ------------------------------------------------------------------------------------


def test_a_greeting_by_a_worker(service: Service) -> None:
    """The page opens at once; the greeting comes when it comes, and can be repeated."""
    chat = service.user().start(CORE_VALUES, context={"name": "Ada"}, key="s", wait=False)
    assert chat.opening_job is not None
    assert (chat.welcome, chat.opening_job.status) == (None, "pending")
    service.model.failing = 1
    service.work()
    greeting = chat.retry(chat.opening_job.id, wait=False)
    service.work()
    assert service.history(chat) == [GREETED]
    assert (greeting.kind, chat.get().turns) == ("greeting", 0)
    again = service.user().start(CORE_VALUES, context={"name": "Ada"}, key="s", wait=False)
    assert again.session_id == chat.session_id


def test_a_message_before_the_greeting(service: Service) -> None:
    """The user is faster than the worker: they are asked to wait a little."""
    chat = service.user().start(CORE_VALUES, context={"name": "Ada"}, wait=False)
    with pytest.raises(SessionBusyError):
        chat.submit("Hello?")
    service.work()
    chat.submit("Hello?")
    service.work()
    assert len(service.history(chat)) == 3


def test_a_welcome_back_by_a_worker(service: Service) -> None:
    """Resumed at once; the welcome comes when it comes."""
    chat = service.begin()
    chat.pause()
    back = chat.resume(wait=False)
    assert back.job is not None
    assert (back.session.status, back.message, back.job.kind) == ("active", None, "welcome_back")
    service.work()
    assert service.history(chat)[-1] == "Welcome back!"
    assert service.user().open(CORE_VALUES, wait=False).opening_job is not None


def test_a_resume_with_a_job_in_flight(service: Service) -> None:
    """It turns ACTIVE and answers with that job; nothing else is asked for."""
    chat = service.begin()
    job = chat.submit("I value honesty")
    chat.pause()
    back = chat.resume(wait=False)
    assert back.job is not None
    assert (back.job.id, back.session.status, back.message) == (job.id, "active", None)
    service.work()
    assert service.history(chat)[-1] == "Tell me more."
    assert [ask.purpose for ask in service.model.asked] == ["greeting", "reply"]
    chat.submit("And courage")
    chat.pause()
    waited = chat.resume()  # who waits answers what nobody has taken
    assert waited.message is not None
    assert waited.message.text == "Tell me more."


# --- the world moves while a worker thinks ------------------------------------------------------


def test_paused_while_a_worker_thinks(service: Service) -> None:
    """The answer is kept, the session stays paused, and a message has to wait for resume."""
    chat = service.begin()
    job = chat.submit("I value honesty")
    service.model.meanwhile = chat.pause
    service.work()
    assert (chat.get().status, chat.job(job.id).status) == ("paused", "completed")
    assert service.history(chat)[-1] == "Tell me more."
    with pytest.raises(SessionNotActiveError):
        chat.submit("And courage")


def test_a_final_reply_in_a_paused_session(service: Service) -> None:
    """It is not final yet: the next resume extracts, by a worker too."""
    chat = service.begin()
    job = chat.submit("I am done")
    service.model.meanwhile = chat.pause
    service.work()
    done = chat.job(job.id).outcome
    assert done is not None
    assert (done.is_final, done.result) == (False, None)
    assert (chat.get().status, chat.get().completion_pending) == ("paused", True)
    back = chat.resume(key="back", wait=False)
    assert back.job is not None
    assert (back.is_final, back.job.kind) == (False, "extraction")
    service.work()
    told = chat.resume(key="back", wait=False)
    assert (told.is_final, told.result, told.session.status) == (True, HONEST, "completed")
    assert [ask.purpose for ask in service.model.asked] == ["greeting", "reply", "extraction"]


def test_start_new_while_a_worker_thinks(service: Service) -> None:
    """The old session is gone, its answer is dropped, and the new one knows nothing of it."""
    chat = service.begin()
    job = chat.submit("I value honesty")
    fresh: list[Chat[Values]] = []
    service.model.meanwhile = lambda: fresh.append(service.begin())
    service.work()
    assert (chat.get().status, chat.job(job.id).error_code) == ("abandoned", "SESSION_REPLACED")
    assert service.history(chat)[-1] == "I value honesty"
    assert service.history(fresh[0]) == [GREETED]
    assert service.outcomes()[-1] == "SESSION_REPLACED"
    with pytest.raises(SessionNotActiveError):
        chat.retry(job.id)
    assert any(text.startswith("spending") for text in everything(service.store))


def test_a_session_that_expired(service: Service) -> None:
    """Nobody came for two weeks: nothing of it can be read, and a worker closes it."""
    chat = service.begin()
    job = chat.submit("I value honesty")
    service.clock.advance(days=14)
    for question in (
        lambda: chat.job(job.id),
        lambda: chat.cancel_job(job.id),
        lambda: chat.retry(job.id),
        lambda: service.user("ben").job(job.id),
    ):
        with pytest.raises(JobNotFoundError):
            question()
    with pytest.raises(SessionNotFoundError):
        chat.pending_job()
    (closed,) = service.work()
    assert (closed.error_code, len(service.model.asked)) == ("SESSION_EXPIRED", 1)
    assert service.outcomes()[-1] == "SESSION_EXPIRED"
    assert service.coach.purge_expired().deleted == 1


def test_a_session_that_expires_while_a_worker_thinks(service: Service) -> None:
    """The answer comes two weeks late, and is dropped."""
    chat = service.begin()
    chat.submit("I value honesty")
    service.model.meanwhile = lambda: service.clock.advance(days=14)
    (late,) = service.work()
    assert late.error_code == "SESSION_EXPIRED"
    assert service.outcomes()[-1] == "SESSION_EXPIRED"


def test_a_job_that_is_too_old(service: Service) -> None:
    """After 24 hours it is not found, settled or not; its session goes on."""
    chat = service.begin()
    answered = chat.submit("I value honesty")
    service.work()
    waiting = chat.submit("And courage")
    service.clock.advance(hours=24)
    for job in (answered, waiting):
        with pytest.raises(JobNotFoundError):
            chat.job(job.id)
    assert (chat.pending_job(), service.work()) == (None, [])
    service.coach.relay()
    assert service.outcomes() == [GREETED, "Tell me more.", "JOB_EXPIRED"]
    assert chat.submit("I value honesty", key=answered.key).status == "completed"
    turn = chat.send("Still there?")
    assert (turn.session.turns, turn.message.text) == (2, "Tell me more.")


def test_a_user_who_leaves_while_a_worker_thinks(service: Service) -> None:
    """Everything is deleted: the answer finds nothing, nobody is told, nothing comes back."""
    chat = service.begin()
    job = chat.submit("I value honesty")
    service.model.meanwhile = lambda: service.user().delete_all()
    assert service.work() == []
    service.coach.relay()
    assert service.heard.events == []
    with pytest.raises(JobNotFoundError):
        chat.job(job.id)
    assert set(kinds(service.store)) == {"account"}


# --- workers ------------------------------------------------------------------------------------


def test_two_workers_with_one_job(service: Service) -> None:
    """One answers; the other leaves it alone."""
    chat = service.begin()
    job = chat.submit("I value honesty")
    (ref,) = service.post.refs
    others: list[str] = []

    def another() -> None:
        report = service.coach.process(ref)
        assert report is not None
        others.append(report.status)

    service.model.meanwhile = another
    service.work()
    assert (others, chat.job(job.id).attempts, len(service.model.asked)) == (["processing"], 1, 2)
    assert service.outcomes() == [GREETED, "Tell me more."]


def test_a_worker_that_wakes_after_its_lease(service: Service) -> None:
    """Another has answered since: its own answer is dropped, one is told."""
    chat = service.begin()
    job = chat.submit("I value honesty")
    (ref,) = service.post.refs

    def asleep() -> None:
        service.clock.advance(minutes=6)
        service.coach.process(ref)

    service.model.meanwhile = asleep
    service.work()
    done = chat.job(job.id)
    assert (done.status, done.attempts, len(service.history(chat))) == ("completed", 2, 3)
    assert (service.outcomes(), len(service.model.asked)) == ([GREETED, "Tell me more."], 3)


def test_nobody_works_for_a_while(service: Service) -> None:
    """Ten minutes later the user may go on; what nobody answered is settled then."""
    chat = service.begin()
    job = chat.submit("I value honesty")
    service.clock.advance(minutes=10)
    chat.submit("Hello?")
    service.work()
    assert (chat.job(job.id).error_code, chat.job(job.id).retryable) == ("LEASE_EXPIRED", True)
    assert service.outcomes() == [GREETED, "LEASE_EXPIRED", "Tell me more."]


def test_nobody_else_sees_a_job(service: Service) -> None:
    """Another user of the tenant is denied, another tenant's finds nothing."""
    chat = service.begin()
    job = chat.submit("I value honesty")
    service.begin("ben")
    with pytest.raises(SessionAccessDeniedError):
        service.user("ben").job(job.id)
    with pytest.raises(SessionAccessDeniedError):
        service.user("ben").cancel_job(job.id)
    stranger = service.user("ada", "other")
    for question in (stranger.job, stranger.cancel_job):
        with pytest.raises(JobNotFoundError):
            question(job.id)
    assert service.user().job(job.id).status == "pending"
