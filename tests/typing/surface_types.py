"""What the type checkers must know of the surface; this file is checked, never run.

Every public command of `coachwork.coach` is asserted in both colours: the type of a topic's result
goes through the handle into every answer. Each mistake below is silenced by name, for mypy and for
pyright. Both report a silencing that silences nothing, so a mistake that is no longer found fails
the check.
"""

# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict, assert_type

from attrs import frozen

from coachwork import (
    Answer,
    Ask,
    AsyncChat,
    AsyncCoach,
    Chat,
    Check,
    Coach,
    Completed,
    JobRef,
    LLMError,
    Memory,
    Message,
    Resumed,
    SessionView,
    Settings,
    SQLite,
    Topic,
    Turn,
    Usage,
    in_threads,
    json_schema,
    problem,
    to_json,
)
from coachwork.adapters import (
    AsyncModelAgents,
    Bell,
    LocalNotifier,
    ModelAgents,
    ScriptedAgents,
    ScriptedModel,
)
from coachwork.coach import AsyncUserCoach, UserCoach
from coachwork.effects import Get, NewId, Now, Workflow
from coachwork.events import Event
from coachwork.plain import JSON
from coachwork.ports import (
    Admission,
    AsyncLanguageModel,
    AsyncRepository,
    LanguageModel,
    Partial,
    Repository,
)
from coachwork.records import Key, Record
from coachwork.sessions import ResultError, SessionStatus
from coachwork.workflows import (
    Advice,
    AgentsView,
    Deleted,
    Export,
    History,
    JobOutcome,
    JobReport,
    JobView,
    Planted,
    Purged,
    Relayed,
    Scenario,
    SessionList,
    Setup,
    Started,
    Timeline,
    TopicStanding,
)


@frozen
class Values:
    """A result."""

    values: list[str]


@dataclass
class Goals:
    """A result of another kind."""

    goals: list[str]


class Plan(TypedDict):
    """A result of a third kind."""

    plan: str


VALUES = Topic(id="values", system="Listen.", result=Values)
GOALS = Topic(id="goals", system="Listen.", result=Goals)
PLAN = Topic(id="plan", system="Listen.", result=Plan)
TALK = Topic(id="talk", system="Listen.")


def topics_know_their_result() -> None:
    """A topic is generic in its result, and may stand among topics of other results."""
    assert_type(VALUES, Topic[Values])
    assert_type(GOALS, Topic[Goals])
    assert_type(PLAN, Topic[Plan])
    assert_type(TALK, Topic[None])
    _all: Sequence[Topic[object]] = [VALUES, GOALS, PLAN, TALK]


# --- blocking --------------------------------------------------------------------------------


def a_coach(repository: Repository, model: LanguageModel) -> None:
    """What a coach answers."""
    with Coach(repository, model, topics=[VALUES, TALK]) as coach:
        assert_type(coach, Coach)
        assert_type(coach.as_user("ada", tenant="acme", scenario=None), UserCoach)
        assert_type(coach.purge_expired(limit=10), Purged)
        assert_type(coach.process(JobRef.parse("cwj1.x")), JobReport[object] | None)
        assert_type(coach.relay(limit=10), Relayed)
        assert_type(coach.bell, Bell)
        assert_type(coach.run(what_time()), datetime)
        assert_type(coach.setup, Setup)
        assert_type(coach.close(), None)


def a_user(ada: UserCoach, now: datetime) -> None:
    """What the coach answers to one user."""
    assert_type(ada.check(VALUES), Check)
    assert_type(ada.check(VALUES).advice, Advice)
    assert_type(ada.check(VALUES).actual_status, SessionStatus | None)
    assert_type(ada.start(VALUES), Chat[Values])
    assert_type(ada.start(GOALS, context={"a": [1, None]}, take_over=True, key="k"), Chat[Goals])
    assert_type(ada.start(PLAN), Chat[Plan])
    assert_type(ada.start(TALK), Chat[None])
    assert_type(ada.start(VALUES, wait=False), Chat[Values])
    assert_type(ada.open(VALUES, context=None, key=None, wait=False), Chat[Values])
    assert_type(ada.job("j-1"), JobReport[object])
    assert_type(ada.cancel_job("j-1"), JobReport[object])
    assert_type(ada.session(VALUES, "s-1"), Chat[Values])
    assert_type(ada.session("values", "s-1"), Chat[object])
    assert_type(
        ada.list_sessions(status=["active"], topic="t", since=now, before=now, after=None, limit=5),
        SessionList,
    )
    assert_type(ada.list_sessions().sessions, tuple[SessionView[object], ...])
    assert_type(ada.topics(), tuple[TopicStanding, ...])
    assert_type(ada.export(), Export)
    assert_type(ada.delete_all(), Deleted)
    assert_type(ada.list_scenario(), Export)
    assert_type(ada.export_scenario(), Scenario)
    assert_type(ada.plant({}, key="k"), Planted)
    assert_type(ada.plant(ada.export_scenario()), Planted)
    assert_type(ada.delete_scenario(), Deleted)


