"""What the workflows answer: given by the workflows themselves, about a talk that took place.

A talk is a coach on a repository in memory, with a user to whom this and that has happened. So an
answer is always one that could be given, and everything that is stored fits together.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import cache
from typing import Any, Final, TypeVar

from attrs import evolve
from hypothesis import strategies as st

from coachwork.adapters import Memory, ScriptedModel
from coachwork.coach import Chat, Coach
from coachwork.errors import CoachworkError
from coachwork.jobs import JobKind
from coachwork.plain import JSON, to_json
from coachwork.ports import Answer, Ask
from coachwork.records import Record
from coachwork.replies import ABSENT, Absent
from coachwork.testing._fakes import CountedIds, FakeClock, RecordingNotifier
from coachwork.testing._invariants import snapshot
from coachwork.testing.strategies._jobs import jobs
from coachwork.testing.strategies._leaves import instants
from coachwork.testing.strategies._plain import contexts
from coachwork.testing.strategies._replies import (
    bad_replies,
    extractions,
    model_failures,
    replies,
)
from coachwork.testing.strategies._texts import texts
from coachwork.testing.strategies._topics import callers, gaps_of, settings, topics, values
from coachwork.workflows import (
    Check,
    Claimed,
    Completed,
    Deleted,
    Export,
    Held,
    History,
    JobOutcome,
    JobReport,
    JobView,
    Purged,
    Relayed,
    Resumed,
    SessionExport,
    SessionList,
    SessionView,
    Started,
    TopicStanding,
    Turn,
    due_jobs,
    job_view,
    serve,
)

R = TypeVar("R")

_AT_ONCE: Final = timedelta(0)
_LONG: Final = timedelta(days=20)
_MOST: Final = 6


class _Talk:
    """A coach, a user of it, and the session that the user started last."""

    def __init__(self, draw: st.DrawFn) -> None:
        """Let the user start; neither the greeting nor anything else fails so far."""
        self.draw = draw
        self._may_fail = False
        self._may_end = False
        self.topic = draw(topics())
        self.caller = evolve(draw(callers()), scenario=None)
        self.memory = Memory()
        self.clock = FakeClock(draw(instants()))
        self.notifier = RecordingNotifier()
        self.coach = Coach(
            self.memory,
            ScriptedModel(self._say),
            topics=[self.topic],
            settings=draw(settings()),
            clock=self.clock,
            ids=CountedIds(),
            notifier=self.notifier,
        )
        self.user = self.coach.as_user(self.caller.user, tenant=self.caller.tenant)
        self.chat = self.started()

    def _say(self, ask: Ask) -> Answer | BaseException:
        """Answer as the model."""
        if self._may_fail and self.draw(st.booleans()):
            return self.draw(bad_replies() | model_failures())
        result = to_json(self.draw(values()))
        if ask.purpose is JobKind.EXTRACTION:
            return self.draw(extractions(result))
        given: JSON | Absent = ABSENT
        if self.topic.result is not None and self.draw(st.booleans()):
            given = result
        ends = self._may_end and self.draw(st.booleans())
        return self.draw(replies(is_final=ends, result=given))

    # --- what the user does ------------------------------------------------------------------

    def started(self) -> Chat[Any]:
        """Start anew, and return the session."""
        context = self.draw(contexts(gaps_of(self.topic)))
        self.chat = self.user.start(self.topic, context=context, wait=self.draw(st.booleans()))
        self.work()
        return self.chat

    def said(self) -> str:
        """Return something that the user may say."""
        return self.draw(texts(max_bytes=self.topic.max_message_bytes))

    def seen(self) -> Chat[Any]:
        """Return the session if it has not expired, else a new one."""
        with suppress(CoachworkError):
            self.chat.get()
            return self.chat
        return self.started()

    def any(self) -> Chat[Any]:
        """Return one of the user's sessions, or a new one where all have expired."""
        there = self.user.list_sessions().sessions
        if not there:
            return self.started()
        return self.user.session(self.topic, self.draw(st.sampled_from(there)).id)

    def work(self) -> list[Claimed]:
        """Answer all jobs that wait for a worker; return them as they were claimed."""
        claimed: list[Claimed] = []
        for ref in self.coach.run(due_jobs(self.coach.setup)):
            self.coach.run(serve(self.coach.setup, ref, claimed.append))
        return claimed

    # --- what happens ------------------------------------------------------------------------

    def go_on(self) -> _Talk:
        """Let this and that happen; what is refused, or fails, has happened too."""
        able: tuple[Callable[[], object], ...] = (
            lambda: self.chat.send(self.said()),
            lambda: self.chat.submit(self.said()),
            self.work,
            lambda: self.chat.pause(),  # noqa: PLW0108 - of the session then, not now
            lambda: self.chat.resume(),  # noqa: PLW0108 - of the session then, not now
            lambda: self.chat.complete(),  # noqa: PLW0108 - of the session then, not now
            lambda: self.chat.cancel(),  # noqa: PLW0108 - of the session then, not now
            self.started,
            lambda: self.clock.advance(self.draw(st.timedeltas(_AT_ONCE, _LONG))),
        )
        self._may_fail = self._may_end = True
        for what in self.draw(st.lists(st.integers(0, len(able) - 1), max_size=_MOST)):
            with suppress(CoachworkError):
                able[what]()
        self._may_fail = self._may_end = False
        return self

    def answer(self) -> Turn[Any]:
        """Say something in a new session, and return the answer; it may be the last one."""
        self._may_end = True
        return self.started().send(self.said())

    def come_back(self) -> Resumed[Any]:
        """Come back to a new session, with or without something said, or being answered."""
        chat = self.started()
        if self.topic.max_turns == 0 and self.draw(st.booleans()):
            chat.send(self.said())
        if self.draw(st.booleans()):
            chat.submit(self.said())
        if self.draw(st.booleans()):
            chat.pause()
        return chat.resume()

    def complete(self) -> Completed[Any]:
        """End a new session, with or without something said."""
        chat = self.started()
        if self.draw(st.booleans()):
            chat.send(self.said())
        return chat.complete()

    def report(self) -> JobReport[Any]:
        """Submit something in a new session, and ask what became of it."""
        job = self.started().submit(self.said()).id
        self._may_fail = self._may_end = self.draw(st.booleans())
        if self.draw(st.booleans()):
            self.work()
        return self.chat.job(job)

    def outcome(self) -> JobOutcome[Any]:
        """Submit something in a new session, and ask what came of it when it is answered."""
        job = self.started().submit(self.said()).id
        self._may_end = True
        self.work()
        outcome = self.chat.job(job).outcome
        assert outcome is not None  # noqa: S101 - nothing fails
        return outcome

    def claimed(self) -> Claimed:
        """Submit something in a new session, and let a worker take it on."""
        self.started().submit(self.said())
        return self.work()[0]

    def relayed(self) -> Relayed:
        """Let this and that happen, and have it told to a notifier that fails now and then."""
        self.go_on()
        if self.draw(st.booleans()):
            self.notifier.fail(times=self.draw(st.integers(1, 3)))
        return self.coach.relay()

    def purged(self) -> Purged:
        """Let this and that happen, and sweep when some of it has expired."""
        self.go_on().clock.advance(self.draw(st.timedeltas(_AT_ONCE, _LONG)))
        if self.draw(st.booleans()):
            self.notifier.fail()
        return self.coach.purge_expired(limit=self.draw(st.integers(1, 3)))

    def records(self) -> list[Record]:
        """Return everything that is stored of the user."""
        return snapshot(self.memory, [(self.caller.tenant, self.caller.user)])


