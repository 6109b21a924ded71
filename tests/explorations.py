"""The small worlds in which the shipped workflows are explored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final

from attrs import evolve, field, frozen

from coachwork.actions import Component
from coachwork.adapters import final
from coachwork.errors import LLMError
from coachwork.jobs import JobKind
from coachwork.machine import Machine, Row
from coachwork.policies import Settings
from coachwork.ports import AgentAsk, Answer, Ask
from coachwork.programs import (
    ActionType,
    Agent,
    AgentRuns,
    AgentStatus,
    Done,
    Moment,
    Program,
    Refusal,
    agent_actions,
)
from coachwork.programs.plan import plan_program
from coachwork.records import Record
from coachwork.testing.explorer import (
    PROMISED,
    Bounds,
    Exploration,
    Fault,
    Promises,
    World,
    commands_of,
    explore,
)
from coachwork.testing.explorer._world import BEGIN, usual_agents
from coachwork.topics import Topic
from coachwork.workflows import Caller, Setup, act, send, start
from tests.faults import World as Stored
from tests.programs.plan.written import ANSWERS, section_agents

ADA: Final = Caller("acme", "ada")
BEN: Final = Caller("acme", "ben")

AT_ONCE: Final = (timedelta(0),)
PAST_LEASE: Final = (timedelta(0), timedelta(minutes=6))
PAST_EXPIRY: Final = (timedelta(0), timedelta(days=15))
PAST_BOTH: Final = (timedelta(0), timedelta(minutes=6), timedelta(days=15))


@frozen
class Values:
    """What a conversation may yield."""

    values: list[str]


class Stage(StrEnum):
    """How far a tally is."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


class Turn(StrEnum):
    """What may become of it."""

    CLOSE = "close"


@frozen
class Tally:
    """A number, until it is closed."""

    stage: Stage = Stage.OPEN
    number: int = 0


@frozen
class Count:
    """Count one more."""


@frozen
class Double:
    """Double what was counted; not the same before counting as after it."""


@frozen
class CountMany:
    """Count many more.

    Attributes:
        many: How many.
    """

    many: int


@frozen
class Close:
    """Count no more."""


def _closed(old: Tally, to: Stage, _now: datetime, _given: None) -> Tally:
    return Tally(to, old.number)


STAGES: Final = Machine[Tally, Stage, Turn, None, Any](
    name="tally",
    states=Stage,
    events=Turn,
    initial=(Stage.OPEN,),
    ends=(Stage.CLOSED,),
    state=attrgetter("stage"),
    table={Stage.OPEN: {Turn.CLOSE: Row(Stage.CLOSED, _closed)}, Stage.CLOSED: {}},
)


def _count(tally: Tally, _given: Count, _moment: Moment) -> Done[Tally]:
    return Done(Tally(tally.stage, tally.number + 1), "counted")


def _count_many(tally: Tally, given: CountMany, _moment: Moment) -> Done[Tally]:
    return Done(Tally(tally.stage, tally.number + given.many), "counted many")


def _double(tally: Tally, _given: Double, _moment: Moment) -> Done[Tally] | Refusal:
    if tally.number == 0:
        return Refusal("nothing was counted")
    shown = Component(kind="tally", data={"number": tally.number})
    return Done(Tally(tally.stage, 2 * tally.number), "doubled", shown)


def _close(tally: Tally, _given: Close, moment: Moment) -> Done[Tally]:
    return Done(STAGES.move(tally, Turn.CLOSE, moment.now).value, "closed")


TALLY: Final = Program(
    id="tally",
    state=Tally,
    phases=STAGES,
    prompt=lambda tally: f"{tally.number} counted.",
    actions=[
        ActionType(Count, _count),
        ActionType(CountMany, _count_many),
        ActionType(Double, _double, by="coach"),
        ActionType(Close, _close, by="user"),
    ],
)
"""What is worked on where there is a program: the order of its actions is seen in the state."""


@frozen
class Note:
    """What an agent answers."""


