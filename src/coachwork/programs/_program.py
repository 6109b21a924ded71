"""What a program is made of; applications write their own from exactly these parts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Generic, TypeAlias, TypeVar

from attrs import Factory, field, frozen, has

from coachwork.actions import MAX_ACTION_TYPE, Component, Sender
from coachwork.errors import CoachworkError, ValidationError
from coachwork.ids import checked_id
from coachwork.machine import Machine
from coachwork.plain import JSON, json_schema
from coachwork.programs._agents import Agent, AgentRuns

S = TypeVar("S")
"""A program's state: a frozen class with one attribute that holds the phase."""
P = TypeVar("P")
"""An action's parameters: a class."""

MAX_PHASE: Final = 32
"""The most characters of a phase's name."""

MAX_VERSION: Final = 1_000_000


@frozen
class Moment:
    """When an action is applied, and where it takes ids from.

    Attributes:
        now: The instant (UTC).
        new_id: Answers another id each time. The same action at the same moment gets the same
            ones, so that a log of actions can be played again.
        message: The id of the message that led to the action: the user's that the coach answers, or
            the one that held the button; None where the coach spoke first.
    """

    now: datetime
    new_id: Callable[[], str]
    message: str | None = None


@frozen
class Done(Generic[S]):
    """An action was applied.

    Attributes:
        state: The state afterwards.
        summary: What was done, in plain words.
        component: What a front end is to show, or None. One of the coach's is kept with its
            message; one of a click is in the answer to it and in the log.
    """

    state: S = field(repr=False)
    summary: str
    component: Component | None = None


@frozen
class Refusal:
    """An action cannot be applied; nothing is changed.

    Attributes:
        reason: Why, in plain words; it stands in the log.
    """

    reason: str


Apply: TypeAlias = Callable[[S, P, Moment], Done[S] | Refusal]

_BOTH: Final = "both"
_SENDERS: Final[Mapping[str, frozenset[Sender]]] = {
    "coach": frozenset({Sender.COACH}),
    "user": frozenset({Sender.USER}),
    _BOTH: frozenset({Sender.COACH, Sender.USER}),
    "agent": frozenset({Sender.AGENT}),
}

_BY_AGENTS: Final = ("begin_agent", "finish_agent", "fail_agent")
"""What happens to agents; a program that has some has these actions, and they are for them."""


def _name_of(action: ActionType[Any, Any]) -> str:
    """Return the name of an action by the class of its parameters: ``AddHabit``: add_habit."""
    if not _is_a_class(action.parameters):
        raise ValidationError("action.parameters", "a class")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", action.parameters.__name__).lower()


def _is_a_class(thing: object) -> bool:
    """Whether something is a class, whatever its declared type."""
    return isinstance(thing, type)


def _is_callable(thing: object) -> bool:
    """Whether something is a function, whatever its declared type."""
    return callable(thing)


def _description_of(action: ActionType[Any, Any]) -> str:
    """Return the docstring of the parameters' class as one line, with what it says of fields."""
    kind = action.parameters
    told = vars(kind).get("__doc__") or ""
    # A dataclass without a docstring gets its signature as one.
    if told.startswith(f"{kind.__name__}("):
        return ""
    return " ".join(told.replace("Attributes:\n", "\n").split())


def _as_set(phases: Iterable[StrEnum] | None) -> frozenset[StrEnum] | None:
    try:
        return None if phases is None else frozenset(phases)
    except TypeError:
        raise ValidationError("action.phases", "phases") from None


