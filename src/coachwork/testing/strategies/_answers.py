"""What the workflows answer: given by the workflows themselves, about a talk that took place.

A talk is a coach on a repository in memory, with a user to whom this and that has happened. So an
answer is always one that could be given, and everything that is stored fits together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import cache
from typing import Any, Final, TypeVar, cast

from attrs import evolve
from hypothesis import assume
from hypothesis import strategies as st

from coachwork.adapters import Memory, ScriptedAgents, ScriptedModel
from coachwork.coach import Chat, Coach
from coachwork.errors import ActionRefusedError, CoachworkError
from coachwork.jobs import JobKind
from coachwork.messages import Role
from coachwork.plain import JSON, to_json
from coachwork.ports import AgentAsk, Answer, Ask, Query
from coachwork.programs import Program, Scope, read_state
from coachwork.records import PROGRESS, Record
from coachwork.replies import ABSENT, Absent
from coachwork.testing._fakes import CountedIds, FakeClock, RecordingNotifier
from coachwork.testing._invariants import snapshot
from coachwork.testing.strategies._diary import PROGRAMS, Asked, Diary, Flower, asked, wishes
from coachwork.testing.strategies._jobs import jobs
from coachwork.testing.strategies._leaves import ids, instants
from coachwork.testing.strategies._plain import contexts
from coachwork.testing.strategies._replies import (
    bad_replies,
    extractions,
    model_failures,
    replies,
)
from coachwork.testing.strategies._texts import sound_texts, texts
from coachwork.testing.strategies._topics import callers, gaps_of, settings, topics, values
from coachwork.topics import Topic
from coachwork.workflows import (
    Acted,
    ActionList,
    ActionView,
    AgentsView,
    AgentView,
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
    Planted,
    ProgramView,
    Purged,
    Relayed,
    Resumed,
    Scenario,
    ScenarioAudit,
    ScenarioMessage,
    ScenarioProgram,
    ScenarioSession,
    SessionExport,
    SessionList,
    SessionView,
    Started,
    Timeline,
    TimelineEntry,
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


def _of_coach(chat: Chat[Any]) -> int:
    """Return the number of the first message that the coach said, or of none."""
    said = chat.history(limit=2, after=0).messages
    return next((told.sequence for told in said if told.role is Role.COACH), len(said) + 1)


class _Talk:
    """A coach, a user of it, and the session that the user started last."""

    def __init__(self, draw: st.DrawFn, topic: Topic[Any]) -> None:
        """Let the user start; neither the greeting nor anything else fails, or acts, so far."""
        self.draw = draw
        self.topic = topic
        self._may_fail = False
        self._may_end = False
        self._may_act = False
        self.caller = evolve(draw(callers()), scenario=None)
        self.memory = Memory()
        self.clock = FakeClock(draw(instants()))
        self.notifier = RecordingNotifier()
        self._settings = draw(settings())
        self.coach = self._coach_of(self.memory)
        self.user = self.coach.as_user(self.caller.user, tenant=self.caller.tenant)
        self.chat = self.started()

    def _coach_of(self, memory: Memory) -> Coach:
        """Return the coach of what *memory* holds."""
        return Coach(
            memory,
            ScriptedModel(self._say),
            topics=[self.topic],
            settings=self._settings,
            clock=self.clock,
            ids=CountedIds(),
            notifier=self.notifier,
            sub_agents=ScriptedAgents(self._press),
        )

    def _press(self, _ask: AgentAsk) -> object:
        """Answer as the agent of a diary."""
        if self._may_fail and self.draw(st.booleans()):
            return self.draw(bad_replies() | model_failures())
        return Flower(self.draw(sound_texts()))

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
        return self.draw(replies(is_final=ends, result=given, actions=self._asked_for()))

    def _asked_for(self) -> list[Asked] | None:
        """Return what the coach wants to be done; without a program it may want anything."""
        if self.topic.program is None:
            return None
        return self.draw(self._wishes()) if self._may_act else []

    def _wishes(self) -> st.SearchStrategy[list[Asked]]:
        """Return a strategy of what a reply may ask for; now and then it is the end."""
        return st.lists(wishes(self._diary()) | st.just(asked("close")), max_size=3)

    def _diary(self) -> Diary:
        """Return what the last audit left: what is struck out there is known by its id."""
        found = self.memory.find(
            Query(kind=PROGRESS.name, tenant=self.caller.tenant, owner=self.caller.user)
        )
        kept = [PROGRESS.read(record).value for record in found]
        last = max(kept, key=lambda progress: progress.updated_at, default=None)
        return Diary() if last is None else read_state(self.program, last)

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

    def talked(self) -> Chat[Any]:
        """Start anew, and return the session with something said in it, by whomever."""
        chat = self.started()
        if chat.get().messages == 0:
            chat.submit(self.said())
        return chat

    @property
    def program(self) -> Program[Any]:
        """The program of a topic that has one."""
        assert self.topic.program is not None  # noqa: S101 - it was drawn so
        return self.topic.program

    def acted(self) -> Acted[Any]:
        """Write a page in a new session."""
        chat = self.started()
        if chat.get().messages == 0:
            # On some topics one turn is all, and then nothing can be clicked any more.
            assume(not chat.send(self.said()).is_final)
        return chat.act("write", {"text": self.draw(texts())}, message=_of_coach(chat))

    def wrote(self) -> None:
        """Write a page in a new session, or be refused where the diary is closed."""
        with suppress(ActionRefusedError):
            self.acted()

    def click(self) -> Acted[Any]:
        """Press some button at the coach's first message, or something that never was a button."""
        wish = self.draw(wishes(self._diary()))
        action, given = wish.get("type"), wish.get("parameters")
        # What is neither is refused, as a client's mistake is.
        return self.chat.act(
            cast("str", action),
            cast("Mapping[str, JSON] | None", given),
            message=_of_coach(self.chat),
        )

    # --- what happens ------------------------------------------------------------------------

    def go_on(self) -> _Talk:
        """Let this and that happen; what is refused, or fails, has happened too."""
        able: list[Callable[[], object]] = [
            lambda: self.chat.send(self.said()),
            lambda: self.chat.submit(self.said()),
            self.work,
            lambda: self.chat.pause(),  # noqa: PLW0108 - of the session then, not now
            lambda: self.chat.resume(),  # noqa: PLW0108 - of the session then, not now
            lambda: self.chat.complete(),  # noqa: PLW0108 - of the session then, not now
            lambda: self.chat.cancel(),  # noqa: PLW0108 - of the session then, not now
            self.started,
            lambda: self.clock.advance(self.draw(st.timedeltas(_AT_ONCE, _LONG))),
        ]
        if self.topic.program is not None:
            able += [self.click, lambda: self.chat.run_agents(side_by_side=1)]
        self._may_fail = self._may_end = self._may_act = True
        for what in self.draw(st.lists(st.integers(0, len(able) - 1), max_size=_MOST)):
            with suppress(CoachworkError):
                able[what]()
        self._may_fail = self._may_end = self._may_act = False
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

    def actions(self) -> ActionList:
        """Write a page, let this and that happen, and ask what was done."""
        self.acted()
        return self.go_on().user.actions(self.program, limit=self.draw(st.integers(1, 3)))

    def standing(self) -> ProgramView[Any]:
        """Let this and that happen, and ask where the user stands in the program."""
        session = self.go_on().seen().session_id
        return self.user.program(
            self.program, session if self.program.scope is Scope.SESSION else None
        )

    def timeline(self) -> Timeline[Any]:
        """Let this and that happen, at last in a new session now and then; tell how it went."""
        self.go_on()
        if self.draw(st.booleans()):
            self._may_act = True
            return self.talked().timeline()
        return self.seen().timeline()

    def agents(self) -> AgentsView:
        """Let this and that happen, and ask how far the agents are."""
        return self.go_on().seen().agents()

    def entry(self) -> TimelineEntry:
        """Let this and that happen, and tell one thing of it."""
        told = self.go_on().seen().timeline().entries
        if self.topic.program is None:
            self.talked()
        else:
            self.wrote()
        return self.draw(st.sampled_from((*told, *self.chat.timeline().entries)))

    def scenario(self) -> Scenario:
        """Let this and that happen, say something, and take all out."""
        self.go_on().talked()
        return self.user.export_scenario()

    def played(self) -> ScenarioProgram:
        """Let this and that happen in a program, and take out what is left of it."""
        self.go_on().wrote()
        return self.draw(st.sampled_from(self.user.export_scenario().programs))

    def planted(self) -> Planted:
        """Take out what was said and done, and plant it where nothing is."""
        document = self.scenario()
        user = self._coach_of(Memory()).as_user(
            self.draw(ids()), tenant=self.draw(ids()), scenario=self.draw(ids())
        )
        return user.plant(document)

    def records(self) -> list[Record]:
        """Return everything that is stored of the user."""
        return snapshot(self.memory, [(self.caller.tenant, self.caller.user)])