@frozen
class Relay:
    """What agents do one after the other, as often as they are asked to."""

    stage: Stage = Stage.OPEN
    runs: AgentRuns = field(factory=AgentRuns)
    notes: int = 0


@frozen
class Again:
    """Ask for the first agent anew."""


RUNNERS: Final = (
    Agent[Relay](name="first", prompt=lambda relay: f"{relay.notes}.", result=Note, attempts=2),
    Agent[Relay](name="second", prompt=lambda relay: f"{relay.notes}.", result=Note, stage=2),
)


def _again(relay: Relay, _given: Again, _moment: Moment) -> Done[Relay] | Refusal:
    if relay.runs.of("first").status in {AgentStatus.WAITING, AgentStatus.RUNNING}:
        return Refusal("it is on its way")
    return Done(evolve(relay, runs=relay.runs.again("first")), "asked again")


def _noted(relay: Relay, _agent: object, _note: Note, _moment: Moment) -> Relay:
    return evolve(relay, notes=relay.notes + 1)


def _passed_on(relay: Relay, runs: AgentRuns) -> Relay:
    return evolve(relay, runs=runs)


def _never(old: Relay, to: Stage, _now: datetime, _given: None) -> Relay:
    return evolve(old, stage=to)


RELAY: Final = Program(
    id="relay",
    state=Relay,
    phases=Machine[Relay, Stage, Turn, None, Any](
        name="relay",
        states=Stage,
        events=Turn,
        initial=(Stage.OPEN,),
        ends=(Stage.CLOSED,),
        state=attrgetter("stage"),
        table={Stage.OPEN: {Turn.CLOSE: Row(Stage.CLOSED, _never)}, Stage.CLOSED: {}},
    ),
    prompt=lambda relay: f"{relay.notes} notes.",
    actions=[
        ActionType(Again, _again, by="user"),
        *agent_actions(RUNNERS, attrgetter("runs"), _passed_on, _noted, phases=[Stage.OPEN]),
    ],
    agents=RUNNERS,
    runs=attrgetter("runs"),
)
"""What is worked on where there are agents, in two stages."""

PLAN: Final = plan_program(agents=[evolve(one, losses=1) for one in section_agents(1, 1)])
"""A real plan with two agents in two stages, the second one optional; a lost run fails either."""


def _sections(ask: AgentAsk) -> Sequence[Answer | Exception]:
    """Return what an agent of a plan may answer."""
    return (Answer(data={"title": ask.agent, "body": "Well."}), LLMError("it failed"))


def _planned(topic: Topic[Any], settings: Settings) -> tuple[Record, ...]:
    """Return what is stored when every step of a plan is complete, and agents are asked for."""
    stored = Stored([topic], ["Well.", ANSWERS], settings=settings)
    stored.clock.time = BEGIN
    session = stored.run(start(stored.setup, ADA, topic)).session.id
    stored.run(act(stored.setup, ADA, topic, session, "start_coaching", message=1))
    stored.run(send(stored.setup, ADA, topic, session, "A restaurant."))
    stored.run(act(stored.setup, ADA, topic, session, "start_agents", message=3))
    return tuple(stored.records())


ACTING: Final = json.dumps(
    {
        "message": "Well.",
        "is_final": False,
        "actions": [{"type": "double"}, {"type": "count"}, {"type": "close"}],
    }
)
"""A reply with actions: one that may be refused, one that is for the user alone."""