@frozen(eq=False)
class ActionType(Generic[S, P]):
    """One entry of a program's catalogue.

    Attributes:
        parameters: The class of its parameters (attrs, dataclass or TypedDict); its docstring tells
            the model what the action does, and what its fields are.
        apply: What it does: a pure function of the state, the parameters and the moment. It
            answers `Done` or `Refusal`.
        phases: The phases in which it is allowed; None: in all that are no end.
        by: Who may do it: ``coach``, ``user``, ``both`` (of these two) or ``agent``.
        name: What it is called in replies and clicks, at most 64 characters.
        description: What it does, in a sentence or a few.
        unfit: What it counts as when the coach's parameters do not fit their class, such as an
            assessment without a figure: a pure function of the state and the moment that answers
            the state afterwards. The action stands as refused all the same. None: nothing changes.
    """

    parameters: type[P]
    apply: Apply[S, P]
    phases: frozenset[StrEnum] | None = field(default=None, converter=_as_set)
    by: str = _BOTH
    name: str = field(default=Factory(_name_of, takes_self=True), kw_only=True)
    description: str = field(default=Factory(_description_of, takes_self=True), kw_only=True)
    unfit: Callable[[S, Moment], S] | None = field(default=None, kw_only=True, repr=False)

    def __attrs_post_init__(self) -> None:
        """Check every field."""
        where = f"action {self.name!r}"
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name) or len(self.name) > MAX_ACTION_TYPE:
            raise ValidationError(
                f"{where}.name", f"at most {MAX_ACTION_TYPE} of a-z, 0-9 and _, a letter first"
            )
        if self.by not in _SENDERS:
            raise ValidationError(f"{where}.by", "'coach', 'user', 'both' or 'agent'")
        if not callable(self.apply):
            raise ValidationError(f"{where}.apply", "a function")
        if self.unfit is not None and not (
            _is_callable(self.unfit) and Sender.COACH in self.senders
        ):
            raise ValidationError(f"{where}.unfit", "None, or a function where the coach may do it")
        # What can be described can be read: a class without a plain form is an error here.
        json_schema(self.parameters)

    @property
    def senders(self) -> frozenset[Sender]:
        """Who may do it."""
        return _SENDERS[self.by]


class Scope(StrEnum):
    """How many states of a program there are."""

    USER = "user"
    SESSION = "session"


def _as_scope(value: str) -> Scope:
    try:
        return Scope(value)
    except ValueError:
        raise ValidationError("program.scope", "'user' or 'session'") from None


def _as_agents(agents: Iterable[Agent[S]]) -> tuple[Agent[S], ...]:
    declared = tuple(agents)
    if not all(_is_an_agent(agent) for agent in declared):
        raise ValidationError("program.agents", "Agents")
    return declared


def _is_an_agent(thing: object) -> bool:
    """Whether something is an agent, whatever its declared type."""
    return isinstance(thing, Agent)


def _as_tuple(actions: Iterable[ActionType[S, Any]]) -> tuple[ActionType[S, Any], ...]:
    catalogue = tuple(actions)
    if not all(_is_an_action(action) for action in catalogue):
        raise ValidationError("program.actions", "ActionTypes")
    return catalogue


def _is_an_action(thing: object) -> bool:
    """Whether something is an entry of a catalogue, whatever its declared type."""
    return isinstance(thing, ActionType)


def _by_name(program: Program[S]) -> Mapping[str, ActionType[S, Any]]:
    return {action.name: action for action in program.actions}