@st.composite
def _told(draw: st.DrawFn, tell: Callable[[_Talk], R]) -> R:
    """Return a strategy of what is told of talks."""
    return tell(_Talk(draw, draw(topics())))


@st.composite
def _done(draw: st.DrawFn, tell: Callable[[_Talk], R]) -> R:
    """Return a strategy of what is told of talks that work on a program."""
    return tell(_Talk(draw, draw(topics(programs=st.sampled_from(PROGRAMS)))))


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
def acted() -> st.SearchStrategy[Acted[Any]]:
    """Return a strategy of answers to a click."""
    return _done(_Talk.acted)


@cache
def action_lists() -> st.SearchStrategy[ActionList]:
    """Return a strategy of pages of actions."""
    return _done(_Talk.actions)


@cache
def program_views() -> st.SearchStrategy[ProgramView[Any]]:
    """Return a strategy of where users stand in programs."""
    return _done(_Talk.standing)


@cache
def agents_views() -> st.SearchStrategy[AgentsView]:
    """Return a strategy of how far the agents of programs are."""
    return _done(_Talk.agents)


@cache
def timelines() -> st.SearchStrategy[Timeline[Any]]:
    """Return a strategy of conversations as they went, with a program and without."""
    return _told(_Talk.timeline)


@cache
def scenarios() -> st.SearchStrategy[Scenario]:
    """Return a strategy of test scenarios as they are taken out; each has a session at least."""
    return _told(_Talk.scenario)