def a_chat(chat: Chat[Values]) -> None:
    """What a session answers."""
    assert_type(chat.timeline(), Timeline[Values])
    assert_type(chat.agents(), AgentsView)
    assert_type(chat.run_agents(side_by_side=2, wait=True), AgentsView)
    assert_type(chat.topic, Topic[Values] | str)
    assert_type(chat.session_id, str)
    assert_type(chat.opened, Started[Values] | Resumed[Values] | None)
    assert_type(chat.greeting, Message)
    assert_type(chat.welcome, Message | None)
    assert_type(chat.key, str | None)
    assert_type(chat.opening_job, JobView | None)
    assert_type(chat.pause(), SessionView[Values])
    assert_type(chat.cancel(), SessionView[Values])
    assert_type(chat.get(), SessionView[Values])
    assert_type(chat.get().result, Values | None)
    assert_type(chat.history(after=0, last=5, limit=5), History)
    assert_type(chat.history().messages, tuple[Message, ...])
    turn = chat.send("hello", key="k")
    assert_type(turn, Turn[Values])
    assert_type(turn.result, Values | None)
    assert_type(turn.result_error, ResultError | None)
    assert_type(turn.job, JobView)
    assert_type(turn.session, SessionView[Values])
    job = chat.submit("hello", key="k")
    assert_type(job, JobReport[Values])
    assert_type(job.outcome, JobOutcome[Values] | None)
    if job.outcome is not None:
        assert_type(job.outcome.message, Message | None)
        assert_type(job.outcome.result, Values | None)
    assert_type(job.processing_time, int | None)
    assert_type(job.estimated_duration, int)
    _view: JobView = job
    assert_type(chat.job("j-1"), JobReport[Values])
    assert_type(chat.pending_job(), JobReport[Values] | None)
    assert_type(chat.retry("j-1", key="k", wait=False), JobReport[Values])
    assert_type(chat.cancel_job("j-1"), JobReport[Values])
    resumed = chat.resume(key="k", wait=False)
    assert_type(resumed, Resumed[Values])
    assert_type(resumed.message, Message | None)
    assert_type(resumed.result, Values | None)
    completed = chat.complete(key="k")
    assert_type(completed, Completed[Values])
    assert_type(completed.result, Values | None)


# --- async -----------------------------------------------------------------------------------


async def an_async_coach(repository: AsyncRepository, model: AsyncLanguageModel) -> None:
    """What an async coach answers: the same, awaited."""
    async with AsyncCoach(repository, model, topics=[VALUES, TALK]) as coach:
        assert_type(coach, AsyncCoach)
        assert_type(coach.as_user("ada", tenant="acme", scenario=None), AsyncUserCoach)
        assert_type(await coach.purge_expired(limit=10), Purged)
        assert_type(await coach.process(JobRef.parse("cwj1.x")), JobReport[object] | None)
        assert_type(await coach.relay(limit=10), Relayed)
        assert_type(coach.bell, Bell)
        assert_type(await coach.run(what_time()), datetime)
        assert_type(coach.setup, Setup)
        assert_type(await coach.close(), None)


async def an_async_user(ada: AsyncUserCoach, now: datetime) -> None:
    """What the async coach answers to one user."""
    assert_type(await ada.check(VALUES), Check)
    assert_type(await ada.start(VALUES), AsyncChat[Values])
    assert_type(await ada.start(GOALS, context={"a": 1}, take_over=True, key="k"), AsyncChat[Goals])
    assert_type(await ada.start(PLAN), AsyncChat[Plan])
    assert_type(await ada.start(TALK), AsyncChat[None])
    assert_type(await ada.start(VALUES, wait=False), AsyncChat[Values])
    assert_type(await ada.open(VALUES, context=None, key=None, wait=False), AsyncChat[Values])
    assert_type(await ada.job("j-1"), JobReport[object])
    assert_type(await ada.cancel_job("j-1"), JobReport[object])
    assert_type(ada.session(VALUES, "s-1"), AsyncChat[Values])
    assert_type(ada.session("values", "s-1"), AsyncChat[object])
    assert_type(
        await ada.list_sessions(
            status=["active"], topic="t", since=now, before=now, after=None, limit=5
        ),
        SessionList,
    )
    assert_type(await ada.topics(), tuple[TopicStanding, ...])
    assert_type(await ada.export(), Export)
    assert_type(await ada.delete_all(), Deleted)
    assert_type(await ada.list_scenario(), Export)
    assert_type(await ada.export_scenario(), Scenario)
    assert_type(await ada.plant({}, key="k"), Planted)
    assert_type(await ada.delete_scenario(), Deleted)