@frozen(kw_only=True)
class Scope:
    """A small world and its bounds.

    Attributes:
        names: The commands that may come.
        callers: Who calls.
        topics: How many topics there are.
        exclusive: Whether a topic is only one user's of a tenant.
        greets: Whether the coach speaks first.
        result: Whether conversations yield a result.
        finals: Whether the coach may end a session.
        program: Whether the coach and the user work on a program: a reply may bring actions.
        agents: Whether that program is one of sub-agents.
        plan: Whether that program is a plan whose answers will do, and whose agents are asked for.
        commands: How many calls may come.
        at_once: How many may be under way at the same moment.
        faults: How much may go wrong.
        kinds: What may go wrong.
        instants: Which times there are.
        states: How many states there may be.
        alike: Whether users, and topics, that differ in their names alone may change places.
    """

    names: tuple[str, ...]
    callers: tuple[Caller, ...] = (ADA,)
    topics: int = 1
    exclusive: bool = False
    greets: bool = True
    result: bool = False
    finals: bool = False
    program: bool = False
    agents: bool = False
    plan: bool = False
    commands: int = 2
    at_once: int = 2
    faults: int = 0
    kinds: frozenset[Fault] = field(default=PROMISED, repr=False)
    instants: tuple[timedelta, ...] = field(default=AT_ONCE, repr=False)
    states: int = 20_000_000
    alike: bool = True

    def world(self) -> World:
        """Return the world."""
        topics = [
            Topic(
                id=name,
                system="Listen.",
                initiation="Say hello." if self.greets else None,
                result=Values if self.result else None,
                exclusive=self.exclusive,
                program=self._program(),
            )
            for name in ("talk", "plan")[: self.topics]
        ]
        settings = Settings(commit_tries=3)
        return World(
            setup=Setup(topics={topic.id: topic for topic in topics}, settings=settings),
            replies=self._replies,
            agents=_sections if self.plan else usual_agents,
            records=_planned(topics[0], settings) if self.plan else (),
            instants=self.instants,
            alike=(self.callers, tuple(topic.id for topic in topics)) if self.alike else (),
        )

    def _program(self) -> Program[Any] | None:
        """Return what is worked on."""
        if self.plan:
            return PLAN
        return RELAY if self.agents else TALLY if self.program else None

    def _replies(self, ask: Ask) -> Sequence[Answer | Exception]:
        """Return what the model may say."""
        if ask.purpose is JobKind.EXTRACTION:
            return (Answer(text='{"values": ["courage"]}'),)
        said: list[Answer | Exception] = [Answer(text="Go on."), LLMError("it failed")]
        if self.program:
            said.insert(0, Answer(text=ACTING))
        return [*said, Answer(text=final())] if self.finals else said

    def explore(self, *, merges: bool = True, reduces: bool = True) -> Exploration:
        """Explore it."""
        world = self.world()
        forgets = Fault.TTL in self.kinds and self.faults > 0
        return explore(
            world,
            commands_of(world, self.callers, *self.names),
            Bounds(
                commands=self.commands,
                at_once=self.at_once,
                faults=self.faults,
                kinds=self.kinds,
                states=self.states,
            ),
            Promises(world, forgets=forgets),
            merges=merges,
            reduces=reduces,
        )


EVERYTHING: Final = (
    "start",
    "send",
    "submit",
    "process",
    "pause",
    "resume",
    "complete",
    "cancel",
    "purge",
)
"""The commands that every large world has."""

TAKEN_AGAIN: Final = Scope(
    names=("start", "cancel"),
    greets=False,
    commands=5,
    faults=2,
    kinds=frozenset({Fault.TTL, Fault.CLOCK}),
    instants=PAST_EXPIRY,
)
"""A session is deleted early, its topic is taken, freed and taken again while another starts."""

SMALL: Final[dict[str, Scope]] = {
    "three commands": Scope(names=EVERYTHING, commands=3),
    "two commands, one fault": Scope(names=EVERYTHING, commands=2, faults=1, instants=PAST_BOTH),
    "a talk with a result, three commands": Scope(
        names=("start", "send", "pause", "resume", "complete", "cancel"),
        commands=3,
        greets=False,
        result=True,
        finals=True,
    ),
    "retries, cancelled jobs and a deletion": Scope(
        names=("start", "submit", "retry", "cancel_job", "delete"), commands=3, greets=False
    ),
    "clicks, and replies with actions": Scope(
        names=("start", "send", "act", "pause", "cancel"), commands=3, program=True
    ),
    "a click, one fault": Scope(names=("start", "act"), commands=2, faults=1, program=True),
    "agents in two stages, run by several": Scope(
        names=("start", "run_agent", "delete"), commands=3, greets=False, agents=True
    ),
    "agents, one fault": Scope(
        names=("start", "run_agent"), commands=2, faults=1, greets=False, agents=True
    ),
    "the agents of a plan, one fault": Scope(
        names=("run_agent",),
        commands=2,
        faults=1,
        plan=True,
        instants=PAST_LEASE,
    ),
    "two users on an exclusive topic": Scope(
        names=("start", "take_over", "pause", "cancel"),
        callers=(ADA, BEN),
        exclusive=True,
        greets=False,
        commands=3,
    ),
    "stale reads": Scope(
        names=("start", "send", "cancel"),
        commands=2,
        faults=1,
        kinds=frozenset({Fault.STALE_VIEW}),
    ),
    "an engine that deletes early": Scope(
        names=("start", "pause", "purge"),
        commands=2,
        faults=2,
        kinds=frozenset({Fault.TTL, Fault.CLOCK}),
        instants=PAST_EXPIRY,
    ),
}
"""The worlds that are explored with every run of the tests."""