@cache
def parts_of_answers() -> dict[type, st.SearchStrategy[Any]]:
    """Return a strategy for each class that workflows answer with, or hand to each other."""
    sessions = scenarios().flatmap(lambda scenario: st.sampled_from(scenario.sessions))
    messages = sessions.filter(lambda session: bool(session.messages)).flatmap(
        lambda session: st.sampled_from(session.messages)
    )
    programs = _done(_Talk.played)
    listed = action_lists().filter(lambda page: bool(page.actions))
    return {
        Acted: acted(),
        ActionList: action_lists(),
        ActionView: listed.flatmap(lambda page: st.sampled_from(page.actions)),
        AgentView: agents_views().flatmap(lambda view: st.sampled_from(view.agents)),
        AgentsView: agents_views(),
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
        Planted: _told(_Talk.planted),
        ProgramView: program_views(),
        Purged: _told(_Talk.purged),
        Relayed: _told(_Talk.relayed),
        Resumed: resumed(),
        Scenario: scenarios(),
        ScenarioAudit: programs.flatmap(lambda program: st.sampled_from(program.audits)),
        ScenarioMessage: messages,
        ScenarioProgram: programs,
        ScenarioSession: sessions,
        SessionExport: exports().map(lambda export: export.sessions[0]),
        SessionList: session_lists(),
        SessionView: session_views(),
        Started: started(),
        Timeline: timelines(),
        TimelineEntry: _told(_Talk.entry),
        TopicStanding: topic_standings(),
        Turn: turns(),
    }


def _opened(chat: Chat[Any]) -> Started[Any]:
    """Return the answer to the start of *chat*."""
    assert isinstance(chat.opened, Started)  # noqa: S101 - it was started
    return chat.opened
