"""A small program for what is drawn: a diary, with everything that can go wrong with an action."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from operator import attrgetter
from typing import Any, Final, TypeAlias

from attrs import evolve, field, frozen
from hypothesis import strategies as st

from coachwork.actions import Button, Component, Sender
from coachwork.machine import Machine, Row
from coachwork.plain import JSON, to_json
from coachwork.programs import (
    MAX_ACTIONS,
    MAX_SHOWN,
    ActionType,
    Agent,
    AgentRuns,
    AgentStatus,
    Done,
    Moment,
    Program,
    Refusal,
    Scope,
    agent_actions,
)
from coachwork.testing.strategies._leaves import utc_instants
from coachwork.testing.strategies._plain import sound_data
from coachwork.testing.strategies._texts import sound_texts, texts

Asked: TypeAlias = dict[str, JSON]
"""An action as a reply or a click brings it."""


class Phase(StrEnum):
    """Whether there is still something written."""

    OPEN = "OPEN"
    CLOSED = "CLOSED"


class Event(StrEnum):
    """What happens to a diary."""

    CLOSE = "close"


@frozen
class Page:
    """A page.

    Attributes:
        id: Its id.
        text: What stands there.
    """

    id: str
    text: str


@frozen
class Diary:
    """The state.

    Attributes:
        phase: The phase.
        pages: What was written and not struck out.
        runs: How far the agent is.
    """

    phase: Phase = Phase.OPEN
    pages: tuple[Page, ...] = ()
    runs: AgentRuns = field(factory=AgentRuns)


def _became(old: Diary, to: Phase, _now: object, _given: None) -> Diary:
    return evolve(old, phase=to)


_PHASES: Final = Machine[Diary, Phase, Event, None, Any](
    name="diary",
    states=Phase,
    events=Event,
    initial=(Phase.OPEN,),
    ends=(Phase.CLOSED,),
    state=attrgetter("phase"),
    table={Phase.OPEN: {Event.CLOSE: Row(Phase.CLOSED, _became)}, Phase.CLOSED: {}},
)


@frozen
class Write:
    """Write a page, which is shown with a button to strike it out.

    Attributes:
        text: What it says.
        times: How often it says so.
    """

    text: str
    times: int = 1


def _write(state: Diary, given: Write, moment: Moment) -> Done[Diary] | Refusal:
    text = given.text * given.times
    if any(page.text == text for page in state.pages):
        return Refusal("that is written already")
    page = Page(moment.new_id(), text)
    button = Button(label="Strike it out", action="strike", parameters={"page": page.id})
    shown = Component(kind="page", data={"text": text}, buttons=(button,))
    return Done(evolve(state, pages=(*state.pages, page)), "wrote a page", shown)


@frozen
class Strike:
    """Strike a page out.

    Attributes:
        page: Its id.
    """

    page: str


def _strike(state: Diary, given: Strike, _moment: Moment) -> Done[Diary] | Refusal:
    left = tuple(page for page in state.pages if page.id != given.page)
    if left == state.pages:
        return Refusal("there is no such page")
    return Done(evolve(state, pages=left), "struck out a page")


@frozen
class Flower:
    """What the agent presses between the pages.

    Attributes:
        name: Which one.
    """

    name: str


def _pressed(state: Diary, _agent: object, flower: Flower, moment: Moment) -> Diary:
    return evolve(state, pages=(*state.pages, Page(moment.new_id(), flower.name)))


@frozen
class Close:
    """Close the diary for good."""


def _close(state: Diary, _given: Close, moment: Moment) -> Done[Diary]:
    return Done(_PHASES.move(state, Event.CLOSE, moment.now).value, "closed it")


@frozen
class Spoil:
    """Fail, as the code of an application may."""


def _spoil(_state: Diary, _given: Spoil, _moment: Moment) -> Done[Diary]:
    raise ZeroDivisionError


def _told(state: Diary) -> str:
    return f"There are {len(state.pages)} pages."


def _told_to_agent(state: Diary) -> str:
    return f"Find a flower for {len(state.pages)} pages."


_AGENTS: Final = (Agent[Diary](name="flower", prompt=_told_to_agent, result=Flower, attempts=2),)


def _with_runs(state: Diary, runs: AgentRuns) -> Diary:
    return evolve(state, runs=runs)


_RUNS: Final = attrgetter("runs")

_ACTIONS: Final[tuple[ActionType[Diary, Any], ...]] = (
    ActionType(Write, _write),
    ActionType(Strike, _strike, by="user"),
    ActionType(Close, _close, by="coach"),
    ActionType(Spoil, _spoil),
    *agent_actions(_AGENTS, _RUNS, _with_runs, _pressed, phases=[Phase.OPEN]),
)

DIARY: Final = Program(
    id="diary",
    state=Diary,
    phases=_PHASES,
    prompt=_told,
    actions=_ACTIONS,
    agents=_AGENTS,
    runs=_RUNS,
)
"""A diary for each user."""

LOG_BOOK: Final = Program(
    id="log book",
    version=2,
    state=Diary,
    phases=_PHASES,
    prompt=_told,
    actions=_ACTIONS,
    scope=Scope.SESSION,
    upcasts={1: dict},
    agents=_AGENTS,
    runs=_RUNS,
)
"""The same for each session."""

PROGRAMS: Final = (DIARY, LOG_BOOK)


def asked(name: str, /, **parameters: JSON) -> Asked:
    """Return an action as it is asked for."""
    return {"type": name, "parameters": parameters}


@cache
def _written() -> st.SearchStrategy[Asked]:
    """Return a strategy of pages that are asked for."""
    return texts().map(lambda text: asked("write", text=text))


_WRONG: Final[tuple[Asked, ...]] = (
    asked("close"),
    asked("close"),
    asked("spoil"),
    asked("strike", page="none"),
    asked("run_agent_again", agent="flower"),
    asked("write", text="x", times=MAX_SHOWN + 1),
    asked("write", text=7),
    {**asked("write", text="x"), "why": "because"},
    {"type": "write", "parameters": "x"},
    {"type": "spoil"},
    {"type": 7},
    {},
)
"""What no diary does, whatever its state, and what ends it."""


@cache
def _wrong() -> st.SearchStrategy[Asked]:
    """Return a strategy of what no diary does, whatever its state, and of its end."""
    return (
        st.sampled_from(_WRONG)
        | st.sampled_from(_WRONG)
        | st.fixed_dictionaries({"type": sound_texts(), "parameters": sound_data()})
        | st.dictionaries(sound_texts(), sound_data(), max_size=2)
    )


def wishes(state: Diary) -> st.SearchStrategy[Asked]:
    """Return a strategy of single actions that may be asked for, good ones and others."""
    there = [asked("strike", page=page.id) for page in state.pages]
    there += [asked("write", text=page.text) for page in state.pages[-1:]]
    some = _written() | _wrong()
    return some | st.sampled_from(there) if there else some


def turns_of_diary(state: Diary) -> st.SearchStrategy[tuple[Sender, list[Asked]]]:
    """Return a strategy of what one reply asks for, or one click."""
    one = wishes(state)
    several = st.lists(one, max_size=4) | one.map(lambda wish: [wish] * (MAX_ACTIONS + 1))
    return st.tuples(st.just(Sender.COACH), several) | st.tuples(
        st.just(Sender.USER), one.map(lambda wish: [wish])
    )


def turns_of_agent(state: Diary) -> st.SearchStrategy[tuple[Sender, list[Asked]]]:
    """Return a strategy of what the agent does, mostly what it is the time for."""
    flower = state.runs.of("flower")
    begins, ends = _begins(flower.run + 1), _ends(flower.run)
    fits, other = (ends, begins) if flower.status is AgentStatus.RUNNING else (begins, ends)
    deeds = st.sampled_from([fits, fits, fits, other, wishes(state)]).flatmap(_itself)
    return st.tuples(st.just(Sender.AGENT), deeds.map(lambda wish: [wish]))


def _itself(strategy: st.SearchStrategy[Asked]) -> st.SearchStrategy[Asked]:
    """Return what was chosen: unlike `one_of`, this does not weigh it by what it is made of."""
    return strategy


def _begins(run: int) -> st.SearchStrategy[Asked]:
    """Return a strategy of beginnings of that run."""
    return utc_instants().map(
        lambda until: asked("begin_agent", agent="flower", run=run, until=to_json(until))
    )


def _ends(run: int) -> st.SearchStrategy[Asked]:
    """Return a strategy of answers and failures of that run."""
    named = sound_texts().map(lambda name: _answer(run, {"name": name}))
    finished = named | sound_data().map(lambda result: _answer(run, result))
    failed = st.just(asked("fail_agent", agent="flower", run=run, code="LLM_ERROR"))
    return st.sampled_from([finished, finished, failed]).flatmap(_itself)


def _answer(run: int, result: JSON) -> Asked:
    """Return the answer of that run."""
    return asked("finish_agent", agent="flower", run=run, result=result)