async def an_async_chat(chat: AsyncChat[Values]) -> None:
    """What a session of an async coach answers."""
    assert_type(await chat.timeline(), Timeline[Values])
    assert_type(await chat.agents(), AgentsView)
    assert_type(await chat.run_agents(), AgentsView)
    assert_type(chat.topic, Topic[Values] | str)
    assert_type(chat.session_id, str)
    assert_type(chat.opened, Started[Values] | Resumed[Values] | None)
    assert_type(chat.greeting, Message)
    assert_type(chat.welcome, Message | None)
    assert_type(chat.key, str | None)
    assert_type(chat.opening_job, JobView | None)
    assert_type(await chat.send("hello", key="k"), Turn[Values])
    assert_type((await chat.send("hello")).result, Values | None)
    assert_type(await chat.pause(), SessionView[Values])
    assert_type(await chat.submit("hello", key="k"), JobReport[Values])
    assert_type(await chat.job("j-1"), JobReport[Values])
    assert_type(await chat.pending_job(), JobReport[Values] | None)
    assert_type(await chat.retry("j-1", key="k", wait=False), JobReport[Values])
    assert_type(await chat.cancel_job("j-1"), JobReport[Values])
    assert_type(await chat.resume(key="k", wait=False), Resumed[Values])
    assert_type(await chat.complete(key="k"), Completed[Values])
    assert_type((await chat.complete()).result, Values | None)
    assert_type(await chat.cancel(), SessionView[Values])
    assert_type(await chat.get(), SessionView[Values])
    assert_type(await chat.history(after=0, last=5, limit=5), History)


# --- ports -----------------------------------------------------------------------------------


class Mine:
    """A model of an application."""

    def complete(self, ask: Ask, /) -> Answer:
        """Answer."""
        return Answer(text=ask.messages[-1].text, usage=Usage(1, 2))


class MineAsync:
    """The same, awaited."""

    async def complete(self, ask: Ask, /) -> Answer:
        """Answer."""
        return Answer(text=ask.messages[-1].text)


def admit(admission: Admission) -> str | None:
    """Let it pass."""
    return admission.text


async def admit_async(admission: Admission) -> str | None:
    """Let it pass."""
    return admission.text


class Listens:
    """A notifier and a dispatcher of an application."""

    def notify(self, event: Event, /) -> None:
        """Tell."""

    def dispatch(self, ref: JobRef, /) -> None:
        """Wake."""


class Tells:
    """A notifier of an application."""

    def notify(self, event: Event, /) -> None:
        """Tell."""


class Wakes:
    """A dispatcher of an application."""

    def dispatch(self, ref: JobRef, /) -> None:
        """Wake."""


class ListensAsync:
    """The same, awaited."""

    async def notify(self, event: Event, /) -> None:
        """Tell."""

    async def dispatch(self, ref: JobRef, /) -> None:
        """Wake."""


def shown(partial: Partial) -> None:
    """Show a piece."""
    assert_type(partial.text, str)


def ports_fit() -> None:
    """What comes with the library, and what an application writes, fits where it belongs."""
    Coach(Memory(), Mine(), topics=[TALK], admit=admit)
    Coach(SQLite("coach.db"), ScriptedModel(["hi"]), topics=[], settings=Settings(attempts=1))
    # Ports with an async form of their own go in as they are; others are wrapped.
    AsyncCoach(Memory(), MineAsync(), topics=[TALK], admit=admit_async)
    AsyncCoach(SQLite("coach.db"), ScriptedModel(["hi"]), topics=[TALK])
    AsyncCoach(Memory(), in_threads(Mine()), topics=[TALK])
    # Who is told of outcomes and of jobs that wait, in either colour; and what is shown meanwhile.
    Coach(Memory(), Mine(), topics=[TALK], notifier=Listens(), dispatcher=Listens(), sink=shown)
    Coach(Memory(), Mine(), topics=[TALK], notifier=LocalNotifier())
    AsyncCoach(
        Memory(),
        MineAsync(),
        topics=[TALK],
        notifier=ListensAsync(),
        dispatcher=in_threads(Wakes()),
        sink=shown,
    )
    AsyncCoach(Memory(), MineAsync(), topics=[TALK], notifier=LocalNotifier())
    AsyncCoach(Memory(), MineAsync(), topics=[TALK], notifier=in_threads(Tells()))
    # Sub-agents: scripted ones, those of another model, and an application's own.
    Coach(Memory(), Mine(), topics=[TALK], sub_agents=ModelAgents(Mine()))
    AsyncCoach(Memory(), MineAsync(), topics=[TALK], sub_agents=ScriptedAgents({}))
    AsyncCoach(Memory(), MineAsync(), topics=[TALK], sub_agents=AsyncModelAgents(MineAsync()))
    AsyncCoach(Memory(), MineAsync(), topics=[TALK], sub_agents=in_threads(ScriptedAgents({})))


