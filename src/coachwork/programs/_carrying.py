"""Carrying actions out: judged one by one, in order, each applied or refused with its reason.

Nothing that a model or a client may send makes this raise, and nothing but an action that was
applied changes the state.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, Generic, TypeVar, cast

from attrs import evolve, field, frozen

from coachwork.actions import (
    MAX_ACTION_TYPE,
    Action,
    ActionStatus,
    Audit,
    Component,
    RefusalCode,
    Sender,
)
from coachwork.errors import CorruptRecordError
from coachwork.plain import JSON
from coachwork.programs._judging import ActionRefused, Judge, plain_form
from coachwork.programs._program import Done, Program

S = TypeVar("S")

MAX_ACTIONS: Final = 50
"""The most actions of one reply; what is more is refused unread, and counted."""

MAX_STATE: Final = 192 * 1024
"""The most characters of a state as ASCII JSON text."""

MAX_SHOWN: Final = 48 * 1024
"""The most characters of all components of one reply as ASCII JSON text."""

MAX_SUMMARY: Final = 500
"""The most characters of a summary; what is longer is cut."""

_MAX_ESCAPED: Final = 1200
"""The most characters of a summary as ASCII JSON text, where one may take twelve."""

_DENSE: Final = json.JSONEncoder(separators=(",", ":"))
_SORTED: Final = json.JSONEncoder(sort_keys=True)


@frozen
class Carried(Generic[S]):
    """What came of some actions.

    Attributes:
        state: The state afterwards; the very same object where nothing has changed it.
        actions: The actions, applied or refused, in order.
        excess: How many more there were.
        plain: The state afterwards as plain data, or None where nothing has changed it.
    """

    state: S
    actions: tuple[Action, ...]
    excess: int = 0
    plain: dict[str, JSON] | None = field(default=None, repr=False)

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
    message: str | None = None,
    plain: dict[str, JSON] | None = None,
    size: int | None = None,
) -> Carried[S]:
    """Carry out the actions that were asked for, as far as they may be.

    Args:
        program: The program.
        state: Its state.
        asked: The actions as they came: plain data, objects with ``type`` and ``parameters``.
        sender: Who asks.
        now: The instant (UTC).
        audit: The id of the audit to be; all ids that are made begin with it.
        message: The id of the message that led to it, as `Audit.source` will tell it.
        plain: The state as plain data, where that is known: what the actions leave alone is not
            turned again.
        size: How many characters that takes at most as ASCII JSON text, where it is known.

    Returns:
        The state afterwards, and what became of each action.
    """
    judge = Judge(program, sender, now, message)
    chosen = asked[:MAX_ACTIONS]
    carried = _carried(judge, state, chosen, audit, bounded=False)
    if carried.state is not state:
        try:
            carried = evolve(carried, plain=_kept(carried.state, state, plain, size))
        except ActionRefused:
            # Somewhere it went wrong: again, with a look at the state after each action.
            carried = _carried(judge, state, chosen, audit, bounded=True)
    return evolve(carried, excess=max(0, len(asked) - MAX_ACTIONS))


def carry_again(program: Program[S], state: S, audit: Audit) -> S:
    """Apply once more what was applied under *audit*: at the same moment, with the same ids.

    Raises:
        CorruptRecordError: It cannot be applied to *state*.
    """
    return carried_again(program, state, audit).state


def carried_again(program: Program[S], state: S, audit: Audit) -> Carried[S]:
    """Return what comes of applying once more what was applied under *audit*; see `carry_again`.

    What was refused stands there as it does in *audit*; the state is not turned into plain data.

    Raises:
        CorruptRecordError: It cannot be applied to *state*.
    """
    judge = Judge(program, audit.sender, audit.at, audit.source)
    actions: list[Action] = []
    for action in audit.actions:
        answered = action
        asked: dict[str, JSON] = {"type": action.type, "parameters": action.parameters}
        try:
            if action.status is ActionStatus.APPLIED:
                done = judge.applied(state, asked, action.id)
                state, answered = done.state, _applied(action.id, asked, done)
            elif action.code is RefusalCode.BAD_PARAMETERS:
                state = judge.unfit(state, action.type, action.id)
        except ActionRefused:
            raise CorruptRecordError("audit", "actions", "cannot be applied again") from None
        actions.append(answered)
    return Carried(state, tuple(actions), audit.excess)


def _carried(
    judge: Judge[S], state: S, asked: Sequence[Mapping[str, JSON]], audit: str, *, bounded: bool
) -> Carried[S]:
    """Judge one action after the other, each on the state that the ones before it left."""
    actions: list[Action] = []
    counted: set[str] = set()
    plain: dict[str, JSON] | None = None
    shown = 0
    for number, action in enumerate(asked, 1):
        id_ = f"{audit}.{number}"
        same = _SORTED.encode([action.get("type"), action.get("parameters", {})])
        try:
            done = judge.applied(state, action, id_, repeated=same in counted)
            kept = _kept(done.state) if bounded else None
            shown += _size_of_shown(done, MAX_SHOWN - shown)
        except ActionRefused as why:
            refused, kept = _counted(why, bounded=bounded)
            if refused.state is not None and refused.state is not state:
                # What it came with does not fit, and counts for something all the same, once.
                state, plain = cast("S", refused.state), kept
                counted.add(same)
            actions.append(_refused(id_, action, refused))
        else:
            state, plain = done.state, kept
            counted.add(same)
            actions.append(_applied(id_, action, done))
    return Carried(state, tuple(actions), plain=plain)


def _counted(
    refused: ActionRefused, *, bounded: bool
) -> tuple[ActionRefused, dict[str, JSON] | None]:
    """Return a refusal, and the plain form of the state that it leaves, where that is asked for.

    Where it cannot be kept, the refusal says so and leaves nothing.
    """
    if refused.state is None or not bounded:
        return refused, None
    try:
        return refused, _kept(refused.state)
    except ActionRefused as broken:
        return broken, None


def _applied(id_: str, asked: Mapping[str, JSON], done: Done[S]) -> Action:
    """Return an action that was applied, with what it came with."""
    return Action(
        id=id_,
        type=_type_of(asked),
        parameters=asked.get("parameters", {}),
        status=ActionStatus.APPLIED,
        summary=_cut(done.summary),
        component=done.component,
    )


def _refused(id_: str, asked: Mapping[str, JSON], refused: ActionRefused) -> Action:
    """Return an action that was refused, with what it came with."""
    return Action(
        id=id_,
        type=_type_of(asked),
        parameters=asked.get("parameters", {}),
        status=ActionStatus.REFUSED,
        code=refused.code,
        summary=_cut(refused.why),
    )


def _type_of(asked: Mapping[str, JSON]) -> str:
    """Return the type of an action as it came, as far as it may be kept."""
    name = asked.get("type")
    return name[:MAX_ACTION_TYPE] if isinstance(name, str) else ""


def _cut(summary: str) -> str:
    """Return as much of *summary* as is kept."""
    cut = summary[:MAX_SUMMARY]
    return cut if len(json.dumps(cut)) <= _MAX_ESCAPED else cut[: _MAX_ESCAPED // 12]


def _kept(
    state: object,
    before: object = None,
    known: dict[str, JSON] | None = None,
    size: int | None = None,
) -> dict[str, JSON]:
    """Return *state* as plain data.

    Args:
        state: The state.
        before: What it was made from, where that is known as plain data.
        known: That.
        size: How many characters that takes at most, where it is known.

    Raises:
        ActionRefused: It has no plain form, or is too large.
    """
    plain = plain_form(state, before, known)
    if size is None or size + _growth(plain, known) > MAX_STATE:
        _check_size(plain, MAX_STATE)
    # Every state is an attrs class.
    return cast("dict[str, JSON]", plain)


def _growth(new: JSON, old: JSON) -> int:
    """Return by how many characters *new* is longer than *old* at most; what they share is free."""
    if isinstance(new, dict) and isinstance(old, dict) and new.keys() == old.keys():
        return sum(_growth(part, old[name]) for name, part in new.items() if part is not old[name])
    if isinstance(new, list) and isinstance(old, list):
        added = sum(_size(part) + 1 for part in new[len(old) :])
        pairs = zip(new, old, strict=False)
        return added + sum(_growth(part, was) for part, was in pairs if part is not was)
    return _size(new)


def _size_of_shown(done: Done[S], most: int) -> int:
    """Return how many characters what there is to show takes, as ASCII JSON text.

    Raises:
        ActionRefused: It has no plain form, or is too large.
    """
    return 0 if done.component is None else _check_size(plain_form(done.component), most)


def _check_size(plain: JSON, most: int) -> int:
    """Return how many characters plain data takes as ASCII JSON text.

    Raises:
        ActionRefused: It is more than *most*.
    """
    size = _size(plain)
    if size > most:
        raise ActionRefused(RefusalCode.TOO_LARGE, "there is no room for more")
    return size


def _size(plain: JSON) -> int:
    """Return how many characters plain data takes as ASCII JSON text."""
    return len(_DENSE.encode(plain))