@st.composite
def _told(draw: st.DrawFn, tell: Callable[[_Talk], R]) -> R:
    """Return a strategy of what is told of talks."""
    return tell(_Talk(draw))


@cache
def conversations() -> st.SearchStrategy[list[Record]]:
    """Return a strategy of everything that is stored of one user, all of it fitting together."""
    return _told(lambda talk: talk.go_on().records())


@cache
def checks() -> st.SearchStrategy[Check]:
    """Return a strategy of answers to a check."""
    return _told(lambda talk: talk.go_on().user.check(talk.topic))


@cache
def session_views() -> st.SearchStrategy[SessionView[Any]]:
    """Return a strategy of sessions as their owners see them."""
    return _told(lambda talk: talk.go_on().any().get())


@cache
def histories() -> st.SearchStrategy[History]:
    """Return a strategy of pages of messages."""
    return _told(lambda talk: talk.go_on().seen().history(limit=2))


@cache
def session_lists() -> st.SearchStrategy[SessionList]:
    """Return a strategy of pages of sessions."""
    return _told(lambda talk: talk.go_on().user.list_sessions(limit=2))


@cache
def topic_standings() -> st.SearchStrategy[TopicStanding]:
    """Return a strategy of how users stand on topics."""
    return _told(lambda talk: talk.go_on().user.topics()[0])


@cache
def started() -> st.SearchStrategy[Started[Any]]:
    """Return a strategy of answers to a start."""
    return _told(lambda talk: _opened(talk.go_on().started()))


@cache
def resumed() -> st.SearchStrategy[Resumed[Any]]:
    """Return a strategy of answers to a resume."""
    return _told(_Talk.come_back)


@cache
def turns() -> st.SearchStrategy[Turn[Any]]:
    """Return a strategy of answers to a message."""
    return _told(_Talk.answer)


@cache
def completed() -> st.SearchStrategy[Completed[Any]]:
    """Return a strategy of answers to a complete."""
    return _told(_Talk.complete)


@cache
def job_reports() -> st.SearchStrategy[JobReport[Any]]:
    """Return a strategy of answers to who submits, polls, repeats or cancels a job."""
    return _told(_Talk.report)


@cache
def job_views() -> st.SearchStrategy[JobView]:
    """Return a strategy of jobs as the owners of their sessions see them."""
    return jobs().map(job_view)


@cache
def job_outcomes() -> st.SearchStrategy[JobOutcome[Any]]:
    """Return a strategy of what came of jobs that completed."""
    return _told(_Talk.outcome)


@cache
def exports() -> st.SearchStrategy[Export]:
    """Return a strategy of everything that is stored of users, as it is taken out."""
    return _told(lambda talk: talk.go_on().user.export())


@cache
def parts_of_answers() -> dict[type, st.SearchStrategy[Any]]:
    """Return a strategy for each class that workflows answer with, or hand to each other."""
    return {
        Check: checks(),
        Claimed: _told(_Talk.claimed),
        Completed: completed(),
        Deleted: _told(lambda talk: talk.go_on().user.delete_all()),
        Export: exports(),
        Held: _told(lambda talk: talk.claimed().held),
        History: histories(),
        JobOutcome: job_outcomes(),
        JobReport: job_reports(),
        JobView: job_views(),
        Purged: _told(_Talk.purged),
        Relayed: _told(_Talk.relayed),
        Resumed: resumed(),
        SessionExport: exports().map(lambda export: export.sessions[0]),
        SessionList: session_lists(),
        SessionView: session_views(),
        Started: started(),
        TopicStanding: topic_standings(),
        Turn: turns(),
    }


def _opened(chat: Chat[Any]) -> Started[Any]:
    """Return the answer to the start of *chat*."""
    assert isinstance(chat.opened, Started)  # noqa: S101 - it was started
    return chat.opened