def data_at_the_edge(turn: Turn[Values], error: Exception) -> None:
    """Plain data in and out."""
    assert_type(to_json(turn), JSON)
    assert_type(json_schema(Turn[Values]), dict[str, JSON])
    assert_type(problem(error), tuple[dict[str, JSON], int, dict[str, str]])
    assert_type(LLMError().facts, Mapping[str, object])


# --- workflows -------------------------------------------------------------------------------


def what_time() -> Workflow[datetime]:
    """An effect is typed by its answer."""
    now = yield from Now()
    assert_type(now, datetime)
    assert_type((yield from NewId()), str)
    assert_type((yield from Get(Key("session", "acme", ("s",)))), Record | None)
    return now


# --- what must not compile -------------------------------------------------------------------


def mistakes_of_a_user(coach: Coach, ada: UserCoach) -> None:
    """Mistakes before there is a session."""
    # tenant and user in one breath; no user; no topics; topics that are none
    coach.as_user("ada", "acme")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    coach.as_user()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Coach(Memory(), Mine())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Coach(Memory(), Mine(), topics=["talk"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    # an id for a topic; a context that is no plain data; a positional context; a misspelt argument
    ada.start("values")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ada.start(VALUES, context={"a": object()})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]
    ada.start(VALUES, {"a": 1})  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    ada.start(VALUES, takeover=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    ada.session(VALUES)  # type: ignore[call-overload]  # pyright: ignore[reportCallIssue]
    # a word that is none
    ada.begin(VALUES)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    # advice that nobody gives
    ada.check(VALUES).advice == "maybe"  # type: ignore[comparison-overlap]  # pyright: ignore[reportUnnecessaryComparison, reportUnusedExpression]  # noqa: B015 - the mistake


def mistakes_in_a_chat(chat: Chat[Values], talk: Chat[None]) -> None:
    """Mistakes in a session."""
    # no text; no key by keyword; bytes
    chat.send()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    chat.send("hello", "k")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    chat.send(b"hello")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    # a result that may be none; one of another topic; one where none is declared
    chat.send("hello").result.values  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]  # noqa: B018 - the mistake
    _goals: Goals | None = chat.send("hello").result  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    _values: Values = talk.complete().result  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    _other: Chat[Goals] = chat  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    # a welcome-back that may be none
    chat.resume().message.text  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]  # noqa: B018 - the mistake
    # an outcome that may not be there yet; a job by its report; an id that is none
    chat.submit("hello").outcome.message  # type: ignore[union-attr]  # pyright: ignore[reportOptionalMemberAccess]  # noqa: B018 - the mistake
    chat.job(chat.submit("hello"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    chat.submit("hello", wait=False)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    # answers are frozen
    chat.get().turns = 0  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


async def mistakes_of_colour(chat: AsyncChat[Values], blocking: Chat[Values]) -> None:
    """One colour in the place of the other."""
    # not awaited; awaited where there is nothing to await
    chat.send("hello").result  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # noqa: B018 - the mistake
    await blocking.send("hello")  # type: ignore[misc]  # pyright: ignore[reportGeneralTypeIssues]
    # blocking ports unwrapped behind an async coach, async ones behind a blocking coach
    AsyncCoach(Memory(), Mine(), topics=[TALK])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    AsyncCoach(Memory(), MineAsync(), topics=[TALK], admit=admit)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Coach(Memory(), MineAsync(), topics=[TALK])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Coach(Memory().for_async(), Mine(), topics=[TALK])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Coach(Memory(), Mine(), topics=[TALK], notifier=ListensAsync())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    AsyncCoach(Memory(), MineAsync(), topics=[TALK], dispatcher=Listens())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Coach(Memory(), Mine(), topics=[TALK], admit=admit_async)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def mistakes_in_a_declaration() -> None:
    """Mistakes in a topic or in settings."""
    JobRef("acme", "j-1", "reply")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Topic(system="Listen.")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Topic("talk", "Listen.")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Topic(id="talk", system="Listen.", result=Values([]))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Topic(id="talk", system="Listen.", max_turn=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Topic(id="talk", system="Listen.", idle_timeout=30)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Settings(start_new="delete")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def a_bare_yield() -> Workflow[datetime]:
    """Mistakes in a workflow: an answer without its type, an answer of another type."""
    now: datetime = yield Now()  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    _text: str = yield from Now()  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
    return now