LARGE: Final[dict[str, Scope]] = {
    "one user, one topic, 3 commands, no fault": Scope(names=EVERYTHING, commands=3),
    "one user, one topic, 4 commands, no fault": Scope(names=EVERYTHING, commands=4),
    "one user, one topic, a start and 4 commands, no fault": Scope(names=EVERYTHING, commands=5),
    "one user, one topic, 3 commands, 1 fault": Scope(
        names=EVERYTHING, commands=3, faults=1, instants=PAST_BOTH
    ),
    "one user, one topic, 2 commands, 2 faults": Scope(
        names=EVERYTHING, commands=2, faults=2, instants=PAST_BOTH
    ),
    "2 users, an exclusive topic, 3 commands, 1 fault": Scope(
        names=("start", "take_over", "pause", "cancel"),
        callers=(ADA, BEN),
        exclusive=True,
        greets=False,
        commands=3,
        faults=1,
        instants=PAST_EXPIRY,
    ),
    "a talk with a result, 3 commands, 1 fault": Scope(
        names=("start", "send", "pause", "resume", "complete"),
        commands=3,
        faults=1,
        greets=False,
        result=True,
        finals=True,
        instants=PAST_LEASE,
    ),
    "clicks, and replies with actions, 3 commands, 1 fault": Scope(
        names=("start", "send", "act", "pause", "cancel"),
        commands=3,
        faults=1,
        program=True,
        instants=PAST_LEASE,
    ),
    "agents in two stages, 3 commands, 1 fault": Scope(
        names=("start", "run_agent"),
        commands=3,
        faults=1,
        greets=False,
        agents=True,
        instants=PAST_LEASE,
    ),
    "agents that are asked again, 4 commands, no fault": Scope(
        names=("start", "run_agent", "act"), commands=4, agents=True
    ),
    "three agents at once, 4 commands, no fault": Scope(
        names=("start", "run_agent"), commands=4, at_once=3, greets=False, agents=True
    ),
    "three at once, 3 commands, no fault": Scope(names=EVERYTHING, commands=3, at_once=3),
    "retries, cancelled jobs and deletions, 4 commands": Scope(
        names=("start", "submit", "process", "retry", "cancel_job", "delete"),
        commands=4,
        greets=False,
    ),
    "stale views, 3 commands, 1 fault": Scope(
        names=EVERYTHING,
        commands=3,
        faults=1,
        kinds=frozenset({Fault.STALE_VIEW, Fault.CLOCK}),
        instants=PAST_EXPIRY,
    ),
    "an engine that deletes early, 3 commands, 2 faults": Scope(
        names=EVERYTHING,
        commands=3,
        faults=2,
        kinds=frozenset({Fault.TTL, Fault.CLOCK}),
        instants=PAST_EXPIRY,
    ),
    "a topic that changes hands after that, 5 commands, 2 faults": TAKEN_AGAIN,
    "2 users, 2 topics, 2 commands, 2 faults": Scope(
        names=EVERYTHING,
        callers=(ADA, BEN),
        topics=2,
        commands=2,
        faults=2,
        instants=PAST_BOTH,
    ),
}
"""The worlds of ``scripts/explore``; the first start is one of the commands."""
