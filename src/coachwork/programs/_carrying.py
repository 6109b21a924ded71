"""Carrying actions out: judged one by one, in order, each applied or refused with its reason.

Nothing that a model or a client may send makes this raise, and nothing but an action that was
applied changes the state.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any, Final, Generic, TypeVar, cast

from attrs import evolve, frozen

from coachwork.actions import (
    MAX_ACTION_TYPE,
    Action,
    ActionStatus,
    Audit,
    Component,
    RefusalCode,
    Sender,
)
from coachwork.errors import CorruptRecordError, ValidationError
from coachwork.plain import JSON, from_plain, to_json
from coachwork.programs._program import ActionType, Done, Moment, Program, Refusal

S = TypeVar("S")

MAX_ACTIONS: Final = 50
"""The most actions of one reply; what is more is refused unread, and counted."""

MAX_STATE: Final = 192 * 1024
"""The most characters of a state as ASCII JSON text."""

MAX_SUMMARY: Final = 500
"""The most characters of a summary; what is longer is cut."""

_FIELDS: Final = frozenset({"type", "parameters"})


@frozen
class Carried(Generic[S]):
    """What came of some actions.

    Attributes:
        state: The state afterwards; the very same object where no action was applied.
        actions: The actions, applied or refused, in order.
        excess: How many more there were.
    """

    state: S
    actions: tuple[Action, ...]
    excess: int = 0

    @property
    def components(self) -> tuple[Component, ...]:
        """What there is to show, in order."""
        return tuple(action.component for action in self.actions if action.component is not None)


def carry_out(
    program: Program[S],
    state: S,
    asked: Sequence[Mapping[str, JSON]],
    sender: Sender,
    now: datetime,
    audit: str,
) -> Carried[S]:
    """Carry out the actions that were asked for, as far as they may be.

    Args:
        program: The program.
        state: Its state.
        asked: The actions as they came: objects with ``type`` and ``parameters``.
        sender: Who asks.
        now: The instant (UTC).
        audit: The id of the audit to be; all ids that are made begin with it.

    Returns:
        The state afterwards, and what became of each action.
    """
    judge = _Judge(program, sender, now, audit)
    carried = judge.carry_out(state, asked[:MAX_ACTIONS], bounded=False)
    if carried.state is not state and _size(carried.state) > MAX_STATE:
        # Somewhere it got too large: again, with a look at its size after each action.
        carried = judge.carry_out(state, asked[:MAX_ACTIONS], bounded=True)
    return evolve(carried, excess=max(0, len(asked) - MAX_ACTIONS))


def carry_again(program: Program[S], state: S, audit: Audit) -> S:
    """Apply once more what was applied under *audit*: at the same moment, with the same ids.

    Raises:
        CorruptRecordError: It cannot be applied to *state*.
    """
    judge = _Judge(program, audit.sender, audit.at, audit.id)
    for action in audit.actions:
        if action.status is ActionStatus.APPLIED:
            asked: dict[str, JSON] = {"type": action.type, "parameters": action.parameters}
            try:
                state = judge.applied(state, asked, action.id, set()).state
            except _RefusedError:
                raise CorruptRecordError("audit", "actions", "cannot be applied again") from None
    return state


class _RefusedError(Exception):
    """An action is refused; it never leaves this module."""

    def __init__(self, code: RefusalCode, why: str) -> None:
        super().__init__()
        self.code = code
        self.why = why


@frozen
class _Judge(Generic[S]):
    """Who judges the actions of one sender at one moment."""

    program: Program[S]
    sender: Sender
    now: datetime
    audit: str

    def carry_out(
        self, state: S, asked: Sequence[Mapping[str, JSON]], *, bounded: bool
    ) -> Carried[S]:
        """Judge one action after the other, each on the state that the ones before it left."""
        actions: list[Action] = []
        seen: set[str] = set()
        for number, action in enumerate(asked, 1):
            id_ = f"{self.audit}.{number}"
            try:
                done = self.applied(state, action, id_, seen)
                if bounded:
                    _check_size(done.state)
            except _RefusedError as refused:
                actions.append(_refused(id_, action, refused))
                continue
            state = done.state
            actions.append(
                Action(
                    id=id_,
                    type=_type_of(action),
                    parameters=action.get("parameters", {}),
                    status=ActionStatus.APPLIED,
                    summary=done.summary[:MAX_SUMMARY],
                    component=done.component,
                )
            )
        return Carried(state, tuple(actions))

    def applied(self, state: S, asked: Mapping[str, JSON], id_: str, seen: set[str]) -> Done[S]:
        """Apply one action.

        Raises:
            _RefusedError: It cannot be applied.
        """
        action = self._known(asked)
        same = json.dumps([action.name, asked.get("parameters", {})], sort_keys=True)
        if same in seen:
            raise _RefusedError(RefusalCode.DUPLICATE, "the very same action was asked for before")
        seen.add(same)
        if self.sender not in action.senders:
            raise _RefusedError(
                RefusalCode.WRONG_SENDER, f"{action.name} is not for the {self.sender}"
            )
        if not self.program.is_allowed(action, state):
            raise _RefusedError(
                RefusalCode.WRONG_PHASE,
                f"{action.name} is not allowed in {self.program.phase(state)}",
            )
        parameters = _parameters(action, asked)
        ids = count(1)
        moment = Moment(self.now, lambda: f"{id_}.{next(ids)}")
        try:
            answer: object = action.apply(state, parameters, moment)
        except Exception as error:
            raise _broken(action, f"failed with {type(error).__name__}") from error
        if isinstance(answer, Refusal):
            raise _RefusedError(RefusalCode.NOT_POSSIBLE, answer.reason)
        return self._checked(action, state, answer)

    def _known(self, asked: Mapping[str, JSON]) -> ActionType[S, Any]:
        """Return the entry of the catalogue.

        Raises:
            _RefusedError: There is none of that type, or it came with fields that none has.
        """
        name = asked.get("type")
        action = self.program.by_name.get(name) if isinstance(name, str) else None
        if action is None:
            raise _RefusedError(RefusalCode.UNKNOWN_ACTION, "there is no such action")
        if unknown := asked.keys() - _FIELDS:
            told = f"{action.name}: {len(unknown)} unknown fields beside type and parameters"
            raise _RefusedError(RefusalCode.BAD_PARAMETERS, told)
        return action

    def _checked(self, action: ActionType[S, Any], before: S, answer: object) -> Done[S]:
        """Return the *answer* of an action, if the program kept to its own declaration.

        Raises:
            _RefusedError: The answer is none, or its phase is not one that the table leads to.
        """
        if not isinstance(answer, Done):
            raise _broken(action, "answered neither Done nor Refusal")
        done = cast("Done[S]", answer)
        said: tuple[object, object] = (done.state, done.summary)
        if not isinstance(said[0], self.program.state) or not isinstance(said[1], str):
            raise _broken(action, "answered a state or a summary of the wrong type")
        old, new = self.program.phase(before), self.program.phase(done.state)
        edges = self.program.phases.table[old].values()
        if new is not old and all(row.to is not new for row in edges):
            raise _broken(action, f"moved from {old} to {new}, which the table does not know")
        return done


def _broken(action: ActionType[Any, Any], why: str) -> _RefusedError:
    """Return the refusal of an action whose own code is at fault."""
    return _RefusedError(RefusalCode.PROGRAM_ERROR, f"{action.name} {why}")


def _parameters(action: ActionType[Any, Any], asked: Mapping[str, JSON]) -> object:
    """Return the parameters as a value of their class.

    Raises:
        _RefusedError: They do not fit it; the reason names action and field.
    """
    given = asked.get("parameters", {})
    if not isinstance(given, dict):
        told = f"{action.name}: parameters: expected an object"
        raise _RefusedError(RefusalCode.BAD_PARAMETERS, told)
    try:
        read: object = from_plain(given, action.parameters)
    except ValidationError as fault:
        told = f"{action.name}: {fault.field}: expected {fault.expected}"
        raise _RefusedError(RefusalCode.BAD_PARAMETERS, told) from None
    return read


def _refused(id_: str, asked: Mapping[str, JSON], refused: _RefusedError) -> Action:
    """Return an action that was refused, with what it came with."""
    return Action(
        id=id_,
        type=_type_of(asked),
        parameters=asked.get("parameters", {}),
        status=ActionStatus.REFUSED,
        code=refused.code,
        summary=refused.why[:MAX_SUMMARY],
    )


def _type_of(asked: Mapping[str, JSON]) -> str:
    """Return the type of an action as it came, as far as it may be kept."""
    name = asked.get("type")
    return name[:MAX_ACTION_TYPE] if isinstance(name, str) else ""


def _check_size(state: object) -> None:
    """Refuse a *state* that could not be kept.

    Raises:
        _RefusedError: It is too large.
    """
    if _size(state) > MAX_STATE:
        raise _RefusedError(RefusalCode.TOO_LARGE, "there is no room for more")


def _size(state: object) -> int:
    """Return how many characters of JSON a state takes."""
    return len(json.dumps(to_json(state), separators=(",", ":")))
