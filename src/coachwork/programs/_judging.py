"""Judging one action: may it be, does it fit, and did the application's own code keep its word."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from itertools import count
from types import UnionType
from typing import Any, Final, Generic, TypeVar, cast

from attrs import frozen

from coachwork.actions import Component, RefusalCode, Sender
from coachwork.errors import ValidationError
from coachwork.plain import JSON, from_plain, to_json, to_json_after
from coachwork.programs._program import ActionType, Done, Moment, Program, Refusal

S = TypeVar("S")

_FIELDS: Final = frozenset({"type", "parameters"})


class ActionRefused(Exception):  # noqa: N818 - it never leaves this room
    """An action is refused.

    Attributes:
        code: Why, for programs.
        why: Why, in plain words.
        state: The state that it leaves where it counts for something all the same, or None.
    """

    def __init__(self, code: RefusalCode, why: str) -> None:
        super().__init__()
        self.code = code
        self.why = why
        self.state: object = None


@frozen
class Judge(Generic[S]):
    """Who judges the actions that one sender asks for at one moment.

    Attributes:
        program: The program.
        sender: Who asks.
        now: The instant (UTC).
        message: The id of the message that led to it, or None.
    """

    program: Program[S]
    sender: Sender
    now: datetime
    message: str | None

    def applied(
        self, state: S, asked: Mapping[str, JSON], id_: str, *, repeated: bool = False
    ) -> Done[S]:
        """Apply one action.

        Args:
            state: The state that the actions before it left.
            asked: The action as it came.
            id_: Its id; what it makes has ids that begin with it.
            repeated: Whether the very same one counted before, in the same reply.

        Raises:
            ActionRefused: It cannot be applied.
        """
        action = self._known(asked)
        if repeated:
            told = f"{action.name} came before with the same parameters"
            raise ActionRefused(RefusalCode.DUPLICATE, told)
        if self.sender not in action.senders:
            told = f"{action.name} is not for the {self.sender}"
            raise ActionRefused(RefusalCode.WRONG_SENDER, told)
        if not self.program.is_allowed(action, state):
            told = f"{action.name} is not allowed in {self.program.phase(state)}"
            raise ActionRefused(RefusalCode.WRONG_PHASE, told)
        try:
            parameters = _parameters(action, asked)
        except ActionRefused as refused:
            if refused.code is RefusalCode.BAD_PARAMETERS:
                refused.state = self.unfit(state, action.name, id_)
            raise
        return self._answer(action, state, parameters, self._moment(id_))

    def unfit(self, state: S, name: str, id_: str) -> S:
        """Return what *state* becomes by an action whose parameters do not fit.

        Args:
            state: The state.
            name: The action's type.
            id_: Its id.

        Raises:
            ActionRefused: The application's code is at fault.
        """
        action = self.program.by_name.get(name)
        if action is None or action.unfit is None or self.sender is not Sender.COACH:
            return state
        try:
            after = action.unfit(state, self._moment(id_))
            fault = self._fault(state, Done(after, ""))
        except Exception as error:
            raise _broken(action, f"failed with {type(error).__name__}") from error
        if fault is not None:
            raise _broken(action, fault)
        return after

    def _moment(self, id_: str) -> Moment:
        """Return the moment of the action of that id."""
        ids = count(1)
        return Moment(self.now, lambda: f"{id_}.{next(ids)}", self.message)

    def _known(self, asked: Mapping[str, JSON]) -> ActionType[S, Any]:
        """Return the entry of the catalogue.

        Raises:
            ActionRefused: There is none of that type.
        """
        name = asked.get("type")
        action = self.program.by_name.get(name) if isinstance(name, str) else None
        if action is None:
            told = f"there is no action {name}" if _is_a_name(name) else "there is no such action"
            raise ActionRefused(RefusalCode.UNKNOWN_ACTION, told)
        return action

    def _answer(
        self, action: ActionType[S, Any], before: S, parameters: object, moment: Moment
    ) -> Done[S]:
        """Let an action do what it does.

        Raises:
            ActionRefused: The action refused, or the application's code is at fault.
        """
        try:
            answer: object = action.apply(before, parameters, moment)
            refusal = str(answer.reason) if isinstance(answer, Refusal) else None
            fault = None if refusal is not None else self._fault(before, answer)
        except Exception as error:
            raise _broken(action, f"failed with {type(error).__name__}") from error
        if refusal is not None:
            raise ActionRefused(RefusalCode.NOT_POSSIBLE, refusal)
        if fault is not None:
            raise _broken(action, fault)
        return cast("Done[S]", answer)

    def _fault(self, before: S, answer: object) -> str | None:
        """Return how an *answer* that is no refusal breaks what is declared, or None."""
        if not isinstance(answer, Done):
            return "answered neither Done nor Refusal"
        done = cast("Done[object]", answer)
        if not _is_a(done.state, self.program.state):
            return "answered a state of another class"
        if not _is_a(done.summary, str):
            return "answered a summary that is no text"
        if not _is_a(done.component, Component | None):
            return "answered a component of another class"
        old, new = self.program.phase(before), self.program.phase(cast("S", done.state))
        edges = self.program.phases.table[old].values()
        if new is not old and all(row.to is not new for row in edges):
            return f"moved from {old} to {new}, which the table does not know"
        return None


def plain_form(value: object, before: object = None, plain: JSON = None) -> JSON:
    """Return a value that the application's code made as plain data.

    Args:
        value: The value.
        before: What it was made from, where its plain form is known.
        plain: That form.

    Raises:
        ActionRefused: It has no plain form.
    """
    try:
        return to_json(value) if plain is None else to_json_after(value, before, plain)
    except ValidationError as fault:
        told = f"left {fault.field} without a plain form"
        raise ActionRefused(RefusalCode.PROGRAM_ERROR, told) from None


def _is_a_name(value: object) -> bool:
    """Whether something could be the name of an action, and may stand in a sentence."""
    return isinstance(value, str) and re.fullmatch(r"[\w.-]{1,64}", value, re.ASCII) is not None


def _is_a(value: object, kind: type | UnionType) -> bool:
    """Like ``isinstance``, of something whose declared type may be wrong."""
    return isinstance(value, kind)


def _broken(action: ActionType[Any, Any], why: str) -> ActionRefused:
    """Return the refusal of an action whose own code is at fault."""
    return ActionRefused(RefusalCode.PROGRAM_ERROR, f"{action.name} {why}")


def _parameters(action: ActionType[Any, Any], asked: Mapping[str, JSON]) -> object:
    """Return the parameters as a value of their class.

    Raises:
        ActionRefused: They do not fit it, or came with fields that no action has; the reason names
            action and field.
    """
    if asked.keys() - _FIELDS:  # not told: their names may be anything
        told = f"{action.name}: expected no fields but type, parameters"
        raise ActionRefused(RefusalCode.BAD_PARAMETERS, told)
    given = asked.get("parameters", {})
    if not isinstance(given, dict):
        told = f"{action.name}: parameters: expected an object"
        raise ActionRefused(RefusalCode.BAD_PARAMETERS, told)
    try:
        read: object = from_plain(given, action.parameters)
    except ValidationError as fault:
        # Of data as a whole it is said that the "value" has unknown fields.
        is_whole = fault.field == "value" and fault.expected.startswith("no fields")
        where = "parameters" if is_whole else fault.field
        told = f"{action.name}: {where}: expected {fault.expected}"
        raise ActionRefused(RefusalCode.BAD_PARAMETERS, told) from None
    except Exception as error:
        told = f"failed to read its parameters with {type(error).__name__}"
        raise _broken(action, told) from error
    return read