@frozen(kw_only=True, eq=False)
class Program(Generic[S]):
    """What a topic's coach works on beside the talk.

    Attributes:
        id: Its id, the same for ever: states are found by it.
        version: Counted up by the application when the form or the meaning of the state changes.
        state: The class of the state: frozen, with a plain form; ``state()`` is how it begins.
        phases: The table of its phases; it tells the phase of a state.
        prompt: What the model is told about a state, in words: what is known, what is still open.
        actions: The catalogue.
        scope: Whether a user has one state, or each session its own.
        begin: How a state begins, where ``state()`` will not do.
        upcasts: From an older version to a function that makes the plain form of the next one.
        agents: Its sub-agents. What happens to them are actions of the catalogue, which
            `coachwork.programs.agent_actions` makes.
        runs: Answers how far its agents are, of a state.

    Raises:
        ValidationError: A field is not what it should be; it names the field.
        MisuseError: The state's class has no plain form.
    """

    id: str
    version: int = 1
    state: type[S]
    phases: Machine[S, Any, Any, Any, Any]
    prompt: Callable[[S], str] = field(repr=False)
    actions: Sequence[ActionType[S, Any]] = field(converter=_as_tuple, repr=False)
    scope: Scope = field(default=Scope.USER, converter=_as_scope)
    begin: Callable[[Moment], S] | None = field(default=None, repr=False)
    upcasts: Mapping[int, Callable[[dict[str, JSON]], dict[str, JSON]]] = field(
        factory=dict[int, Callable[[dict[str, JSON]], dict[str, JSON]]], repr=False
    )
    agents: Sequence[Agent[S]] = field(default=(), converter=_as_agents, repr=False)
    runs: Callable[[S], AgentRuns] | None = field(default=None, repr=False)
    by_name: Mapping[str, ActionType[S, Any]] = field(
        default=Factory(_by_name, takes_self=True), init=False, repr=False
    )

    def __attrs_post_init__(self) -> None:
        """Check every field, and that a state begins where the table says."""
        checked_id(self.id, "program.id")
        if type(self.version) is not int or not 1 <= self.version <= MAX_VERSION:
            raise ValidationError("program.version", f"a whole number from 1 to {MAX_VERSION}")
        if missing := set(range(1, self.version)) - self.upcasts.keys():
            raise ValidationError("program.upcasts", f"one from version {min(missing)}")
        if not has(self.state):
            raise ValidationError("program.state", "an attrs class")
        if not callable(self.prompt):
            raise ValidationError("program.prompt", "a function")
        json_schema(self.state)
        self._check_phases()
        self._check_actions()
        self._check_agents()
        self._check_beginning()

    def _check_phases(self) -> None:
        """Refuse phases whose names are too long to be kept."""
        for phase in self.phases.table:
            if len(phase) > MAX_PHASE:
                raise ValidationError("program.phases", f"names of 1 to {MAX_PHASE} characters")

    def _check_actions(self) -> None:
        """Refuse two actions of one name, and phases that are none of the table's."""
        if len(self.by_name) != len(self.actions):
            raise ValidationError("program.actions", "actions with different names")
        for action in self.actions:
            if action.phases is not None and not action.phases <= self.phases.table.keys():
                raise ValidationError(
                    f"action {action.name!r}.phases", f"phases of {self.phases.name!r}"
                )

    def _check_agents(self) -> None:
        """Refuse agents that nothing could be heard of."""
        if not self.agents:
            return
        if len({agent.name for agent in self.agents}) != len(self.agents):
            raise ValidationError("program.agents", "agents with different names")
        if not callable(self.runs):
            raise ValidationError("program.runs", "a function, for there are agents")
        for name in _BY_AGENTS:
            action = self.by_name.get(name)
            if action is None or action.by != "agent":
                raise ValidationError("program.actions", f"{name}, by 'agent', for its agents")

    def _check_beginning(self) -> None:
        """Refuse a state that cannot begin, or begins in another phase than the table says."""
        moment = Moment(datetime(2000, 1, 1, tzinfo=UTC), lambda: "id")
        try:
            phase = self.phase(self.new_state(moment))
        except CoachworkError:
            raise
        except Exception as error:
            raise ValidationError("program.state", "one that begins by itself") from error
        if phase not in self.phases.initial:
            raise ValidationError("program.state", "one that begins in an initial phase")

    def new_state(self, moment: Moment) -> S:
        """Return the state that it begins with."""
        return self.state() if self.begin is None else self.begin(moment)

    def phase(self, state: S) -> StrEnum:
        """Return the phase of *state*."""
        phase: StrEnum = self.phases.state(state)
        return phase

    def is_finished(self, state: S) -> bool:
        """Whether *state* is in a phase that is an end."""
        return self.phase(state) in self.phases.ends

    def is_allowed(self, action: ActionType[S, Any], state: S) -> bool:
        """Whether *action* is allowed in the phase of *state*, to whom it is allowed at all."""
        phase = self.phase(state)
        return phase not in self.phases.ends if action.phases is None else phase in action.phases

    def allowed(self, state: S, sender: Sender) -> tuple[ActionType[S, Any], ...]:
        """Return the actions that *sender* may do in the phase of *state*, in catalogue order."""
        return tuple(
            action
            for action in self.actions
            if sender in action.senders and self.is_allowed(action, state)
        )

    def due_agents(self, state: S, now: datetime) -> tuple[Agent[S], ...]:
        """Return the agents that may be begun *now*, in the order of their declaration."""
        if self.runs is None or not self.agents:
            return ()
        if not self.is_allowed(self.by_name[_BY_AGENTS[0]], state):
            return ()
        due = self.runs(state).due(self.agents, now)
        return tuple(agent for agent in self.agents if agent.name in due)


def declared_programs(programs: Iterable[Program[Any]]) -> dict[str, Program[Any]]:
    """Return *programs* by id; one may come several times.

    Raises:
        ValidationError: Two different ones have one id.
    """
    by_id: dict[str, Program[Any]] = {}
    for program in programs:
        if by_id.setdefault(program.id, program) is not program:
            raise ValidationError("topics", "programs with different ids")
    return by_id
